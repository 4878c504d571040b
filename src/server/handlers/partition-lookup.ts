/** How requests find partitions, and what is said when one isn't here. */
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { Partition } from '../../replica/partition.ts'
import { ZERO_UUID } from '../../wire/text.ts'
import type { BrokerServices } from '../broker-services.ts'

/** A partition led here, or the code that tells the client why not, as every data request answers it. */
export function leaderOf(services: BrokerServices, topic: string, index: number): Partition | number {
  const partition = services.replicaManager.partition(topic, index)
  if (partition === undefined) return missingPartitionError(services, topic, index)
  if (partition.role === 'offline') return ErrorCode.KAFKA_STORAGE_ERROR
  return partition.isLeader ? partition : ErrorCode.NOT_LEADER_OR_FOLLOWER
}

/** Of a topic that a request names, or gives the id of (KIP-516); undefined: the id is unknown. */
export function topicNameOf(
  services: BrokerServices,
  { name, topicId }: { readonly name: string; readonly topicId: string },
): string | undefined {
  return topicId === ZERO_UUID ? name : services.metadataCache.topicById(topicId)?.name
}

/** Known to the cluster but not here: the client's metadata is old. */
export function missingPartitionError(services: BrokerServices, topic: string, index: number): number {
  const known = services.metadataCache.partition(topic, index) !== undefined
  return known ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
}

/** Where to look instead (KIP-951). */
export function currentLeaderOf(services: BrokerServices, topic: string, index: number) {
  const state = services.metadataCache.partition(topic, index)
  return { leaderId: state?.leader ?? -1, leaderEpoch: state?.leaderEpoch ?? -1 }
}
