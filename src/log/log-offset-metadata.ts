/**
 * An offset with the place of its bytes: the segment, and the position in the segment's file of the first batch
 * that ends at or after the offset.
 */
export interface LogOffsetMetadata {
  readonly messageOffset: number
  readonly segmentBaseOffset: number
  readonly relativePositionInSegment: number
}
