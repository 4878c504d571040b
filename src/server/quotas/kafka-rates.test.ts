import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { SampledRate, throttleMsOf } from './sampled-rate.ts'
import { TokenBucket } from './token-bucket.ts'

/** What Kafka's own Rate and TokenBucket made of random values at random times, with 11 windows of a second. */
const fixture = new URL('../../../test/fixtures/quotas/rates.json', import.meta.url)
type Step = readonly [elapsedMs: number, value: number, number, number, throttleMs: number]
const seen: { rate: Step[]; tokens: Step[] } = JSON.parse(readFileSync(fixture, 'utf8'))
const window = { windowMs: 1000, samples: 11 }

function assertNear(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)), `${actual} ${expected}`)
}

test('rates, the time they are over, and throttle times are those of Kafka', () => {
  const rate = new SampledRate(window)
  let nowMs = 5
  let throttledCount = 0
  for (const [elapsedMs, value, perSecond, windowMs, throttleMs] of seen.rate) {
    nowMs += elapsedMs
    rate.record(value, nowMs)
    assertNear(rate.perSecond(nowMs), perSecond)
    assert.equal(rate.elapsedMs(nowMs), windowMs)
    assert.equal(throttleMsOf(rate, 1000, nowMs), throttleMs)
    if (throttleMs > 0) throttledCount += 1
  }
  assert.ok(throttledCount > 20 && throttledCount < 180)
})

test('token buckets and the times until their debts are paid are those of Kafka', () => {
  const bucket = new TokenBucket(window)
  let nowMs = 5
  for (const [elapsedMs, count, before, after, debtMs] of seen.tokens) {
    nowMs += elapsedMs
    assertNear(bucket.tokens(2.5, nowMs), before)
    bucket.take(count, 2.5, nowMs)
    assertNear(bucket.tokens(2.5, nowMs), after)
    assert.equal(bucket.debtMs(2.5, nowMs), debtMs)
  }
})
