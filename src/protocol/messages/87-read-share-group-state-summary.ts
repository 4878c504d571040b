/**
 * ReadShareGroupStateSummary: the start offsets of share-group partitions without their delivery states (KIP-932).
 * Version 1 counts completed deliveries (KIP-1226).
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64, message, string, struct, uuid } from '../schema.ts'

export const ReadShareGroupStateSummaryRequest = message(
  'ReadShareGroupStateSummaryRequest',
  87,
  { versions: '0-1', flexible: '0+' },
  {
    groupId: string(),
    topics: array(
      struct({
        topicId: uuid(),
        partitions: array(
          struct({
            partition: int32(),
            leaderEpoch: int32(),
          }),
        ),
      }),
    ),
  },
)
export type ReadShareGroupStateSummaryRequest = Infer<typeof ReadShareGroupStateSummaryRequest>

export const ReadShareGroupStateSummaryResponse = message(
  'ReadShareGroupStateSummaryResponse',
  87,
  { versions: '0-1', flexible: '0+' },
  {
    results: array(
      struct({
        topicId: uuid(),
        partitions: array(
          struct({
            partition: int32(),
            errorCode: int16(),
            errorMessage: string({ nullable: '0+', default: null }),
            stateEpoch: int32(),
            leaderEpoch: int32(),
            startOffset: int64(),
            deliveryCompleteCount: int32('1+', { default: -1, ignorable: true }),
          }),
        ),
      }),
    ),
  },
)
export type ReadShareGroupStateSummaryResponse = Infer<typeof ReadShareGroupStateSummaryResponse>
