/**
 * How far the log of a partition goes, asked over the wire: to its high watermark, and to its last stable offset,
 * which are one unless a transaction is open. Needs `npm run build`.
 */
import { Peer } from '../differential/peer.mjs'

const LIST_OFFSETS = 2
const latest = -1
const listOffsetsVersion = 5
const pollMs = 50

/**
 * @param {string} bootstrap
 * @param {string} topic
 * @param {number} partition
 * @returns {Promise<{highWatermark: number, lastStableOffset: number}>}
 */
export async function logEnds(bootstrap, topic, partition) {
  const peer = new Peer(Number(bootstrap.split(':')[1]))
  try {
    const [highWatermark, lastStableOffset] = [
      await offset(peer, topic, partition, 0),
      await offset(peer, topic, partition, 1),
    ]
    return { highWatermark, lastStableOffset }
  } finally {
    peer.close()
  }
}

/** @param {Peer} peer @param {string} topic @param {number} partition @param {0 | 1} isolationLevel */
async function offset(peer, topic, partition, isolationLevel) {
  const outcome = await peer.call(LIST_OFFSETS, listOffsetsVersion, {
    replicaId: -1,
    isolationLevel,
    topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp: latest }] }],
  })
  if (!('response' in outcome)) throw new Error(`ListOffsets: ${JSON.stringify(outcome)}`)
  const [answer] = outcome.response.topics[0].partitions
  if (answer.errorCode !== 0) throw new Error(`ListOffsets: error ${answer.errorCode}`)
  return Number(answer.offset)
}

/**
 * Waits until no transaction is open in the partition.
 * @param {string} bootstrap
 * @param {string} topic
 * @param {number} partition
 * @param {number} timeoutMs
 * @returns {Promise<number>} how long it took
 */
export async function waitUntilStable(bootstrap, topic, partition, timeoutMs) {
  const startedAtMs = performance.now()
  for (;;) {
    const { highWatermark, lastStableOffset } = await logEnds(bootstrap, topic, partition)
    const tookMs = performance.now() - startedAtMs
    if (highWatermark === lastStableOffset) return tookMs
    if (tookMs > timeoutMs) {
      throw new Error(
        `${topic}-${partition}: last stable offset ${lastStableOffset}, high watermark ${highWatermark} after ${timeoutMs} ms`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}
