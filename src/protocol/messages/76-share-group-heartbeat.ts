/**
 * ShareGroupHeartbeat: joins, leaves and keeps up membership of a share group (KIP-932). Version 0 was early
 * access only.
 * Errors: UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH, GROUP_MAX_SIZE_REACHED, NOT_COORDINATOR,
 * COORDINATOR_LOAD_IN_PROGRESS, INVALID_REQUEST.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, message, string, struct, uuid } from '../schema.ts'

const topicPartitions = {
  topicId: uuid(),
  partitions: array(int32()),
}

export const ShareGroupHeartbeatRequest = message(
  'ShareGroupHeartbeatRequest',
  76,
  { versions: '0-1', flexible: '0+' },
  {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    rackId: string({ nullable: '0+', default: null }),
    subscribedTopicNames: array(string(), { nullable: '0+', default: null }),
  },
)
export type ShareGroupHeartbeatRequest = Infer<typeof ShareGroupHeartbeatRequest>

export const ShareGroupHeartbeatResponse = message(
  'ShareGroupHeartbeatResponse',
  76,
  { versions: '0-1', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    memberId: string({ nullable: '0+', default: null }),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    assignment: struct(
      {
        topicPartitions: array(struct(topicPartitions)),
      },
      { nullable: '0+', default: null },
    ),
  },
)
export type ShareGroupHeartbeatResponse = Infer<typeof ShareGroupHeartbeatResponse>
