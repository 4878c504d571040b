/**
 * DescribeProducers: producers with state in partitions (KIP-664).
 * Errors by partition: UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER, TOPIC_AUTHORIZATION_FAILED.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64, int64Rounded, message, string, struct } from '../schema.ts'

export const DescribeProducersRequest = message(
  'DescribeProducersRequest',
  61,
  { versions: '0', flexible: '0+' },
  {
    topics: array(
      struct({
        name: string(),
        partitionIndexes: array(int32()),
      }),
    ),
  },
)
export type DescribeProducersRequest = Infer<typeof DescribeProducersRequest>

export const DescribeProducersResponse = message(
  'DescribeProducersResponse',
  61,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    topics: array(
      struct({
        name: string(),
        partitions: array(
          struct({
            partitionIndex: int32(),
            errorCode: int16(),
            errorMessage: string({ nullable: '0+', default: null }),
            activeProducers: array(
              struct({
                producerId: int64(),
                producerEpoch: int32(),
                lastSequence: int32({ default: -1 }),
                lastTimestamp: int64Rounded({ default: -1 }),
                coordinatorEpoch: int32(),
                currentTxnStartOffset: int64({ default: -1 }),
              }),
            ),
          }),
        ),
      }),
    ),
  },
)
export type DescribeProducersResponse = Infer<typeof DescribeProducersResponse>
