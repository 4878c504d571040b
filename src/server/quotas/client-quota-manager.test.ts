import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../../simulator/sim-clock.ts'
import { ClientQuotaManager } from './client-quota-manager.ts'
import { ControllerMutationQuotas } from './controller-mutation-quotas.ts'
import { QuotaSensors } from './quota-sensors.ts'
import { RequestTimeQuotas } from './request-time-quotas.ts'

const window = { windowMs: 1000, samples: 11 }
const client = { connection: { principal: { name: 'u' } }, clientId: 'c' }
const other = { connection: { principal: { name: 'u' } }, clientId: 'd' }

test('whoever goes on as soon as the throttle is over keeps to the bound', () => {
  const clock = new SimClock()
  const quota = new ClientQuotaManager(clock, window)
  quota.setBound('clients/c', 1000)
  let sent = 0
  while (clock.monotonicMs() < 100_000) {
    sent += 700
    clock.advance(quota.record(client, 700) + 1)
  }
  assert.ok(sent > 100_000 && sent < 100_000 + 12_000, `${sent}`)
})

test('a new bound holds for what was recorded under the old one; without a bound nothing is recorded', () => {
  const clock = new SimClock()
  const quota = new ClientQuotaManager(clock, window)
  assert.equal(quota.record(client, 1e9), 0)
  assert.equal(quota.isEnabled, false)
  quota.setBound('users/u', 1000)
  assert.equal(quota.isEnabled, true)
  assert.equal(quota.record(client, 9000), 0)
  assert.equal(quota.record(other, 2000), 1000)
  quota.setBound('users/u', 500)
  assert.equal(quota.record(client, 0), 12_000)
  quota.setBound('users/u', undefined)
  assert.equal(quota.record(client, 9000), 0)
  assert.equal(quota.valueMax(client), Number.POSITIVE_INFINITY)
})

test('the most that is not throttled for certain is the bound over all windows but one', () => {
  const quota = new ClientQuotaManager(new SimClock(), window)
  quota.setBound('clients/c', 1000)
  assert.equal(quota.valueMax(client), 10_000)
  assert.equal(quota.valueMax(other), Number.POSITIVE_INFINITY)
  assert.equal(quota.record(client, 10_000), 0)
  assert.equal(quota.record(client, 1), 1)
})

test('a throttle is no longer than the field that tells of it', () => {
  const quota = new ClientQuotaManager(new SimClock(), window)
  quota.setBound('clients/c', 1)
  assert.equal(quota.record(client, 1e12), 2 ** 31 - 1)
})

test('request time is in percent of a second, and throttles for one window at most', () => {
  const clock = new SimClock()
  const quotas = new RequestTimeQuotas(clock, window)
  assert.equal(quotas.begin(), undefined)
  quotas.setBound('clients/c', 10)
  const first = quotas.begin()!
  clock.advance(1000)
  first.stop()
  clock.advance(5)
  assert.equal(first.charge(client), 0)
  const second = quotas.begin()!
  clock.advance(40)
  // 104 percent of a second over 10 s and 40 ms since the first was charged.
  assert.equal(second.charge(client), 360)
  second.chargeResponse(client, 5000)
  assert.equal(quotas.begin()!.charge(client), 1000)
})

test('a strict request is refused while partitions are owed; a permissive one is throttled', () => {
  const clock = new SimClock()
  const quotas = new ControllerMutationQuotas(clock, window)
  assert.equal(quotas.forRequest(client, true), undefined)
  quotas.setBound('users/u', 2)
  const strict = quotas.forRequest(client, true)!
  assert.equal(strict.take(30), true)
  assert.equal(strict.throttleMs, 0)
  assert.equal(strict.take(1), false)
  assert.equal(strict.throttleMs, 4000)
  clock.advance(1000)
  assert.equal(strict.throttleMs, 3000)
  const permissive = quotas.forRequest(other, false)!
  assert.equal(permissive.take(4), true)
  assert.equal(permissive.throttleMs, 5000)
  clock.advance(5000)
  assert.equal(quotas.forRequest(client, true)!.take(1), true)
  assert.equal(quotas.forRequest(client, true)!.take(1), false)
})

test('who was quiet for an hour is forgotten, and beyond so many whoever was quiet the longest', () => {
  const sensors = new QuotaSensors(() => ({}), 3)
  const first = sensors.of('a', 0)
  sensors.of('b', 1)
  sensors.of('c', 2)
  assert.equal(sensors.of('a', 3), first)
  sensors.of('d', 4)
  assert.equal(sensors.size, 3)
  assert.equal(sensors.of('a', 5), first)
  const long = 'x'.repeat(30_000)
  assert.equal(sensors.of(long, 6), sensors.of(long, 6))
  assert.notEqual(sensors.of(`${long}y`, 6), sensors.of(long, 6))
  sensors.of('e', 6 + 60 * 60 * 1000)
  assert.equal(sensors.size, 1)
})
