/** Apache Kafka 3.9 with ZooKeeper, the broker that ours is compared with; each in a small JVM of its own. */
import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, waitUntilServing } from '../../scripts/peers/probe.mjs'

const readyTimeoutMs = 90_000

/**
 * @param {{home: string, folder: string, overrides: Record<string, string>, port?: number}} options home holds libs/
 * @returns {Promise<{port: number, stop: (signal?: NodeJS.Signals) => Promise<void>}>}
 */
export async function startKafkaWithZooKeeper({ home, folder, overrides, port: wanted }) {
  mkdirSync(folder, { recursive: true })
  const [port, zooKeeperPort] = [wanted ?? (await freePort()), await freePort()]
  const zooKeeper = startJvm(home, folder, 'zookeeper', 'org.apache.zookeeper.server.quorum.QuorumPeerMain', {
    dataDir: join(folder, 'zookeeper'),
    clientPort: String(zooKeeperPort),
    clientPortAddress: '127.0.0.1',
    maxClientCnxns: '0',
    'admin.enableServer': 'false',
  })
  const kafka = startJvm(home, folder, 'kafka', 'kafka.Kafka', {
    'broker.id': '1',
    'zookeeper.connect': `127.0.0.1:${zooKeeperPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port}`,
    'log.dirs': join(folder, 'data'),
    ...overrides,
  })
  const stop = async (/** @type {NodeJS.Signals} */ signal = 'SIGTERM') => {
    await kafka.stop(signal)
    await zooKeeper.stop('SIGKILL')
  }
  try {
    await waitUntilServing({ port, timeoutMs: readyTimeoutMs, isAlive: kafka.isAlive })
  } catch (error) {
    await stop('SIGKILL')
    throw error
  }
  return { port, stop }
}

/**
 * @param {string} home
 * @param {string} folder
 * @param {string} name
 * @param {string} mainClass
 * @param {Record<string, string>} properties
 */
function startJvm(home, folder, name, mainClass, properties) {
  const file = join(folder, `${name}.properties`)
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`)
  writeFileSync(file, lines.join(''))
  const heap = name === 'kafka' ? (process.env.HEAP ?? '512m') : '128m'
  const options = [
    `-Xmx${heap}`,
    '-XX:+UseSerialGC',
    '-Djava.awt.headless=true',
    '-Dzookeeper.log.threshold=WARN',
  ]
  const child = spawn('java', [...options, '-cp', `${home}/libs/*`, mainClass, file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = createWriteStream(join(folder, `${name}.out`))
  child.stdout.pipe(output)
  child.stderr.pipe(output)
  const exited = new Promise((resolve) => child.once('exit', resolve))
  return {
    isAlive: () => child.exitCode === null && child.signalCode === null,
    stop: async (/** @type {NodeJS.Signals} */ signal) => {
      child.kill(signal)
      await exited
    },
  }
}
