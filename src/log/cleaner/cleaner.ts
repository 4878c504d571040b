/**
 * Cleans one log, on whatever thread: reads the dirty part into a map from keys to their latest offsets, then copies
 * each group of segments without what the map supersedes.
 *
 * A generator: after every bounded piece of work it yields, so that whoever drives it can stop it, slow it down, or
 * let something else happen. It changes nothing of the log. What it makes are `.cleaned` files, and it yields each
 * segment when that is on the device, to be swapped in before it goes on; at its end, whatever brings it, the one it
 * was working on is removed.
 *
 * Throws DiskError, and CorruptLogError, InvalidRecordError or CompressionError for bytes that can't be read.
 */
import type { Clock } from '../../base/clock.ts'
import { type Disk, DiskError } from '../../base/disk.ts'
import { recordBytes } from '../../records/record.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import { RecordCursor } from '../../records/record-cursor.ts'
import { parseLogFileName, segmentPath } from '../log-file-names.ts'
import { type AbortedTxn, TransactionIndex } from '../transaction-index.ts'
import { ActiveProducers } from './active-producers.ts'
import { BatchCleaner } from './batch-cleaner.ts'
import { CleanedSegmentWriter } from './cleaned-segment-writer.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'
import type { CleanedSegment, CleanJob, SourceSegment } from './cleaner-messages.ts'
import { type CleanerStats, startedStats } from './cleaner-stats.ts'
import { cleanMessages, messagesOf } from './message-cleaner.ts'
import { OffsetMap } from './offset-map.ts'
import { type Chunk, SegmentChunks } from './segment-chunks.ts'
import { groupSegments } from './segment-groups.ts'

export type CleanStep =
  /** So many bytes were read or written. */
  | { readonly kind: 'io'; readonly byteCount: number }
  | { readonly kind: 'log'; readonly level: 'debug' | 'info' | 'warn'; readonly line: string }
  | { readonly kind: 'cleaned'; readonly segment: CleanedSegment }

export interface CleanResult {
  readonly nextDirtyOffset: number
  readonly stats: CleanerStats
}

interface Source extends SourceSegment {
  readonly indexBytes: number
  readonly timeIndexBytes: number
}

export class Cleaner {
  readonly #job: CleanJob
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #chunks: SegmentChunks
  readonly #stats: CleanerStats

  constructor(job: CleanJob, environment: { disk: Disk; clock: Clock }) {
    this.#job = job
    this.#disk = environment.disk
    this.#clock = environment.clock
    // Half of it; what is written is copied from what was read.
    this.#chunks = new SegmentChunks(Math.floor(job.config.ioBufferBytes / 2))
    this.#stats = startedStats(this.#clock.monotonicMs())
  }

  *run(): Generator<CleanStep, CleanResult, void> {
    const job = this.#job
    const stats = this.#stats
    yield info(`Beginning cleaning of log ${job.name}`)
    this.#removeLeftovers()
    yield info(`Building offset map for ${job.name}...`)
    const aborted = this.#abortedTransactions()
    const map = new OffsetMap({
      bytesMax: job.config.offsetMapBytes,
      loadFactor: job.config.offsetMapLoadFactor,
      keysExpected: job.endOffset - job.firstDirtyOffset,
      secret: job.secret,
    })
    yield* this.#fillMap(map, aborted)
    const nextDirtyOffset = map.latestOffset + 1
    stats.indexedMs = this.#clock.monotonicMs()

    const lastClean = job.segments.findLast(({ baseOffset }) => baseOffset < job.firstDirtyOffset)
    const legacyHorizonMs =
      lastClean === undefined ? 0 : lastClean.lastModifiedMs - job.config.deleteRetentionMs
    const cleanableHorizonMs = job.segments.at(-1)?.lastModifiedMs ?? 0
    yield info(
      `Cleaning log ${job.name} (cleaning prior to ${printedDate(cleanableHorizonMs)}, discarding tombstones prior to upper bound deletion horizon ${printedDate(legacyHorizonMs)})...`,
    )
    const transactions = new CleanedTransactions(aborted)
    const batches = new BatchCleaner({
      map,
      transactions,
      producers: new ActiveProducers(job.activeProducers),
      nowMs: job.nowMs,
      deleteRetentionMs: job.config.deleteRetentionMs,
      stats,
    })
    const sources = job.segments
      .filter(({ baseOffset }) => baseOffset < nextDirtyOffset)
      .map((segment) => this.#measured(segment))
    const { segmentBytes, segmentIndexBytes } = job.config
    for (const group of groupSegments(sources, {
      segmentBytes,
      segmentIndexBytes,
      endOffset: job.endOffset,
    })) {
      yield* this.#cleanGroup(group, { map, batches, transactions, legacyHorizonMs })
    }
    // The log is called clean after this, so the swaps may not come undone any more.
    this.#disk.syncDirectory(job.directory)
    stats.bufferUtilization = map.utilization
    stats.endMs = this.#clock.monotonicMs()
    return { nextDirtyOffset, stats }
  }

  // --- The offset map ------------------------------------------------------------------------------------------------

  *#fillMap(map: OffsetMap, aborted: readonly AbortedTxn[]): Generator<CleanStep, void, void> {
    const { segments, firstDirtyOffset, endOffset, name } = this.#job
    const transactions = new CleanedTransactions(aborted)
    const endOf = (index: number): number => segments[index + 1]?.baseOffset ?? endOffset
    const first = segments.findIndex((_, index) => endOf(index) > firstDirtyOffset)
    const dirty = first < 0 ? [] : segments.slice(first)
    yield info(
      `Building offset map for log ${name} for ${dirty.length} segments in offset range [${firstDirtyOffset}, ${endOffset}).`,
    )
    map.latestOffset = firstDirtyOffset - 1
    for (const [index, segment] of dirty.entries()) {
      for (const chunk of this.#read(segment, firstDirtyOffset)) {
        if (!this.#addChunk(map, chunk, transactions)) {
          yield {
            kind: 'log',
            level: 'debug',
            line: `Offset map is full, ${index} segments fully mapped, segment with base offset ${segment.baseOffset} is partially mapped`,
          }
          yield info(`Offset map for log ${name} complete.`)
          return
        }
        this.#stats.mapBytesRead += chunk.byteLength
        yield { kind: 'io', byteCount: chunk.byteLength }
      }
      // Offsets at the segment's end that an earlier clean has left without a record.
      map.latestOffset = endOf(first + index) - 1
    }
    yield info(`Offset map for log ${name} complete.`)
  }

  /** False once the map is full. */
  #addChunk(map: OffsetMap, chunk: Chunk, transactions: CleanedTransactions): boolean {
    const { buffer, byteLength } = chunk
    for (let at = 0; at < byteLength; at += RecordBatch.sizeInBytes(buffer, at)) {
      const entry = buffer.subarray(at, at + RecordBatch.sizeInBytes(buffer, at))
      const isOld = RecordBatch.magic(entry) < 2
      if (isOld) {
        if (!this.#addMessages(map, entry)) return false
      } else if (RecordBatch.isControl(entry)) transactions.onControlBatch(entry, 0)
      else if (!transactions.onBatch(entry, 0) && !this.#addRecords(map, entry)) return false
      if (!isOld) {
        this.#stats.mapMessagesRead += RecordBatch.recordCount(entry)
        map.latestOffset = Math.max(map.latestOffset, RecordBatch.lastOffset(entry))
      }
    }
    return true
  }

  readonly #cursor = new RecordCursor()

  #addRecords(map: OffsetMap, batch: Buffer): boolean {
    const cursor = this.#cursor
    const baseOffset = RecordBatch.baseOffset(batch)
    const records = recordBytes(batch)
    cursor.reset(records)
    while (cursor.next()) {
      const offset = baseOffset + cursor.offsetDelta
      if (cursor.keyStart < 0 || offset < this.#job.firstDirtyOffset) continue
      if (map.isFull) return false
      map.put(records, cursor.keyStart, cursor.keyEnd, offset)
    }
    return true
  }

  #addMessages(map: OffsetMap, entry: Buffer): boolean {
    for (const { offset, key } of messagesOf(entry).messages) {
      if (offset < this.#job.firstDirtyOffset) continue
      if (key !== null) {
        if (map.isFull) return false
        map.put(key, 0, key.length, offset)
      }
      map.latestOffset = offset
      this.#stats.mapMessagesRead++
    }
    return true
  }

  // --- Copying -------------------------------------------------------------------------------------------------------

  *#cleanGroup(
    group: readonly Source[],
    context: {
      map: OffsetMap
      batches: BatchCleaner
      transactions: CleanedTransactions
      legacyHorizonMs: number
    },
  ): Generator<CleanStep, void, void> {
    const { directory, name, config } = this.#job
    const { transactions, legacyHorizonMs } = context
    const baseOffset = group[0]!.baseOffset
    const writer = new CleanedSegmentWriter({
      directory,
      baseOffset,
      disk: this.#disk,
      clock: this.#clock,
      indexIntervalBytes: config.indexIntervalBytes,
      segmentIndexBytes: config.segmentIndexBytes,
    })
    let isTaken = false
    try {
      const lastWithData = group.findLastIndex(({ sizeBytes }) => sizeBytes > 0)
      for (const [index, source] of group.entries()) {
        const keepTombstones = source.lastModifiedMs > legacyHorizonMs
        yield info(
          `Cleaning LogSegment(baseOffset=${source.baseOffset}, size=${source.sizeBytes}) in log ${name} into ${baseOffset} with an upper bound deletion horizon ${legacyHorizonMs} computed from the segment last modified time of ${source.lastModifiedMs},${keepTombstones ? 'retaining' : 'discarding'} deletes.`,
        )
        for (const chunk of this.#read(source, 0)) {
          const endsGroup = index === lastWithData && chunk.position + chunk.byteLength === source.sizeBytes
          const written = this.#cleanChunk(chunk, writer, { ...context, keepTombstones, endsGroup })
          yield* written.warnings
          yield { kind: 'io', byteCount: chunk.byteLength + written.byteCount }
        }
      }
      const aborted = transactions.takeIndexEntries()
      const sizeBytes = writer.finish({ aborted, lastModifiedMs: group.at(-1)!.lastModifiedMs })
      const sourceBaseOffsets = group.map((source) => source.baseOffset)
      yield info(
        `Swapping in cleaned segment LogSegment(baseOffset=${baseOffset}, size=${sizeBytes}) for segment(s) ${sourceBaseOffsets.join(',')} in log ${name}`,
      )
      const hasTransactionIndex = aborted.length > 0
      yield { kind: 'cleaned', segment: { baseOffset, sizeBytes, hasTransactionIndex, sourceBaseOffsets } }
      isTaken = true
    } finally {
      if (!isTaken) discard(writer)
    }
  }

  #cleanChunk(
    chunk: Chunk,
    writer: CleanedSegmentWriter,
    context: { map: OffsetMap; batches: BatchCleaner; keepTombstones: boolean; endsGroup: boolean },
  ): { byteCount: number; warnings: CleanStep[] } {
    const { map, batches, keepTombstones, endsGroup } = context
    const { buffer, byteLength } = chunk
    const stats = this.#stats
    const warnings: CleanStep[] = []
    const kept: Buffer[] = []
    /** Where the run of batches begins that stay as they are: they are written from where they lie. */
    let runStart = 0
    let byteCount = 0
    for (let at = 0; at < byteLength; ) {
      const end = at + RecordBatch.sizeInBytes(buffer, at)
      const entry = buffer.subarray(at, end)
      const cleaned =
        RecordBatch.magic(entry) < 2
          ? cleanMessages(entry, { map, keepTombstones, stats })
          : batches.clean(entry, { isLastOfSegment: endsGroup && end === byteLength })
      if (cleaned !== entry) {
        if (runStart < at) kept.push(buffer.subarray(runStart, at))
        runStart = end
        if (cleaned !== undefined) {
          kept.push(cleaned)
          if (cleaned.length > entry.length && cleaned.length > this.#job.config.maxMessageBytes)
            warnings.push(this.#grown(cleaned))
        }
      }
      byteCount += cleaned?.length ?? 0
      at = end
    }
    if (runStart < byteLength) kept.push(buffer.subarray(runStart, byteLength))
    writer.write(kept)
    stats.bytesRead += byteLength
    stats.bytesWritten += byteCount
    return { byteCount, warnings }
  }

  #grown(batch: Buffer): CleanStep {
    const { name, config } = this.#job
    const line = `Record batch from ${name} with last offset ${RecordBatch.lastOffset(batch)} exceeded max record batch size ${config.maxMessageBytes} after cleaning (new size is ${batch.length}). Consumers with version earlier than 0.10.1.0 may need to increase their fetch sizes.`
    return { kind: 'log', level: 'warn', line }
  }

  // --- Files ---------------------------------------------------------------------------------------------------------

  *#read(segment: SourceSegment, startOffset: number): Generator<Chunk, void, void> {
    const file = this.#disk.open(segmentPath(this.#job.directory, segment.baseOffset, '.log'), 'read')
    try {
      yield* this.#chunks.read(file, segment.sizeBytes, startOffset)
    } finally {
      file.close()
    }
  }

  /** Those whose marker lies in the segments to clean are in their indexes; of the others the job tells. */
  #abortedTransactions(): AbortedTxn[] {
    const { directory, endOffset, segments, abortedAbove } = this.#job
    const found = [...abortedAbove]
    for (const { baseOffset, hasTransactionIndex } of segments) {
      if (!hasTransactionIndex) continue
      const path = segmentPath(directory, baseOffset, '.txnindex')
      new TransactionIndex({ disk: this.#disk, path, baseOffset, exists: true }).collect(0, endOffset, found)
    }
    return found
  }

  /**
   * Of a clean that could not tidy up after itself. While such files lie there, a start takes back swaps at higher
   * offsets (KAFKA-6264), also one of ours that was nearly done.
   */
  #removeLeftovers(): void {
    const { directory } = this.#job
    for (const { name } of this.#disk.list(directory)) {
      if (parseLogFileName(name)?.stage === 'cleaned') this.#disk.remove(`${directory}/${name}`)
    }
  }

  #measured(segment: SourceSegment): Source {
    const sizeOf = (suffix: '.index' | '.timeindex'): number =>
      this.#disk.stat(segmentPath(this.#job.directory, segment.baseOffset, suffix))?.sizeBytes ?? 0
    return { ...segment, indexBytes: sizeOf('.index'), timeIndexBytes: sizeOf('.timeindex') }
  }
}

function info(line: string): CleanStep {
  return { kind: 'log', level: 'info', line }
}

/** What can't be removed now, the next start removes. */
function discard(writer: CleanedSegmentWriter): void {
  try {
    writer.discard()
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
}

/** As Java prints it. A time out of all reach is printed as no date. */
function printedDate(ms: number): string {
  const parts = /^(\w+), (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(ms).toUTCString())
  return parts === null ? 'Invalid Date' : `${parts[1]} ${parts[3]} ${parts[2]} ${parts[5]} UTC ${parts[4]}`
}
