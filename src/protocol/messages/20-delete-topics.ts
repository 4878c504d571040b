/**
 * DeleteTopics, by name, from version 6 on also by id (KIP-516). Version 4 is flexible, 5 has error messages.
 * Errors by topic: UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID, TOPIC_DELETION_DISABLED, NOT_CONTROLLER,
 * REQUEST_TIMED_OUT, TOPIC_AUTHORIZATION_FAILED.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, message, string, struct, uuid } from '../schema.ts'

export const DeleteTopicsRequest = message(
  'DeleteTopicsRequest',
  20,
  { versions: '0-6', flexible: '4+' },
  {
    topics: array(
      struct({
        name: string({ nullable: '6+', default: null }),
        topicId: uuid(),
      }),
      '6+',
    ),
    topicNames: array(string(), '0-5', { ignorable: true }),
    timeoutMs: int32(),
  },
)
export type DeleteTopicsRequest = Infer<typeof DeleteTopicsRequest>

export const DeleteTopicsResponse = message(
  'DeleteTopicsResponse',
  20,
  { versions: '0-6', flexible: '4+' },
  {
    throttleTimeMs: int32('1+', { ignorable: true }),
    responses: array(
      struct({
        name: string({ nullable: '6+', mapKey: true }),
        topicId: uuid('6+', { ignorable: true }),
        errorCode: int16(),
        errorMessage: string('5+', { nullable: '5+', default: null, ignorable: true }),
      }),
    ),
  },
)
export type DeleteTopicsResponse = Infer<typeof DeleteTopicsResponse>
