/** Latencies at a fixed rate, counted from when a request was due. */
import { atMost } from './row.mjs'

const loads = [
  {
    name: 'latency-single',
    family: 'latency, one record a request at 2,000/s',
    title: 'latency, raw, 2,000 records of 1 KiB a second, one a request, acks=-1',
    shape: { rate: 2000, records: 1, bytes: 1024 },
    goals: ['acknowledged', 'endToEnd'].flatMap((path) => [
      atMost(`${path}P50`, 0.7),
      atMost(`${path}P99`, 0.5),
      atMost(`${path}P999`, 0.5),
    ]),
  },
  {
    name: 'latency-batched',
    family: 'latency, batches, 10 MB/s',
    title: 'latency, raw, 10 MB/s in batches of 16 records of 1 KiB, acks=-1',
    shape: { rate: 10e6 / (16 * 1024), records: 16, bytes: 1024 },
    goals: [],
  },
]

/** @type {import('./row.mjs').Row[]} */
export const latencyRows = loads.map(({ name, title, family, shape, goals }) => ({
  name,
  title,
  family,
  goals,
  // Of the batched one too: the wire is a small part of it.
  ceilings: ({ roundTrip }) => ({
    acknowledgedP50: roundTrip.p50,
    acknowledgedP99: roundTrip.p99,
    acknowledgedP999: roundTrip.p999,
  }),
  measure: ({ contender, programs, seconds }) =>
    contender.withTopic(1, async (topic) => {
      const options = { port: contender.port, topic, ...shape, acks: -1, seconds: 2 * seconds, warmUp: 1 }
      const { acknowledged, endToEnd } = await programs.run('raw-latency', options)
      return {
        acknowledgedP50: acknowledged.p50,
        acknowledgedP99: acknowledged.p99,
        acknowledgedP999: acknowledged.p999,
        endToEndP50: endToEnd.p50,
        endToEndP99: endToEnd.p99,
        endToEndP999: endToEnd.p999,
      }
    }),
}))
