/**
 * Fetch: reads record batches from partitions, waiting up to maxWaitMs for minBytes over all of them. Consumers
 * and followers use the same request; replicaId tells them apart.
 * Versions: 3 limits the whole response (KIP-74); 4 isolation level and aborted transactions (KIP-98), below it
 * answers are message sets of magic 0 (0-1) or 1 (2-3); 5 log start offset; 7 fetch sessions (KIP-227); 9 current
 * leader epoch (KIP-320); 10 allows zstd; 11 rack and preferred replica (KIP-392); 12 flexible, diverging epochs
 * instead of truncation errors (KIP-595); 13 topic ids (KIP-516); 15 moves the replica id into a tagged struct
 * (KIP-903); 16 names new leaders (KIP-951); 17 replica directory (KIP-853); 18 the follower's high watermark
 * (KIP-1166).
 * Errors of the whole: FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH, FETCH_SESSION_TOPIC_ID_ERROR,
 * INCONSISTENT_TOPIC_ID. By partition: OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER,
 * FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, UNSUPPORTED_COMPRESSION_TYPE, UNKNOWN_TOPIC_ID, KAFKA_STORAGE_ERROR,
 * OFFSET_MOVED_TO_TIERED_STORAGE.
 */
import type { Infer } from '../schema.ts'
import {
  array,
  int8,
  int16,
  int32,
  int64,
  int64Rounded,
  LONG_MAX,
  message,
  records,
  string,
  struct,
  uuid,
} from '../schema.ts'

export const FetchRequest = message(
  'FetchRequest',
  1,
  { versions: '0-18', flexible: '12+' },
  {
    clusterId: string('12+', { nullable: '12+', default: null, tag: 0, tagged: '12+', ignorable: true }),
    /** -1: a consumer; -2: a debugging consumer; otherwise the follower's broker id. */
    replicaId: int32('0-14', { default: -1 }),
    replicaState: struct(
      {
        replicaId: int32({ default: -1 }),
        replicaEpoch: int64({ default: -1 }),
      },
      '15+',
      { tag: 1, tagged: '15+' },
    ),
    maxWaitMs: int32(),
    minBytes: int32(),
    /** Not a hard limit: the first batch is returned even if it is larger. */
    maxBytes: int32('3+', { default: 0x7fffffff, ignorable: true }),
    /** 0: read uncommitted; 1: read committed, up to the last stable offset. */
    isolationLevel: int8('4+', { ignorable: true }),
    /** 0: no session, or asks for a new one where the epoch is 0. */
    sessionId: int32('7+', { ignorable: true }),
    sessionEpoch: int32('7+', { default: -1, ignorable: true }),
    topics: array(
      struct({
        topic: string('0-12', { ignorable: true }),
        topicId: uuid('13+', { ignorable: true }),
        partitions: array(
          struct({
            partition: int32(),
            currentLeaderEpoch: int32('9+', { default: -1, ignorable: true }),
            /** Clients may seek beyond 2^53; the answer is OFFSET_OUT_OF_RANGE. */
            fetchOffset: int64Rounded(),
            lastFetchedEpoch: int32('12+', { default: -1 }),
            /** Of the follower; -1 from consumers. */
            logStartOffset: int64('5+', { default: -1, ignorable: true }),
            partitionMaxBytes: int32(),
            replicaDirectoryId: uuid('17+', { tag: 0, tagged: '17+', ignorable: true }),
            /** The default is the largest long: "not known". */
            highWatermark: int64Rounded('18+', { default: LONG_MAX, tag: 1, tagged: '18+', ignorable: true }),
          }),
        ),
      }),
    ),
    forgottenTopicsData: array(
      struct({
        topic: string('7-12', { ignorable: true }),
        topicId: uuid('13+', { ignorable: true }),
        partitions: array(int32()),
      }),
      '7+',
    ),
    rackId: string('11+', { ignorable: true }),
  },
)
export type FetchRequest = Infer<typeof FetchRequest>

export const FetchResponse = message(
  'FetchResponse',
  1,
  { versions: '0-18', flexible: '12+' },
  {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16('7+', { ignorable: true }),
    sessionId: int32('7+'),
    responses: array(
      struct({
        topic: string('0-12', { ignorable: true }),
        topicId: uuid('13+', { ignorable: true }),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            highWatermark: int64(),
            lastStableOffset: int64('4+', { default: -1, ignorable: true }),
            logStartOffset: int64('5+', { default: -1, ignorable: true }),
            divergingEpoch: struct(
              {
                epoch: int32({ default: -1 }),
                endOffset: int64({ default: -1 }),
              },
              '12+',
              { tag: 0, tagged: '12+' },
            ),
            currentLeader: struct(
              {
                leaderId: int32({ default: -1 }),
                leaderEpoch: int32({ default: -1 }),
              },
              '12+',
              { tag: 1, tagged: '12+' },
            ),
            snapshotId: struct(
              {
                endOffset: int64({ default: -1 }),
                epoch: int32({ default: -1 }),
              },
              '12+',
              { tag: 2, tagged: '12+' },
            ),
            /** Null unless the request reads committed. */
            abortedTransactions: array(
              struct({
                producerId: int64(),
                firstOffset: int64(),
              }),
              '4+',
              { nullable: '4+', ignorable: true },
            ),
            preferredReadReplica: int32('11+', { default: -1 }),
            /** Chunks or slices of segment files on the way out; never copied. */
            records: records({ nullable: '0+' }),
          }),
        ),
      }),
    ),
    nodeEndpoints: array(
      struct({
        nodeId: int32({ mapKey: true }),
        host: string(),
        port: int32(),
        rack: string({ nullable: '16+', default: null }),
      }),
      '16+',
      { tag: 0, tagged: '16+' },
    ),
  },
)
export type FetchResponse = Infer<typeof FetchResponse>
