import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogConfig } from '../../log/log-config.ts'
import { BrokerConfig } from './broker-config.ts'
import { effectiveTopicConfig, validateTopicConfig } from './topic-config.ts'

function broker(entries: Record<string, string> = {}): BrokerConfig {
  return BrokerConfig.parse(new Map(Object.entries(entries))).config
}

test('a topic without own values has the defaults, in the form that a log takes', () => {
  const config: LogConfig = effectiveTopicConfig(new Map(), broker())
  assert.equal(config.segmentBytes, 1 << 30)
  assert.equal(config.retentionMs, 604_800_000)
  assert.equal(config.maxMessageBytes, 1_048_588)
  assert.deepEqual(config.cleanupPolicy, ['delete'])
})

test('broker configs are the defaults of topics, in whichever unit they were given', () => {
  const inHours = effectiveTopicConfig(
    new Map(),
    broker({ 'log.retention.hours': '2', 'log.roll.hours': '3' }),
  )
  assert.equal(inHours.retentionMs, 7_200_000)
  assert.equal(inHours.segmentMs, 10_800_000)
  const inMs = effectiveTopicConfig(
    new Map(),
    broker({
      'log.retention.hours': '2',
      'log.retention.minutes': '5',
      'log.retention.ms': '7',
      'log.roll.ms': '9',
    }),
  )
  assert.equal(inMs.retentionMs, 7)
  assert.equal(inMs.segmentMs, 9)
  const flush = effectiveTopicConfig(new Map(), broker({ 'log.flush.scheduler.interval.ms': '500' }))
  assert.equal(flush.flushMs, 500)
  assert.equal(effectiveTopicConfig(new Map(), broker({ 'message.max.bytes': '10' })).maxMessageBytes, 10)
})

test("a topic's own value wins over the broker's", () => {
  const own = new Map([
    ['retention.ms', '-1'],
    ['cleanup.policy', 'compact, delete'],
  ] as const)
  const config = effectiveTopicConfig(
    own,
    broker({ 'log.retention.ms': '7', 'log.cleanup.policy': 'delete' }),
  )
  assert.equal(config.retentionMs, -1)
  assert.deepEqual(config.cleanupPolicy, ['compact', 'delete'])
})

test('unlimited retention in hours is unlimited for topics', () => {
  assert.equal(effectiveTopicConfig(new Map(), broker({ 'log.retention.hours': '-1' })).retentionMs, -1)
})

test('unknown names of a stored topic are passed over, those of a client refused', () => {
  assert.equal(effectiveTopicConfig(new Map([['foo', '1']]), broker()).retentionBytes, -1)
  const check = validateTopicConfig(new Map([['foo', '1']]), broker())
  assert.deepEqual(check, { ok: false, errorCode: 40, message: 'Unknown topic config name: foo' })
})

test('a null value is refused', () => {
  const check = validateTopicConfig(new Map([['retention.ms', null]]), broker())
  assert.equal(check.ok, false)
  assert.equal(check.ok || check.message, 'Null value not supported for topic configs: retention.ms')
})

test('the older symmetric bound on timestamps counts where the newer keys are not set', () => {
  const difference = ['message.timestamp.difference.max.ms', '1000'] as const
  const config = effectiveTopicConfig(
    new Map<string, string>([difference, ['message.timestamp.after.max.ms', '5']]),
    broker(),
  )
  assert.equal(config.messageTimestampBeforeMaxMs, 1000)
  assert.equal(config.messageTimestampAfterMaxMs, 5)
})
