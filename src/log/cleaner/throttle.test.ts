import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Throttle } from './throttle.ts'

test('bytes take as long as the rate says, and time that was not used is forgotten after a while', () => {
  const throttle = new Throttle(1000)
  assert.equal(throttle.delayMs(500, 10_000), 200, 'a period of 300 ms is for free')
  assert.equal(throttle.delayMs(500, 10_200), 500)
  assert.equal(throttle.delayMs(100, 10_700), 100)
  assert.equal(throttle.delayMs(100, 99_000), 0)
  assert.equal(throttle.delayMs(400, 99_000), 200)
})

test('without a limit nothing waits', () => {
  for (const limit of [Number.POSITIVE_INFINITY, Number.MAX_VALUE])
    assert.equal(new Throttle(limit).delayMs(2 ** 40, 5), 0)
})
