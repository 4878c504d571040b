/** The bytes of the small files beside the records: what Apache Kafka reads and writes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLogFileName, segmentPath } from './log-file-names.ts'
import { append, DIRECTORY, draft, fixture, openLog } from './log-fixture.test.ts'
import { OffsetIndex } from './offset-index.ts'
import { readPartitionMetadata, writePartitionMetadata } from './partition-metadata.ts'
import { TimeIndex } from './time-index.ts'
import { TransactionIndex } from './transaction-index.ts'

const INDEX = { baseOffset: 100, maxBytes: 1 << 20, sizeBytes: 0 }

test('an offset index holds relative offsets and positions in eight bytes, and finds the place to start from', () => {
  const { disk } = fixture()
  const index = new OffsetIndex({ ...INDEX, disk, path: '/data/i', segmentBytes: 0 })
  for (let n = 0; n < 1000; n++) index.append(110 + n * 10, (n + 1) * 500)
  assert.equal(index.lookup(109), 0)
  for (const n of [0, 1, 127, 128, 509, 510, 998, 999]) {
    assert.equal(index.lookup(110 + n * 10), (n + 1) * 500)
    assert.equal(index.lookup(119 + n * 10), (n + 1) * 500)
    assert.equal(index.batchStartBefore((n + 1) * 500 + 1), (n + 1) * 500)
  }
  assert.equal(index.upperBoundOffset(500), 110)
  assert.equal(index.upperBoundOffset(501), 120)
  assert.equal(index.upperBoundOffset(500_001), undefined)
  index.file.seal()
  const bytes = disk.readFile('/data/i')
  assert.equal(bytes.length, 8000)
  assert.equal(bytes.subarray(0, 16).toString('hex'), '0000000a000001f400000014000003e8')
  index.file.unseal()
  index.truncateTo(120)
  assert.deepEqual([index.entryCount, index.lastOffset, index.lookup(500)], [1, 110, 500])
  index.append(130, 700)
  index.file.writePending()
  assert.equal(disk.readFile('/data/i').toString('hex'), '0000000a000001f40000001e000002bc')
})

test('a time index holds rising timestamps with relative offsets in twelve bytes', () => {
  const { disk } = fixture()
  const index = new TimeIndex({ ...INDEX, disk, path: '/data/t' })
  index.maybeAppend(1_700_000_000_000, 105)
  index.maybeAppend(1_700_000_000_000, 108)
  index.maybeAppend(1_699_999_999_999, 109)
  index.maybeAppend(1_700_000_000_007, 112)
  index.file.writePending()
  assert.equal(disk.readFile('/data/t').toString('hex'), '0000018bcfe56800000000050000018bcfe568070000000c')
  assert.equal(index.lookup(1_699_999_999_999), 100)
  assert.equal(index.lookup(1_700_000_000_006), 105)
  assert.equal(index.lookup(1_700_000_000_007), 112)
  index.truncateTo(112)
  assert.deepEqual([index.entryCount, index.lastTimestampMs], [1, 1_700_000_000_000])
})

test('a transaction index is made with its first entry of 34 bytes, and read back', () => {
  const { disk } = fixture()
  const options = { disk, path: '/data/x', baseOffset: 0 }
  const index = new TransactionIndex({ ...options, exists: false })
  const txns = [
    { producerId: 9, firstOffset: 3, lastOffset: 7, lastStableOffset: 8 },
    { producerId: 4, firstOffset: 5, lastOffset: 12, lastStableOffset: 13 },
  ]
  assert.equal(disk.stat('/data/x'), undefined)
  for (const txn of txns) index.append(txn)
  assert.equal(
    disk.readFile('/data/x').subarray(0, 34).toString('hex'),
    '00000000000000000009000000000000000300000000000000070000000000000008',
  )
  const read = new TransactionIndex({ ...options, exists: true })
  const found: typeof txns = []
  assert.equal(read.collect(8, 20, found), false)
  assert.deepEqual(found, [txns[1]])
  assert.equal(read.collect(0, 6, []), true, 'what is stable above the bound needs no further search')
  read.truncateTo(12)
  assert.equal(disk.stat('/data/x')!.sizeBytes, 34)
})

test('names of files say offset, kind and stage', () => {
  assert.equal(segmentPath('/d', 42, '.timeindex'), '/d/00000000000000000042.timeindex')
  assert.deepEqual(parseLogFileName('00000000000000000042.log.swap'), {
    baseOffset: 42,
    suffix: '.log',
    stage: 'swap',
  })
  for (const name of [
    '42.log',
    '00000000000000000042.txt',
    '99999999999999999999.log',
    'partition.metadata',
  ]) {
    assert.equal(parseLogFileName(name), undefined)
  }
})

test('the topic id in partition.metadata survives, and a file that is not one is refused', () => {
  const at = fixture()
  assert.equal(readPartitionMetadata(at.disk, DIRECTORY), undefined)
  writePartitionMetadata(at.disk, DIRECTORY, 'lXRwO0esTCeYv7ya3hBXFQ')
  const path = `${DIRECTORY}/partition.metadata`
  assert.equal(at.disk.readFile(path).toString(), 'version: 0\ntopic_id: lXRwO0esTCeYv7ya3hBXFQ')
  assert.equal(openLog(at).topicId, 'lXRwO0esTCeYv7ya3hBXFQ')
  for (const text of ['', 'version: 1\ntopic_id: lXRwO0esTCeYv7ya3hBXFQ', 'version: 0\ntopic_id: short']) {
    at.disk.writeFileAtomic(path, text)
    assert.ok(readPartitionMetadata(at.disk, DIRECTORY) instanceof Error)
  }
})

test('a rolled segment ends its time index with its largest timestamp, and its offset index is on disk', () => {
  const at = fixture()
  const log = openLog(at, { segmentBytes: 2000, indexIntervalBytes: 300 })
  for (let n = 0; log.segmentCount === 1; n++)
    append(log, [draft('v'.repeat(100), n === 3 ? 9999 : 1000 + n)])
  const timeIndex = at.disk.readFile(`${DIRECTORY}/${'0'.repeat(20)}.timeindex`)
  assert.equal(timeIndex.readBigInt64BE(timeIndex.length - 12), 9999n)
  assert.equal(timeIndex.readInt32BE(timeIndex.length - 4), 3)
  const offsetIndex = at.disk.readFile(`${DIRECTORY}/${'0'.repeat(20)}.index`)
  assert.ok(offsetIndex.length >= 24)
  assert.ok(at.disk.stat(`${DIRECTORY}/${log.segmentBaseOffsets[1]!.toString().padStart(20, '0')}.snapshot`))
})
