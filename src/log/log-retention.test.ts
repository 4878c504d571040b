import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Logger } from '../base/logger.ts'
import type { LogConfig } from './log-config.ts'
import { append, type Fixture, fixture, openLog } from './log-fixture.test.ts'
import type { UnifiedLog } from './unified-log.ts'

/** Five sealed segments of one record each, and an active one with another; all of them replicated. */
function logOfSix(at: Fixture, config: Partial<LogConfig>, lines: string[] = []): UnifiedLog {
  const info = (line: string): void => void lines.push(line)
  const logger: Logger = { debug: () => {}, info, warn: info, error: info }
  const log = openLog(at, { retentionMs: -1, ...config }, { logger })
  for (let index = 0; index < 6; index++) {
    if (index > 0) log.roll()
    append(log, [{ key: 'k', value: 'v', timestampMs: at.clock.nowMs() + index * 1000 }])
  }
  log.updateHighWatermark(6)
  lines.length = 0
  return log
}

test('time, size and the start of the log let segments go, each with its line, and the start follows', () => {
  const at = fixture()
  const lines: string[] = []
  const log = logOfSix(at, {}, lines)
  const bytes = log.sizeBytes / 6
  log.maybeIncrementLogStartOffset(1)
  log.updateConfig({ ...log.config, retentionBytes: bytes * 4, retentionMs: 1500 })
  lines.length = 0
  assert.equal(log.deleteOldSegments(at.clock.nowMs() + 3600), 3)
  assert.deepEqual([log.logStartOffset, log.segmentBaseOffsets], [3, [3, 4, 5]])
  const prefix = '[UnifiedLog partition=topic-0, dir=/data] '
  const breaches = lines.filter((line) => line.includes('breach')).map((line) => line.slice(prefix.length))
  assert.equal(breaches.length, 3)
  assert.match(
    breaches[0]!,
    /^Deleting segments due to log start offset 1 breach: LogSegment\(baseOffset=0, /,
  )
  assert.match(
    breaches[1]!,
    new RegExp(
      `^Deleting segment LogSegment\\(baseOffset=1, .*\\) due to log retention size ${bytes * 4} breach. Log size after deletion will be ${bytes * 4}.$`,
    ),
  )
  assert.match(
    breaches[2]!,
    /^Deleting segment LogSegment\(baseOffset=2, .*\) due to log retention time 1500ms breach based on the largest record timestamp in the segment$/,
  )
})

test('the active segment goes by age and by size, but stays where only the start of the log has passed it', () => {
  const at = fixture()
  const byTime = logOfSix(at, { retentionMs: 10 })
  assert.equal(byTime.deleteOldSegments(at.clock.nowMs() + 60_000), 6)
  assert.deepEqual([byTime.logStartOffset, byTime.logEndOffset, byTime.segmentBaseOffsets], [6, 6, [6]])
  const bySize = logOfSix(fixture(), { retentionBytes: 0 })
  assert.equal(bySize.deleteOldSegments(at.clock.nowMs()), 6)
  assert.deepEqual(bySize.segmentBaseOffsets, [6])
  const byStart = logOfSix(fixture(), {})
  byStart.maybeIncrementLogStartOffset(6)
  assert.equal(byStart.deleteOldSegments(at.clock.nowMs()), 5)
  assert.deepEqual([byStart.logStartOffset, byStart.segmentBaseOffsets], [6, [5]])
})

test('a compacted log loses only what lies below its start; one with both policies ages as well', () => {
  const at = fixture()
  const compacted = logOfSix(at, { cleanupPolicy: ['compact'], retentionMs: 1, retentionBytes: 1 })
  compacted.maybeIncrementLogStartOffset(2)
  assert.equal(compacted.deleteOldSegments(at.clock.nowMs() + 60_000), 2)
  const both = logOfSix(fixture(), { cleanupPolicy: ['compact', 'delete'], retentionMs: 3000 })
  assert.equal(both.deleteOldSegments(at.clock.nowMs() + 6500), 4)
})

test('the files are renamed at once and are gone after file.delete.delay.ms', async () => {
  const at = fixture()
  const log = logOfSix(at, { retentionBytes: 1, fileDeleteDelayMs: 60_000 })
  log.deleteOldSegments(at.clock.nowMs())
  const deleted = (): string[] =>
    at.disk.list(log.directory).flatMap(({ name }) => (name.endsWith('.deleted') ? [name] : []))
  assert.ok(deleted().includes('00000000000000000000.log.deleted'))
  assert.ok(deleted().includes('00000000000000000001.timeindex.deleted'))
  at.clock.advance(59_999)
  assert.ok(deleted().length > 0)
  at.clock.advance(1)
  await new Promise((resolve) => void setImmediate(resolve))
  assert.deepEqual(deleted(), [])
})
