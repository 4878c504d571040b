/**
 * AddPartitionsToTxn: enters partitions into a transaction. From version 4 on brokers send it, with several
 * transactions at once, to verify or to add (KIP-890); clients stay at 3, which is flexible.
 * Errors: COORDINATOR_LOAD_IN_PROGRESS, NOT_COORDINATOR, CONCURRENT_TRANSACTIONS, INVALID_PRODUCER_ID_MAPPING,
 * INVALID_TXN_STATE, PRODUCER_FENCED, OPERATION_NOT_ATTEMPTED, TRANSACTION_ABORTABLE.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int16, int32, int64, message, string, struct } from '../schema.ts'

const addPartitionsToTxnTopic = {
  name: string({ mapKey: true }),
  partitions: array(int32()),
}

const addPartitionsToTxnPartitionResult = {
  partitionIndex: int32({ mapKey: true }),
  partitionErrorCode: int16(),
}

const addPartitionsToTxnTopicResult = {
  name: string({ mapKey: true }),
  resultsByPartition: array(struct(addPartitionsToTxnPartitionResult)),
}

export const AddPartitionsToTxnRequest = message(
  'AddPartitionsToTxnRequest',
  24,
  { versions: '0-5', flexible: '3+' },
  {
    transactions: array(
      struct({
        transactionalId: string({ mapKey: true }),
        producerId: int64(),
        producerEpoch: int16(),
        verifyOnly: bool(),
        topics: array(struct(addPartitionsToTxnTopic)),
      }),
      '4+',
    ),
    v3AndBelowTransactionalId: string('0-3'),
    v3AndBelowProducerId: int64('0-3'),
    v3AndBelowProducerEpoch: int16('0-3'),
    v3AndBelowTopics: array(struct(addPartitionsToTxnTopic), '0-3'),
  },
)
export type AddPartitionsToTxnRequest = Infer<typeof AddPartitionsToTxnRequest>

export const AddPartitionsToTxnResponse = message(
  'AddPartitionsToTxnResponse',
  24,
  { versions: '0-5', flexible: '3+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16('4+', { ignorable: true }),
    resultsByTransaction: array(
      struct({
        transactionalId: string({ mapKey: true }),
        topicResults: array(struct(addPartitionsToTxnTopicResult)),
      }),
      '4+',
    ),
    resultsByTopicV3AndBelow: array(struct(addPartitionsToTxnTopicResult), '0-3'),
  },
)
export type AddPartitionsToTxnResponse = Infer<typeof AddPartitionsToTxnResponse>
