import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProducerStats } from './producer-stats.ts'

test('rates, latencies and percentiles of all records are one line', () => {
  const stats = new ProducerStats(1000, 10_000, () => assert.fail('not yet'))
  for (let i = 0; i < 1000; i++) stats.record(10_000, 1024, 10_000 + (i % 100))
  assert.equal(
    stats.totalLine(12_000),
    '1000 records sent, 500.0 records/sec (0.49 MB/sec), 49.50 ms avg latency, 99.00 ms max latency, 50 ms 50th, 95 ms 95th, 99 ms 99th, 99 ms 99.9th.',
  )
})

test('every five seconds there is a line about them alone', () => {
  const lines: string[] = []
  const stats = new ProducerStats(3, 0, (line) => lines.push(line))
  stats.record(0, 1024 * 1024, 10)
  stats.record(4900, 1024 * 1024, 5000)
  stats.record(5000, 1, 5001)
  assert.deepEqual(lines, [
    '2 records sent, 0.4 records/sec (0.40 MB/sec), 55.0 ms avg latency, 100.0 ms max latency.',
  ])
})

test('of many records a sample is kept for the percentiles', () => {
  const stats = new ProducerStats(1_200_001, 0, () => {})
  for (let i = 0; i < 1_200_001; i++) stats.record(0, 1, i < 600_000 ? 1 : 2)
  assert.match(
    stats.totalLine(1000),
    /^1200001 records sent, .* 2 ms 50th, 2 ms 95th, 2 ms 99th, 2 ms 99.9th\.$/,
  )
})
