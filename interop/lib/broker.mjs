/**
 * The broker under test, in a process of its own with a data folder of its own.
 *
 *   sluice                   bin/kafka-server-start.sh of this clone
 *   apache-3.9, apache-4.1   Apache Kafka, which shows that the run asks for nothing but Kafka's behaviour
 *   HOST:PORT                one that runs already; what needs its folder or its process is skipped
 */
import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startApacheKafka } from '../../scripts/peers/apache-kafka.mjs'
import { tied } from '../../scripts/peers/children.mjs'
import { apacheKafka } from '../../scripts/peers/peers.mjs'
import { freePort, waitUntilServing } from '../../scripts/peers/probe.mjs'

const readyTimeoutMs = 30_000
const startScript = fileURLToPath(new URL('../../bin/kafka-server-start.sh', import.meta.url))

/**
 * @typedef {object} RunningBroker
 * @property {number} port on 127.0.0.1
 * @property {number} pid
 * @property {string} folder its properties file and output
 * @property {string} dataFolder log.dirs
 * @property {number} readyMs from process start to its first answer to Metadata
 * @property {(signal?: NodeJS.Signals) => Promise<void>} stop returns when the process has ended
 */

/** @typedef {'sluice' | 'apache-3.9' | 'apache-4.1'} BrokerKind */

/**
 * Starts a broker, on the same folder and ports again if asked to.
 * @param {{kind: BrokerKind, folder: string, port?: number, overrides?: Record<string, string>, jvmOptions?: string[]}} options
 * @returns {Promise<RunningBroker>}
 */
export async function startBroker({ kind, folder, port, overrides = {}, jvmOptions = [] }) {
  const ownPort = port ?? (await freePort())
  if (kind === 'sluice') return startSluice(folder, ownPort, overrides)
  const peer = await apacheKafka(kind === 'apache-3.9' ? '3.9' : '4.1')
  if ('missing' in peer) throw new Error(`Apache Kafka: ${peer.missing}`)
  return startApacheKafka({
    home: peer.path,
    folder,
    port: ownPort,
    controllerPort: await freePort(),
    overrides,
    jvmOptions,
  })
}

/**
 * @param {string} folder
 * @param {number} port
 * @param {Record<string, string>} overrides
 * @returns {Promise<RunningBroker>}
 */
async function startSluice(folder, port, overrides) {
  mkdirSync(folder, { recursive: true })
  const dataFolder = join(folder, 'data')
  const propertiesFile = join(folder, 'server.properties')
  writeFileSync(
    propertiesFile,
    `broker.id=1\nlisteners=PLAINTEXT://127.0.0.1:${port}\nlog.dirs=${dataFolder}\n`,
  )
  const args = Object.entries(overrides).flatMap(([key, value]) => ['--override', `${key}=${value}`])
  const startedAtMs = performance.now()
  const child = tied(spawn(startScript, [propertiesFile, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }))
  const output = createWriteStream(join(folder, 'broker.out'), { flags: 'a' })
  child.stdout.pipe(output)
  child.stderr.pipe(output)
  const exited = new Promise((resolve) => child.once('exit', resolve))
  try {
    await waitUntilServing({
      port,
      timeoutMs: readyTimeoutMs,
      isAlive: () => child.exitCode === null && child.signalCode === null,
    })
  } catch (error) {
    child.kill('SIGKILL')
    const said = readFileSync(join(folder, 'broker.out'), 'utf8').trim().split('\n').slice(-5).join(' | ')
    throw new Error(`${error instanceof Error ? error.message : error}: ${said}`)
  }
  return {
    port,
    pid: child.pid ?? 0,
    folder,
    dataFolder,
    readyMs: performance.now() - startedAtMs,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal)
      await exited
    },
  }
}

/**
 * Resident memory of a process, in MiB, as the kernel counts it; undefined where there is no /proc.
 * @param {number} pid
 */
export function residentMiB(pid) {
  try {
    const match = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return match ? Math.round(Number(match[1]) / 1024) : undefined
  } catch {
    return undefined
  }
}
