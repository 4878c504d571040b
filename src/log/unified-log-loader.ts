/**
 * Brings a log back from its folder.
 *
 * After a clean shutdown hardly anything is read: the folder's listing, sizes, the end of the last segment, and the
 * newest snapshot of the producers. Otherwise every segment from the one that holds the recovery point on is walked:
 * its indexes and the producers' state are made anew, and the log is cut at the first batch that is torn or wrong.
 *
 * Invariants
 * - A batch wholly below the recovery point was synced, and is never dropped for a wrong checksum: whoever reads it
 *   must judge. Should the walk end below that point all the same (the framing itself is damaged), the bytes that
 *   are cut off are kept beside the segment, in `<segment>.log.<position>.damaged`.
 * - Segments below the recovery point are not read, but for one that ends at it.
 * - The recovery point is not moved forward: only a sync does that.
 */
import type { Disk } from '../base/disk.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { isChecksumValid, lastOffsetOf, scanFile } from './batch-scan.ts'
import { hasTracesOfCompaction } from './compaction-traces.ts'
import type { LeaderEpochCache } from './leader-epoch-cache.ts'
import { type LogFileName, parseLogFileName, segmentPath } from './log-file-names.ts'
import { LogSegment, type SegmentOptions } from './log-segment.ts'
import { LogSegments } from './log-segments.ts'
import { replayBatch, replayProducers } from './producer-replay.ts'
import { ProducerStateManager } from './producer-state-manager.ts'
import { type RemovalContext, removeSegments } from './segment-removal.ts'
import { logPrefix, type UnifiedLogOptions } from './unified-log-options.ts'

export interface LoadedLog {
  readonly segments: LogSegments
  readonly producers: ProducerStateManager
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly recoveryPoint: number
}

/** What the steps of loading need, in the form in which they need it. */
interface LoadContext {
  readonly segment: Omit<SegmentOptions, 'baseOffset'>
  readonly leaderEpochs: LeaderEpochCache
  readonly prefix: string
  readonly recoveryPoint: number
  readonly logStartOffset: number
  readonly cleanShutdown: boolean
  /** Compaction leaves gaps between segments. */
  readonly isCompacted: boolean
  readonly removal: RemovalContext
}

/** Throws DiskError. */
export function loadUnifiedLog(log: UnifiedLogOptions, leaderEpochs: LeaderEpochCache): LoadedLog {
  const { disk, directory, clock, logger, config } = log
  const topicPartition = `${log.topic}-${log.partition}`
  const { indexIntervalBytes, segmentIndexBytes, fileDeleteDelayMs } = config
  const options: LoadContext = {
    segment: { directory, disk, clock, logger, indexIntervalBytes, segmentIndexBytes },
    leaderEpochs,
    prefix: logPrefix(topicPartition, directory),
    recoveryPoint: log.recoveryPoint,
    logStartOffset: log.logStartOffset,
    cleanShutdown: log.cleanShutdown,
    isCompacted: log.wasCompacted === true || config.cleanupPolicy.includes('compact'),
    removal: { disk, clock, logger, fileDeleteDelayMs },
  }
  const names = completeSwaps(removeTemporaryFiles(disk, directory), options)
  const segments = openSegments(names, options)
  const snapshotOffsets = names.filter((name) => name.suffix === '.snapshot').map((name) => name.baseOffset)
  const producers = new ProducerStateManager({
    topicPartition,
    directory,
    disk,
    clock,
    logger,
    producerIdExpirationMs: log.producerIdExpirationMs,
    snapshotOffsets,
  })

  const recoverFrom = recoveryStart(segments, options)
  if (recoverFrom < segments.count) recover(segments, recoverFrom, producers, options)
  let logEndOffset = segments.count === 0 ? options.logStartOffset : segments.active.readNextOffset()
  if (logEndOffset < options.logStartOffset) {
    logger.warn(
      `${options.prefix}Deleting all segments because logEndOffset (${logEndOffset}) is smaller than logStartOffset ${options.logStartOffset}: segment files must have been deleted.`,
    )
    dropFrom(0, segments, producers, options)
    options.leaderEpochs.clear()
    producers.truncateFullyAndStartAt(options.logStartOffset)
    logEndOffset = options.logStartOffset
  }
  if (segments.count === 0)
    segments.append(LogSegment.create({ ...options.segment, baseOffset: logEndOffset }))
  const logStartOffset = Math.max(options.logStartOffset, segments.first.baseOffset)
  options.leaderEpochs.truncateFromEnd(logEndOffset)
  options.leaderEpochs.truncateFromStart(logStartOffset)
  producers.removeStraySnapshots(segments.all.map((segment) => segment.baseOffset))
  producers.truncateAndReload(logStartOffset, logEndOffset)
  replayProducers(producers, segments, logStartOffset, logEndOffset)
  const recoveryPoint = options.cleanShutdown ? logEndOffset : Math.min(options.recoveryPoint, logEndOffset)
  return { segments, producers, logStartOffset, logEndOffset, recoveryPoint }
}

/** Deletions and compactions that were under way. @returns what is left, `.swap` files included. */
function removeTemporaryFiles(disk: Disk, directory: string): LogFileName[] {
  const names: LogFileName[] = []
  let firstCleaned = Number.POSITIVE_INFINITY
  for (const { name, kind } of disk.list(directory)) {
    if (kind !== 'file') continue
    const parsed = parseLogFileName(name)
    if (parsed?.stage === 'deleted' || parsed?.stage === 'cleaned') {
      disk.remove(`${directory}/${name}`)
      if (parsed.stage === 'cleaned') firstCleaned = Math.min(firstCleaned, parsed.baseOffset)
    } else if (parsed !== undefined) names.push(parsed)
  }
  // KAFKA-6264: a swap file above a cleaned one is half of a split that did not complete.
  return names.filter((name) => {
    const isInvalid = name.stage === 'swap' && name.baseOffset >= firstCleaned
    if (isInvalid) disk.remove(filePath(directory, name))
    return !isInvalid
  })
}

/** `.swap` files are the decided result of a compaction: they take the place of the segments that they cover. */
function completeSwaps(names: LogFileName[], options: LoadContext): LogFileName[] {
  const { disk, directory, logger } = options.segment
  const swaps = names.filter((name) => name.stage === 'swap')
  if (swaps.length === 0) return names
  let first = Number.POSITIVE_INFINITY
  let end = -1
  for (const swap of swaps) {
    if (swap.suffix !== '.log') continue
    logger.info(`${options.prefix}Completing the swap of ${filePath(directory, swap)}`)
    first = Math.min(first, swap.baseOffset)
    // An empty one covers at least the segment of its own name, whose indexes it may lack.
    end = Math.max(end, swap.baseOffset + 1, endOffsetOf(disk, filePath(directory, swap)))
  }
  const kept = names.filter((name) => {
    const isInRange = name.baseOffset >= first && name.baseOffset < end
    // The producers at the start of it all are as they were.
    const isCovered =
      name.stage === 'live' && isInRange && !(name.suffix === '.snapshot' && name.baseOffset === first)
    if (isCovered) disk.remove(filePath(directory, name))
    return !isCovered && name.stage === 'live'
  })
  for (const swap of swaps) {
    const live: LogFileName = { ...swap, stage: 'live' }
    disk.rename(filePath(directory, swap), filePath(directory, live))
    // An index may have been renamed before the crash; then this one takes its place.
    if (!kept.some((name) => name.baseOffset === live.baseOffset && name.suffix === live.suffix))
      kept.push(live)
  }
  disk.syncDirectory(directory)
  return kept
}

function endOffsetOf(disk: Disk, path: string): number {
  const file = disk.open(path, 'read')
  try {
    let end = -1
    scanFile(file, 0, file.sizeBytes(), (buffer, at) => {
      end = lastOffsetOf(buffer, at) + 1
      return true
    })
    return end
  } finally {
    file.close()
  }
}

function openSegments(names: readonly LogFileName[], options: LoadContext): LogSegments {
  const { disk, directory, logger } = options.segment
  const segments = new LogSegments()
  const present = new Set(names.map((name) => `${name.baseOffset}${name.suffix}`))
  const baseOffsets = names.filter((name) => name.suffix === '.log').map((name) => name.baseOffset)
  baseOffsets.sort((a, b) => a - b)
  for (const name of names) {
    if (name.suffix === '.log' || name.suffix === '.snapshot' || present.has(`${name.baseOffset}.log`))
      continue
    const path = filePath(directory, name)
    logger.warn(`${options.prefix}Found an orphaned index file ${path}, with no corresponding log file.`)
    disk.remove(path)
  }
  for (const baseOffset of baseOffsets) {
    const segment = LogSegment.open({ ...options.segment, baseOffset }, present.has(`${baseOffset}.txnindex`))
    if (segments.count > 0) segments.active.markSealed()
    segments.append(segment)
    if (present.has(`${baseOffset}.index`) && present.has(`${baseOffset}.timeindex`)) continue
    if (options.cleanShutdown || baseOffset < options.recoveryPoint) {
      logger.error(
        `${options.prefix}Could not find an index file corresponding to log file ${segment.file.path}, rebuilding index files...`,
      )
    }
    segment.rebuildIndexes()
  }
  return segments
}

/**
 * The first segment to walk; the count of segments if there is none. An index of aborted transactions that can't be true
 * is made anew with all that follows it: what it should hold shows only in the batches.
 */
function recoveryStart(segments: LogSegments, options: LoadContext): number {
  const doubtful = segments.all.findIndex(({ transactionIndex }) => !transactionIndex.isSound())
  if (doubtful >= 0) {
    const { path } = segments.at(doubtful).transactionIndex
    options.segment.logger.error(`${options.prefix}${path} is corrupt, rebuilding it from the records`)
  }
  const first = doubtful < 0 ? segments.count : doubtful
  if (options.cleanShutdown) return first
  // The one that ends at the recovery point may have been sealed after the sync, its indexes not being covered by it.
  return Math.min(first, Math.max(0, segments.floorIndex(Math.max(0, options.recoveryPoint - 1))))
}

function recover(
  segments: LogSegments,
  firstIndex: number,
  producers: ProducerStateManager,
  options: LoadContext,
): void {
  const { logger } = options.segment
  const firstBaseOffset = segments.at(firstIndex).baseOffset
  producers.truncateAndReload(options.logStartOffset, firstBaseOffset)
  replayProducers(producers, segments, options.logStartOffset, firstBaseOffset)
  const unflushedCount = segments.count - firstIndex
  for (let index = firstIndex; index < segments.count; index++) {
    const segment = segments.at(index)
    const isGap = index > firstIndex && segment.baseOffset !== producers.mapEndOffset
    if (isGap && !options.isCompacted && !hasTracesOfCompaction(segments.all.slice(0, index))) {
      // The records in between were lost whole: what follows them was never acknowledged.
      logger.warn(
        `${options.prefix}Segment ${segment.baseOffset} does not follow on offset ${producers.mapEndOffset}, dropping it`,
      )
      dropFrom(index, segments, producers, options)
      segments.active.unseal()
      return
    }
    logger.info(
      `${options.prefix}Recovering unflushed segment ${segment.baseOffset}. ${index - firstIndex}/${unflushedCount} recovered.`,
    )
    // A killed broker may have made its files and not come to syncing their names.
    segment.isDirectorySynced = false
    const sizeBytes = segment.sizeBytes
    const validBytes = recoverSegment(segment, producers, options)
    // The recovery point may lie at its end already, and no sync come back to it.
    segment.syncTransactionIndex()
    if (validBytes === sizeBytes) continue
    const endOffset = producers.mapEndOffset
    logger.warn(
      `${options.prefix}Corruption found in segment ${segment.baseOffset} at position ${validBytes} of ${sizeBytes}, truncating to offset ${endOffset}`,
    )
    if (endOffset < options.recoveryPoint) keepDamaged(segment, validBytes, sizeBytes, options)
    segment.cut(validBytes)
    dropFrom(index + 1, segments, producers, options)
    segment.unseal()
  }
}

/** @returns how many bytes are sound; `producers.mapEndOffset` is the offset behind them. */
function recoverSegment(segment: LogSegment, producers: ProducerStateManager, options: LoadContext): number {
  const { leaderEpochs, recoveryPoint, cleanShutdown } = options
  let nextOffset = segment.baseOffset
  segment.transactionIndex.reset()
  producers.updateMapEndOffset(nextOffset)
  return segment.rebuildIndexes((buffer, at, position, sizeBytes) => {
    const baseOffset = RecordBatch.baseOffset(buffer, at)
    const lastOffset = lastOffsetOf(buffer, at)
    if (baseOffset < nextOffset || lastOffset < baseOffset || !segment.canHold(lastOffset)) return false
    const isSynced = cleanShutdown || lastOffset < recoveryPoint
    if (!isSynced && !isChecksumValid(segment.file.file, { position, sizeBytes }, buffer, at)) return false
    if (RecordBatch.magic(buffer, at) >= 2) {
      const epoch = RecordBatch.partitionLeaderEpoch(buffer, at)
      if (epoch >= 0 && epoch > (leaderEpochs.latestEpoch ?? -1)) leaderEpochs.assign(epoch, baseOffset)
      for (const txn of replayBatch(producers, segment, buffer, at, position)) {
        if (txn.isAborted) segment.transactionIndex.append(txn)
      }
    }
    nextOffset = lastOffset + 1
    producers.updateMapEndOffset(nextOffset)
    return true
  })
}

function dropFrom(
  index: number,
  segments: LogSegments,
  producers: ProducerStateManager,
  options: LoadContext,
): void {
  // The last one first: whenever the power goes, what is left has no hole.
  const dropped = segments.remove(index, segments.count - index).reverse()
  if (dropped.length === 0) return
  options.segment.logger.info(
    `${options.prefix}Deleting segments as part of log recovery: ${dropped.join(', ')}`,
  )
  removeSegments(dropped, producers, options.removal)
  // Or else a crash brings them back under what is written next.
  options.segment.disk.syncDirectory(options.segment.directory)
}

const COPY_BYTES = 1024 * 1024

function keepDamaged(segment: LogSegment, from: number, to: number, options: LoadContext): void {
  const path = `${segment.file.path}.${from}.damaged`
  const copy = options.segment.disk.open(path, 'create')
  try {
    for (let at = from; at < to; at += COPY_BYTES) {
      copy.writev([segment.readBytes(at, Math.min(COPY_BYTES, to - at))], at - from)
    }
  } finally {
    copy.close()
  }
  options.segment.logger.error(
    `${options.prefix}Records below the recovery point ${options.recoveryPoint} are damaged and can't be served; kept ${to - from} bytes in ${path}`,
  )
}

function filePath(directory: string, name: LogFileName): string {
  const stage = name.stage === 'live' ? '' : `.${name.stage}`
  return segmentPath(directory, name.baseOffset, name.suffix) + stage
}
