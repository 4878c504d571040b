/**
 * StreamsGroupDescribe (KIP-1071).
 * Errors by group: GROUP_ID_NOT_FOUND, NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int16, int32, int64, message, string, struct, uint16 } from '../schema.ts'

const keyValue = {
  key: string(),
  value: string(),
}

const topicInfo = {
  name: string(),
  partitions: int32(),
  replicationFactor: int16(),
  topicConfigs: array(struct(keyValue)),
}

const endpoint = {
  host: string(),
  port: uint16(),
}

const taskOffset = {
  subtopologyId: string(),
  partition: int32(),
  offset: int64(),
}

const taskIds = {
  subtopologyId: string(),
  partitions: array(int32()),
}

const assignment = {
  activeTasks: array(struct(taskIds)),
  standbyTasks: array(struct(taskIds)),
  warmupTasks: array(struct(taskIds)),
}

export const StreamsGroupDescribeRequest = message(
  'StreamsGroupDescribeRequest',
  89,
  { versions: '0', flexible: '0+' },
  {
    groupIds: array(string()),
    includeAuthorizedOperations: bool(),
  },
)
export type StreamsGroupDescribeRequest = Infer<typeof StreamsGroupDescribeRequest>

export const StreamsGroupDescribeResponse = message(
  'StreamsGroupDescribeResponse',
  89,
  { versions: '0', flexible: '0+' },
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
        topology: struct(
          {
            epoch: int32(),
            subtopologies: array(
              struct({
                subtopologyId: string(),
                sourceTopics: array(string()),
                repartitionSinkTopics: array(string()),
                stateChangelogTopics: array(struct(topicInfo)),
                repartitionSourceTopics: array(struct(topicInfo)),
              }),
              { nullable: '0+', default: null },
            ),
          },
          { nullable: '0+', default: null },
        ),
        members: array(
          struct({
            memberId: string(),
            memberEpoch: int32(),
            instanceId: string({ nullable: '0+', default: null }),
            rackId: string({ nullable: '0+', default: null }),
            clientId: string(),
            clientHost: string(),
            topologyEpoch: int32(),
            processId: string(),
            userEndpoint: struct(endpoint, { nullable: '0+', default: null }),
            clientTags: array(struct(keyValue)),
            taskOffsets: array(struct(taskOffset)),
            taskEndOffsets: array(struct(taskOffset)),
            assignment: struct(assignment),
            targetAssignment: struct(assignment),
            isClassic: bool(),
          }),
        ),
        authorizedOperations: int32({ default: -2147483648 }),
      }),
    ),
  },
)
export type StreamsGroupDescribeResponse = Infer<typeof StreamsGroupDescribeResponse>
