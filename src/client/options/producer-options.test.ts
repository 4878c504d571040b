import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ProducerOptions, parseProducerOptions } from './producer-options.ts'

const servers = { 'bootstrap.servers': 'one:9092' } as const

test('the names of Kafka 0.8 carry over', () => {
  const settings = parseProducerOptions({
    'metadata.broker.list': 'one:9092,two:9092',
    'request.required.acks': '-1',
    'producer.type': 'sync',
    'serializer.class': 'kafka.serializer.StringEncoder',
    'key.serializer.class': 'kafka.serializer.StringEncoder',
    'message.send.max.retries': '7',
    'queue.buffering.max.ms': '20',
    'compression.codec': 'snappy',
  })
  const { bootstrapServers, acks, retries, lingerMs, compressionType } = settings
  assert.deepEqual(
    { hosts: bootstrapServers.map(({ host }) => host), acks, retries, lingerMs, compressionType },
    { hosts: ['one', 'two'], acks: -1, retries: 7, lingerMs: 20, compressionType: 'snappy' },
  )
})

test('what Java’s producer is set up with carries over, and what only Java can do is refused', () => {
  parseProducerOptions({
    ...servers,
    acks: 'all',
    'key.serializer': 'org.apache.kafka.common.serialization.StringSerializer',
    'partitioner.class': 'org.apache.kafka.clients.producer.RoundRobinPartitioner',
    'partitioner.adaptive.partitioning.enable': 'true',
    'receive.buffer.bytes': 32_768,
  })
  const refused = (options: ProducerOptions, reason: RegExp) =>
    assert.throws(() => parseProducerOptions({ ...servers, ...options }), reason)
  refused({ 'interceptor.classes': 'x.Y' }, /sluice:client:produce/)
  refused(
    { 'partitioner.class': 'com.example.Own' },
    /must be a function or one of default, sticky, round-robin/,
  )
})

test('the types know the options: names, values, and what a partitioner is given', () => {
  const { partitionerClass } = parseProducerOptions({
    ...servers,
    acks: 1,
    partitioner: ({ key, partitionCount }) => (key?.length ?? 0) % partitionCount,
  })
  assert.equal(typeof partitionerClass, 'function')
  const refused = (parse: () => unknown, reason: RegExp) => assert.throws(parse, reason)
  // @ts-expect-error: there is no such option.
  refused(() => parseProducerOptions({ ...servers, batchSiz: 1 }), /did you mean batch\.size/)
  // @ts-expect-error: it can not have this value.
  refused(() => parseProducerOptions({ ...servers, acks: 2 }), /acks must be all, 1 or 0/)
  // @ts-expect-error: nor under its former name.
  refused(() => parseProducerOptions({ ...servers, requestRequiredAcks: 2 }), /must be all, 1 or 0/)
})
