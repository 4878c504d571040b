/**
 * UpdateMetadata: the controller of ZooKeeper mode spreads the cluster's metadata: live brokers with their
 * listeners, and the state of every partition that changed.
 * Versions: 1 listeners in place of one address, and racks (2), listener names (3); 5 groups partitions by topic,
 * broker epoch (KIP-380); 6 flexible; 7 topic ids; 8 for migration to KRaft (KIP-866).
 * Errors: STALE_CONTROLLER_EPOCH, STALE_BROKER_EPOCH.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int8, int16, int32, int64, message, string, struct, uuid } from '../schema.ts'

const updateMetadataPartitionState = {
  topicName: string('0-4', { ignorable: true }),
  partitionIndex: int32(),
  controllerEpoch: int32(),
  leader: int32(),
  leaderEpoch: int32(),
  isr: array(int32()),
  zkVersion: int32(),
  replicas: array(int32()),
  offlineReplicas: array(int32(), '4+', { ignorable: true }),
}

export const UpdateMetadataRequest = message(
  'UpdateMetadataRequest',
  6,
  { versions: '0-8', flexible: '6+' },
  {
    controllerId: int32(),
    isKRaftController: bool('8+'),
    type: int8('8+', { tag: 0, tagged: '8+' }),
    controllerEpoch: int32(),
    brokerEpoch: int64('5+', { default: -1, ignorable: true }),
    ungroupedPartitionStates: array(struct(updateMetadataPartitionState), '0-4'),
    topicStates: array(
      struct({
        topicName: string(),
        topicId: uuid('7+', { ignorable: true }),
        partitionStates: array(struct(updateMetadataPartitionState)),
      }),
      '5+',
    ),
    liveBrokers: array(
      struct({
        id: int32(),
        v0Host: string('0', { ignorable: true }),
        v0Port: int32('0', { ignorable: true }),
        endpoints: array(
          struct({
            port: int32(),
            host: string(),
            listener: string('3+', { ignorable: true }),
            securityProtocol: int16(),
          }),
          '1+',
          { ignorable: true },
        ),
        rack: string('2+', { nullable: '0+', ignorable: true }),
      }),
    ),
  },
)
export type UpdateMetadataRequest = Infer<typeof UpdateMetadataRequest>

export const UpdateMetadataResponse = message(
  'UpdateMetadataResponse',
  6,
  { versions: '0-8', flexible: '6+' },
  {
    errorCode: int16(),
  },
)
export type UpdateMetadataResponse = Infer<typeof UpdateMetadataResponse>
