import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConsumerOptions, parseConsumerOptions } from './consumer-options.ts'

const servers = { 'bootstrap.servers': 'one:9092' } as const

test('both spellings mean the same, texts are read as in a properties file, and defaults are Kafka’s', () => {
  const dotted = parseConsumerOptions({
    ...servers,
    'group.id': 'g',
    'max.poll.records': '10',
    'enable.auto.commit': 'false',
  })
  const camel = parseConsumerOptions({
    bootstrapServers: 'one:9092',
    groupId: 'g',
    maxPollRecords: 10,
    enableAutoCommit: false,
  })
  assert.deepEqual(dotted, camel)
  const { fetchMaxBytes, sessionTimeoutMs, autoOffsetReset, partitionAssignmentStrategy } = camel
  assert.deepEqual(
    { fetchMaxBytes, sessionTimeoutMs, autoOffsetReset, partitionAssignmentStrategy },
    {
      fetchMaxBytes: 52_428_800,
      sessionTimeoutMs: 45_000,
      autoOffsetReset: { to: 'latest' },
      partitionAssignmentStrategy: ['range', 'cooperative-sticky'],
    },
  )
})

test('the names of Kafka 0.8 carry over', () => {
  const old = {
    'metadata.broker.list': 'one:9092',
    'group.id': 'g',
    'auto.commit.enable': 'false',
    'auto.offset.reset': 'smallest',
    'fetch.message.max.bytes': '1000',
    'fetch.wait.max.ms': '7',
    'zookeeper.connect': 'zk:2181',
    'consumer.timeout.ms': '-1',
  } as const
  const settings = parseConsumerOptions(old)
  assert.equal(settings.enableAutoCommit, false)
  assert.deepEqual(settings.autoOffsetReset, { to: 'earliest' })
  assert.equal(settings.maxPartitionFetchBytes, 1000)
  assert.equal(settings.fetchMaxWaitMs, 7)
  const { 'metadata.broker.list': _, ...without } = old
  parseConsumerOptions({ ...servers, 'receive.buffer.bytes': '65536', metricReporters: [] })
  assert.throws(
    () => parseConsumerOptions({ ...servers, 'interceptor.classes': 'x.Y' }),
    /sluice:client:consume/,
  )
  assert.throws(() => parseConsumerOptions(without), /give bootstrap\.servers in place of zookeeper\.connect/)
})

test('auto.offset.reset takes durations in ISO 8601', () => {
  const durationOf = (written: string) =>
    parseConsumerOptions({ ...servers, autoOffsetReset: `by_duration:${written}` }).autoOffsetReset
  assert.deepEqual(durationOf('PT1H'), { to: 'by_duration', durationMs: 3_600_000 })
  assert.deepEqual(durationOf('P1DT2H3M4.5S'), { to: 'by_duration', durationMs: 93_784_500 })
  for (const wrong of ['', 'P', 'PT', '1h', 'P1W', 'PT-1H', 'P1Y']) {
    assert.throws(() => durationOf(wrong), { code: 'INVALID_CONFIG' }, wrong)
  }
  assert.throws(() => parseConsumerOptions({ ...servers, autoOffsetReset: 'never' as 'none' }), {
    code: 'INVALID_CONFIG',
  })
})

test('assignors are named as here, as in Java, or given as objects', () => {
  const strategyOf = (given: ConsumerOptions['partitionAssignmentStrategy']) =>
    parseConsumerOptions({ ...servers, partitionAssignmentStrategy: given }).partitionAssignmentStrategy
  assert.deepEqual(
    strategyOf(
      'org.apache.kafka.clients.consumer.StickyAssignor, org.apache.kafka.clients.consumer.CooperativeStickyAssignor',
    ),
    ['sticky', 'cooperative-sticky'],
  )
  const own = { name: 'own', assign: () => new Map() }
  assert.deepEqual(strategyOf(['range', own]), ['range', own])
  for (const wrong of ['best', [], { name: 'own' }]) {
    assert.throws(() => strategyOf(wrong as never), { code: 'INVALID_CONFIG' })
  }
})

test('what contradicts itself is refused, with Kafka’s reasons', () => {
  const refused = (options: ConsumerOptions, message: RegExp): void =>
    assert.throws(() => parseConsumerOptions({ ...servers, ...options }), message)
  refused({ enableAutoCommit: true }, /default group id \(null\)/)
  assert.equal(parseConsumerOptions(servers).enableAutoCommit, false)
  refused({ groupId: 'g', heartbeatIntervalMs: 45_000 }, /lower than session\.timeout\.ms/)
  refused(
    { groupId: 'g', groupProtocol: 'consumer', sessionTimeoutMs: 1000 },
    /cannot be set when group\.protocol=CONSUMER/,
  )
  refused({ groupId: '' }, /group\.id must not be empty/)
  refused({ maxPollRecord: 5 } as ConsumerOptions, /did you mean max\.poll\.records\?/)
  refused({ maxPollRecords: 0 }, /at least 1/)
})
