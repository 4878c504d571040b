/**
 * WriteShareGroupState: persists delivery states of share-group partitions (KIP-932). Version 1 counts completed
 * deliveries (KIP-1226).
 * Errors by partition: FENCED_STATE_EPOCH, FENCED_LEADER_EPOCH, UNKNOWN_TOPIC_OR_PARTITION, NOT_COORDINATOR.
 */
import type { Infer } from '../schema.ts'
import { array, int8, int16, int32, int64, message, string, struct, uuid } from '../schema.ts'

export const WriteShareGroupStateRequest = message(
  'WriteShareGroupStateRequest',
  85,
  { versions: '0-1', flexible: '0+' },
  {
    groupId: string(),
    topics: array(
      struct({
        topicId: uuid(),
        partitions: array(
          struct({
            partition: int32(),
            stateEpoch: int32(),
            leaderEpoch: int32(),
            startOffset: int64(),
            deliveryCompleteCount: int32('1+', { default: -1, ignorable: true }),
            stateBatches: array(
              struct({
                firstOffset: int64(),
                lastOffset: int64(),
                deliveryState: int8(),
                deliveryCount: int16(),
              }),
            ),
          }),
        ),
      }),
    ),
  },
)
export type WriteShareGroupStateRequest = Infer<typeof WriteShareGroupStateRequest>

export const WriteShareGroupStateResponse = message(
  'WriteShareGroupStateResponse',
  85,
  { versions: '0-1', flexible: '0+' },
  {
    results: array(
      struct({
        topicId: uuid(),
        partitions: array(
          struct({
            partition: int32(),
            errorCode: int16(),
            errorMessage: string({ nullable: '0+', default: null }),
          }),
        ),
      }),
    ),
  },
)
export type WriteShareGroupStateResponse = Infer<typeof WriteShareGroupStateResponse>
