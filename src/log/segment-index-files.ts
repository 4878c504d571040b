/** The offset index and the time index of a segment as files: made, opened, emptied, always as a pair. */
import { type Disk, DiskError } from '../base/disk.ts'
import { CorruptIndexError } from './index-file.ts'
import { type SegmentPlace, segmentFile } from './log-file-names.ts'
import { OffsetIndex } from './offset-index.ts'
import { TimeIndex } from './time-index.ts'

export interface IndexFilesOptions extends SegmentPlace {
  readonly disk: Disk
  readonly segmentIndexBytes: number
}

export interface SegmentIndexes {
  readonly offsetIndex: OffsetIndex
  readonly timeIndex: TimeIndex
}

/** Throws CorruptIndexError where they are missing or can't belong to a segment of `segmentBytes`, or DiskError. */
export function openIndexes(options: IndexFilesOptions, segmentBytes: number): SegmentIndexes {
  const { disk, directory, baseOffset } = options
  const offsetIndexStat = disk.stat(segmentFile(options, '.index'))
  const timeIndexStat = disk.stat(segmentFile(options, '.timeindex'))
  if (offsetIndexStat === undefined || timeIndexStat === undefined) {
    throw new CorruptIndexError(directory, `an index of segment ${baseOffset} in ${directory} is missing`)
  }
  return open(options, segmentBytes, offsetIndexStat.sizeBytes, timeIndexStat.sizeBytes)
}

/** Makes the files or empties them; throws DiskError. */
export function resetIndexes(options: IndexFilesOptions, segmentBytes: number): SegmentIndexes {
  makeEmptyIndexes(options)
  return open(options, segmentBytes, 0, 0)
}

/** Throws DiskError. */
export function makeEmptyIndexes(options: Omit<IndexFilesOptions, 'segmentIndexBytes'>): void {
  for (const suffix of ['.index', '.timeindex'] as const) {
    const file = options.disk.open(segmentFile(options, suffix), 'create')
    try {
      if (file.sizeBytes() > 0) file.truncate(0)
    } finally {
      file.close()
    }
  }
}

/** What is left of a segment that could not be made. */
export function removeQuietly(options: Omit<IndexFilesOptions, 'segmentIndexBytes'>): void {
  for (const suffix of ['.log', '.index', '.timeindex'] as const) {
    try {
      options.disk.remove(segmentFile(options, suffix))
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
  }
}

function open(
  options: IndexFilesOptions,
  segmentBytes: number,
  offsetIndexBytes: number,
  timeIndexBytes: number,
): SegmentIndexes {
  const { disk, baseOffset, segmentIndexBytes: maxBytes } = options
  const common = { disk, baseOffset, maxBytes }
  const offsetIndex = new OffsetIndex({
    ...common,
    path: segmentFile(options, '.index'),
    sizeBytes: offsetIndexBytes,
    segmentBytes,
  })
  const timeIndexPath = segmentFile(options, '.timeindex')
  return {
    offsetIndex,
    timeIndex: new TimeIndex({ ...common, path: timeIndexPath, sizeBytes: timeIndexBytes }),
  }
}
