/**
 * Produce: appends record batches to partitions of which the broker is the leader.
 * With acks=0 there is no response at all. Up to version 2 the records are message sets of magic 0 (0-1) or 1 (2);
 * from 3 on batches of magic 2, exactly one for each partition.
 * Versions: 1 throttle time; 2 log append time; 3 transactional id and magic 2 (KIP-98); 5 log start offset; 7
 * allows zstd (KIP-110); 8 errors of single records (KIP-467); 9 flexible; 10 names the new leader (KIP-951); 11
 * and 12 change what transactions may rely on (KIP-890), not the bytes; 13 names topics by id (KIP-516).
 * Errors by partition: CORRUPT_MESSAGE, UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, MESSAGE_TOO_LARGE,
 * RECORD_LIST_TOO_LARGE, NOT_ENOUGH_REPLICAS, NOT_ENOUGH_REPLICAS_AFTER_APPEND, INVALID_REQUIRED_ACKS,
 * INVALID_TIMESTAMP, UNSUPPORTED_FOR_MESSAGE_FORMAT, UNSUPPORTED_COMPRESSION_TYPE, OUT_OF_ORDER_SEQUENCE_NUMBER,
 * INVALID_PRODUCER_EPOCH, UNKNOWN_PRODUCER_ID, INVALID_RECORD, UNKNOWN_TOPIC_ID, KAFKA_STORAGE_ERROR.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64, message, records, string, struct, uuid } from '../schema.ts'

export const ProduceRequest = message(
  'ProduceRequest',
  0,
  { versions: '0-13', flexible: '9+' },
  {
    /** Null for producers without transactions. */
    transactionalId: string('3+', { nullable: '3+', default: null }),
    /** 0: no response; 1: written by the leader; -1: written by the whole ISR. Nothing else is legal. */
    acks: int16(),
    timeoutMs: int32(),
    topicData: array(
      struct({
        name: string('0-12', { ignorable: true, mapKey: true }),
        topicId: uuid('13+', { ignorable: true, mapKey: true }),
        partitionData: array(
          struct({
            index: int32(),
            /** Not copied: a slice of the frame. */
            records: records({ nullable: '0+' }),
          }),
        ),
      }),
    ),
  },
)
export type ProduceRequest = Infer<typeof ProduceRequest>

export const ProduceResponse = message(
  'ProduceResponse',
  0,
  { versions: '0-13', flexible: '9+' },
  {
    responses: array(
      struct({
        name: string('0-12', { ignorable: true, mapKey: true }),
        topicId: uuid('13+', { ignorable: true, mapKey: true }),
        partitionResponses: array(
          struct({
            index: int32(),
            errorCode: int16(),
            /** Offset of the first record; -1 on error. */
            baseOffset: int64(),
            /** -1 where the topic keeps the producer's timestamps. */
            logAppendTimeMs: int64('2+', { default: -1, ignorable: true }),
            logStartOffset: int64('5+', { default: -1, ignorable: true }),
            /** Which records made the broker refuse the batch. */
            recordErrors: array(
              struct({
                batchIndex: int32(),
                batchIndexErrorMessage: string({ nullable: '8+', default: null }),
              }),
              '8+',
              { ignorable: true },
            ),
            errorMessage: string('8+', { nullable: '8+', default: null, ignorable: true }),
            currentLeader: struct(
              {
                leaderId: int32({ default: -1 }),
                leaderEpoch: int32({ default: -1 }),
              },
              '10+',
              { tag: 0, tagged: '10+' },
            ),
          }),
        ),
      }),
    ),
    throttleTimeMs: int32('1+', { ignorable: true }),
    nodeEndpoints: array(
      struct({
        nodeId: int32({ mapKey: true }),
        host: string(),
        port: int32(),
        rack: string({ nullable: '10+', default: null }),
      }),
      '10+',
      { tag: 0, tagged: '10+' },
    ),
  },
)
export type ProduceResponse = Infer<typeof ProduceResponse>
