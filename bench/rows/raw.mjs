/** What a broker does when no client library is in the way. */
import { atLeast, atMost, readCeilings, throughputFigures, writeCeilings } from './row.mjs'

const records = 60
/** Of the log that is read: it stays in the page cache. */
const fetchedBytes = 1e9

/** @type {import('./row.mjs').Row[]} */
export const rawRows = [
  ...[1, -1].map((acks) => ({
    name: `raw-produce-60k-acks${acks}`,
    title: `produce, raw, 60 records of 1 KiB a request, 5 in flight, acks=${acks}`,
    family: 'produce, raw, batches of 60 KiB',
    goals: [atLeast('mbPerSecond', 2)],
    machineGoals: [atLeast('mbPerSecond', 0.4)],
    ceilings: writeCeilings,
    /** @param {import('./row.mjs').Setting} setting */
    measure: ({ contender, programs, seconds, bytesMax }) =>
      contender.withTopic(1, async (topic) => {
        const options = { port: contender.port, topic, acks, records, seconds, maxBytes: bytesMax }
        const { result, brokerCpuSeconds } = await contender.measured(() =>
          programs.run('raw-produce', options),
        )
        return throughputFigures(result, brokerCpuSeconds)
      }),
  })),
  ...[1, -1].map((acks) => ({
    name: `raw-produce-single-acks${acks}`,
    title: `produce, raw, one 100 B record a request, 100 connections x 10 in flight, acks=${acks}`,
    family: 'produce, raw, one record a request',
    goals: [atLeast('requestsPerSecond', 2), atMost('brokerCpuPerRequest', 0.4)],
    /** @param {import('./row.mjs').Limits} limits */
    ceilings: ({ requestsPerSecond }) => ({ requestsPerSecond }),
    /** @param {import('./row.mjs').Setting} setting */
    measure: ({ contender, programs, seconds }) =>
      contender.withTopic(1, async (topic) => {
        const shape = { acks, records: 1, bytes: 100, connections: 100, inFlight: 10 }
        const options = { port: contender.port, topic, seconds, ...shape }
        const { result, brokerCpuSeconds } = await contender.measured(() =>
          programs.run('raw-produce', options),
        )
        return {
          requestsPerSecond: result.requests / result.seconds,
          brokerCpuPerRequest: (brokerCpuSeconds / result.requests) * 1e6,
        }
      }),
  })),
  {
    name: 'raw-fetch-1m',
    title: 'fetch, raw, 1 MiB a request, 1 connection, 2 in flight',
    family: 'fetch, raw, 1 MiB',
    goals: [atLeast('mbPerSecond', 1.1), atMost('brokerCpuPerGb', 1)],
    machineGoals: [atLeast('mbPerSecond', 0.8)],
    ceilings: readCeilings,
    measure: ({ contender, programs, seconds }) =>
      contender.withTopic(1, async (topic) => {
        const { port } = contender
        const filled = { port, topic, records, seconds: 60, maxBytes: fetchedBytes }
        const { requests: batches } = await programs.run('raw-produce', filled)
        const { result, brokerCpuSeconds } = await contender.measured(() =>
          programs.run('raw-fetch', { port, topic, batches, records, seconds }),
        )
        return throughputFigures(result, brokerCpuSeconds)
      }),
  },
]
