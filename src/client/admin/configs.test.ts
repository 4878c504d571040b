import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admin, failure, newTopic } from './admin.test.kit.ts'

test('configs are described with their sources, synonyms and types, all or by name', async () => {
  const topic = await newTopic(1, { 'retention.ms': '60000' })
  const [ofTopic, ofBroker] = await admin.describeConfigs(
    [
      { type: 'topic', name: topic, keys: ['retention.ms', 'segment.bytes'] },
      { type: 'broker', name: 1 },
    ],
    { includeSynonyms: true },
  )
  const byName = new Map(ofTopic!.configs.map((config) => [config.name, config]))
  assert.deepEqual([...byName.keys()].sort(), ['retention.ms', 'segment.bytes'])
  const { value, source, type, synonyms } = byName.get('retention.ms')!
  assert.deepEqual([value, source, type], ['60000', 'dynamic-topic', 'long'])
  assert.deepEqual(synonyms[0], { name: 'retention.ms', value: '60000', source: 'dynamic-topic' })
  assert.equal(byName.get('segment.bytes')!.isDefault, true)
  assert.ok(ofBroker!.configs.length > 100)
  assert.deepEqual([ofBroker!.type, ofBroker!.name], ['broker', '1'])
  const error = await failure(
    admin.describeConfigs([
      { type: 'topic', name: 'nope' },
      { type: 'broker', name: 9 },
    ]),
  )
  assert.deepEqual(
    [...error.details!].map(([name, { code }]) => [name, code]),
    [
      ['topic nope', 'UNKNOWN_TOPIC_OR_PARTITION'],
      ['broker 9', 'BROKER_NOT_AVAILABLE'],
    ],
  )
})
