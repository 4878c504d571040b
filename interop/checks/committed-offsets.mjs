/**
 * The records of committed offsets, between Sluice and both releases of Apache Kafka:
 *
 *   a folder that Apache Kafka has written is opened by Sluice, which tells every group the same offsets
 *   a folder that Sluice has written is read by Apache Kafka's tools, by their decoder of __consumer_offsets
 *
 * The offsets are committed by kafkajs: alone, in transactions that commit, abort or stay open, and deleted again.
 */
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { toolCommand } from '../../scripts/peers/apache-kafka.mjs'
import { apacheKafka } from '../../scripts/peers/peers.mjs'
import { startBroker } from '../lib/broker.mjs'
import { runProgram } from '../lib/processes.mjs'
import { expect } from '../lib/report.mjs'

const topic = 'read'
const partitions = 3
const overrides = {
  'offsets.topic.num.partitions': '3',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.num.partitions': '3',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
}

/** What each group has at the end, by partition; nothing where it is -1. */
const expected = {
  plain: [11, 12, 13],
  replaced: [21, 22, -1],
  transactional: [31, -1, -1],
  mixed: [42, -1, -1],
  deleted: [-1, -1, -1],
}

/** @param {string} bootstrap */
async function connectKafkajs(bootstrap) {
  const { default: kafkajs } = await import('kafkajs')
  return new kafkajs.Kafka({
    clientId: 'offset-checks',
    brokers: [bootstrap],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 30 },
  })
}

/** @param {number[]} offsets by partition; those below 0 are left out */
const asPartitions = (offsets) =>
  offsets.flatMap((offset, partition) => (offset < 0 ? [] : [{ partition, offset: String(offset) }]))

/** Leaves every kind of commit behind. @param {string} bootstrap */
async function commitAll(bootstrap) {
  const kafka = await connectKafkajs(bootstrap)
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }] })
  /** @param {string} groupId @param {number[]} offsets */
  const commit = (groupId, offsets) => admin.setOffsets({ groupId, topic, partitions: asPartitions(offsets) })
  /** @param {string} consumerGroupId @param {number[]} offsets @param {'commit' | 'abort' | 'leave'} end */
  const commitInTransaction = async (consumerGroupId, offsets, end) => {
    const producer = kafka.producer({ transactionalId: `${consumerGroupId}-${end}`, maxInFlightRequests: 1 })
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.sendOffsets({ consumerGroupId, topics: [{ topic, partitions: asPartitions(offsets) }] })
    if (end !== 'leave') await transaction[end]()
    await producer.disconnect()
  }
  await commit('plain', expected.plain)
  await commit('replaced', [1, 2, -1])
  await commit('replaced', expected.replaced)
  await commitInTransaction('transactional', expected.transactional, 'commit')
  await commitInTransaction('transactional', [99, 99, 99], 'abort')
  await commitInTransaction('mixed', [41, -1, -1], 'commit')
  await commit('mixed', expected.mixed)
  await commitInTransaction('mixed', [99, -1, -1], 'leave')
  await commit('deleted', [1, 2, 3])
  await admin.deleteGroups(['deleted'])
  await admin.disconnect()
}

/** @param {string} bootstrap */
async function expectOffsets(bootstrap) {
  const admin = (await connectKafkajs(bootstrap)).admin()
  await admin.connect()
  for (const [groupId, offsets] of Object.entries(expected)) {
    const [found] = await admin.fetchOffsets({ groupId, topics: [topic] })
    const told = new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
    const said = offsets.map((_, partition) => told.get(partition) ?? -1)
    expect(String(said) === String(offsets), `${groupId} has ${said} instead of ${offsets}`)
  }
  await admin.disconnect()
}

/** @param {import('../lib/context.mjs').Context} context */
export async function checkCommittedOffsets({ report, brokerKind, folder }) {
  if (brokerKind !== 'sluice') {
    report.skip('committed offsets', 'they are exchanged with Sluice')
    return
  }
  for (const line of /** @type {const} */ (['3.9', '4.1'])) {
    const peer = await apacheKafka(line)
    if ('missing' in peer) {
      report.skip(`committed offsets, ${line}`, peer.missing)
      continue
    }
    await report.check(
      `committed offsets: what Apache Kafka ${line} wrote is what Sluice tells`,
      async () => {
        const home = join(folder, `offsets-${line}`)
        const apache = await startBroker({ kind: `apache-${line}`, folder: home, overrides })
        await commitAll(`127.0.0.1:${apache.port}`)
        await expectOffsets(`127.0.0.1:${apache.port}`)
        await apache.stop()
        const copy = join(folder, `offsets-${line}-copy`)
        cpSync(join(home, 'data'), join(copy, 'data'), { recursive: true })
        rmSync(join(copy, 'data', '__cluster_metadata-0'), { recursive: true })
        const sluice = await startBroker({ kind: 'sluice', folder: copy, overrides })
        try {
          await expectOffsets(`127.0.0.1:${sluice.port}`)
        } finally {
          await sluice.stop()
        }
      },
    )
  }
  const home = join(folder, 'offsets-sluice')
  await report.check(
    'committed offsets: Sluice tells what was committed, after a restart as before',
    async () => {
      for (const isRestarted of [false, true]) {
        const sluice = await startBroker({ kind: 'sluice', folder: home, overrides })
        try {
          if (!isRestarted) await commitAll(`127.0.0.1:${sluice.port}`)
          await expectOffsets(`127.0.0.1:${sluice.port}`)
        } finally {
          await sluice.stop()
        }
      }
    },
  )
  for (const line of /** @type {const} */ (['3.9', '4.1'])) {
    const peer = await apacheKafka(line)
    if ('missing' in peer) continue
    await report.check(`committed offsets: kafka-dump-log ${line} decodes what Sluice wrote`, async () => {
      const files = readdirSync(join(home, 'data'), { recursive: true, encoding: 'utf8' })
        .filter((name) => /__consumer_offsets-\d+\/\d{20}\.log$/.test(name))
        .map((name) => join(home, 'data', name))
      const args = ['--deep-iteration', '--offsets-decoder', '--files', files.join(',')]
      /** @type {Map<string, number | undefined>} */
      const last = new Map()
      let markers = 0
      const { stderr } = await runProgram(toolCommand(peer.path, 'kafka-dump-log', args), {
        onLine: (said) => {
          if (/endTxnMarker/.test(said)) markers++
          const key = /key: \{"type":"1","data":(\{.*?\})\}/.exec(said)
          if (key === null) return
          const value = /payload: \{"version":"3","data":(\{.*\})\}/.exec(said)
          last.set(String(key[1]), value ? Number(JSON.parse(String(value[1])).offset) : undefined)
        },
      })
      expect(stderr === '', stderr.slice(0, 300))
      expect(markers >= 3, `${markers} markers`)
      /** @param {string} group @param {number} partition */
      const key = (group, partition) => JSON.stringify({ group, topic, partition })
      for (const group of /** @type {const} */ (['plain', 'replaced'])) {
        expected[group].forEach((offset, partition) => {
          const said = last.get(key(group, partition))
          expect(said === (offset < 0 ? undefined : offset), `${group}-${partition}: ${said}, not ${offset}`)
        })
      }
      expect(last.has(key('deleted', 0)) && last.get(key('deleted', 0)) === undefined, 'no tombstone')
      return `${last.size} offsets, ${markers} markers`
    })
  }
}
