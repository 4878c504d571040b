/**
 * ShareGroupDescribe (KIP-932). Version 0 was early access only.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int16, int32, message, string, struct, uuid } from '../schema.ts'

const topicPartitions = {
  topicId: uuid(),
  topicName: string(),
  partitions: array(int32()),
}

const assignment = {
  topicPartitions: array(struct(topicPartitions)),
}

export const ShareGroupDescribeRequest = message(
  'ShareGroupDescribeRequest',
  77,
  { versions: '0-1', flexible: '0+' },
  {
    groupIds: array(string()),
    includeAuthorizedOperations: bool(),
  },
)
export type ShareGroupDescribeRequest = Infer<typeof ShareGroupDescribeRequest>

export const ShareGroupDescribeResponse = message(
  'ShareGroupDescribeResponse',
  77,
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
            rackId: string({ nullable: '0+', default: null }),
            memberEpoch: int32(),
            clientId: string(),
            clientHost: string(),
            subscribedTopicNames: array(string()),
            assignment: struct(assignment),
          }),
        ),
        authorizedOperations: int32({ default: -2147483648 }),
      }),
    ),
  },
)
export type ShareGroupDescribeResponse = Infer<typeof ShareGroupDescribeResponse>
