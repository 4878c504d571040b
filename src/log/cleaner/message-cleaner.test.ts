import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codecByName } from '../../records/compression/codec.ts'
import type { LegacyMagic, Message } from '../../records/message.ts'
import { encodeSet, readMessageSet } from '../../records/message-set.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import { append, DIRECTORY, type Fixture, fixture, openLog } from '../log-fixture.test.ts'
import type { UnifiedLog } from '../unified-log.ts'
import { compact } from './cleaner.test.kit.ts'

const DAY_MS = 86_400_000

function message(offset: number, key: string | null, value: string | null): Message {
  const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text))
  return { offset, timestampMs: 1000 + offset, key: bytes(key), value: bytes(value) }
}

/** A folder as a Kafka before 0.11 left it, and behind it the log that goes on from there. */
function oldLog(at: Fixture, magic: LegacyMagic, compression: 'none' | 'gzip' | 'lz4'): UnifiedLog {
  const codec = compression === 'none' ? undefined : codecByName(compression)
  const set = (messages: Message[]): Buffer => encodeSet(messages, { magic, codec, appendTimeMs: undefined })
  const file = at.disk.open(`${DIRECTORY}/00000000000000000000.log`, 'create')
  const sets = [
    set([message(0, 'a', '1'), message(1, 'b', '1'), message(2, null, 'keyless')]),
    set([message(3, 'a', '2'), message(4, 'c', null)]),
    set([message(5, 'd', '1')]),
  ]
  file.writev(sets, 0)
  file.close()
  const log = openLog(at, { cleanupPolicy: ['compact'], deleteRetentionMs: DAY_MS })
  put(log, at, 'd', '2')
  log.roll()
  return log
}

function put(log: UnifiedLog, at: Fixture, key: string, value: string): void {
  assert.equal(append(log, [{ key, value, timestampMs: at.clock.nowMs() }]).errorCode, 0)
  log.updateHighWatermark(log.logEndOffset)
}

function oldMessages(log: UnifiedLog): string[] {
  const found: string[] = []
  for (const segment of log.compaction.segments) {
    const bytes = segment.readBytes(0, segment.sizeBytes)
    for (const position of RecordBatch.positions(bytes)) {
      if (RecordBatch.magic(bytes, position) > 1) continue
      const entry = bytes.subarray(position, position + RecordBatch.sizeInBytes(bytes, position))
      const read = readMessageSet(entry)
      assert.ok('messages' in read)
      for (const { offset, timestampMs, key, value } of read.messages)
        found.push(`${offset} ${key}=${value ?? '-'} at ${timestampMs}`)
    }
  }
  return found
}

for (const magic of [0, 1] as const) {
  for (const compression of ['none', 'gzip', 'lz4'] as const) {
    test(`messages of magic ${magic}, ${compression}, are cleaned with the batches behind them`, () => {
      const at = fixture()
      const log = oldLog(at, magic, compression)
      assert.equal(log.logEndOffset, 7)
      const { stats, nextDirtyOffset } = compact(log, at)
      const time = (offset: number): string => ` at ${magic === 0 ? -1 : 1000 + offset}`
      const kept = [`1 b=1${time(1)}`, `3 a=2${time(3)}`, `4 c=-${time(4)}`]
      assert.deepEqual(oldMessages(log), kept)
      assert.equal(stats.invalidMessagesRead, 1)
      // Their tombstones go by the age of the segment at the end of the clean part.
      at.clock.advance(DAY_MS + 1000)
      put(log, at, 'x', '1')
      log.roll()
      const next = compact(log, at, { from: nextDirtyOffset }).nextDirtyOffset
      assert.deepEqual(oldMessages(log), kept)
      put(log, at, 'y', '1')
      log.roll()
      compact(log, at, { from: next })
      assert.deepEqual(oldMessages(log), kept, 'the segments were joined, and are as young as the youngest')
    })
  }
}

test('old tombstones go once the clean part has aged past delete.retention.ms', () => {
  const at = fixture()
  const log = oldLog(at, 1, 'none')
  const cleanApart = (from: number): number => {
    const { config } = log
    log.updateConfig({ ...config, segmentBytes: 1 })
    const { nextDirtyOffset } = compact(log, at, { from })
    log.updateConfig(config)
    return nextDirtyOffset
  }
  let from = cleanApart(0)
  for (const [key, hasTombstone] of [
    ['x', true],
    ['y', false],
  ] as const) {
    at.clock.advance(DAY_MS + 1000)
    put(log, at, key, '1')
    log.roll()
    from = cleanApart(from)
    assert.equal(
      oldMessages(log).some((line) => line.includes('c=-')),
      hasTombstone,
    )
  }
  assert.equal(oldMessages(log).length, 2)
})
