/**
 * InitializeShareGroupState: makes the persisted state of share-group partitions (KIP-932).
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64, message, string, struct, uuid } from '../schema.ts'

export const InitializeShareGroupStateRequest = message(
  'InitializeShareGroupStateRequest',
  83,
  { versions: '0', flexible: '0+' },
  {
    groupId: string(),
    topics: array(
      struct({
        topicId: uuid(),
        partitions: array(
          struct({
            partition: int32(),
            stateEpoch: int32(),
            startOffset: int64(),
          }),
        ),
      }),
    ),
  },
)
export type InitializeShareGroupStateRequest = Infer<typeof InitializeShareGroupStateRequest>

export const InitializeShareGroupStateResponse = message(
  'InitializeShareGroupStateResponse',
  83,
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
          }),
        ),
      }),
    ),
  },
)
export type InitializeShareGroupStateResponse = Infer<typeof InitializeShareGroupStateResponse>
