import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  BROKER,
  BROKER_LOGGER,
  CLIENT_METRICS,
  configOf,
  describe,
  GROUP,
  type Resource,
  replace,
  TOPIC,
} from './configs.test.kit.ts'
import { createTopic, startTestBroker } from './handlers.test.kit.ts'

const client = await startTestBroker()
await createTopic(client, 'replaced', { configs: { 'retention.ms': '5000' } })
const topic: Resource = [TOPIC, 'replaced']
const [DYNAMIC_TOPIC, DYNAMIC_BROKER, DYNAMIC_DEFAULT, STATIC, DEFAULT] = [1, 2, 3, 4, 5]

test('in all versions the configs given replace those there were', async () => {
  for (const version of [0, 1, 2]) {
    assert.deepEqual(await replace(client, topic, { 'segment.ms': '7000' }, { version }), [0, null])
    assert.deepEqual(await configOf(client, topic, 'segment.ms'), ['7000', DYNAMIC_TOPIC])
    assert.deepEqual(await configOf(client, topic, 'retention.ms'), ['-1', STATIC])
    assert.deepEqual(await replace(client, topic, { 'retention.ms': '5000' }, { version }), [0, null])
    assert.deepEqual(await configOf(client, topic, 'segment.ms'), ['604800000', DEFAULT])
  }
})

test('brokers, groups and client metrics are replaced as well', async () => {
  const resources: [Resource, string, string, number][] = [
    [[BROKER, '1'], 'message.max.bytes', '2000000', DYNAMIC_BROKER!],
    [[BROKER, ''], 'message.max.bytes', '3000000', DYNAMIC_DEFAULT!],
    [[GROUP, 'g'], 'consumer.session.timeout.ms', '50000', 8],
    [[CLIENT_METRICS, 'm'], 'interval.ms', '1000', 7],
  ]
  for (const [resource, name, value, source] of resources) {
    assert.deepEqual(await replace(client, resource, { [name]: value }), [0, null])
    assert.deepEqual(await configOf(client, resource, name), [value, source])
    assert.deepEqual(await replace(client, resource, {}), [0, null])
    assert.notEqual((await configOf(client, resource, name))?.[1], source)
  }
})

test('what is bad, or only to be looked at, replaces nothing', async () => {
  const before = (await describe(client, topic)).configs
  const refusals: [Resource, Record<string, string | null>, number][] = [
    [topic, { 'retention.ms': null }, ErrorCode.INVALID_REQUEST],
    [topic, { 'no.such': '1' }, ErrorCode.INVALID_CONFIG],
    [topic, { 'retention.ms': '1', 'segment.ms': '0' }, ErrorCode.INVALID_CONFIG],
    [[TOPIC, 'nowhere'], { 'retention.ms': '1' }, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    [[BROKER, '1'], { 'num.partitions': '2' }, ErrorCode.INVALID_REQUEST],
    [[BROKER, '2'], { 'message.max.bytes': '2' }, ErrorCode.INVALID_REQUEST],
    [[BROKER_LOGGER, '1'], { root: 'INFO' }, ErrorCode.INVALID_REQUEST],
  ]
  for (const [resource, entries, errorCode] of refusals) {
    assert.equal((await replace(client, resource, entries))[0], errorCode, JSON.stringify(entries))
  }
  assert.deepEqual(await replace(client, topic, {}, { validateOnly: true }), [0, null])
  assert.deepEqual((await describe(client, topic)).configs, before)
})
