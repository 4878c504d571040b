/** How cost grows: with partitions, connections, topics, and the size of a log. One row for each point of a curve. */
import { throughputFigures } from './row.mjs'

const rate = { bytes: 100, bytesPerSecond: 2e6 }
const logGiBs = [1, 4, 16]

/** @type {import('./row.mjs').Row[]} */
const byPartitions = [1, 10, 100, 1000, 10_000].map((partitions) => ({
  name: `scaling-partitions-${partitions}`,
  title: `20,000 records of 100 B a second in turn over ${partitions.toLocaleString('en')} partitions, librdkafka`,
  isFresh: true,
  measure: async ({ contender, programs, seconds }) => {
    const topic = await contender.createTopic(partitions)
    const load = { port: contender.port, topic, partitions, ...rate }
    await programs.run('rdkafka-produce', { ...load, seconds: 2 })
    const { result, brokerCpuSeconds } = await contender.measured(() =>
      programs.run('rdkafka-produce', { ...load, seconds }),
    )
    return {
      brokerCpuPerRecord: (brokerCpuSeconds / result.records) * 1e6,
      residentMiB: contender.residentMiB,
      fileDescriptors: contender.fileDescriptors,
    }
  },
}))

/** @type {import('./row.mjs').Row[]} */
const byConnections = [1, 10, 100, 1000, 2000].map((connections) => ({
  name: `scaling-connections-${connections}`,
  title: `produce, raw, one 100 B record a request, ${connections.toLocaleString('en')} connections, 1 in flight each`,
  measure: ({ contender, programs, seconds }) =>
    contender.withTopic(1, async (topic) => {
      const shape = { records: 1, bytes: 100, connections, inFlight: 1, acks: -1 }
      const { result, brokerCpuSeconds } = await contender.measured(() =>
        programs.run('raw-produce', { port: contender.port, topic, seconds, ...shape }),
      )
      return {
        requestsPerSecond: result.requests / result.seconds,
        brokerCpuPerRequest: (brokerCpuSeconds / result.requests) * 1e6,
      }
    }),
}))

/** @type {import('./row.mjs').Row[]} */
const byTopics = [1, 100, 1000, 5000].map((topics) => ({
  name: `scaling-topics-${topics}`,
  title: `${topics.toLocaleString('en')} topics of one partition: made, and there again after a restart`,
  isFresh: true,
  measure: async ({ contender }) => {
    const startedAtMs = performance.now()
    await contender.createTopics(topics)
    const createMs = performance.now() - startedAtMs
    const { residentMiB } = contender
    await contender.restart('SIGTERM')
    return { createMs, startMs: contender.readyMs, residentMiB }
  },
}))

/** @type {import('./row.mjs').Row[]} */
const byLogSize = logGiBs.map((gib) => ({
  name: `scaling-log-${gib}g`,
  title: `a log of ${gib} GiB in one partition: start after an orderly stop, and after SIGKILL`,
  isFresh: true,
  measure: async ({ contender, programs }) => {
    const topic = await contender.createTopic(1)
    const options = { port: contender.port, topic, seconds: 600, maxBytes: gib * 2 ** 30 }
    const { result, brokerCpuSeconds } = await contender.measured(() => programs.run('raw-produce', options))
    await contender.restart('SIGKILL')
    const recoveryMs = contender.readyMs
    await contender.restart('SIGTERM')
    return { ...throughputFigures(result, brokerCpuSeconds), recoveryMs, startMs: contender.readyMs }
  },
}))

/** @type {import('./row.mjs').Row[]} */
export const scalingRows = [...byPartitions, ...byConnections, ...byTopics, ...byLogSize]
