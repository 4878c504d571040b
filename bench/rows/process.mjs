/** The process itself: how soon it answers, and what it takes when idle and under load. */
import { setTimeout as sleep } from 'node:timers/promises'
import { atMost } from './row.mjs'

const settleMs = 3000
const sampleEveryMs = 100
const loadedPartitions = 100

/** @type {import('./row.mjs').Row[]} */
export const processRows = [
  {
    name: 'start-up',
    title: 'start with an empty data folder, then idle',
    family: 'idle',
    isFresh: true,
    goals: [atMost('startMs', 1 / 20), atMost('residentMiB', 1 / 5)],
    ceilings: ({ node }) => node,
    measure: async ({ contender, seconds }) => {
      await sleep(settleMs)
      const { residentMiB, fileDescriptors } = contender
      const { brokerCpuSeconds } = await contender.measured(() => sleep(seconds * 1000))
      return {
        startMs: contender.readyMs,
        residentMiB,
        fileDescriptors,
        idleCpuPercent: (brokerCpuSeconds / seconds) * 100,
      }
    },
  },
  {
    name: 'memory-loaded',
    title: `produce, librdkafka, 1 KiB, ${loadedPartitions} partitions: resident memory at most`,
    family: 'under load, 100 partitions',
    isFresh: true,
    goals: [atMost('residentMiB', 1 / 6)],
    ceilings: ({ node }) => ({ residentMiB: node.residentMiB }),
    measure: ({ contender, programs, seconds, bytesMax }) =>
      contender.withTopic(loadedPartitions, async (topic) => {
        const options = { port: contender.port, topic, partitions: loadedPartitions, bytes: 1024 }
        let residentMiB = 0
        const sampler = setInterval(() => {
          residentMiB = Math.max(residentMiB, contender.residentMiB)
        }, sampleEveryMs)
        try {
          await programs.run('rdkafka-produce', { ...options, seconds: 2 * seconds, maxBytes: bytesMax })
        } finally {
          clearInterval(sampler)
        }
        return { residentMiB, fileDescriptors: contender.fileDescriptors }
      }),
  },
]
