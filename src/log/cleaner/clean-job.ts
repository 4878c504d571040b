/** Gathers what a thread needs to know of a log to clean it: all of it as of now, when the clean begins. */
import type { CleanableLog } from './cleanable-log.ts'
import type { CleanerConfig } from './cleaner-config.ts'
import type { CleanJob } from './cleaner-messages.ts'

/** A typed array of 2 GiB is as far as a thread's offset map goes, as in Apache Kafka. */
const OFFSET_MAP_BYTES_MAX = 0x7fffffff

/** Throws DiskError. */
export function cleanJobFor(
  { log, firstDirtyOffset, endOffset }: Pick<CleanableLog, 'log' | 'firstDirtyOffset' | 'endOffset'>,
  cleaner: { readonly config: CleanerConfig; readonly nowMs: number; readonly secret: Uint8Array },
): CleanJob {
  const { config } = cleaner
  const segments = log.compaction.segments.filter(({ baseOffset }) => baseOffset < endOffset)
  // What a full disk has kept from the indexes so far: the thread reads the files.
  for (const segment of segments) segment.writePendingIndexes()
  return {
    name: log.name,
    directory: log.directory,
    segments: segments.map(({ baseOffset, sizeBytes, lastModifiedMs, transactionIndex }) => ({
      baseOffset,
      sizeBytes,
      lastModifiedMs,
      hasTransactionIndex: transactionIndex.exists,
    })),
    firstDirtyOffset,
    endOffset,
    abortedAbove: log.compaction.abortedAbove(endOffset),
    activeProducers: log.compaction.activeProducers(endOffset),
    nowMs: cleaner.nowMs,
    config: {
      segmentBytes: log.config.segmentBytes,
      segmentIndexBytes: log.config.segmentIndexBytes,
      indexIntervalBytes: log.config.indexIntervalBytes,
      maxMessageBytes: log.config.maxMessageBytes,
      deleteRetentionMs: log.config.deleteRetentionMs,
      offsetMapBytes: Math.min(Math.floor(config.dedupeBufferBytes / config.threads), OFFSET_MAP_BYTES_MAX),
      offsetMapLoadFactor: config.dedupeBufferLoadFactor,
      ioBufferBytes: Math.floor(config.ioBufferBytes / config.threads),
      ioBytesPerSecondMax: config.ioBytesPerSecondMax / config.threads,
    },
    secret: cleaner.secret,
  }
}
