/**
 * DescribeShareGroupOffsets: start offsets of share groups; null topics ask for all (KIP-932). Version 1 adds the
 * lag (KIP-1226).
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64, message, string, struct, uuid } from '../schema.ts'

export const DescribeShareGroupOffsetsRequest = message(
  'DescribeShareGroupOffsetsRequest',
  90,
  { versions: '0-1', flexible: '0+' },
  {
    groups: array(
      struct({
        groupId: string(),
        topics: array(
          struct({
            topicName: string(),
            partitions: array(int32()),
          }),
          { nullable: '0+' },
        ),
      }),
    ),
  },
)
export type DescribeShareGroupOffsetsRequest = Infer<typeof DescribeShareGroupOffsetsRequest>

export const DescribeShareGroupOffsetsResponse = message(
  'DescribeShareGroupOffsetsResponse',
  90,
  { versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    groups: array(
      struct({
        groupId: string(),
        topics: array(
          struct({
            topicName: string(),
            topicId: uuid(),
            partitions: array(
              struct({
                partitionIndex: int32(),
                startOffset: int64(),
                leaderEpoch: int32(),
                lag: int64('1+', { default: -1, ignorable: true }),
                errorCode: int16(),
                errorMessage: string({ nullable: '0+', default: null }),
              }),
            ),
          }),
        ),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
      }),
    ),
  },
)
export type DescribeShareGroupOffsetsResponse = Infer<typeof DescribeShareGroupOffsetsResponse>
