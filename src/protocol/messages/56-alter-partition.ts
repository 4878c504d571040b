/**
 * AlterPartition: a leader proposes a new ISR to the controller (KIP-497). Version 1 adds the leader recovery
 * state (KIP-704), 2 topic ids, 3 broker epochs in the ISR (KIP-903).
 * Errors: STALE_BROKER_EPOCH, NOT_CONTROLLER; by partition FENCED_LEADER_EPOCH, INVALID_UPDATE_VERSION,
 * INVALID_REQUEST, INELIGIBLE_REPLICA, NEW_LEADER_ELECTED, UNKNOWN_TOPIC_ID.
 */
import type { Infer } from '../schema.ts'
import { array, int8, int16, int32, int64, message, string, struct, uuid } from '../schema.ts'

export const AlterPartitionRequest = message(
  'AlterPartitionRequest',
  56,
  { versions: '0-3', flexible: '0+' },
  {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    topics: array(
      struct({
        topicName: string('0-1', { ignorable: true }),
        topicId: uuid('2+', { ignorable: true }),
        partitions: array(
          struct({
            partitionIndex: int32(),
            leaderEpoch: int32(),
            newIsr: array(int32(), '0-2'),
            newIsrWithEpochs: array(
              struct({
                brokerId: int32(),
                brokerEpoch: int64({ default: -1 }),
              }),
              '3+',
            ),
            leaderRecoveryState: int8('1+'),
            partitionEpoch: int32(),
          }),
        ),
      }),
    ),
  },
)
export type AlterPartitionRequest = Infer<typeof AlterPartitionRequest>

export const AlterPartitionResponse = message(
  'AlterPartitionResponse',
  56,
  { versions: '0-3', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    topics: array(
      struct({
        topicName: string('0-1', { ignorable: true }),
        topicId: uuid('2+', { ignorable: true }),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            leaderId: int32(),
            leaderEpoch: int32(),
            isr: array(int32()),
            leaderRecoveryState: int8('1+', { ignorable: true }),
            partitionEpoch: int32(),
          }),
        ),
      }),
    ),
  },
)
export type AlterPartitionResponse = Infer<typeof AlterPartitionResponse>
