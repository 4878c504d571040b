/**
 * OffsetCommit (8), versions 0-10: stores offsets in the name of a group.
 *
 * - Version 0 keeps them in the metadata store, as consumers of Kafka 0.8 did; all others in __consumer_offsets.
 * - Versions 2-4 may say how long they are kept; version 1 when they were committed.
 * - From version 9 on a group that isn't there is GROUP_ID_NOT_FOUND, before ILLEGAL_GENERATION (KIP-848); from 10 on
 *   topics go by their ids.
 * - Offsets are taken as they are: whether the log has them is not asked, and they may be negative.
 */
import type { OffsetCommit } from '../../coordinator/group/offsets/offset-requests.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from '../../protocol/messages/08-offset-commit.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { knownPartitions } from './known-partitions.ts'

type Response = Draft<typeof OffsetCommitResponse>
type Partition = OffsetCommitRequest['topics'][number]['partitions'][number]
type Known = readonly { readonly topic: string; readonly partition: Partition }[]

const FIRST_VERSION_WITH_TOPIC_IDS = 10

export function offsetCommitHandler(services: BrokerServices): Handler<OffsetCommitRequest, Response> {
  const { metadataCache } = services
  return defineHandler(
    OffsetCommitRequest,
    OffsetCommitResponse,
    [0, 10],
    async (request, { apiVersion }) => {
      const hasIds = apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS
      const topics = request.topics.map((each) => ({
        ...each,
        name: hasIds ? metadataCache.topicById(each.topicId)?.name : each.name,
      }))
      const { known, answer } = knownPartitions(topics, metadataCache)
      const errorCodes = await commit(services, request, known, apiVersion)
      return { topics: answer(errorCodes).map(({ topic, partitions }) => ({ ...topic, partitions })) }
    },
  )
}

async function commit(
  services: BrokerServices,
  request: OffsetCommitRequest,
  known: Known,
  apiVersion: number,
): Promise<readonly number[]> {
  if (known.length === 0) return []
  if (apiVersion === 0) return await commitToStore(services, request.groupId, known)
  const { groupId, generationIdOrMemberEpoch, memberId, groupInstanceId, retentionTimeMs } = request
  const offsetCommit: OffsetCommit = {
    groupId,
    committer: { memberId, groupInstanceId, generationIdOrMemberEpoch },
    apiVersion,
    retentionTimeMs,
    offsets: known.map(({ topic, partition }) => ({
      topic,
      partition: partition.partitionIndex,
      offset: partition.committedOffset,
      leaderEpoch: partition.committedLeaderEpoch,
      metadata: partition.committedMetadata,
      commitTimestampMs: partition.commitTimestamp,
    })),
  }
  return await services.groupCoordinator.offsets.commit(offsetCommit)
}

/** The metadata is looked at, and dropped. */
async function commitToStore(services: BrokerServices, groupId: string, known: Known): Promise<number[]> {
  const errorCodes: number[] = []
  for (const { topic, partition } of known) {
    const { partitionIndex, committedOffset, committedMetadata } = partition
    const isTooLarge = (committedMetadata ?? '').length > services.config.offsetMetadataMaxBytes
    errorCodes.push(
      isTooLarge
        ? ErrorCode.OFFSET_METADATA_TOO_LARGE
        : await services.znodeOffsets.commit(groupId, topic, partitionIndex, committedOffset),
    )
  }
  return errorCodes
}
