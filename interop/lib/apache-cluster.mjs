/**
 * Apache Kafka with two nodes on this machine: the first is broker and controller, the second a broker. For what one
 * broker can't show: moving partitions, electing leaders, asking all brokers.
 */
import { join } from 'node:path'
import { startApacheKafka } from '../../scripts/peers/apache-kafka.mjs'
import { apacheKafka } from '../../scripts/peers/peers.mjs'
import { freePort } from '../../scripts/peers/probe.mjs'

/**
 * @param {{kind: 'apache-3.9' | 'apache-4.1', folder: string, overrides?: Record<string, string>, racks?: [string, string]}} options
 * @returns {Promise<{bootstrap: string, stopSecond: () => Promise<void>, stop: () => Promise<void>}>}
 */
export async function startApacheCluster({ kind, folder, overrides = {}, racks }) {
  const peer = await apacheKafka(kind === 'apache-3.9' ? '3.9' : '4.1')
  if ('missing' in peer) throw new Error(`Apache Kafka: ${peer.missing}`)
  const [controllerPort, firstPort, secondPort] = [await freePort(), await freePort(), await freePort()]
  const first = await startApacheKafka({
    home: peer.path,
    folder: join(folder, 'node-1'),
    port: firstPort,
    controllerPort,
    overrides: {
      ...overrides,
      ...(racks && { 'broker.rack': racks[0] }),
      'log.dirs': `${join(folder, 'node-1', 'data')},${join(folder, 'node-1', 'data-2')}`,
    },
  })
  try {
    const second = await startApacheKafka({
      home: peer.path,
      folder: join(folder, 'node-2'),
      port: secondPort,
      controllerPort,
      overrides: {
        ...overrides,
        ...(racks && { 'broker.rack': racks[1] }),
        'node.id': '2',
        'process.roles': 'broker',
        listeners: `PLAINTEXT://127.0.0.1:${secondPort}`,
      },
    })
    let hasSecond = true
    const stopSecond = async () => {
      if (hasSecond) await second.stop()
      hasSecond = false
    }
    return {
      bootstrap: `127.0.0.1:${firstPort},127.0.0.1:${secondPort}`,
      stopSecond,
      stop: async () => {
        // The controller last: a broker that stops tells it.
        await stopSecond()
        await first.stop()
      },
    }
  } catch (error) {
    await first.stop('SIGKILL')
    throw error
  }
}
