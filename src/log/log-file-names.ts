/**
 * Names in a partition's folder: the offset of a segment's first record in 20 digits, and what the file is. Files on
 * their way out are `.deleted`; those of a compaction under way are `.cleaned`, and `.swap` once it is decided.
 */
import type { Disk } from '../base/disk.ts'

export const SEGMENT_SUFFIXES = ['.log', '.index', '.timeindex', '.txnindex'] as const
export type SegmentSuffix = (typeof SEGMENT_SUFFIXES)[number]

export const CLEANED_SUFFIX = '.cleaned'
export const SWAP_SUFFIX = '.swap'

const FILE_NAME =
  /^(\d{20})(\.log|\.index|\.timeindex|\.txnindex|\.snapshot)((?:\.\d+)?\.deleted|\.cleaned|\.swap)?$/

export function segmentPath(
  directory: string,
  baseOffset: number,
  suffix: SegmentSuffix | '.snapshot',
): string {
  return `${directory}/${baseOffset.toString().padStart(20, '0')}${suffix}`
}

/** Where the files of a segment lie. */
export interface SegmentPlace {
  readonly directory: string
  readonly baseOffset: number
  /** Behind the names of all its files, while the segment is none of the log's yet. */
  readonly fileSuffix?: string
}

export function segmentFile(place: SegmentPlace, suffix: SegmentSuffix): string {
  return segmentPath(place.directory, place.baseOffset, suffix) + (place.fileSuffix ?? '')
}

/**
 * Where a file goes that is to be removed: `.deleted` behind its name. Compaction may delete a segment of the same name
 * again before the first one's time has come; to rename over that would remove it here and now, which takes a while.
 */
export function freeDeletedPath(disk: Disk, path: string): string {
  let free = `${path}.deleted`
  for (let n = 1; disk.stat(free) !== undefined; n++) free = `${path}.${n}.deleted`
  return free
}

export interface LogFileName {
  readonly baseOffset: number
  readonly suffix: SegmentSuffix | '.snapshot'
  readonly stage: 'live' | 'deleted' | 'cleaned' | 'swap'
}

/** undefined for a name that is none of a segment's or snapshot's. */
export function parseLogFileName(name: string): LogFileName | undefined {
  const match = FILE_NAME.exec(name)
  if (match === null || !Number.isSafeInteger(Number(match[1]))) return undefined
  const stage = (match[3]?.slice(match[3].lastIndexOf('.') + 1) ?? 'live') as LogFileName['stage']
  return { baseOffset: Number(match[1]), suffix: match[2] as LogFileName['suffix'], stage }
}
