/**
 * DescribeCluster: cluster id, controller and brokers (KIP-700). Version 1 asks brokers or controllers (KIP-919),
 * 2 can include fenced brokers (KIP-1073).
 * Errors: UNSUPPORTED_ENDPOINT_TYPE, MISMATCHED_ENDPOINT_TYPE.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int8, int16, int32, message, string, struct } from '../schema.ts'

export const DescribeClusterRequest = message(
  'DescribeClusterRequest',
  60,
  { versions: '0-2', flexible: '0+' },
  {
    includeClusterAuthorizedOperations: bool(),
    endpointType: int8('1+', { default: 1 }),
    includeFencedBrokers: bool('2+'),
  },
)
export type DescribeClusterRequest = Infer<typeof DescribeClusterRequest>

export const DescribeClusterResponse = message(
  'DescribeClusterResponse',
  60,
  { versions: '0-2', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    endpointType: int8('1+', { default: 1 }),
    clusterId: string(),
    controllerId: int32({ default: -1 }),
    brokers: array(
      struct({
        brokerId: int32({ mapKey: true }),
        host: string(),
        port: int32(),
        rack: string({ nullable: '0+', default: null }),
        isFenced: bool('2+'),
      }),
    ),
    clusterAuthorizedOperations: int32({ default: -2147483648 }),
  },
)
export type DescribeClusterResponse = Infer<typeof DescribeClusterResponse>
