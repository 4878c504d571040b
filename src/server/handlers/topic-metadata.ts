/** Topics and partitions as Metadata and DescribeTopicPartitions show them. */
import type { PartitionMetadata, TopicMetadata } from '../../metadata/metadata-cache.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { BrokerServices } from '../broker-services.ts'
import type { RequestContext } from '../request-context.ts'

/** Without an authorizer everyone may do everything that there is for a resource (KIP-430), as bits by operation. */
export const ALL_TOPIC_OPERATIONS = bits(3, 4, 5, 6, 7, 8, 10, 11)
export const ALL_CLUSTER_OPERATIONS = bits(5, 7, 8, 9, 10, 11, 12)
export const ALL_GROUP_OPERATIONS = bits(3, 6, 8, 10, 11)
export const OPERATIONS_NOT_ASKED_FOR = -2147483648

function bits(...operations: number[]): number {
  return operations.reduce((sum, operation) => sum | (1 << operation), 0)
}

export interface PartitionView {
  readonly errorCode: number
  readonly partitionIndex: number
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly replicaNodes: readonly number[]
  readonly isrNodes: readonly number[]
  readonly offlineReplicas: readonly number[]
}

export function partitionView(
  services: BrokerServices,
  context: RequestContext,
  partition: PartitionMetadata,
): PartitionView {
  const leader = services.metadataCache.broker(partition.leader)
  const listener = context.connection.listenerName
  let errorCode: number = ErrorCode.NONE
  if (leader === undefined) errorCode = ErrorCode.LEADER_NOT_AVAILABLE
  else if (!leader.endpoints.has(listener)) errorCode = ErrorCode.LISTENER_NOT_FOUND
  return {
    errorCode,
    partitionIndex: partition.partition,
    leaderId: errorCode === ErrorCode.NONE ? partition.leader : -1,
    leaderEpoch: partition.leaderEpoch,
    replicaNodes: partition.replicas,
    isrNodes: partition.isr,
    offlineReplicas: partition.offlineReplicas,
  }
}

export function sortedPartitions(topic: TopicMetadata): PartitionMetadata[] {
  return [...topic.partitions.values()].sort((a, b) => a.partition - b.partition)
}
