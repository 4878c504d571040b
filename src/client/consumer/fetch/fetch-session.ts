/**
 * A fetch session with one broker (KIP-227): the broker remembers the partitions, a request names only what changed, and
 * a response only the partitions with news. A broker that has no room for one, or lost it, is asked in full.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { FetchRequest } from '../../../protocol/messages/01-fetch.ts'
import type { Draft } from '../../../protocol/schema.ts'
import { byTopic, PartitionMap } from '../topic-partition.ts'

export interface FetchTarget {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly fetchOffset: number
  readonly leaderEpoch: number
  readonly maxBytes: number
}

type RequestDraft = Draft<typeof FetchRequest>
export type SessionFields = Pick<
  RequestDraft,
  'sessionId' | 'sessionEpoch' | 'topics' | 'forgottenTopicsData'
>

const NO_SESSION_ID = 0
const FULL_EPOCH = 0
const FINAL_EPOCH = -1
const EPOCH_MAX = 0x7fffffff
const VERSION_WITH_SESSIONS = 7
export const VERSION_WITH_TOPIC_IDS = 13

export class FetchSession {
  #id = NO_SESSION_ID
  #epoch = FULL_EPOCH
  #usesTopicIds = false
  /** What the broker fetches, if there is a session. */
  #known = new PartitionMap<FetchTarget>()
  #fullRequestCount = 0

  /** The next request for exactly these partitions. */
  next(targets: readonly FetchTarget[], version: number): SessionFields {
    const usesTopicIds = version >= VERSION_WITH_TOPIC_IDS
    const isFull =
      version < VERSION_WITH_SESSIONS || this.#epoch === FULL_EPOCH || usesTopicIds !== this.#usesTopicIds
    this.#usesTopicIds = usesTopicIds
    return isFull ? this.#full(targets, version) : this.#incremental(targets)
  }

  /** Partitions whose topic id has changed are the broker's under the old one: those it is to forget. */
  #incremental(targets: readonly FetchTarget[]): SessionFields {
    const known = new PartitionMap<FetchTarget>()
    const changed: FetchTarget[] = []
    const forgotten: FetchTarget[] = []
    for (const target of targets) {
      const { topic, partition } = target
      const former = this.#known.get(topic, partition)
      known.set(topic, partition, target)
      if (former === undefined || !isSame(former, target)) changed.push(target)
      if (former !== undefined && former.topicId !== target.topicId) forgotten.push(former)
    }
    for (const former of this.#known.values()) {
      if (!known.has(former.topic, former.partition)) forgotten.push(former)
    }
    this.#known = known
    return {
      sessionId: this.#id,
      sessionEpoch: this.#epoch,
      topics: requestTopics(changed),
      forgottenTopicsData: forgottenTopics(forgotten),
    }
  }

  #full(targets: readonly FetchTarget[], version: number): SessionFields {
    this.#known = new PartitionMap()
    for (const target of targets) this.#known.set(target.topic, target.partition, target)
    this.#epoch = FULL_EPOCH
    return {
      sessionId: version < VERSION_WITH_SESSIONS ? NO_SESSION_ID : this.#id,
      sessionEpoch: version < VERSION_WITH_SESSIONS ? FINAL_EPOCH : FULL_EPOCH,
      // Without a session nobody but us sees to it that each partition has its turn to be the first.
      topics: requestTopics(rotated(targets, this.#fullRequestCount++)),
      forgottenTopicsData: [],
    }
  }

  /** After an answer without an error. */
  onSuccess(sessionId: number): void {
    this.#id = sessionId
    this.#epoch = sessionId === NO_SESSION_ID ? FULL_EPOCH : this.#epoch === EPOCH_MAX ? 1 : this.#epoch + 1
  }

  /** After an error, or no answer. The next request asks for a new session, and ends the former one if there is one. */
  onFailure(errorCode: number | undefined): void {
    if (errorCode === ErrorCode.FETCH_SESSION_ID_NOT_FOUND) this.#id = NO_SESSION_ID
    this.#epoch = FULL_EPOCH
  }

  /** The request that ends it; undefined: there is none. */
  end(): SessionFields | undefined {
    if (this.#id === NO_SESSION_ID) return undefined
    const last = { sessionId: this.#id, sessionEpoch: FINAL_EPOCH, topics: [], forgottenTopicsData: [] }
    this.#id = NO_SESSION_ID
    return last
  }
}

/** A request for these partitions which no session takes part in. */
export function outsideOfSessions(targets: readonly FetchTarget[]): SessionFields {
  return {
    sessionId: NO_SESSION_ID,
    sessionEpoch: FINAL_EPOCH,
    topics: requestTopics(targets),
    forgottenTopicsData: [],
  }
}

function isSame(a: FetchTarget, b: FetchTarget): boolean {
  return (
    a.fetchOffset === b.fetchOffset &&
    a.leaderEpoch === b.leaderEpoch &&
    a.maxBytes === b.maxBytes &&
    a.topicId === b.topicId
  )
}

function requestTopics(targets: readonly FetchTarget[]): RequestDraft['topics'] {
  return [...byTopic(targets)].map(([topic, partitions]) => ({
    topic,
    topicId: partitions[0]!.topicId,
    partitions: partitions.map(({ partition, leaderEpoch, fetchOffset, maxBytes }) => ({
      partition,
      currentLeaderEpoch: leaderEpoch,
      fetchOffset,
      partitionMaxBytes: maxBytes,
    })),
  }))
}

function forgottenTopics(targets: readonly FetchTarget[]): RequestDraft['forgottenTopicsData'] {
  return [...byTopic(targets)].map(([topic, partitions]) => ({
    topic,
    topicId: partitions[0]!.topicId,
    partitions: partitions.map(({ partition }) => partition),
  }))
}

function rotated<Each>(all: readonly Each[], by: number): readonly Each[] {
  const first = all.length === 0 ? 0 : by % all.length
  return first === 0 ? all : [...all.slice(first), ...all.slice(0, first)]
}
