/**
 * WriteTxnMarkers: a transaction coordinator has the leaders write the markers that end transactions. Version 1 is
 * flexible, 2 says which protocol the transaction ran under (KIP-1228).
 * Errors by partition: UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, INVALID_PRODUCER_EPOCH,
 * TRANSACTION_COORDINATOR_FENCED, CLUSTER_AUTHORIZATION_FAILED.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int8, int16, int32, int64, message, string, struct } from '../schema.ts'

export const WriteTxnMarkersRequest = message(
  'WriteTxnMarkersRequest',
  27,
  { versions: '0-2', flexible: '1+' },
  {
    markers: array(
      struct({
        producerId: int64(),
        producerEpoch: int16(),
        transactionResult: bool(),
        topics: array(
          struct({
            name: string(),
            partitionIndexes: array(int32()),
          }),
        ),
        coordinatorEpoch: int32(),
        transactionVersion: int8('2+', { ignorable: true }),
      }),
    ),
  },
)
export type WriteTxnMarkersRequest = Infer<typeof WriteTxnMarkersRequest>

export const WriteTxnMarkersResponse = message(
  'WriteTxnMarkersResponse',
  27,
  { versions: '0-2', flexible: '1+' },
  {
    markers: array(
      struct({
        producerId: int64(),
        topics: array(
          struct({
            name: string(),
            partitions: array(
              struct({
                partitionIndex: int32(),
                errorCode: int16(),
              }),
            ),
          }),
        ),
      }),
    ),
  },
)
export type WriteTxnMarkersResponse = Infer<typeof WriteTxnMarkersResponse>
