/** The offsets that groups have committed: reading, changing and forgetting them. */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from '../../protocol/messages/08-offset-commit.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../../protocol/messages/09-offset-fetch.ts'
import { OffsetDeleteRequest, OffsetDeleteResponse } from '../../protocol/messages/47-offset-delete.ts'
import { byTopic, nameOf, type TopicPartition } from '../consumer/topic-partition.ts'
import { KafkaError } from '../kafka-error.ts'
import { defineApi } from '../network/api.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import type { Outcome } from '../outcomes.ts'
import { checkAnswer, inOrder, outcomeOf, partitionsInOrder, topicsOf } from './answers.ts'
import { checkList, checkNames, checkPartitions, checkText, checkWhole } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { coordinatorOf } from './routes.ts'

/** From the first version on that all of a group's offsets can be asked for. */
const OFFSET_FETCH = defineApi(OffsetFetchRequest, OffsetFetchResponse, [2, 9])
const OFFSET_COMMIT = defineApi(OffsetCommitRequest, OffsetCommitResponse, [2, 9])
const OFFSET_DELETE = defineApi(OffsetDeleteRequest, OffsetDeleteResponse)
const FIRST_VERSION_WITH_GROUPS = 8
const NOTHING_COMMITTED = -1

export interface GroupOffsetsToList {
  readonly groupId: string
  /** Default: all for which the group has an offset. */
  readonly partitions?: readonly TopicPartition[] | undefined
}

export interface ListGroupOffsetsOptions extends AdminCallOptions {
  /** Waits for open transactions that are about to change them. */
  readonly requireStable?: boolean | undefined
}

export interface GroupOffset extends TopicPartition {
  /** Of the next record to be read; null: nothing is committed. */
  readonly offset: number | null
  /** Null: not known. */
  readonly leaderEpoch: number | null
  readonly metadata: string
}

export interface GroupOffsets {
  readonly groupId: string
  /** In the order asked, or by topic and partition. */
  readonly offsets: readonly GroupOffset[]
}

export interface OffsetToStore extends TopicPartition {
  readonly offset: number
  readonly leaderEpoch?: number | null | undefined
  readonly metadata?: string | undefined
}

export async function listGroupOffsets(
  requester: Requester,
  groups: readonly (string | GroupOffsetsToList)[],
  { requireStable = false, timeoutMs }: ListGroupOffsetsOptions,
): Promise<GroupOffsets[]> {
  checkList('groups', groups)
  const things = groups.map((group) => (typeof group === 'string' ? { groupId: group } : group))
  checkNames(
    'groups',
    things.map(({ groupId }) => groupId),
  )
  for (const { groupId, partitions } of things) {
    if (partitions !== undefined) checkPartitions(`group ${groupId}: partitions`, partitions)
  }
  const keyOf = ({ groupId }: GroupOffsetsToList): string => groupId
  return requester.each<GroupOffsetsToList, GroupOffsets>({
    what: 'listGroupOffsets',
    things,
    nameOf: keyOf,
    route: coordinatorOf(requester.cluster, 'group', keyOf),
    timeoutMs,
    call: async (connection, open) => {
      const answers = new Map((await fetchGroups(connection, open, requireStable)).map((g) => [g.groupId, g]))
      const fetched = new Map<string, Outcome<GroupOffsets>>()
      for (const group of open) {
        const answer = answers.get(group.groupId)
        if (answer !== undefined) fetched.set(group.groupId, offsetsOf(group, answer))
      }
      return inOrder(open, keyOf, fetched)
    },
  })
}

/** As both forms of the answer have it. */
interface AnsweredGroup {
  readonly groupId: string
  readonly errorCode: number
  readonly topics: OffsetFetchResponse['topics']
}

async function fetchGroups(
  connection: BrokerConnection,
  groups: readonly GroupOffsetsToList[],
  requireStable: boolean,
): Promise<AnsweredGroup[]> {
  const version = connection.apis!.versionOf(OFFSET_FETCH)
  const topicsOfGroup = ({ partitions }: GroupOffsetsToList) =>
    partitions === undefined
      ? null
      : Array.from(byTopic(partitions), ([name, all]) => ({
          name,
          partitionIndexes: all.map(({ partition }) => partition),
        }))
  if (version >= FIRST_VERSION_WITH_GROUPS) {
    const asked = groups.map((group) => ({ groupId: group.groupId, topics: topicsOfGroup(group) }))
    const answer = await connection.call(OFFSET_FETCH, { groups: asked, requireStable }, { version })
    return answer.groups
  }
  return Promise.all(
    groups.map(async (group) => {
      const { groupId } = group
      const body = { groupId, topics: topicsOfGroup(group), requireStable }
      const { errorCode, topics } = await connection.call(OFFSET_FETCH, body, { version })
      return { groupId, errorCode, topics }
    }),
  )
}

function offsetsOf(group: GroupOffsetsToList, answer: AnsweredGroup): Outcome<GroupOffsets> {
  const { groupId, partitions } = group
  if (answer.errorCode !== ErrorCode.NONE) return KafkaError.of(answer.errorCode, `group ${groupId}`)
  const all: Outcome<GroupOffset>[] = answer.topics.flatMap(({ name: topic, partitions: told }) =>
    told.map((each) => {
      const { partitionIndex: partition, committedOffset, committedLeaderEpoch, metadata } = each
      return outcomeOf(`the offset of ${topic}-${partition} in group ${groupId}`, each, () => ({
        topic,
        partition,
        offset: committedOffset === NOTHING_COMMITTED ? null : committedOffset,
        leaderEpoch: committedLeaderEpoch < 0 ? null : committedLeaderEpoch,
        metadata: metadata ?? '',
      }))
    }),
  )
  const failed = all.find((each) => each instanceof KafkaError)
  if (failed !== undefined) return failed
  const offsets = all as GroupOffset[]
  if (partitions === undefined) return { groupId, offsets: offsets.sort(byTopicAndPartition) }
  const found = new Map(offsets.map((each) => [nameOf(each), each]))
  const ordered = inOrder(partitions, nameOf, found)
  return ordered.find((each) => each instanceof KafkaError) ?? { groupId, offsets: ordered as GroupOffset[] }
}

function byTopicAndPartition(a: TopicPartition, b: TopicPartition): number {
  if (a.topic === b.topic) return a.partition - b.partition
  return a.topic < b.topic ? -1 : 1
}

/** The group has no members while this is done, or they would go on from where they are. */
export async function alterGroupOffsets(
  requester: Requester,
  groupId: string,
  offsets: readonly OffsetToStore[],
  { timeoutMs }: AdminCallOptions,
): Promise<void> {
  checkText('groupId', groupId)
  checkPartitions('offsets', offsets)
  for (const each of offsets)
    checkWhole(`${nameOf(each)}: offset`, each.offset, { min: 0, max: Number.MAX_SAFE_INTEGER })
  await requester.each<OffsetToStore, void>({
    what: 'alterGroupOffsets',
    things: offsets,
    nameOf,
    route: coordinatorOf(requester.cluster, 'group', () => groupId),
    timeoutMs,
    repeats: ['REBALANCE_IN_PROGRESS'],
    call: async (connection, things) => {
      const topics = topicsOf(things, ({ partition, offset, leaderEpoch, metadata = '' }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch ?? -1,
        committedMetadata: metadata,
      }))
      const answer = await connection.call(OFFSET_COMMIT, { groupId, topics })
      return outcomesIn(answer.topics, things)
    },
  })
}

/** Only of topics that no member subscribes to. */
export async function deleteGroupOffsets(
  requester: Requester,
  groupId: string,
  partitions: readonly TopicPartition[],
  { timeoutMs }: AdminCallOptions,
): Promise<void> {
  checkText('groupId', groupId)
  checkPartitions('partitions', partitions)
  await requester.each<TopicPartition, void>({
    what: 'deleteGroupOffsets',
    things: partitions,
    nameOf,
    route: coordinatorOf(requester.cluster, 'group', () => groupId),
    timeoutMs,
    call: async (connection, things) => {
      const topics = topicsOf(things, ({ partition }) => ({ partitionIndex: partition }))
      const answer = await connection.call(OFFSET_DELETE, { groupId, topics })
      checkAnswer(`group ${groupId}`, answer)
      return outcomesIn(answer.topics, things)
    },
  })
}

function outcomesIn(
  topics: readonly {
    readonly name: string
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[]
  }[],
  things: readonly TopicPartition[],
): Outcome<void>[] {
  const partitions = topics.map(({ name, partitions: all }) => [name, all] as const)
  return partitionsInOrder(things, partitions, (answer, topic) => {
    const { partitionIndex } = answer
    return [partitionIndex, outcomeOf(`partition ${topic}-${partitionIndex}`, answer, () => {})]
  })
}
