/**
 * A group's offsets: commits them, and asks for them.
 *
 * Commits are made one after the other, so that a late one never undoes a newer one; what is asked while one is under way
 * goes with the next, the newest offset of each partition.
 */
import { ErrorCode, errorMessage, errorName } from '../../../protocol/error-codes.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from '../../../protocol/messages/08-offset-commit.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../../../protocol/messages/09-offset-fetch.ts'
import type { Draft } from '../../../protocol/schema.ts'
import { ZERO_UUID } from '../../../wire/text.ts'
import { errorChannel } from '../../diagnostics.ts'
import type { OffsetToCommit } from '../../group-offset.ts'
import { KafkaError } from '../../kafka-error.ts'
import { defineApi } from '../../network/api.ts'
import { retrying } from '../../network/backoff.ts'
import type { Cluster } from '../../network/cluster.ts'
import { byTopic, nameOf, PartitionMap, type TopicPartition } from '../topic-partition.ts'
import { TopicIds } from './topic-ids.ts'

const OFFSET_COMMIT = defineApi(OffsetCommitRequest, OffsetCommitResponse, [2, 10])
const OFFSET_FETCH = defineApi(OffsetFetchRequest, OffsetFetchResponse, [1, 10])
const FETCH_VERSION_WITH_GROUPS = 8
const FETCH_VERSION_WITH_STABLE = 7
const FETCH_VERSION_WITH_MEMBERS = 9
const COMMIT_VERSION_WITH_INSTANCES = 7
/** Of both: topics go by their ids, so that what is meant for one that was deleted is not another's of the same name. */
const VERSION_WITH_TOPIC_IDS = 10

const UNKNOWN_TOPIC_ERRORS: ReadonlySet<number> = new Set([
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.UNKNOWN_TOPIC_ID,
])

export interface CommittedOffset extends TopicPartition {
  readonly offset: number
  readonly leaderEpoch: number | undefined
  readonly metadata: string
}

/** As who we commit. */
export interface GroupMember {
  /** Or the member's epoch; -1: not a member, partitions are assigned by hand. */
  readonly generationId: number
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** The broker checks the epoch of members of the new protocol when they ask for offsets (KIP-848). */
  readonly isOfNewProtocol: boolean
}

export interface GroupOffsetsOptions {
  readonly cluster: Cluster
  readonly groupId: string
  readonly timeoutMs: number
  /** Throws KafkaError where there is a group that we are not in. */
  readonly member: () => GroupMember
  /** The coordinator does not take us for the member that we were when we asked. */
  readonly onMemberError: (errorCode: number, member: GroupMember) => void
}

interface Commit {
  readonly offsets: PartitionMap<OffsetToCommit>
  readonly done: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class GroupOffsets {
  readonly #options: GroupOffsetsOptions
  readonly #cluster: Cluster
  #waiting: Commit | undefined
  #isCommitting = false

  constructor(options: GroupOffsetsOptions) {
    this.#options = options
    this.#cluster = options.cluster
  }

  /** Rejects with KafkaError; one that nobody looks at harms nobody. */
  commit(offsets: Iterable<OffsetToCommit>): Promise<void> {
    this.#waiting ??= newCommit()
    const commit = this.#waiting
    for (const each of offsets) commit.offsets.set(each.topic, each.partition, each)
    if (!this.#isCommitting) void this.#commitAll()
    return commit.done
  }

  async #commitAll(): Promise<void> {
    this.#isCommitting = true
    while (this.#waiting !== undefined) {
      const { offsets, resolve, reject } = this.#waiting
      this.#waiting = undefined
      try {
        if (offsets.size > 0) await this.#commitNow([...offsets.values()])
        resolve()
      } catch (error) {
        if (errorChannel.hasSubscribers) {
          errorChannel.publish({ clientId: this.#cluster.clientId, error })
        }
        reject(error)
      }
    }
    this.#isCommitting = false
  }

  #commitNow(offsets: readonly OffsetToCommit[]): Promise<void> {
    return this.#retrying('OffsetCommit', async () => {
      const member = this.#options.member()
      const { groupId } = this.#options
      const ids = this.#topicIds(offsets)
      const response = await this.#cluster.callCoordinator(
        'group',
        groupId,
        OFFSET_COMMIT,
        (version) => commitRequest(groupId, member, offsets, ids, version),
        { maxVersion: versionWith(ids) },
      )
      for (const { name, topicId, partitions } of response.topics) {
        const topic = ids.nameOf(topicId) ?? name
        for (const { partitionIndex: partition, errorCode } of partitions) {
          if (errorCode === ErrorCode.NONE) continue
          const what = `committing the offset of ${nameOf({ topic, partition })}`
          if (UNKNOWN_TOPIC_ERRORS.has(errorCode)) await this.#checkTopic(topic, ids.idOf(topic), what)
          throw this.#failureOf(errorCode, what, member)
        }
      }
    })
  }

  /** A topic that the coordinator does not know may be new. Throws where it is gone, or another has its name by now. */
  async #checkTopic(topic: string, topicId: string | undefined, what: string): Promise<void> {
    await this.#cluster.refresh([topic])
    const known = this.#cluster.metadata.topic(topic)
    const isSame = known !== undefined && (topicId === undefined || topicId === known.topicId)
    if (isSame) return
    const errno = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `${what}: there is no such topic`, { errno })
  }

  #topicIds(partitions: readonly TopicPartition[]): TopicIds {
    return new TopicIds(
      partitions.map(({ topic }) => topic),
      (topic) => this.#cluster.metadata.topic(topic)?.topicId,
    )
  }

  /** Those that have none are left out. Rejects with KafkaError. */
  async fetch(partitions: readonly TopicPartition[]): Promise<CommittedOffset[]> {
    const { groupId } = this.#options
    return this.#retrying('OffsetFetch', async () => {
      const member = this.#options.member()
      let usedVersion = 0
      const ids = this.#topicIds(partitions)
      const response = await this.#cluster.callCoordinator(
        'group',
        groupId,
        OFFSET_FETCH,
        (version) => {
          usedVersion = version
          return fetchRequest(groupId, member, partitions, ids, version)
        },
        { maxVersion: versionWith(ids) },
      )
      const group = usedVersion >= FETCH_VERSION_WITH_GROUPS ? response.groups[0]! : response
      if (group.errorCode !== ErrorCode.NONE) {
        throw this.#failureOf(group.errorCode, `the offsets of group ${groupId}`, member)
      }
      const topics = group.topics.map((topic) => {
        const named = 'topicId' in topic ? ids.nameOf(topic.topicId) : undefined
        return { ...topic, name: named ?? topic.name }
      })
      return this.#committed(topics, ids, member)
    })
  }

  async #committed(
    topics: OffsetFetchResponse['topics'],
    ids: TopicIds,
    member: GroupMember,
  ): Promise<CommittedOffset[]> {
    const committed: CommittedOffset[] = []
    for (const { name: topic, partitions } of topics) {
      for (const each of partitions) {
        const { partitionIndex: partition, committedOffset, committedLeaderEpoch, metadata, errorCode } = each
        if (errorCode !== ErrorCode.NONE) {
          const what = `the committed offset of ${nameOf({ topic, partition })}`
          if (errorCode === ErrorCode.UNKNOWN_TOPIC_ID) await this.#checkTopic(topic, ids.idOf(topic), what)
          throw this.#failureOf(errorCode, what, member)
        }
        if (committedOffset < 0) continue
        const leaderEpoch = committedLeaderEpoch < 0 ? undefined : committedLeaderEpoch
        committed.push({ topic, partition, offset: committedOffset, leaderEpoch, metadata: metadata ?? '' })
      }
    }
    return committed
  }

  #retrying<Result>(what: string, attempt: () => Promise<Result>): Promise<Result> {
    return retrying(what, this.#cluster.retryOptions(this.#options.timeoutMs), attempt)
  }

  #failureOf(errorCode: number, what: string, member: GroupMember): KafkaError {
    switch (errorCode) {
      case ErrorCode.NOT_COORDINATOR:
      case ErrorCode.COORDINATOR_NOT_AVAILABLE:
      case ErrorCode.REQUEST_TIMED_OUT:
        this.#cluster.forgetCoordinator('group', this.#options.groupId)
        break
      case ErrorCode.UNKNOWN_MEMBER_ID:
      case ErrorCode.ILLEGAL_GENERATION:
      case ErrorCode.FENCED_INSTANCE_ID:
        this.#options.onMemberError(errorCode, member)
        break
      case ErrorCode.REBALANCE_IN_PROGRESS:
      case ErrorCode.STALE_MEMBER_EPOCH:
        // What is under way in the background, a join or a heartbeat, brings the new generation or epoch.
        return new KafkaError(errorName(errorCode), `${what}: ${errorMessage(errorCode)}`, {
          errno: errorCode,
          retriable: true,
        })
      default:
    }
    return KafkaError.of(errorCode, what)
  }
}

function newCommit(): Commit {
  let resolve!: () => void
  let reject!: (error: unknown) => void
  const done = new Promise<void>((onDone, onFailed) => {
    resolve = onDone
    reject = onFailed
  })
  done.catch(() => {})
  return { offsets: new PartitionMap(), done, resolve, reject }
}

/** The newest version of both APIs in which these topics can be named. */
function versionWith(ids: TopicIds): number {
  return ids.areKnown ? VERSION_WITH_TOPIC_IDS : VERSION_WITH_TOPIC_IDS - 1
}

function topicFields(name: string, ids: TopicIds, version: number): { name: string; topicId: string } {
  const topicId = version >= VERSION_WITH_TOPIC_IDS ? ids.idOf(name) : undefined
  return { name, topicId: topicId ?? ZERO_UUID }
}

function commitRequest(
  groupId: string,
  { generationId, memberId, groupInstanceId }: GroupMember,
  offsets: readonly OffsetToCommit[],
  ids: TopicIds,
  version: number,
): Draft<typeof OffsetCommitRequest> {
  return {
    groupId,
    generationIdOrMemberEpoch: generationId,
    memberId,
    groupInstanceId: version >= COMMIT_VERSION_WITH_INSTANCES ? groupInstanceId : null,
    topics: [...byTopic(offsets)].map(([name, partitions]) => ({
      ...topicFields(name, ids, version),
      partitions: partitions.map(({ partition, offset, leaderEpoch, metadata }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch ?? -1,
        committedMetadata: metadata ?? '',
      })),
    })),
  }
}

function fetchRequest(
  groupId: string,
  { generationId, memberId, isOfNewProtocol }: GroupMember,
  partitions: readonly TopicPartition[],
  ids: TopicIds,
  version: number,
): Draft<typeof OffsetFetchRequest> {
  const topics = [...byTopic(partitions)].map(([name, all]) => ({
    ...topicFields(name, ids, version),
    partitionIndexes: all.map(({ partition }) => partition),
  }))
  // Offsets that an open transaction is about to change are waited for (KIP-447).
  const requireStable = version >= FETCH_VERSION_WITH_STABLE
  if (version < FETCH_VERSION_WITH_GROUPS) return { groupId, topics, requireStable }
  const asMember = isOfNewProtocol && version >= FETCH_VERSION_WITH_MEMBERS
  const group = asMember
    ? { groupId, topics, memberId, memberEpoch: generationId }
    : { groupId, topics, memberId: null, memberEpoch: -1 }
  return { groups: [group], requireStable }
}
