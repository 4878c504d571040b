/** Many partitions: whether they are served, and what each costs. */
import { atMost } from './row.mjs'

const partitions = 10_000
const recordsEach = 4
const bytes = 100

/** @type {import('./row.mjs').Row[]} */
export const partitionRows = [
  {
    name: 'partitions-10000',
    title: `${partitions.toLocaleString('en')} partitions, ${recordsEach} records of 100 B written to each and read back`,
    family: `${partitions.toLocaleString('en')} partitions`,
    isFresh: true,
    goals: [atMost('residentKibEach', 1 / 4)],
    measure: async ({ contender, programs }) => {
      const { port } = contender
      const before = contender.measureMemory()
      const startedAtMs = performance.now()
      const topic = await contender.createTopic(partitions)
      const createMs = performance.now() - startedAtMs
      const records = partitions * recordsEach
      const load = { port, topic, partitions }
      await programs.run('rdkafka-produce', { ...load, bytes, seconds: 600, maxBytes: records * bytes })
      await programs.run('rdkafka-consume', { ...load, records })
      return {
        residentKibEach: contender.memoryGrowthKib(before) / partitions,
        residentMiB: contender.residentMiB,
        fileDescriptors: contender.fileDescriptors,
        createMs,
      }
    },
  },
]
