/**
 * ConsumerGroupDescribe: groups of the new consumer protocol (KIP-848). Version 1 tells members of the classic
 * protocol apart (KIP-1099).
 * Errors by group: GROUP_ID_NOT_FOUND, NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE,
 * GROUP_AUTHORIZATION_FAILED.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int8, int16, int32, message, string, struct, uuid } from '../schema.ts'

const topicPartitions = {
  topicId: uuid(),
  topicName: string(),
  partitions: array(int32()),
}

const assignment = {
  topicPartitions: array(struct(topicPartitions)),
}

export const ConsumerGroupDescribeRequest = message(
  'ConsumerGroupDescribeRequest',
  69,
  { versions: '0-1', flexible: '0+' },
  {
    groupIds: array(string()),
    includeAuthorizedOperations: bool(),
  },
)
export type ConsumerGroupDescribeRequest = Infer<typeof ConsumerGroupDescribeRequest>

export const ConsumerGroupDescribeResponse = message(
  'ConsumerGroupDescribeResponse',
  69,
  { versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    groups: array(
      struct({
        errorCode: int16(),
        errorMessage: string({ nullable: '0+', default: null }),
        groupId: string(),
        groupState: string(),
        groupEpoch: int32(),
        assignmentEpoch: int32(),
        assignorName: string(),
        members: array(
          struct({
            memberId: string(),
            instanceId: string({ nullable: '0+', default: null }),
            rackId: string({ nullable: '0+', default: null }),
            memberEpoch: int32(),
            clientId: string(),
            clientHost: string(),
            subscribedTopicNames: array(string()),
            subscribedTopicRegex: string({ nullable: '0+', default: null }),
            assignment: struct(assignment),
            targetAssignment: struct(assignment),
            memberType: int8('1+', { default: -1, ignorable: true }),
          }),
        ),
        authorizedOperations: int32({ default: -2147483648 }),
      }),
    ),
  },
)
export type ConsumerGroupDescribeResponse = Infer<typeof ConsumerGroupDescribeResponse>
