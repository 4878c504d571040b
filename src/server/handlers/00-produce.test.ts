import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../../base/logger.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ProduceRequest, ProduceResponse } from '../../protocol/messages/00-produce.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../protocol/messages/22-init-producer-id.ts'
import { encodeSet } from '../../records/message-set.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import { buildBatch } from '../../records/record-batch-builder.ts'
import type { BrokerServices } from '../broker-services.ts'
import type { Frame } from '../frame-reader.ts'
import { LATER } from '../handler.ts'
import { type ConnectionInfo, RequestContext } from '../request-context.ts'
import { produceHandler } from './00-produce.ts'
import {
  batch,
  ConnectionClosed,
  createTopic,
  fetch,
  produce,
  produceRequest,
  STRANGE_UUID,
  startTestBroker,
  T,
} from './handlers.test.kit.ts'

const client = await startTestBroker()

function messageSet(magic: 0 | 1, count: number): Buffer {
  const messages = Array.from({ length: count }, (_, i) => ({
    offset: i,
    timestampMs: magic === 1 ? T : -1,
    key: Buffer.from(`k${i}`),
    value: Buffer.from(`v${i}`),
  }))
  return encodeSet(messages, { magic, codec: undefined, appendTimeMs: undefined })
}

/** A batch of two records with some bytes changed and its checksum made right again. */
function changed(change: (bytes: Buffer) => void, { fixCrc = true } = {}): Buffer {
  const bytes = batch(2)
  change(bytes)
  if (fixCrc) RecordBatch.writeCrc(bytes, 0)
  return bytes
}

test('every version stores what it is sent and answers with the offset', async () => {
  for (let version = 0; version <= 13; version++) {
    const topic = `versions-${version}`
    const topicId = await createTopic(client, topic)
    for (const acks of [1, -1]) {
      const records = version < 3 ? messageSet(version < 2 ? 0 : 1, 3) : batch(3)
      const { errorCode, baseOffset } = await produce(client, topic, records, { version, acks, topicId })
      assert.deepEqual([errorCode, baseOffset], [0, acks === 1 ? 0 : 3], `version ${version}`)
    }
    const stored = await fetch(client, topic)
    assert.equal(stored.highWatermark, 6)
    assert.equal(RecordBatch.magic(stored.records), 2)
    assert.equal(RecordBatch.recordCount(stored.records), 3)
    assert.ok(RecordBatch.isCrcValid(stored.records))
  }
})

test('what the client sends is stored byte for byte but for offset and leader epoch', async () => {
  await createTopic(client, 'bytes')
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const sent = batch(4, { compression })
    const { baseOffset } = await produce(client, 'bytes', sent)
    const { records } = await fetch(client, 'bytes', { offset: baseOffset })
    assert.deepEqual(records.subarray(RecordBatch.MAGIC_AT), sent.subarray(RecordBatch.MAGIC_AT), compression)
  }
})

test('acks other than 0, 1 and -1 are INVALID_REQUIRED_ACKS', async () => {
  await createTopic(client, 'acks')
  for (const acks of [2, -2]) {
    assert.equal(
      (await produce(client, 'acks', batch(), { acks })).errorCode,
      ErrorCode.INVALID_REQUIRED_ACKS,
    )
  }
})

test('acks=0 has no answer; if the append fails the connection is closed', async () => {
  await createTopic(client, 'silent')
  const other = client.another()
  await other.send(other.frameOf(ProduceRequest, 9, produceRequest('silent', batch(), { acks: 0 })))
  assert.equal((await produce(other, 'silent', batch())).baseOffset, 1)
  await other.send(other.frameOf(ProduceRequest, 9, produceRequest('nowhere', batch(), { acks: 0 })))
  await assert.rejects(other.next(), ConnectionClosed)
})

test('topics and partitions that are not there have codes of their own, and leave the others alone', async () => {
  const topicId = await createTopic(client, 'here')
  assert.equal(
    (await produce(client, 'here', batch(), { partition: 1 })).errorCode,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  )
  assert.equal(
    (await produce(client, 'here', batch(), { partition: -1 })).errorCode,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  )
  assert.equal((await produce(client, 'nowhere', batch())).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal((await produce(client, 'a/b', batch())).errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  const byId = { version: 13, topicId: STRANGE_UUID }
  assert.equal((await produce(client, '', batch(), byId)).errorCode, ErrorCode.UNKNOWN_TOPIC_ID)
  const { responses } = await client.call(ProduceRequest, ProduceResponse, 13, {
    acks: -1,
    timeoutMs: 1000,
    topicData: [
      { topicId: STRANGE_UUID, partitionData: [{ index: 0, records: batch() }] },
      {
        topicId,
        partitionData: [
          { index: 5, records: batch() },
          { index: 0, records: batch() },
        ],
      },
    ],
  })
  const codes = responses.flatMap((topic) => topic.partitionResponses.map(({ errorCode }) => errorCode))
  assert.deepEqual(codes, [ErrorCode.UNKNOWN_TOPIC_ID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.NONE])
})

test('internal topics are written to by the admin client alone', async () => {
  await createTopic(client, '__consumer_offsets')
  const refused = await produce(client, '__consumer_offsets', batch())
  assert.equal(refused.errorCode, ErrorCode.INVALID_TOPIC_EXCEPTION)
  const accepted = await produce(client, '__consumer_offsets', batch(), { clientId: '__admin_client' })
  assert.equal(accepted.errorCode, ErrorCode.NONE)
})

test('bad records are refused and nothing of them is stored', async () => {
  const good = batch(2)
  const {
    CORRUPT_MESSAGE,
    INVALID_RECORD,
    MESSAGE_TOO_LARGE,
    TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    UNSUPPORTED_COMPRESSION_TYPE,
  } = ErrorCode
  const broken: [string, Buffer | null, number][] = [
    ['null', null, INVALID_RECORD],
    ['empty', Buffer.alloc(0), INVALID_RECORD],
    ['half a header', good.subarray(0, 30), INVALID_RECORD],
    ['cut', good.subarray(0, -1), INVALID_RECORD],
    ['two batches', Buffer.concat([good, good]), INVALID_RECORD],
    ['stray bytes', Buffer.concat([good, Buffer.alloc(3)]), CORRUPT_MESSAGE],
    ['checksum', changed((b) => (b[RecordBatch.CRC_AT]! ^= 1), { fixCrc: false }), CORRUPT_MESSAGE],
    ['payload', changed((b) => (b[80]! ^= 1), { fixCrc: false }), CORRUPT_MESSAGE],
    ['magic 3', changed((b) => (b[RecordBatch.MAGIC_AT] = 3)), CORRUPT_MESSAGE],
    ['old magic', messageSet(1, 1), INVALID_RECORD],
    ['length 0', changed((b) => b.writeInt32BE(0, 8), { fixCrc: false }), CORRUPT_MESSAGE],
    ['length -1', changed((b) => b.writeInt32BE(-1, 8), { fixCrc: false }), CORRUPT_MESSAGE],
    ['count too high', changed((b) => b.writeInt32BE(3, RecordBatch.RECORD_COUNT_AT)), INVALID_RECORD],
    ['count -1', changed((b) => b.writeInt32BE(-1, RecordBatch.RECORD_COUNT_AT)), INVALID_RECORD],
    [
      'count of billions',
      changed((b) => b.writeInt32BE(0x7fffffff, RecordBatch.RECORD_COUNT_AT)),
      INVALID_RECORD,
    ],
    ['last offset', changed((b) => b.writeInt32BE(5, RecordBatch.LAST_OFFSET_DELTA_AT)), INVALID_RECORD],
    ['base offset', changed((b) => b.writeInt32BE(7, 4)), INVALID_RECORD],
    ['record lengths', changed((b) => b.fill(0xff, RecordBatch.HEADER_BYTES)), INVALID_RECORD],
    ['codec 7', changed((b) => (b[22] = 7)), UNSUPPORTED_COMPRESSION_TYPE],
    ['control', batch(1, { isControl: true }), INVALID_RECORD],
    [
      'transactional',
      batch(1, { isTransactional: true, producerId: 1, producerEpoch: 0, baseSequence: 0 }),
      TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    ],
    ['too large', buildBatch([{ value: Buffer.alloc(1_048_600) }]), MESSAGE_TOO_LARGE],
  ]
  await createTopic(client, 'bad')
  for (const [label, records, expected] of broken) {
    const { errorCode, baseOffset } = await produce(client, 'bad', records)
    assert.deepEqual([errorCode, baseOffset], [expected, -1], label)
  }
  assert.equal((await fetch(client, 'bad')).highWatermark, 0)
})

test('bad message sets are refused too', async () => {
  await createTopic(client, 'bad-sets')
  const damaged = messageSet(1, 1)
  damaged[12]! ^= 1
  for (const records of [damaged, messageSet(0, 2).subarray(0, -3)]) {
    assert.equal(
      (await produce(client, 'bad-sets', records, { version: 2 })).errorCode,
      ErrorCode.CORRUPT_MESSAGE,
    )
  }
})

test('zstd needs version 7', async () => {
  await createTopic(client, 'zstd')
  const records = batch(2, { compression: 'zstd' })
  const refused = await produce(client, 'zstd', records, { version: 6 })
  assert.equal(refused.errorCode, ErrorCode.UNSUPPORTED_COMPRESSION_TYPE)
  assert.equal((await produce(client, 'zstd', records, { version: 7 })).errorCode, ErrorCode.NONE)
})

test('settings of the topic are enforced, and the records at fault are named', async () => {
  await createTopic(client, 'compacted', { configs: { 'cleanup.policy': 'compact' } })
  const keyless = await produce(
    client,
    'compacted',
    buildBatch([
      { key: 'a', value: 'b' },
      { key: null, value: 'b' },
    ]),
  )
  assert.equal(keyless.errorCode, ErrorCode.INVALID_RECORD)
  assert.deepEqual(
    keyless.recordErrors.map(({ batchIndex }) => batchIndex),
    [1],
  )

  await createTopic(client, 'timely', { configs: { 'message.timestamp.before.max.ms': '1000' } })
  const late = await produce(client, 'timely', batch(2))
  assert.equal(late.errorCode, ErrorCode.INVALID_TIMESTAMP)
  assert.deepEqual(
    late.recordErrors.map(({ batchIndex }) => batchIndex),
    [0, 1],
  )

  await createTopic(client, 'small', { configs: { 'max.message.bytes': '100' } })
  assert.equal((await produce(client, 'small', batch(9))).errorCode, ErrorCode.MESSAGE_TOO_LARGE)
})

test('LogAppendTime stamps the records and tells the client', async () => {
  await createTopic(client, 'stamped', { configs: { 'message.timestamp.type': 'LogAppendTime' } })
  const { logAppendTimeMs } = await produce(client, 'stamped', batch(2))
  assert.ok(logAppendTimeMs > T)
  const { records } = await fetch(client, 'stamped')
  assert.ok(RecordBatch.isLogAppendTime(records) && RecordBatch.isCrcValid(records))
  assert.equal(RecordBatch.maxTimestamp(records), logAppendTimeMs)
})

test('an idempotent producer is held to its sequence and epoch', async () => {
  await createTopic(client, 'sequences')
  const { producerId } = await client.call(InitProducerIdRequest, InitProducerIdResponse, 0, {
    transactionalId: null,
    transactionTimeoutMs: 0,
  })
  const send = async (baseSequence: number, producerEpoch = 0) => {
    const records = batch(2, { producerId, producerEpoch, baseSequence })
    const { errorCode, baseOffset, logStartOffset } = await produce(client, 'sequences', records)
    return [errorCode, baseOffset, logStartOffset]
  }
  const { OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH } = ErrorCode
  for (let i = 0; i < 6; i++) assert.deepEqual(await send(i * 2), [0, i * 2, 0])
  assert.deepEqual(await send(10), [0, 10, 0], 'the last one again')
  assert.deepEqual(await send(2), [0, 2, 0], 'the fifth last one again')
  assert.deepEqual(await send(0), [OUT_OF_ORDER_SEQUENCE_NUMBER, -1, 0], 'older than the window')
  assert.deepEqual(await send(14), [OUT_OF_ORDER_SEQUENCE_NUMBER, -1, 0], 'a gap')
  assert.deepEqual(await send(3, 1), [OUT_OF_ORDER_SEQUENCE_NUMBER, -1, 0], 'a new epoch starts at 0')
  assert.deepEqual(await send(0, 1), [0, 12, 0])
  assert.deepEqual(await send(12, 0), [INVALID_PRODUCER_EPOCH, -1, 0])
})

test('an append that throws costs its partition alone, and the bytes of the others stay until they are written', () => {
  const waiters: { onAppendDone(): void }[] = []
  const outcome = { errorCode: 0, errorMessage: null, firstOffset: 7, logAppendTimeMs: -1, logStartOffset: 0 }
  const replicaManager = {
    relieve: () => {},
    partition: (_topic: string, index: number) => ({ index, role: 'leader', isLeader: true, term: 1 }),
    append: (
      { index }: { index: number },
      _records: Buffer,
      { waiter }: { waiter: { onAppendDone(): void } },
    ) => {
      if (index === 1) throw new TypeError('a bug')
      waiters.push(waiter)
      return { ...outcome, recordErrors: [] }
    },
  }
  const quotas = { produce: { isEnabled: false } }
  const services = {
    replicaManager,
    logger: silentLogger,
    metadataCache: {},
    quotas,
  } as unknown as BrokerServices
  const frame = { released: 0, bytes: Buffer.alloc(0), release: () => void frame.released++ }
  const handler = produceHandler(services)
  const fields = { apiVersion: 9, correlationId: 1, clientId: 'test', responseVersion: 9, requestBytes: 0 }
  const connection = {} as ConnectionInfo
  const sink = { onResponded: () => {} }
  const context = new RequestContext(handler, fields, connection, sink, frame as unknown as Frame)
  const request = produceRequest('t', batch(), { acks: 1 })
  const partitionData = [0, 1].map((index) => ({ index, records: batch() }))
  const whole = { ...request, topicData: [{ ...request.topicData![0]!, partitionData }] }
  assert.equal(handler.handle(whole as unknown as ProduceRequest, context as never), LATER)
  assert.deepEqual([frame.released, waiters.length], [0, 1])
  waiters[0]!.onAppendDone()
  assert.equal(frame.released, 1)
  const answered = context.takeResponse() as { responses: { partitionResponses: { errorCode: number }[] }[] }
  assert.deepEqual(
    answered.responses[0]!.partitionResponses.map(({ errorCode }) => errorCode),
    [ErrorCode.NONE, ErrorCode.UNKNOWN_SERVER_ERROR],
  )
})
