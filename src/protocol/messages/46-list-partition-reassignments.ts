/**
 * ListPartitionReassignments: the moves under way; null topics ask for all (KIP-455).
 * Errors: NOT_CONTROLLER, REQUEST_TIMED_OUT, CLUSTER_AUTHORIZATION_FAILED.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, message, string, struct } from '../schema.ts'

export const ListPartitionReassignmentsRequest = message(
  'ListPartitionReassignmentsRequest',
  46,
  { versions: '0', flexible: '0+' },
  {
    timeoutMs: int32({ default: 60000 }),
    topics: array(
      struct({
        name: string(),
        partitionIndexes: array(int32()),
      }),
      { nullable: '0+', default: null },
    ),
  },
)
export type ListPartitionReassignmentsRequest = Infer<typeof ListPartitionReassignmentsRequest>

export const ListPartitionReassignmentsResponse = message(
  'ListPartitionReassignmentsResponse',
  46,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            replicas: array(int32()),
            addingReplicas: array(int32()),
            removingReplicas: array(int32()),
          }),
        ),
      }),
    ),
  },
)
export type ListPartitionReassignmentsResponse = Infer<typeof ListPartitionReassignmentsResponse>
