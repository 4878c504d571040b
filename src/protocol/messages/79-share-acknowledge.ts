/**
 * ShareAcknowledge: acknowledges records of a share group without fetching (KIP-932). Version 0 was early access
 * only; 2 adds renewal of locks (KIP-1222).
 * Errors: SHARE_SESSION_NOT_FOUND, INVALID_SHARE_SESSION_EPOCH; by partition INVALID_RECORD_STATE,
 * UNKNOWN_TOPIC_ID, NOT_LEADER_OR_FOLLOWER.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int8, int16, int32, int64, message, string, struct, uuid } from '../schema.ts'

export const ShareAcknowledgeRequest = message(
  'ShareAcknowledgeRequest',
  79,
  { versions: '0-2', flexible: '0+' },
  {
    groupId: string({ nullable: '0+', default: null }),
    memberId: string({ nullable: '0+' }),
    shareSessionEpoch: int32(),
    isRenewAck: bool('2+'),
    topics: array(
      struct({
        topicId: uuid({ mapKey: true }),
        partitions: array(
          struct({
            partitionIndex: int32({ mapKey: true }),
            acknowledgementBatches: array(
              struct({
                firstOffset: int64(),
                lastOffset: int64(),
                acknowledgeTypes: array(int8()),
              }),
            ),
          }),
        ),
      }),
    ),
  },
)
export type ShareAcknowledgeRequest = Infer<typeof ShareAcknowledgeRequest>

export const ShareAcknowledgeResponse = message(
  'ShareAcknowledgeResponse',
  79,
  { versions: '0-2', flexible: '0+' },
  {
    throttleTimeMs: int32({ ignorable: true }),
    errorCode: int16({ ignorable: true }),
    errorMessage: string({ nullable: '0+', default: null }),
    acquisitionLockTimeoutMs: int32('2+', { ignorable: true }),
    responses: array(
      struct({
        topicId: uuid({ ignorable: true, mapKey: true }),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            errorMessage: string({ nullable: '0+', default: null }),
            currentLeader: struct({
              leaderId: int32(),
              leaderEpoch: int32(),
            }),
          }),
        ),
      }),
    ),
    nodeEndpoints: array(
      struct({
        nodeId: int32({ mapKey: true }),
        host: string(),
        port: int32(),
        rack: string({ nullable: '0+', default: null }),
      }),
    ),
  },
)
export type ShareAcknowledgeResponse = Infer<typeof ShareAcknowledgeResponse>
