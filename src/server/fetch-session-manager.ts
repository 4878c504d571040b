/**
 * Which partitions a fetch request stands for, and which of their results its response holds (KIP-227). One context
 * per request, of one of four kinds:
 *
 * - sessionless: epoch -1, or a version without sessions. What is asked is read and told.
 * - full: epoch 0. The same, and the response opens a session if there is room.
 * - incremental: the session's partitions are read, and those are told of which there is something new.
 * - error: the session is unknown, or its epoch is another one: no partitions, the error at the top of the response.
 *
 * Pure: no I/O. What happens between `newContext` and `respond` (a long poll) is the handler's.
 */
import { ErrorCode } from '../protocol/error-codes.ts'
import type { FetchRequest } from '../protocol/messages/01-fetch.ts'
import {
  type FetchPartition,
  type FetchPartitionResult,
  type FetchSession,
  type FetchSessionCache,
  FINAL_EPOCH,
  type ForgottenPartition,
  INITIAL_EPOCH,
  INVALID_SESSION_ID,
  nextEpoch,
} from './fetch-session.ts'

const FIRST_VERSION_WITH_TOPIC_IDS = 13

export interface FetchAnswer<Result> {
  readonly errorCode: number
  readonly sessionId: number
  /** The results to put into the response, in the order in which they were given. */
  readonly results: readonly Result[]
}

export interface FetchContext {
  readonly kind: 'sessionless' | 'full' | 'incremental' | 'error'
  /** Other than NONE only where there is nothing to read: answer at once. */
  readonly errorCode: number
  /** What is to be read, in this order. */
  readonly partitions: readonly FetchPartition[]
  /** One result for each of `partitions`. Call it once, when the response is made. */
  respond<Result extends FetchPartitionResult>(results: readonly Result[]): FetchAnswer<Result>
  /** In place of `respond`, for a client that is throttled: nothing is told, and the session stays as it was. */
  withhold(): Omit<FetchAnswer<never>, 'results'>
}

/** Who asks: a follower's id, or -1 for consumers. */
const CONSUMER_REPLICA_ID = -1

export class FetchSessionManager {
  readonly #cache: FetchSessionCache

  constructor(cache: FetchSessionCache) {
    this.#cache = cache
  }

  newContext(request: FetchRequest, apiVersion: number): FetchContext {
    const { sessionId, sessionEpoch } = request
    if (sessionEpoch !== INITIAL_EPOCH && sessionEpoch !== FINAL_EPOCH)
      return this.#incremental(request, apiVersion)
    const old = sessionId === INVALID_SESSION_ID ? undefined : this.#cache.get(sessionId)
    if (old !== undefined) this.#cache.remove(old)
    const partitions = wantedPartitions(request)
    return sessionEpoch === FINAL_EPOCH
      ? sessionless(partitions)
      : this.#full(partitions, apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS, isFromFollower(request))
  }

  #full(partitions: readonly FetchPartition[], usesTopicIds: boolean, isPrivileged: boolean): FetchContext {
    return {
      kind: 'full',
      errorCode: ErrorCode.NONE,
      partitions,
      respond: (results) => {
        const session = this.#openSession(partitions, usesTopicIds, isPrivileged)
        if (session !== undefined) for (const result of results) session.tell(result)
        return { errorCode: ErrorCode.NONE, sessionId: session?.id ?? INVALID_SESSION_ID, results }
      },
      withhold: () => ({ errorCode: ErrorCode.NONE, sessionId: INVALID_SESSION_ID }),
    }
  }

  #openSession(
    partitions: readonly FetchPartition[],
    usesTopicIds: boolean,
    isPrivileged: boolean,
  ): FetchSession | undefined {
    if (partitions.length === 0) return undefined
    const session = this.#cache.create(partitions.length, usesTopicIds, isPrivileged)
    if (session === undefined) return undefined
    return this.#cache.update(session, partitions, []) ? session : undefined
  }

  #incremental(request: FetchRequest, apiVersion: number): FetchContext {
    const session = this.#cache.get(request.sessionId)
    if (session === undefined) return failed(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
    if (session.epoch !== request.sessionEpoch) return failed(ErrorCode.INVALID_FETCH_SESSION_EPOCH)
    if (session.usesTopicIds !== apiVersion >= FIRST_VERSION_WITH_TOPIC_IDS) {
      return failed(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR)
    }
    const wanted = wantedPartitions(request)
    const hasRoom = this.#cache.update(session, wanted, forgottenPartitions(request))
    if (!hasRoom) return failed(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
    if (session.size === 0) {
      this.#cache.remove(session)
      return sessionless(wanted)
    }
    this.#cache.touch(session)
    const expectedEpoch = nextEpoch(request.sessionEpoch)
    session.epoch = expectedEpoch
    return {
      kind: 'incremental',
      errorCode: ErrorCode.NONE,
      partitions: session.partitions(),
      respond: (results) => {
        // Another request has used the session while this one waited.
        if (session.epoch !== expectedEpoch) {
          return { errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH, sessionId: session.id, results: [] }
        }
        const news = results.filter((result) => session.tell(result))
        return { errorCode: ErrorCode.NONE, sessionId: session.id, results: news }
      },
      withhold: () => {
        const isOvertaken = session.epoch !== expectedEpoch
        const errorCode = isOvertaken ? ErrorCode.INVALID_FETCH_SESSION_EPOCH : ErrorCode.NONE
        return { errorCode, sessionId: session.id }
      },
    }
  }
}

function sessionless(partitions: readonly FetchPartition[]): FetchContext {
  return {
    kind: 'sessionless',
    errorCode: ErrorCode.NONE,
    partitions,
    respond: (results) => ({ errorCode: ErrorCode.NONE, sessionId: INVALID_SESSION_ID, results }),
    withhold: () => ({ errorCode: ErrorCode.NONE, sessionId: INVALID_SESSION_ID }),
  }
}

function failed(errorCode: number): FetchContext {
  return {
    kind: 'error',
    errorCode,
    partitions: [],
    respond: () => ({ errorCode, sessionId: INVALID_SESSION_ID, results: [] }),
    withhold: () => ({ errorCode, sessionId: INVALID_SESSION_ID }),
  }
}

/** KIP-903 moved the follower's id into a tagged struct in version 15. */
function isFromFollower(request: FetchRequest): boolean {
  return request.replicaId !== CONSUMER_REPLICA_ID || request.replicaState.replicaId !== CONSUMER_REPLICA_ID
}

function wantedPartitions(request: FetchRequest): FetchPartition[] {
  const wanted: FetchPartition[] = []
  for (const { topic, topicId, partitions } of request.topics) {
    for (const p of partitions) {
      wanted.push({
        topic,
        topicId,
        partition: p.partition,
        currentLeaderEpoch: p.currentLeaderEpoch,
        fetchOffset: p.fetchOffset,
        lastFetchedEpoch: p.lastFetchedEpoch,
        logStartOffset: p.logStartOffset,
        partitionMaxBytes: p.partitionMaxBytes,
      })
    }
  }
  return wanted
}

function* forgottenPartitions(request: FetchRequest): Generator<ForgottenPartition> {
  for (const { topic, topicId, partitions } of request.forgottenTopicsData) {
    for (const partition of partitions) yield { topic, topicId, partition }
  }
}
