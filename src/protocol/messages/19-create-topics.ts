/**
 * CreateTopics. Partition count and replication factor of -1 stand for the broker's defaults from version 4 on
 * (KIP-464); with an assignment given, both are -1.
 * Versions: 1 error messages and validateOnly; 5 flexible, answers with the topic's configs (KIP-525); 7 topic id.
 * Errors by topic: TOPIC_ALREADY_EXISTS, INVALID_TOPIC_EXCEPTION, INVALID_PARTITIONS, INVALID_REPLICATION_FACTOR,
 * INVALID_REPLICA_ASSIGNMENT, INVALID_CONFIG, POLICY_VIOLATION, NOT_CONTROLLER, REQUEST_TIMED_OUT,
 * THROTTLING_QUOTA_EXCEEDED.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int8, int16, int32, message, string, struct, uuid } from '../schema.ts'

export const CreateTopicsRequest = message(
  'CreateTopicsRequest',
  19,
  { versions: '0-7', flexible: '5+' },
  {
    topics: array(
      struct({
        name: string({ mapKey: true }),
        numPartitions: int32(),
        replicationFactor: int16(),
        assignments: array(
          struct({
            partitionIndex: int32({ mapKey: true }),
            brokerIds: array(int32()),
          }),
        ),
        configs: array(
          struct({
            name: string({ mapKey: true }),
            value: string({ nullable: '0+' }),
          }),
        ),
      }),
    ),
    timeoutMs: int32({ default: 60000 }),
    validateOnly: bool('1+'),
  },
)
export type CreateTopicsRequest = Infer<typeof CreateTopicsRequest>

export const CreateTopicsResponse = message(
  'CreateTopicsResponse',
  19,
  { versions: '0-7', flexible: '5+' },
  {
    throttleTimeMs: int32('2+', { ignorable: true }),
    topics: array(
      struct({
        name: string({ mapKey: true }),
        topicId: uuid('7+', { ignorable: true }),
        errorCode: int16(),
        errorMessage: string('1+', { nullable: '0+', ignorable: true }),
        /** TOPIC_AUTHORIZATION_FAILED where configs is null for lack of permission. */
        topicConfigErrorCode: int16('5+', { tag: 0, tagged: '5+', ignorable: true }),
        numPartitions: int32('5+', { default: -1, ignorable: true }),
        replicationFactor: int16('5+', { default: -1, ignorable: true }),
        /** Null where the principal may not describe configs. */
        configs: array(
          struct({
            name: string(),
            value: string({ nullable: '5+' }),
            readOnly: bool(),
            configSource: int8({ default: -1, ignorable: true }),
            isSensitive: bool(),
          }),
          '5+',
          { nullable: '5+', ignorable: true },
        ),
      }),
    ),
  },
)
export type CreateTopicsResponse = Infer<typeof CreateTopicsResponse>
