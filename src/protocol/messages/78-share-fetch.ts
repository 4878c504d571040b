/**
 * ShareFetch: acquires records for a share group and acknowledges earlier ones (KIP-932). Version 0 was early
 * access only; 1 counts records rather than bytes; 2 adds acquire modes (KIP-1206) and renewal of locks
 * (KIP-1222).
 * Errors: SHARE_SESSION_NOT_FOUND, INVALID_SHARE_SESSION_EPOCH, SHARE_SESSION_LIMIT_REACHED; by partition
 * INVALID_RECORD_STATE, UNKNOWN_TOPIC_ID, NOT_LEADER_OR_FOLLOWER.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int8, int16, int32, int64, message, records, string, struct, uuid } from '../schema.ts'

export const ShareFetchRequest = message(
  'ShareFetchRequest',
  78,
  { versions: '0-2', flexible: '0+' },
  {
    groupId: string({ nullable: '0+', default: null }),
    memberId: string({ nullable: '0+' }),
    shareSessionEpoch: int32(),
    maxWaitMs: int32(),
    minBytes: int32(),
    maxBytes: int32({ default: 0x7fffffff }),
    maxRecords: int32('1+'),
    batchSize: int32('1+'),
    shareAcquireMode: int8('2+'),
    isRenewAck: bool('2+'),
    topics: array(
      struct({
        topicId: uuid({ mapKey: true }),
        partitions: array(
          struct({
            partitionIndex: int32({ mapKey: true }),
            partitionMaxBytes: int32('0'),
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
    forgottenTopicsData: array(
      struct({
        topicId: uuid(),
        partitions: array(int32()),
      }),
    ),
  },
)
export type ShareFetchRequest = Infer<typeof ShareFetchRequest>

export const ShareFetchResponse = message(
  'ShareFetchResponse',
  78,
  { versions: '0-2', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    acquisitionLockTimeoutMs: int32('1+'),
    responses: array(
      struct({
        topicId: uuid({ mapKey: true }),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            errorMessage: string({ nullable: '0+', default: null }),
            acknowledgeErrorCode: int16(),
            acknowledgeErrorMessage: string({ nullable: '0+', default: null }),
            currentLeader: struct({
              leaderId: int32(),
              leaderEpoch: int32(),
            }),
            records: records({ nullable: '0' }),
            acquiredRecords: array(
              struct({
                firstOffset: int64(),
                lastOffset: int64(),
                deliveryCount: int16(),
              }),
            ),
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
export type ShareFetchResponse = Infer<typeof ShareFetchResponse>
