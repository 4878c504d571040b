/**
 * AlterPartitionReassignments: starts moving partitions to other replicas; null replicas cancel (KIP-455). Version
 * 1 can insist that the replication factor stays (KIP-860).
 * Errors by partition: INVALID_REPLICA_ASSIGNMENT, INVALID_REPLICATION_FACTOR, NO_REASSIGNMENT_IN_PROGRESS,
 * UNKNOWN_TOPIC_OR_PARTITION; of the whole NOT_CONTROLLER.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int16, int32, message, string, struct } from '../schema.ts'

export const AlterPartitionReassignmentsRequest = message(
  'AlterPartitionReassignmentsRequest',
  45,
  { versions: '0-1', flexible: '0+' },
  {
    timeoutMs: int32({ default: 60000 }),
    allowReplicationFactorChange: bool('1+', { default: true }),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            replicas: array(int32(), { nullable: '0+', default: null }),
          }),
        ),
      }),
    ),
  },
)
export type AlterPartitionReassignmentsRequest = Infer<typeof AlterPartitionReassignmentsRequest>

export const AlterPartitionReassignmentsResponse = message(
  'AlterPartitionReassignmentsResponse',
  45,
  { versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    allowReplicationFactorChange: bool('1+', { default: true, ignorable: true }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    responses: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            errorMessage: string({ nullable: '0+' }),
          }),
        ),
      }),
    ),
  },
)
export type AlterPartitionReassignmentsResponse = Infer<typeof AlterPartitionReassignmentsResponse>
