/**
 * AlterShareGroupOffsets: moves the start offsets of an empty share group (KIP-932).
 * Errors: NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND, NOT_COORDINATOR; by partition UNKNOWN_TOPIC_OR_PARTITION.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64Rounded, message, string, struct, uuid } from '../schema.ts'

export const AlterShareGroupOffsetsRequest = message(
  'AlterShareGroupOffsetsRequest',
  91,
  { versions: '0', flexible: '0+' },
  {
    groupId: string(),
    topics: array(
      struct({
        topicName: string({ mapKey: true }),
        partitions: array(
          struct({
            partitionIndex: int32(),
            startOffset: int64Rounded(),
          }),
        ),
      }),
    ),
  },
)
export type AlterShareGroupOffsetsRequest = Infer<typeof AlterShareGroupOffsetsRequest>

export const AlterShareGroupOffsetsResponse = message(
  'AlterShareGroupOffsetsResponse',
  91,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    responses: array(
      struct({
        topicName: string({ mapKey: true }),
        topicId: uuid(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            errorMessage: string({ nullable: '0+', default: null }),
          }),
        ),
      }),
    ),
  },
)
export type AlterShareGroupOffsetsResponse = Infer<typeof AlterShareGroupOffsetsResponse>
