/**
 * CreatePartitions: raises the partition counts of topics. Version 2 is flexible, 3 may answer
 * THROTTLING_QUOTA_EXCEEDED (KIP-599).
 * Errors by topic: UNKNOWN_TOPIC_OR_PARTITION, INVALID_PARTITIONS, INVALID_REPLICA_ASSIGNMENT,
 * REASSIGNMENT_IN_PROGRESS, NOT_CONTROLLER, REQUEST_TIMED_OUT.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int16, int32, message, string, struct } from '../schema.ts'

export const CreatePartitionsRequest = message(
  'CreatePartitionsRequest',
  37,
  { versions: '0-3', flexible: '2+' },
  {
    topics: array(
      struct({
        name: string({ mapKey: true }),
        count: int32(),
        assignments: array(
          struct({
            brokerIds: array(int32()),
          }),
          { nullable: '0+' },
        ),
      }),
    ),
    timeoutMs: int32(),
    validateOnly: bool(),
  },
)
export type CreatePartitionsRequest = Infer<typeof CreatePartitionsRequest>

export const CreatePartitionsResponse = message(
  'CreatePartitionsResponse',
  37,
  { versions: '0-3', flexible: '2+' },
  {
    throttleTimeMs: int32(),
    results: array(
      struct({
        name: string(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
      }),
    ),
  },
)
export type CreatePartitionsResponse = Infer<typeof CreatePartitionsResponse>
