/**
 * OffsetDelete: forgets a group's offsets for partitions that it no longer reads (KIP-496).
 * Errors: GROUP_ID_NOT_FOUND, NON_EMPTY_GROUP, NOT_COORDINATOR; by partition GROUP_SUBSCRIBED_TO_TOPIC,
 * UNKNOWN_TOPIC_OR_PARTITION.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, message, string, struct } from '../schema.ts'

export const OffsetDeleteRequest = message(
  'OffsetDeleteRequest',
  47,
  { versions: '0', flexible: 'none' },
  {
    groupId: string(),
    topics: array(
      struct({
        name: string({ mapKey: true }),
        partitions: array(
          struct({
            partitionIndex: int32(),
          }),
        ),
      }),
    ),
  },
)
export type OffsetDeleteRequest = Infer<typeof OffsetDeleteRequest>

export const OffsetDeleteResponse = message(
  'OffsetDeleteResponse',
  47,
  { versions: '0', flexible: 'none' },
  {
    errorCode: int16(),
    throttleTimeMs: int32({ ignorable: true }),
    topics: array(
      struct({
        name: string({ mapKey: true }),
        partitions: array(
          struct({
            partitionIndex: int32({ mapKey: true }),
            errorCode: int16(),
          }),
        ),
      }),
    ),
  },
)
export type OffsetDeleteResponse = Infer<typeof OffsetDeleteResponse>
