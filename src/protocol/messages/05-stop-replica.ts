/**
 * StopReplica: the controller of ZooKeeper mode tells a broker to stop serving replicas, and perhaps to delete
 * them. Three shapes over time: single partitions (0), grouped by topic (1-2), with a delete flag and leader epoch
 * each (3+, KIP-570).
 * Errors: STALE_CONTROLLER_EPOCH, STALE_BROKER_EPOCH; by partition FENCED_LEADER_EPOCH, KAFKA_STORAGE_ERROR.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int16, int32, int64, message, string, struct } from '../schema.ts'

export const StopReplicaRequest = message(
  'StopReplicaRequest',
  5,
  { versions: '0-4', flexible: '2+' },
  {
    controllerId: int32(),
    isKRaftController: bool('4+'),
    controllerEpoch: int32(),
    brokerEpoch: int64('1+', { default: -1, ignorable: true }),
    /** One flag for all, before each partition had its own. */
    deletePartitions: bool('0-2'),
    ungroupedPartitions: array(
      struct({
        topicName: string(),
        partitionIndex: int32(),
      }),
      '0',
    ),
    topics: array(
      struct({
        name: string(),
        partitionIndexes: array(int32()),
      }),
      '1-2',
    ),
    topicStates: array(
      struct({
        topicName: string(),
        partitionStates: array(
          struct({
            partitionIndex: int32(),
            leaderEpoch: int32({ default: -1 }),
            deletePartition: bool(),
          }),
        ),
      }),
      '3+',
    ),
  },
)
export type StopReplicaRequest = Infer<typeof StopReplicaRequest>

export const StopReplicaResponse = message(
  'StopReplicaResponse',
  5,
  { versions: '0-4', flexible: '2+' },
  {
    errorCode: int16(),
    partitionErrors: array(
      struct({
        topicName: string(),
        partitionIndex: int32(),
        errorCode: int16(),
      }),
    ),
  },
)
export type StopReplicaResponse = Infer<typeof StopReplicaResponse>
