/**
 * DescribeTopicPartitions: Metadata's topics page by page, with eligible leader replicas (KIP-966). The cursor
 * names the topic and partition to go on with.
 * Errors by topic and partition: UNKNOWN_TOPIC_OR_PARTITION, INVALID_TOPIC_EXCEPTION, TOPIC_AUTHORIZATION_FAILED,
 * LEADER_NOT_AVAILABLE.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int16, int32, message, string, struct, uuid } from '../schema.ts'

export const DescribeTopicPartitionsRequest = message(
  'DescribeTopicPartitionsRequest',
  75,
  { versions: '0', flexible: '0+' },
  {
    topics: array(
      struct({
        name: string(),
      }),
    ),
    responsePartitionLimit: int32({ default: 2000 }),
    cursor: struct(
      {
        topicName: string(),
        partitionIndex: int32(),
      },
      { nullable: '0+', default: null },
    ),
  },
)
export type DescribeTopicPartitionsRequest = Infer<typeof DescribeTopicPartitionsRequest>

export const DescribeTopicPartitionsResponse = message(
  'DescribeTopicPartitionsResponse',
  75,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32({ ignorable: true }),
    topics: array(
      struct({
        errorCode: int16(),
        name: string({ nullable: '0+', mapKey: true }),
        topicId: uuid({ ignorable: true }),
        isInternal: bool({ ignorable: true }),
        partitions: array(
          struct({
            errorCode: int16(),
            partitionIndex: int32(),
            leaderId: int32(),
            leaderEpoch: int32({ default: -1, ignorable: true }),
            replicaNodes: array(int32()),
            isrNodes: array(int32()),
            eligibleLeaderReplicas: array(int32(), { nullable: '0+', default: null }),
            lastKnownElr: array(int32(), { nullable: '0+', default: null }),
            offlineReplicas: array(int32(), { ignorable: true }),
          }),
        ),
        topicAuthorizedOperations: int32({ default: -2147483648 }),
      }),
    ),
    nextCursor: struct(
      {
        topicName: string(),
        partitionIndex: int32(),
      },
      { nullable: '0+', default: null },
    ),
  },
)
export type DescribeTopicPartitionsResponse = Infer<typeof DescribeTopicPartitionsResponse>
