/**
 * LeaderAndIsr: the controller of ZooKeeper mode tells a broker which partitions it leads or follows. Fenced by
 * controller epoch, and by broker epoch from version 2 on (KIP-380).
 * Versions: 2 groups partitions by topic; 4 flexible; 5 topic ids and full or incremental updates; 6 leader
 * recovery state (KIP-704); 7 for migration to KRaft (KIP-866).
 * Errors: STALE_CONTROLLER_EPOCH, STALE_BROKER_EPOCH; by partition INCONSISTENT_TOPIC_ID, KAFKA_STORAGE_ERROR.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int8, int16, int32, int64, message, string, struct, uuid } from '../schema.ts'

const leaderAndIsrPartitionState = {
  topicName: string('0-1', { ignorable: true }),
  partitionIndex: int32(),
  controllerEpoch: int32(),
  leader: int32(),
  leaderEpoch: int32(),
  isr: array(int32()),
  partitionEpoch: int32(),
  replicas: array(int32()),
  addingReplicas: array(int32(), '3+', { ignorable: true }),
  removingReplicas: array(int32(), '3+', { ignorable: true }),
  isNew: bool('1+', { ignorable: true }),
  leaderRecoveryState: int8('6+'),
}

const leaderAndIsrPartitionError = {
  topicName: string('0-4', { ignorable: true }),
  partitionIndex: int32(),
  errorCode: int16(),
}

export const LeaderAndIsrRequest = message(
  'LeaderAndIsrRequest',
  4,
  { versions: '0-7', flexible: '4+' },
  {
    controllerId: int32(),
    isKRaftController: bool('7+'),
    controllerEpoch: int32(),
    brokerEpoch: int64('2+', { default: -1, ignorable: true }),
    /** 0: unspecified; 1: incremental; 2: full. */
    type: int8('5+'),
    ungroupedPartitionStates: array(struct(leaderAndIsrPartitionState), '0-1'),
    topicStates: array(
      struct({
        topicName: string(),
        topicId: uuid('5+', { ignorable: true }),
        partitionStates: array(struct(leaderAndIsrPartitionState)),
      }),
      '2+',
    ),
    liveLeaders: array(
      struct({
        brokerId: int32(),
        hostName: string(),
        port: int32(),
      }),
    ),
  },
)
export type LeaderAndIsrRequest = Infer<typeof LeaderAndIsrRequest>

export const LeaderAndIsrResponse = message(
  'LeaderAndIsrResponse',
  4,
  { versions: '0-7', flexible: '4+' },
  {
    errorCode: int16(),
    partitionErrors: array(struct(leaderAndIsrPartitionError), '0-4'),
    topics: array(
      struct({
        topicId: uuid({ mapKey: true }),
        partitionErrors: array(struct(leaderAndIsrPartitionError)),
      }),
      '5+',
    ),
  },
)
export type LeaderAndIsrResponse = Infer<typeof LeaderAndIsrResponse>
