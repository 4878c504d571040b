/**
 * Which segments are cleaned into one: neighbours that fit together, so that segments do not get ever smaller from clean
 * to clean. Data and each index are measured as they were before.
 */
import { RELATIVE_OFFSET_MAX } from '../offset-index.ts'

/**
 * Segments in a group at most. Their files are renamed in one turn of the event loop when the group is swapped in, so
 * it must not take long. What is left apart is joined by the next clean.
 */
export const GROUP_SEGMENTS_MAX = 64

export interface MeasuredSegment {
  readonly baseOffset: number
  readonly sizeBytes: number
  readonly indexBytes: number
  readonly timeIndexBytes: number
}

/** `endOffset`: where the last segment ends. Segments and groups ascend. */
export function groupSegments<S extends MeasuredSegment>(
  segments: readonly S[],
  limits: { readonly segmentBytes: number; readonly segmentIndexBytes: number; readonly endOffset: number },
): S[][] {
  const groups: S[][] = []
  let group: S[] = []
  let sizeBytes = 0
  let indexBytes = 0
  let timeIndexBytes = 0
  for (const [index, segment] of segments.entries()) {
    const lastOffset = (segments[index + 1]?.baseOffset ?? limits.endOffset) - 1
    const first = group[0]
    const fits =
      first !== undefined &&
      group.length < GROUP_SEGMENTS_MAX &&
      sizeBytes + segment.sizeBytes <= limits.segmentBytes &&
      indexBytes + segment.indexBytes <= limits.segmentIndexBytes &&
      timeIndexBytes + segment.timeIndexBytes <= limits.segmentIndexBytes &&
      // An empty segment holds no offset that would have to be counted from the group's base.
      (segment.sizeBytes === 0 || lastOffset - first.baseOffset <= RELATIVE_OFFSET_MAX)
    if (!fits) {
      group = []
      groups.push(group)
      sizeBytes = 0
      indexBytes = 0
      timeIndexBytes = 0
    }
    group.push(segment)
    sizeBytes += segment.sizeBytes
    indexBytes += segment.indexBytes
    timeIndexBytes += segment.timeIndexBytes
  }
  return groups
}
