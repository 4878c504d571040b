/**
 * One of the two brokers that a benchmark puts side by side: its process, topics that live as long as a measurement, and
 * what the process has used meanwhile.
 *
 * Both run with their own default settings. Apache Kafka has the options of its start script: a heap of 1 GiB, and G1. One
 * setting differs from the defaults, for both: files of a deleted topic go after a second instead of a minute, so that a
 * long benchmark does not fill the disk.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Admin } from '../../dist/client/index.js'
import { startBroker } from '../../interop/lib/broker.mjs'
import { liveHeapKib, processorSeconds, residentKib } from './process-usage.mjs'

export const contenderKinds = /** @type {const} */ (['apache-4.1', 'sluice'])

/** @typedef {typeof contenderKinds[number]} ContenderKind */

const deletionTimeoutMs = 60_000
const leadershipTimeoutMs = 120_000
/** Topics or partitions: more could take longer than a request may, and a controller of KRaft refuses 10,000 changes. */
const madeAtOnce = 500
const jvmOptions = [
  '-Xmx1G',
  '-Xms1G',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
  '-XX:MaxInlineLevel=15',
]
const forBoth = { 'log.segment.delete.delay.ms': '1000', 'offsets.topic.replication.factor': '1' }
/** What scripts/peers shortens for other runs, at Kafka's defaults again. */
const overrides = {
  sluice: forBoth,
  'apache-4.1': {
    ...forBoth,
    'offsets.topic.num.partitions': '50',
    'transaction.state.log.num.partitions': '50',
    'group.initial.rebalance.delay.ms': '3000',
    'broker.session.timeout.ms': '9000',
    'broker.heartbeat.interval.ms': '2000',
  },
}

/** @param {ContenderKind} kind @param {string} folder */
const settingsOf = (kind, folder) => ({ kind, folder, overrides: overrides[kind], jvmOptions })

export class Contender {
  kind
  #broker
  #admin
  #folder
  #topicsMade = 0

  /**
   * @param {ContenderKind} kind
   * @param {import('../../interop/lib/broker.mjs').RunningBroker} broker
   * @param {string} folder
   */
  constructor(kind, broker, folder) {
    this.kind = kind
    this.#broker = broker
    this.#admin = new Admin({ bootstrapServers: `127.0.0.1:${broker.port}` })
    this.#folder = folder
  }

  /**
   * A broker with an empty data folder.
   * @param {ContenderKind} kind
   * @param {string} parent where its folder is to be
   */
  static async start(kind, parent) {
    const folder = mkdtempSync(join(parent, `${kind}-`))
    return new Contender(kind, await startBroker(settingsOf(kind, folder)), folder)
  }

  get port() {
    return this.#broker.port
  }

  get dataFolder() {
    return this.#broker.dataFolder
  }

  /** From the start of the process to its first answer. */
  get readyMs() {
    return this.#broker.readyMs
  }

  /** Resident memory now. */
  get residentKib() {
    return residentKib(this.#broker.pid, 'VmRSS')
  }

  /**
   * What there is in memory now, to be compared with what there was: of a JVM also what lives in its heap, which is
   * resident from the start or grows by garbage.
   */
  measureMemory() {
    const heapKib = this.kind === 'sluice' ? 0 : liveHeapKib(this.#broker.pid)
    return { residentKib: this.residentKib, heapKib }
  }

  /** By how many KiB memory has grown. @param {ReturnType<Contender['measureMemory']>} before */
  memoryGrowthKib(before) {
    const now = this.measureMemory()
    return Math.max(now.residentKib - before.residentKib, now.heapKib - before.heapKib)
  }

  get residentMiB() {
    return this.residentKib / 1024
  }

  /** Of all threads, so far. */
  get cpuSeconds() {
    return processorSeconds(this.#broker.pid).total
  }

  get fileDescriptors() {
    return readdirSync(`/proc/${this.#broker.pid}/fd`).length
  }

  /**
   * Runs `use` with a new topic, deletes the topic, and waits until its files are gone.
   * @template T
   * @param {number} partitions
   * @param {(topic: string) => Promise<T>} use
   * @returns {Promise<T>}
   */
  async withTopic(partitions, use) {
    const topic = await this.createTopic(partitions)
    try {
      return await use(topic)
    } finally {
      await this.#deleteTopic(topic)
    }
  }

  /**
   * A topic that stays.
   * @param {number} partitions
   */
  async createTopic(partitions) {
    const name = `bench${this.#topicsMade++}`
    const first = Math.min(partitions, madeAtOnce)
    await this.#admin.createTopics([{ name, partitions: first, replicationFactor: 1 }])
    for (let count = first; count < partitions; ) {
      count = Math.min(partitions, count + madeAtOnce)
      await this.#admin.createPartitions([{ name, partitions: count }])
    }
    await this.#untilLed(name, partitions)
    return name
  }

  /** Apache Kafka names a leader before it leads, by half a minute where there are thousands. @param {string} topic @param {number} partitions */
  async #untilLed(topic, partitions) {
    const deadlineMs = performance.now() + leadershipTimeoutMs
    const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
    for (;;) {
      try {
        await this.#admin.listOffsets(all.map((each) => ({ ...each, at: /** @type {const} */ ('latest') })))
        return
      } catch (error) {
        if (performance.now() > deadlineMs) throw error
      }
      await sleep(100)
    }
  }

  /**
   * Topics of one partition that stay.
   * @param {number} count
   */
  async createTopics(count) {
    const topics = Array.from({ length: count }, () => ({
      name: `bench${this.#topicsMade++}`,
      partitions: 1,
      replicationFactor: 1,
    }))
    for (let at = 0; at < count; at += madeAtOnce) {
      await this.#admin.createTopics(topics.slice(at, at + madeAtOnce))
    }
  }

  /** Stops it in this way and starts it again on the same data. @param {'SIGTERM' | 'SIGKILL'} signal */
  async restart(signal) {
    const { port } = this.#broker
    await this.#broker.stop(signal)
    this.#broker = await startBroker({ ...settingsOf(this.kind, this.#folder), port })
  }

  /** Resolves when its files are gone. @param {string} topic */
  async #deleteTopic(topic) {
    await this.#admin.deleteTopics([topic])
    const deadlineMs = performance.now() + deletionTimeoutMs
    while (readdirSync(this.dataFolder).some((name) => name.startsWith(`${topic}-`))) {
      if (performance.now() > deadlineMs)
        throw new Error(`${this.kind} does not delete the files of ${topic}`)
      await sleep(50)
    }
  }

  /**
   * What the broker's processor time was during `work`.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<{result: T, brokerCpuSeconds: number}>}
   */
  async measured(work) {
    const before = this.cpuSeconds
    const result = await work()
    return { result, brokerCpuSeconds: this.cpuSeconds - before }
  }

  async stop() {
    await this.#admin.close()
    await this.#broker.stop('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
