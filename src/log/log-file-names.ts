/**
 * Names in a partition's folder: the offset of a segment's first record in 20 digits, and what the file is. Files on
 * their way out are `.deleted`; those of a compaction under way are `.cleaned`, and `.swap` once it is decided.
 */
export const SEGMENT_SUFFIXES = ['.log', '.index', '.timeindex', '.txnindex'] as const
export type SegmentSuffix = (typeof SEGMENT_SUFFIXES)[number]

export const CLEANED_SUFFIX = '.cleaned'
export const SWAP_SUFFIX = '.swap'

const FILE_NAME = /^(\d{20})(\.log|\.index|\.timeindex|\.txnindex|\.snapshot)(\.deleted|\.cleaned|\.swap)?$/

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

export interface LogFileName {
  readonly baseOffset: number
  readonly suffix: SegmentSuffix | '.snapshot'
  readonly stage: 'live' | 'deleted' | 'cleaned' | 'swap'
}

/** undefined for a name that is none of a segment's or snapshot's. */
export function parseLogFileName(name: string): LogFileName | undefined {
  const match = FILE_NAME.exec(name)
  if (match === null || !Number.isSafeInteger(Number(match[1]))) return undefined
  const stage = (match[3]?.slice(1) ?? 'live') as LogFileName['stage']
  return { baseOffset: Number(match[1]), suffix: match[2] as LogFileName['suffix'], stage }
}
