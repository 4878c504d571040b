/**
 * DeleteRecords: moves the start of partitions forward; -1 stands for the high watermark (KIP-107). Version 2 is
 * flexible.
 * Errors by partition: OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, POLICY_VIOLATION
 * (the topic isn't deleted from), REQUEST_TIMED_OUT.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64, int64Rounded, message, string, struct } from '../schema.ts'

export const DeleteRecordsRequest = message(
  'DeleteRecordsRequest',
  21,
  { versions: '0-2', flexible: '2+' },
  {
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            /** -1: the high watermark. */
            offset: int64Rounded(),
          }),
        ),
      }),
    ),
    timeoutMs: int32(),
  },
)
export type DeleteRecordsRequest = Infer<typeof DeleteRecordsRequest>

export const DeleteRecordsResponse = message(
  'DeleteRecordsResponse',
  21,
  { versions: '0-2', flexible: '2+' },
  {
    throttleTimeMs: int32(),
    topics: array(
      struct({
        name: string({ mapKey: true }),
        partitions: array(
          struct({
            partitionIndex: int32({ mapKey: true }),
            lowWatermark: int64(),
            errorCode: int16(),
          }),
        ),
      }),
    ),
  },
)
export type DeleteRecordsResponse = Infer<typeof DeleteRecordsResponse>
