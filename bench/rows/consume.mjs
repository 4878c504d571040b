/** Reading with librdkafka: what is there already, what comes meanwhile, and many readers of the same records. */
import { atLeast, atMost, readCeilings, throughputFigures } from './row.mjs'

/** @typedef {import('../lib/load-programs.mjs').Throughput} Throughput */

const goals = [atLeast('mbPerSecond', 1), atMost('brokerCpuPerGb', 1)]
const bytes = 1024
/** Fewer than a measurement may write: here it is how long that lasts. */
const gbOf = /** @type {const} */ ({ catchUp: 2, tail: 2, fanOut: 0.3 })
const fillSeconds = 600
const readers = 8

/** @type {import('./row.mjs').Row[]} */
export const consumeRows = [
  {
    name: 'consume-catch-up',
    title: `consume, librdkafka, 1 KiB, ${gbOf.catchUp} GB that are there already`,
    family: 'consume, librdkafka, 1 KiB records',
    goals,
    ceilings: readCeilings,
    measure: ({ contender, programs, bytesMax }) =>
      contender.withTopic(1, async (topic) => {
        const load = loadOf(contender.port, topic, Math.min(gbOf.catchUp * 1e9, bytesMax))
        await programs.run('rdkafka-produce', load.produce)
        const { result, brokerCpuSeconds } = await contender.measured(() =>
          programs.run('rdkafka-consume', load.consume),
        )
        return throughputFigures(result, brokerCpuSeconds)
      }),
  },
  {
    name: 'consume-tail',
    title: 'produce at full speed and consume meanwhile, librdkafka, 1 KiB',
    family: 'consume, librdkafka, 1 KiB records',
    goals,
    ceilings: readCeilings,
    measure: ({ contender, programs, bytesMax }) =>
      contender.withTopic(1, async (topic) => {
        const load = loadOf(contender.port, topic, Math.min(gbOf.tail * 1e9, bytesMax))
        const { result, brokerCpuSeconds } = await contender.measured(async () => {
          const consumer = await programs.start('rdkafka-consume', load.consume)
          await programs.run('rdkafka-produce', load.produce)
          return consumer.done
        })
        return throughputFigures(result, brokerCpuSeconds)
      }),
  },
  {
    name: 'consume-fan-out',
    title: `produce at full speed, ${readers} consumers of all of it, librdkafka, 1 KiB; bytes out count`,
    measure: ({ contender, programs, bytesMax }) =>
      contender.withTopic(1, async (topic) => {
        const load = loadOf(contender.port, topic, Math.min(gbOf.fanOut * 1e9, bytesMax))
        const { result, brokerCpuSeconds } = await contender.measured(async () => {
          const consumers = []
          for (let i = 0; i < readers; i++)
            consumers.push(await programs.start('rdkafka-consume', load.consume))
          await programs.run('rdkafka-produce', load.produce)
          /** @type {Throughput[]} */
          const each = await Promise.all(consumers.map(({ done }) => done))
          return {
            records: sumOf(each, 'records'),
            bytes: sumOf(each, 'bytes'),
            requests: 0,
            seconds: Math.max(...each.map(({ seconds }) => seconds)),
            cpuSeconds: sumOf(each, 'cpuSeconds'),
          }
        })
        return throughputFigures(result, brokerCpuSeconds)
      }),
  },
]

/** @param {Throughput[]} all @param {keyof Throughput} what */
const sumOf = (all, what) => all.reduce((sum, each) => sum + each[what], 0)

/**
 * The same records to be written and to be read.
 * @param {number} port
 * @param {string} topic
 * @param {number} maxBytes
 */
function loadOf(port, topic, maxBytes) {
  return {
    produce: { port, topic, bytes, maxBytes, seconds: fillSeconds },
    consume: { port, topic, records: Math.floor(maxBytes / bytes) },
  }
}
