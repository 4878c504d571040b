/**
 * AlterReplicaLogDirs: moves replicas between the log directories of one broker (KIP-113). Version 2 is flexible.
 * Errors by partition: LOG_DIR_NOT_FOUND, KAFKA_STORAGE_ERROR, REPLICA_NOT_AVAILABLE, UNKNOWN_TOPIC_OR_PARTITION,
 * CLUSTER_AUTHORIZATION_FAILED.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, message, string, struct } from '../schema.ts'

export const AlterReplicaLogDirsRequest = message(
  'AlterReplicaLogDirsRequest',
  34,
  { versions: '0-2', flexible: '2+' },
  {
    dirs: array(
      struct({
        path: string({ mapKey: true }),
        topics: array(
          struct({
            name: string({ mapKey: true }),
            partitions: array(int32()),
          }),
        ),
      }),
    ),
  },
)
export type AlterReplicaLogDirsRequest = Infer<typeof AlterReplicaLogDirsRequest>

export const AlterReplicaLogDirsResponse = message(
  'AlterReplicaLogDirsResponse',
  34,
  { versions: '0-2', flexible: '2+' },
  {
    throttleTimeMs: int32(),
    results: array(
      struct({
        topicName: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
          }),
        ),
      }),
    ),
  },
)
export type AlterReplicaLogDirsResponse = Infer<typeof AlterReplicaLogDirsResponse>
