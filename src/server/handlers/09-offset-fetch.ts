/**
 * OffsetFetch (9), versions 0-10: the offsets that groups have committed.
 *
 * - Version 0 reads what version 0 of OffsetCommit stores: in the metadata store.
 * - Version 1 has no place for an error of the group: it stands at each partition. From 2 on null topics ask for all.
 * - From version 7 on a client may ask for offsets that no open transaction is about to change (KIP-447); from 8 on for
 *   several groups, each with its own error (KIP-709); from 10 on topics go by their ids.
 * - A group that isn't there has no offsets: -1, without an error. So have partitions that don't exist, from version 1
 *   on.
 */
import {
  type FetchedOffset,
  type FetchedOffsets,
  noOffset,
} from '../../coordinator/group/offsets/offset-requests.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../../protocol/messages/09-offset-fetch.ts'
import { type Draft, ZERO_UUID } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof OffsetFetchResponse>
type RequestedGroup = OffsetFetchRequest['groups'][number]
type AnsweredGroup = NonNullable<Response['groups']>[number]
type RequestedTopics = NonNullable<OffsetFetchRequest['topics']>

const FIRST_VERSION_WITH_GROUP_ERRORS = 2
const FIRST_VERSION_WITH_GROUPS = 8
const FIRST_VERSION_WITH_TOPIC_IDS = 10

export function offsetFetchHandler(services: BrokerServices): Handler<OffsetFetchRequest, Response> {
  return defineHandler(OffsetFetchRequest, OffsetFetchResponse, [0, 10], async (request, { apiVersion }) => {
    const { groupId, topics, groups, requireStable } = request
    if (apiVersion === 0) return { topics: await fetchFromStore(services, groupId, topics ?? []) }
    if (apiVersion >= FIRST_VERSION_WITH_GROUPS) {
      const fetchGroup = apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS ? fetchGroupByIds : fetchGroupByNames
      return { groups: await Promise.all(groups.map((each) => fetchGroup(services, each, requireStable))) }
    }
    const { offsets } = services.groupCoordinator
    const answer = await offsets.fetch({ groupId, memberId: null, memberEpoch: -1, topics, requireStable })
    return apiVersion < FIRST_VERSION_WITH_GROUP_ERRORS ? withErrorInside(answer, topics ?? []) : answer
  })
}

/** Partitions that don't exist and those without an offset are told alike. */
async function fetchFromStore(
  services: BrokerServices,
  groupId: string,
  topics: RequestedTopics,
): Promise<FetchedOffsets['topics']> {
  const fetch = async (topic: string, partition: number): Promise<FetchedOffset> =>
    services.metadataCache.partition(topic, partition) === undefined
      ? noOffset(partition, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
      : await services.znodeOffsets.fetch(groupId, topic, partition)
  return await Promise.all(
    topics.map(async ({ name, partitionIndexes }) => ({
      name,
      partitions: await Promise.all(partitionIndexes.map((partition) => fetch(name, partition))),
    })),
  )
}

function withErrorInside({ errorCode, topics }: FetchedOffsets, requested: RequestedTopics): Response {
  if (errorCode === ErrorCode.NONE) return { topics }
  return {
    topics: requested.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partition) => noOffset(partition, errorCode)),
    })),
  }
}

async function fetchGroupByNames(
  services: BrokerServices,
  { groupId, memberId, memberEpoch, topics }: RequestedGroup,
  requireStable: boolean,
): Promise<AnsweredGroup> {
  const request = { groupId, memberId, memberEpoch, topics, requireStable }
  return { groupId, ...(await services.groupCoordinator.offsets.fetch(request)) }
}

async function fetchGroupByIds(
  services: BrokerServices,
  { groupId, memberId, memberEpoch, topics: requested }: RequestedGroup,
  requireStable: boolean,
): Promise<AnsweredGroup> {
  const { metadataCache, groupCoordinator } = services
  const names = requested?.map(({ topicId }) => metadataCache.topicById(topicId)?.name)
  const topics =
    requested?.flatMap(({ partitionIndexes }, i) => {
      const name = names![i]
      return name === undefined ? [] : [{ name, partitionIndexes }]
    }) ?? null
  const answer = await groupCoordinator.offsets.fetch({
    groupId,
    memberId,
    memberEpoch,
    topics,
    requireStable,
  })
  if (answer.errorCode !== ErrorCode.NONE) return { groupId, ...answer }
  if (requested === null) return { groupId, topics: withIds(services, answer) }
  const found = answer.topics[Symbol.iterator]()
  return {
    groupId,
    topics: requested.map(({ topicId, partitionIndexes }, i) => ({
      topicId,
      partitions:
        names![i] === undefined
          ? partitionIndexes.map((partition) => noOffset(partition, ErrorCode.UNKNOWN_TOPIC_ID))
          : found.next().value!.partitions,
    })),
  }
}

/** Offsets of topics that are gone can't be told by an id. */
function withIds({ metadataCache }: BrokerServices, { topics }: FetchedOffsets): AnsweredGroup['topics'] {
  return topics.flatMap(({ name, partitions }) => {
    const topicId = metadataCache.topic(name)?.topicId ?? ZERO_UUID
    return topicId === ZERO_UUID ? [] : [{ topicId, partitions }]
  })
}
