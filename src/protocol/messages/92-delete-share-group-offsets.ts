/**
 * DeleteShareGroupOffsets: forgets an empty share group's offsets of topics (KIP-932).
 * Errors: NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND, NOT_COORDINATOR; by topic UNKNOWN_TOPIC_OR_PARTITION.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, message, string, struct, uuid } from '../schema.ts'

export const DeleteShareGroupOffsetsRequest = message(
  'DeleteShareGroupOffsetsRequest',
  92,
  { versions: '0', flexible: '0+' },
  {
    groupId: string(),
    topics: array(
      struct({
        topicName: string(),
      }),
    ),
  },
)
export type DeleteShareGroupOffsetsRequest = Infer<typeof DeleteShareGroupOffsetsRequest>

export const DeleteShareGroupOffsetsResponse = message(
  'DeleteShareGroupOffsetsResponse',
  92,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    responses: array(
      struct({
        topicName: string(),
        topicId: uuid(),
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
      }),
    ),
  },
)
export type DeleteShareGroupOffsetsResponse = Infer<typeof DeleteShareGroupOffsetsResponse>
