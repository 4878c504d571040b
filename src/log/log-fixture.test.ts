/** What the tests of the log share: a log on a simulated disk, batches to put in, records to get out. No tests here. */
import assert from 'node:assert/strict'
import type { Disk } from '../base/disk.ts'
import { silentLogger } from '../base/logger.ts'
import type { FileSlice } from '../base/payload.ts'
import { type KafkaRecord, records } from '../records/record.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { type BatchOptions, buildBatch, type RecordDraft } from '../records/record-batch-builder.ts'
import { SimClock } from '../simulator/sim-clock.ts'
import { SimDisk } from '../simulator/sim-disk.ts'
import type { AppendOutcome } from './append-outcome.ts'
import type { FetchIsolation } from './fetch-data-info.ts'
import { DEFAULT_LOG_CONFIG, type LogConfig } from './log-config.ts'
import { UnifiedLog, type UnifiedLogOptions } from './unified-log.ts'

export const DIRECTORY = '/data/topic-0'

export interface Fixture {
  readonly disk: SimDisk
  readonly clock: SimClock
}

export function fixture(seed = 1): Fixture {
  const clock = new SimClock()
  const disk = new SimDisk({ seed, nowMs: () => clock.nowMs() })
  disk.makeDirectory(DIRECTORY)
  disk.syncDirectory('/')
  disk.syncDirectory('/data')
  return { disk, clock }
}

export function openLog(
  { disk, clock }: { disk: Disk; clock: SimClock },
  config: Partial<LogConfig> = {},
  options: Partial<UnifiedLogOptions> = {},
): UnifiedLog {
  return UnifiedLog.load({
    directory: DIRECTORY,
    topic: 'topic',
    partition: 0,
    topicId: undefined,
    config: { ...DEFAULT_LOG_CONFIG, ...config },
    disk,
    clock,
    logger: silentLogger,
    recoveryPoint: 0,
    logStartOffset: 0,
    cleanShutdown: false,
    producerIdExpirationMs: () => 86_400_000,
    ...options,
  })
}

export function draft(value: string, timestampMs: number): RecordDraft {
  return { key: null, value, timestampMs }
}

/** Stages and commits one batch. */
export function append(
  log: UnifiedLog,
  drafts: readonly RecordDraft[],
  options: BatchOptions & { leaderEpoch?: number; origin?: 'client' | 'coordinator' } = {},
): AppendOutcome {
  const { leaderEpoch = 0, origin = 'client', ...batchOptions } = options
  const outcome = log.stageAsLeader(buildBatch(drafts, batchOptions), { leaderEpoch, origin })
  if (outcome.errorCode === 0) log.commitStaged()
  return outcome
}

export function bytesOf(slice: FileSlice): Buffer {
  const bytes = Buffer.alloc(slice.byteLength)
  const byteCount = slice.file.read(bytes, 0, slice.byteLength, slice.position)
  slice.release()
  return bytes.subarray(0, byteCount)
}

export function recordsIn(bytes: Buffer): KafkaRecord[] {
  const found: KafkaRecord[] = []
  for (const position of RecordBatch.positions(bytes)) {
    assert.ok(RecordBatch.isCrcValid(bytes, position), 'a batch that is read has a valid checksum')
    if (!RecordBatch.isControl(bytes, position)) found.push(...records(bytes, position))
  }
  return found
}

/** What a client sees that reads on and on, in fetches of at most `maxBytes`. */
export function readAll(
  log: UnifiedLog,
  options: { from?: number; maxBytes?: number; isolation?: FetchIsolation } = {},
): KafkaRecord[] {
  const all: KafkaRecord[] = []
  let offset = options.from ?? log.logStartOffset
  for (;;) {
    const info = log.read(offset, {
      maxBytes: options.maxBytes ?? 1 << 20,
      minOneMessage: true,
      isolation: options.isolation ?? 'log-end',
    })
    assert.equal(info.errorCode, 0)
    if (info.slice === null) return all
    const bytes = bytesOf(info.slice)
    const scan = RecordBatch.scanBatches(bytes)
    assert.ok(scan.batchCount > 0 && !scan.truncated, 'a slice holds whole batches, and at least one')
    let next = offset
    for (const position of RecordBatch.positions(bytes)) next = RecordBatch.nextOffset(bytes, position)
    for (const record of recordsIn(bytes)) if (record.offset >= offset) all.push(record)
    assert.ok(next > offset, 'a read moves on')
    offset = next
  }
}

export function valuesOf(found: readonly KafkaRecord[]): string[] {
  return found.map((record) => record.value?.toString() ?? '')
}
