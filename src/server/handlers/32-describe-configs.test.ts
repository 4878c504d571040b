import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  DescribeConfigsRequest,
  DescribeConfigsResponse,
} from '../../protocol/messages/32-describe-configs.ts'
import { createTopic, startTestBroker } from './handlers.test.kit.ts'

const client = await startTestBroker({ 'log.segment.bytes': '1000000' })
await createTopic(client, 'described', { configs: { 'retention.ms': '5000' } })

const [TOPIC, BROKER] = [2, 4]
const [DYNAMIC_TOPIC, STATIC_BROKER, DEFAULT] = [1, 4, 5]

async function describe(
  resourceType: number,
  resourceName: string,
  keys: string[] | null = null,
  version = 4,
) {
  const request = {
    resources: [{ resourceType, resourceName, configurationKeys: keys }],
    ...(version >= 1 ? { includeSynonyms: true } : {}),
  }
  const { results } = await client.call(DescribeConfigsRequest, DescribeConfigsResponse, version, request)
  return results[0]!
}

test('settings of a topic come with their source and what they stand for', async () => {
  for (let version = 1; version <= 4; version++) {
    const { configs } = await describe(
      TOPIC,
      'described',
      ['retention.ms', 'segment.bytes', 'preallocate'],
      version,
    )
    const seen = Object.fromEntries(
      configs.map(({ name, value, configSource }) => [name, [value, configSource]]),
    )
    assert.deepEqual(seen, {
      'retention.ms': ['5000', DYNAMIC_TOPIC],
      'segment.bytes': ['1000000', STATIC_BROKER],
      preallocate: ['false', DEFAULT],
    })
    const retention = configs.find(({ name }) => name === 'retention.ms')
    assert.deepEqual(retention!.synonyms.map(({ name }) => name).slice(0, 2), [
      'retention.ms',
      'log.retention.ms',
    ])
  }
  const old = await describe(TOPIC, 'described', ['retention.ms', 'preallocate'], 0)
  const defaults = Object.fromEntries(old.configs.map(({ name, isDefault }) => [name, isDefault]))
  assert.deepEqual(defaults, { 'retention.ms': false, preallocate: true })
})

test('without keys everything is told, with none nothing', async () => {
  assert.ok((await describe(TOPIC, 'described')).configs.length > 25)
  assert.ok((await describe(BROKER, '1')).configs.length > 200)
  assert.deepEqual((await describe(BROKER, '')).configs, [])
  assert.deepEqual((await describe(TOPIC, 'described', ['no.such.setting'])).configs, [])
})

test('resources that are not here have codes of their own', async () => {
  assert.equal((await describe(TOPIC, 'nowhere')).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal((await describe(TOPIC, 'a b')).errorCode, ErrorCode.INVALID_TOPIC_EXCEPTION)
  assert.equal((await describe(BROKER, '2')).errorCode, ErrorCode.INVALID_REQUEST)
  assert.equal((await describe(BROKER, 'one')).errorCode, ErrorCode.INVALID_REQUEST)
  assert.equal((await describe(99, 'x')).errorCode, ErrorCode.INVALID_REQUEST)
})
