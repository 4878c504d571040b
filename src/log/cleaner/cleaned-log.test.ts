/** What reading, recovery and the next clean make of a log that was cleaned. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as RecordBatch from '../../records/record-batch.ts'
import { bytesOf, fixture, openLog, readAll } from '../log-fixture.test.ts'
import { batchesOf, compact, compactedLog, contentOf, put } from './cleaner.test.kit.ts'

test('a consumer is never stuck in a gap: it gets the next record that is there', () => {
  const at = fixture()
  const log = compactedLog(at, { indexIntervalBytes: 1 })
  for (let round = 0; round < 40; round++) {
    put(log, at, `x=${round} k${round % 3}=${round}`)
    if (round % 10 === 9) log.roll()
  }
  put(log, at, 'z=1')
  compact(log, at)
  const expected = readAll(log)
  assert.equal(expected.length, 5)
  for (let from = 0; from < log.logEndOffset; from++) {
    const rest = expected.filter(({ offset }) => offset >= from)
    assert.deepEqual(readAll(log, { from, maxBytes: 1 }), rest, `from ${from}`)
  }
})

test('segments are joined up to segment.bytes, and each keeps its last offset', () => {
  const at = fixture()
  const log = compactedLog(at, { segmentBytes: 4000 })
  for (let round = 0; round < 6; round++) {
    for (let index = 0; index < 10; index++)
      put(log, at, `k${round}-${index}=${'x'.repeat(60)} once=${round}`)
    log.roll()
  }
  const before = log.segmentCount
  compact(log, at)
  assert.ok(log.segmentCount < before)
  const segments = log.compaction.segments
  for (const [index, segment] of segments.entries()) {
    assert.ok(segment.sizeBytes <= 4000)
    const next = segments[index + 1]
    if (next !== undefined) assert.equal(segment.readNextOffset(), next.baseOffset)
  }
})

test('segments deleted twice under one name before the first has gone are both removed in their time', async () => {
  const at = fixture()
  const log = compactedLog(at, { fileDeleteDelayMs: 60_000 })
  const names = (): string[] =>
    at.disk.list(log.directory).flatMap(({ name }) => (name.includes('.log') ? [name] : []))
  put(log, at, 'a=1')
  log.roll()
  const { nextDirtyOffset } = compact(log, at)
  put(log, at, 'a=2')
  log.roll()
  at.clock.advance(30_000)
  compact(log, at, { from: nextDirtyOffset })
  const old = '00000000000000000000.log'
  assert.ok(names().includes(`${old}.deleted`) && names().includes(`${old}.1.deleted`))
  const reopened = openLog({ ...at, disk: at.disk.crash({ lose: 'none' }) }, log.config)
  assert.deepEqual(contentOf(reopened), ['1 a=2'])
})

test('a consumer is not given batches without records alone, unless nothing else lies between it and the end', () => {
  const at = fixture()
  const log = compactedLog(at)
  const producer = (baseSequence: number) => ({ producerId: 7, producerEpoch: 0, baseSequence })
  put(log, at, 'a=1')
  put(log, at, 'a=2', producer(0))
  put(log, at, 'a=3')
  log.roll()
  put(log, at, 'b=1')
  log.roll()
  put(log, at, 'b=2 a=4')
  log.roll()
  log.updateConfig({ ...log.config, segmentBytes: 1 })
  compact(log, at)
  const emptyOrNot = batchesOf(log).map(({ baseOffset, records: { length } }) => [baseOffset, length])
  assert.deepEqual(emptyOrNot, [
    [1, 0],
    [2, 0],
    [3, 0],
    [4, 2],
  ])
  const firstOffset = (fetchOffset: number, isolation: 'log-end' | 'high-watermark'): number => {
    const { slice } = log.read(fetchOffset, { maxBytes: 1, minOneMessage: true, isolation })
    return RecordBatch.baseOffset(bytesOf(slice!))
  }
  for (const fetchOffset of [0, 1, 2, 3, 4]) assert.equal(firstOffset(fetchOffset, 'high-watermark'), 4)
  assert.equal(firstOffset(0, 'log-end'), 1, 'a replica copies them')
  log.truncateTo(4)
  log.updateHighWatermark(4)
  for (const fetchOffset of [0, 1]) assert.equal(firstOffset(fetchOffset, 'high-watermark'), 1)
  assert.equal(firstOffset(3, 'high-watermark'), 3, 'it takes the reader to the end')
})

test('files that an earlier clean has left are gone before a new one makes its own', () => {
  const at = fixture()
  const log = compactedLog(at)
  put(log, at, 'a=1')
  log.roll()
  const left = `${log.directory}/00000000000000000000.timeindex.cleaned`
  at.disk.open(left, 'create').close()
  const seen: boolean[] = []
  compact(log, at, { onStep: () => seen.push(at.disk.stat(left) !== undefined) })
  assert.deepEqual(seen.slice(0, 3), [true, false, false])
  assert.equal(at.disk.stat(left), undefined)
})

test('a gap that compaction left is no loss, whatever the settings of the topic are when it is recovered', () => {
  const at = fixture()
  const log = compactedLog(at)
  put(log, at, 'a=1 b=1')
  log.roll()
  put(log, at, 'a=2 c=1')
  log.roll()
  put(log, at, 'd=1')
  log.updateConfig({ ...log.config, segmentBytes: 1 })
  compact(log, at)
  // As Apache Kafka leaves it: without what keeps the end of the segment.
  const first = log.compaction.segments[0]!
  const [batch] = batchesOf(log)
  assert.deepEqual([batch?.baseOffset, batch?.lastOffset, batch?.records.length], [0, 1, 1])
  const disk = at.disk.crash({ lose: 'none' })
  const file = disk.open(`${log.directory}/00000000000000000002.log`, 'write')
  const bytes = Buffer.alloc(file.sizeBytes())
  file.read(bytes, 0, bytes.length, 0)
  assert.ok(first.sizeBytes > 0 && bytes.length > 0)
  disk.rename(`${log.directory}/00000000000000000002.log`, `${log.directory}/elsewhere`)
  for (const suffix of ['.index', '.timeindex']) disk.remove(`${log.directory}/00000000000000000002${suffix}`)
  const recovered = openLog({ ...at, disk }, { cleanupPolicy: ['delete'] })
  assert.deepEqual(contentOf(recovered), ['1 b=1', '4 d=1'])

  const appendedOnly = fixture()
  const plain = compactedLog(appendedOnly)
  for (const text of ['a=1', 'b=1', 'c=1']) {
    put(plain, appendedOnly, text)
    plain.roll()
  }
  const found = appendedOnly.disk.crash({ lose: 'none' })
  found.remove(`${plain.directory}/00000000000000000001.log`)
  const cut = openLog({ ...appendedOnly, disk: found }, { cleanupPolicy: ['delete'] })
  assert.deepEqual(contentOf(cut), ['0 a=1'], 'what follows a lost segment goes')
})
