import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeToBuffer } from '../../protocol/codec.ts'
import { TransactionLogValue } from '../../protocol/records/transaction-records.ts'
import { DecodeError } from '../../wire/reader.ts'
import { NO_PARTITIONS, type TransactionMetadata, withPartitions } from './transaction-metadata.ts'
import { readTransactionRecord, transactionRecord, transactionTombstone } from './transaction-record.ts'

/** Records of Apache Kafka's own: 3.9.1 writes values in version 0, 4.1.1 in version 1. */
const kafka39 = {
  key: '00000009612d34303537342d33',
  empty: '0000000000000000001600000000006400ffffffff000001a214ec02c0ffffffffffffffff',
  ongoing: '0000000000000000001600000000006401000000010001740000000100000000000001a214ec02c2000001a214ec02c2',
  prepareAbort:
    '0000000000000000001600010000006403000000010001740000000100000000000001a214ec0376000001a214ec02c2',
  completeAbort: '0000000000000000001600010000006405' + '00000000000001a214ec0378000001a214ec02c2',
}
const kafka41 = {
  key: '0000000a612d33353536342d3130',
  ongoing: '0001000000000000001e00010000ea6001020274020000000000000001a214d69455000001a214d6945500',
  prepareCommit:
    '0001000000000000001e00020000ea6002020274020000000000000001a214d69457000001a214d694550102020002',
  completeCommit: '0001000000000000001e00020000ea600401000001a214d69457000001a214d694550102020002',
}

const ongoing: TransactionMetadata = {
  transactionalId: 'a-40574-3',
  state: 'Ongoing',
  producerId: 22,
  producerEpoch: 0,
  previousProducerId: -1,
  nextProducerId: -1,
  timeoutMs: 100,
  partitions: withPartitions(NO_PARTITIONS, [{ topic: 't', partition: 0 }]),
  startTimestampMs: 0x1a214ec02c2,
  lastUpdateTimestampMs: 0x1a214ec02c2,
  clientTransactionVersion: 0,
}

function hex(bytes: Buffer | null): string | undefined {
  return bytes?.toString('hex')
}

test('records of Kafka 3.9 are read, and written to the byte', () => {
  const key = Buffer.from(kafka39.key, 'hex')
  for (const text of [kafka39.empty, kafka39.ongoing, kafka39.prepareAbort, kafka39.completeAbort]) {
    const { metadata } = readTransactionRecord({ key, value: Buffer.from(text, 'hex') })
    const written = transactionRecord(metadata!)
    assert.equal(hex(written.key), kafka39.key)
    assert.equal(hex(written.value), text)
  }
  assert.deepEqual(
    readTransactionRecord({ key, value: Buffer.from(kafka39.ongoing, 'hex') }).metadata,
    ongoing,
  )
})

test('records of Kafka 4.1 are read, and written to the byte where they hold what version 0 can not', () => {
  const key = Buffer.from(kafka41.key, 'hex')
  for (const text of [kafka41.prepareCommit, kafka41.completeCommit]) {
    const { metadata } = readTransactionRecord({ key, value: Buffer.from(text, 'hex') })
    assert.equal(metadata?.clientTransactionVersion, 2)
    assert.equal(hex(transactionRecord(metadata!).value), text)
  }
  const { metadata } = readTransactionRecord({ key, value: Buffer.from(kafka41.ongoing, 'hex') })
  const { value } = transactionRecord(metadata!)
  assert.equal(value!.readInt16BE(0), 0, 'older brokers can read it')
  assert.deepEqual(readTransactionRecord({ key, value }).metadata, metadata)
})

test('producer ids before and after this one are kept', () => {
  for (const ids of [{ previousProducerId: 5 }, { nextProducerId: 9 }]) {
    const metadata = { ...ongoing, ...ids }
    assert.deepEqual(readTransactionRecord(transactionRecord(metadata)).metadata, metadata)
  }
})

test('a tombstone takes an id away', () => {
  const read = readTransactionRecord(transactionTombstone('a'))
  assert.deepEqual(read, { transactionalId: 'a', metadata: undefined })
})

test('a record that says nothing of a transaction is refused', () => {
  const key = Buffer.from(kafka39.key, 'hex')
  const value = Buffer.from(kafka39.ongoing, 'hex')
  const refused = (record: { key: Buffer; value: Buffer | null }) =>
    assert.throws(() => readTransactionRecord(record), DecodeError)
  refused({ key: Buffer.alloc(1), value })
  refused({ key: Buffer.from('000100016161', 'hex'), value })
  refused({ key, value: Buffer.alloc(0) })
  refused({ key, value: Buffer.concat([Buffer.from([0, 2]), value.subarray(2)]) })
  refused({ key, value: value.subarray(0, value.length - 1) })
  for (const transactionStatus of [-1, 6, 7, 8]) {
    const payload = encodeToBuffer(TransactionLogValue, 0, {
      producerId: 1,
      producerEpoch: 0,
      transactionTimeoutMs: 1,
      transactionStatus,
      transactionPartitions: [],
      transactionLastUpdateTimestampMs: 1,
      transactionStartTimestampMs: 1,
    })
    refused({ key, value: Buffer.concat([Buffer.alloc(2), payload]) })
  }
})
