/** A ZooKeeper and a broker of Apache Kafka 3.9 that keeps its metadata there, as before KRaft. */
import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { javaCommand } from '../../scripts/peers/apache-kafka.mjs'
import { tied } from '../../scripts/peers/children.mjs'
import { apacheKafka } from '../../scripts/peers/peers.mjs'
import { freePort, waitUntilServing } from '../../scripts/peers/probe.mjs'

const readyTimeoutMs = 60_000

/**
 * @param {string} folder
 * @param {string} chroot `/kafka`
 * @returns {Promise<{zookeeper: string, bootstrap: string, stop: () => void}>}
 */
export async function startZookeeperMode(folder, chroot) {
  const peer = await apacheKafka('3.9')
  if ('missing' in peer) throw new Error(`Apache Kafka: ${peer.missing}`)
  const [zookeeperPort, port] = [await freePort(), await freePort()]
  mkdirSync(folder, { recursive: true })
  const start = (
    /** @type {string} */ name,
    /** @type {string} */ mainClass,
    /** @type {string} */ properties,
  ) => {
    const file = join(folder, `${name}.properties`)
    writeFileSync(file, properties)
    const [program, args] = javaCommand(peer.path, mainClass, [file])
    const child = tied(spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] }))
    const output = createWriteStream(join(folder, `${name}.out`))
    child.stdout.pipe(output)
    child.stderr.pipe(output)
    return child
  }
  const zookeeper = start(
    'zookeeper',
    'org.apache.zookeeper.server.quorum.QuorumPeerMain',
    `dataDir=${join(folder, 'zookeeper')}\nclientPort=${zookeeperPort}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n`,
  )
  const broker = start(
    'broker',
    'kafka.Kafka',
    `broker.id=1\nlisteners=PLAINTEXT://127.0.0.1:${port}\nlog.dirs=${join(folder, 'data')}\n` +
      `zookeeper.connect=127.0.0.1:${zookeeperPort}${chroot}\noffsets.topic.replication.factor=1\n`,
  )
  const stop = () => {
    broker.kill('SIGKILL')
    zookeeper.kill('SIGKILL')
  }
  try {
    await waitUntilServing({ port, timeoutMs: readyTimeoutMs, isAlive: () => broker.exitCode === null })
  } catch (error) {
    stop()
    throw error
  }
  return { zookeeper: `127.0.0.1:${zookeeperPort}${chroot}`, bootstrap: `127.0.0.1:${port}`, stop }
}
