import assert from 'node:assert/strict'
import { silentLogger } from '../../base/logger.ts'
import { type KafkaRecord, records } from '../../records/record.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import { buildEndTransactionMarker, type RecordDraft } from '../../records/record-batch-builder.ts'
import type { SimClock } from '../../simulator/sim-clock.ts'
import type { SimDisk } from '../../simulator/sim-disk.ts'
import type { LogConfig } from '../log-config.ts'
import { append, type Fixture, openLog } from '../log-fixture.test.ts'
import type { UnifiedLog } from '../unified-log.ts'
import { cleanJobFor } from './clean-job.ts'
import { cleanableLog } from './cleanable-log.ts'
import { Cleaner, type CleanResult, type CleanStep } from './cleaner.ts'
import type { CleanerConfig } from './cleaner-config.ts'

export const CLEANER_CONFIG: CleanerConfig = {
  threads: 1,
  dedupeBufferBytes: 1 << 20,
  dedupeBufferLoadFactor: 0.9,
  ioBufferBytes: 4096,
  ioBytesPerSecondMax: Number.POSITIVE_INFINITY,
  backoffMs: 15_000,
}

export interface CleanOptions {
  readonly from?: number
  readonly config?: Partial<CleanerConfig>
  readonly onStep?: (step: CleanStep) => void
}

/** Cleans what can be cleaned, at once, and swaps it in. */
export function compact(
  log: UnifiedLog,
  at: { disk: SimDisk; clock: SimClock },
  options: CleanOptions = {},
): CleanResult {
  const nowMs = at.clock.nowMs()
  const cleanable = cleanableLog(log, options.from, { nowMs, logger: silentLogger })
  const config = { ...CLEANER_CONFIG, ...options.config }
  const job = cleanJobFor(cleanable, { config, nowMs, secret: Buffer.alloc(16, 3) })
  const truncations = log.compaction.truncations
  const steps = new Cleaner(structuredClone(job), at).run()
  for (;;) {
    const next = steps.next()
    if (next.done === true) return next.value
    options.onStep?.(next.value)
    if (next.value.kind === 'cleaned') assert.ok(log.compaction.swapIn(next.value.segment, truncations))
  }
}

export interface BatchSummary {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly producerId: number
  readonly isControl: boolean
  /** undefined without one. */
  readonly deleteHorizonMs: number | undefined
  readonly records: readonly KafkaRecord[]
}

/** All batches of a log as they lie in its segments, each with a valid checksum, in order of offsets. */
export function batchesOf(log: UnifiedLog): BatchSummary[] {
  const found: BatchSummary[] = []
  for (const segment of log.compaction.segments) {
    const bytes = segment.readBytes(0, segment.sizeBytes)
    for (const position of RecordBatch.positions(bytes)) {
      assert.ok(RecordBatch.isCrcValid(bytes, position))
      const baseOffset = RecordBatch.baseOffset(bytes, position)
      assert.ok(baseOffset > (found.at(-1)?.lastOffset ?? -1), 'offsets ascend')
      found.push({
        baseOffset,
        lastOffset: RecordBatch.lastOffset(bytes, position),
        producerId: RecordBatch.producerId(bytes, position),
        isControl: RecordBatch.isControl(bytes, position),
        deleteHorizonMs: RecordBatch.hasDeleteHorizon(bytes, position)
          ? RecordBatch.baseTimestamp(bytes, position)
          : undefined,
        records: [...records(bytes, position)],
      })
    }
  }
  return found
}

/** `offset key=value` of each record that is no marker; `-` for a tombstone. */
export function contentOf(log: UnifiedLog): string[] {
  return batchesOf(log)
    .filter(({ isControl }) => !isControl)
    .flatMap((batch) => batch.records)
    .map(({ offset, key, value }) => `${offset} ${key?.toString() ?? ''}=${value?.toString() ?? '-'}`)
}

export function compactedLog(at: Fixture, config: Partial<LogConfig> = {}): UnifiedLog {
  return openLog(at, { cleanupPolicy: ['compact'], ...config })
}

/** `a=1 b=- c=3`: one batch. */
export function put(
  log: UnifiedLog,
  at: Fixture,
  text: string,
  options: Parameters<typeof append>[2] = {},
): void {
  const drafts = text.split(' ').map((pair): RecordDraft => {
    const [key = '', value = ''] = pair.split('=')
    return { key, value: value === '-' ? null : value, timestampMs: at.clock.nowMs() }
  })
  assert.equal(append(log, drafts, options).errorCode, 0)
  log.updateHighWatermark(log.logEndOffset)
}

export function endTransaction(log: UnifiedLog, at: Fixture, producerId: number, committed: boolean): void {
  const marker = {
    committed,
    producerId,
    producerEpoch: 0,
    coordinatorEpoch: 0,
    timestampMs: at.clock.nowMs(),
  }
  const origin = 'coordinator'
  assert.equal(log.stageAsLeader(buildEndTransactionMarker(marker), { leaderEpoch: 0, origin }).errorCode, 0)
  log.commitStaged()
  log.updateHighWatermark(log.logEndOffset)
}

export const inTransaction = (producerId: number, baseSequence: number) =>
  ({ producerId, producerEpoch: 0, baseSequence, isTransactional: true, origin: 'client' }) as const
