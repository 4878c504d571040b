/**
 * ReadShareGroupState: loads the persisted state of share-group partitions (KIP-932).
 */
import type { Infer } from '../schema.ts'
import { array, int8, int16, int32, int64, message, string, struct, uuid } from '../schema.ts'

export const ReadShareGroupStateRequest = message(
  'ReadShareGroupStateRequest',
  84,
  { versions: '0', flexible: '0+' },
  {
    groupId: string(),
    topics: array(
      struct({
        topicId: uuid(),
        partitions: array(
          struct({
            partition: int32(),
            leaderEpoch: int32(),
          }),
        ),
      }),
    ),
  },
)
export type ReadShareGroupStateRequest = Infer<typeof ReadShareGroupStateRequest>

export const ReadShareGroupStateResponse = message(
  'ReadShareGroupStateResponse',
  84,
  { versions: '0', flexible: '0+' },
  {
    results: array(
      struct({
        topicId: uuid(),
        partitions: array(
          struct({
            partition: int32(),
            errorCode: int16(),
            errorMessage: string({ nullable: '0+', default: null }),
            stateEpoch: int32(),
            startOffset: int64(),
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
export type ReadShareGroupStateResponse = Infer<typeof ReadShareGroupStateResponse>
