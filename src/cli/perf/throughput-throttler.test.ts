import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../../simulator/sim-clock.ts'
import { ThroughputThrottler } from './throughput-throttler.ts'

test('so many records may be sent as are due by now', () => {
  const clock = new SimClock()
  const throttler = new ThroughputThrottler(100, clock)
  assert.equal(throttler.allowance(0), 1)
  clock.advance(50)
  assert.equal(throttler.allowance(1), 5)
  assert.equal(throttler.allowance(6), 0)
  clock.advance(1000)
  assert.equal(throttler.allowance(6), 100)
})

test('without a bound any number may, with a bound of nothing none', () => {
  const clock = new SimClock()
  assert.equal(new ThroughputThrottler(-1, clock).allowance(1e9), Number.POSITIVE_INFINITY)
  assert.equal(new ThroughputThrottler(0, clock).allowance(0), 0)
})

test('a nap ends when the next one is due, and lasts no longer than a tenth of a second', async () => {
  const clock = new SimClock()
  const throttler = new ThroughputThrottler(20, clock)
  let naps = 0
  const nap = async (sentCount: number): Promise<void> => {
    await throttler.nap(sentCount)
    naps += 1
  }
  const short = nap(1)
  clock.advance(49)
  await Promise.resolve()
  assert.equal(naps, 0)
  clock.advance(1)
  await short
  const long = nap(100)
  clock.advance(100)
  await long
  assert.equal(naps, 2)
})
