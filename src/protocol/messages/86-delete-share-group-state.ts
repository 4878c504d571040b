/**
 * DeleteShareGroupState: forgets the persisted state of share-group partitions (KIP-932).
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, message, string, struct, uuid } from '../schema.ts'

export const DeleteShareGroupStateRequest = message(
  'DeleteShareGroupStateRequest',
  86,
  { versions: '0', flexible: '0+' },
  {
    groupId: string(),
    topics: array(
      struct({
        topicId: uuid(),
        partitions: array(
          struct({
            partition: int32(),
          }),
        ),
      }),
    ),
  },
)
export type DeleteShareGroupStateRequest = Infer<typeof DeleteShareGroupStateRequest>

export const DeleteShareGroupStateResponse = message(
  'DeleteShareGroupStateResponse',
  86,
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
export type DeleteShareGroupStateResponse = Infer<typeof DeleteShareGroupStateResponse>
