/**
 * DescribeLogDirs: the log directories with their replicas' sizes and lags; null topics ask for all (KIP-113).
 * Version 2 is flexible, 3 has an error for the whole, 4 the volume's size (KIP-827).
 * Errors by directory: KAFKA_STORAGE_ERROR; of the whole CLUSTER_AUTHORIZATION_FAILED.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int16, int32, int64, message, string, struct } from '../schema.ts'

export const DescribeLogDirsRequest = message(
  'DescribeLogDirsRequest',
  35,
  { versions: '0-4', flexible: '2+' },
  {
    topics: array(
      struct({
        topic: string({ mapKey: true }),
        partitions: array(int32()),
      }),
      { nullable: '0+' },
    ),
  },
)
export type DescribeLogDirsRequest = Infer<typeof DescribeLogDirsRequest>

export const DescribeLogDirsResponse = message(
  'DescribeLogDirsResponse',
  35,
  { versions: '0-4', flexible: '2+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16('3+', { ignorable: true }),
    results: array(
      struct({
        errorCode: int16(),
        logDir: string(),
        topics: array(
          struct({
            name: string(),
            partitions: array(
              struct({
                partitionIndex: int32(),
                partitionSize: int64(),
                offsetLag: int64(),
                isFutureKey: bool(),
              }),
            ),
          }),
        ),
        /** -1 where the volume can't tell. */
        totalBytes: int64('4+', { default: -1, ignorable: true }),
        usableBytes: int64('4+', { default: -1, ignorable: true }),
      }),
    ),
  },
)
export type DescribeLogDirsResponse = Infer<typeof DescribeLogDirsResponse>
