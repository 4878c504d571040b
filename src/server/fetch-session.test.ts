import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeBytes, encodeToBuffer } from '../protocol/codec.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { FetchRequest } from '../protocol/messages/01-fetch.ts'
import { type Draft, ZERO_UUID } from '../protocol/schema.ts'
import { SimClock } from '../simulator/sim-clock.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import {
  type FetchPartition,
  type FetchPartitionResult,
  FetchSessionCache,
  nextEpoch,
} from './fetch-session.ts'
import { type FetchContext, FetchSessionManager } from './fetch-session-manager.ts'

const MINUTE_MS = 60_000
const TOPIC_ID = 'c2x1aWNlX3NsdWljZV9zbA'

function kit(sessionsMax = 10, partitionsMax = 1000) {
  const clock = new SimClock()
  const cache = new FetchSessionCache({ clock, random: new SimRandom(1), sessionsMax, partitionsMax })
  return { clock, cache, manager: new FetchSessionManager(cache) }
}

function request(draft: Draft<typeof FetchRequest>, apiVersion = 12): FetchRequest {
  return decodeBytes(FetchRequest, apiVersion, encodeToBuffer(FetchRequest, apiVersion, draft))
}

/** Partitions of topic `t`, by their numbers. */
function topics(numbers: readonly number[], fetchOffset = 0) {
  return [{ topic: 't', partitions: numbers.map((partition) => ({ partition, fetchOffset })) }]
}

function open(manager: FetchSessionManager, numbers: readonly number[]): number {
  const context = manager.newContext(request({ sessionEpoch: 0, topics: topics(numbers) }), 12)
  return answer(context).sessionId
}

function answer(context: FetchContext, news: Record<number, Partial<FetchPartitionResult>> = {}) {
  const results = context.partitions.map((partition: FetchPartition): FetchPartitionResult => {
    const offsets = { highWatermark: 10, lastStableOffset: 10, logStartOffset: 0 }
    return { partition, errorCode: 0, ...offsets, recordsBytes: 0, ...news[partition.partition] }
  })
  const { errorCode, sessionId, results: told } = context.respond(results)
  return { errorCode, sessionId, told: told.map((result) => result.partition.partition) }
}

function numbersOf(context: FetchContext): number[] {
  return context.partitions.map(({ partition }) => partition)
}

test('without a session everything that is asked is read and told', () => {
  const { manager, cache } = kit()
  const old = manager.newContext(request({ topics: topics([1, 2]) }, 4), 4)
  assert.equal(old.kind, 'sessionless')
  assert.deepEqual(answer(old), { errorCode: 0, sessionId: 0, told: [1, 2] })
  const final = manager.newContext(request({ sessionEpoch: -1, topics: topics([3]) }), 12)
  assert.deepEqual(answer(final), { errorCode: 0, sessionId: 0, told: [3] })
  assert.equal(cache.size, 0)
})

test('an incremental fetch reads the whole session and tells only what is new', () => {
  const { manager } = kit()
  const sessionId = open(manager, [0, 1, 2, 3, 4, 5])
  assert.notEqual(sessionId, 0)
  const context = manager.newContext(request({ sessionId, sessionEpoch: 1 }), 12)
  assert.equal(context.kind, 'incremental')
  assert.deepEqual(numbersOf(context), [0, 1, 2, 3, 4, 5])
  const news = {
    1: { highWatermark: 11 },
    2: { logStartOffset: 3 },
    3: { lastStableOffset: 9 },
    4: { mustReturn: true },
    5: { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER },
  }
  assert.deepEqual(answer(context, news), { errorCode: 0, sessionId, told: [1, 2, 3, 4, 5] })
  const { 5: _, ...stays } = news
  const next = manager.newContext(request({ sessionId, sessionEpoch: 2 }), 12)
  // What was told stays told; that the error is over is news.
  assert.deepEqual(answer(next, stays), { errorCode: 0, sessionId, told: [4, 5] })
  const last = manager.newContext(request({ sessionId, sessionEpoch: 3 }), 12)
  assert.deepEqual(answer(last, { ...stays, 4: {} }), { errorCode: 0, sessionId, told: [] })
})

test('partitions that got records go to the back', () => {
  const { manager } = kit()
  const sessionId = open(manager, [0, 1, 2])
  answer(manager.newContext(request({ sessionId, sessionEpoch: 1 }), 12), { 0: { recordsBytes: 5 } })
  const next = manager.newContext(request({ sessionId, sessionEpoch: 2 }), 12)
  assert.deepEqual(numbersOf(next), [1, 2, 0])
})

test('a request adds partitions, changes what is wanted of them, and forgets others', () => {
  const { manager, cache } = kit()
  const sessionId = open(manager, [0, 1, 2])
  const change = {
    sessionId,
    sessionEpoch: 1,
    topics: topics([1, 7], 55),
    forgottenTopicsData: [{ topic: 't', partitions: [0, 99] }],
  }
  const context = manager.newContext(request(change), 12)
  assert.deepEqual(
    context.partitions.map(({ partition, fetchOffset }) => [partition, fetchOffset]),
    [
      [1, 55],
      [2, 0],
      [7, 55],
    ],
  )
  assert.deepEqual(answer(context).told, [7], 'what is new in the session is told')
  assert.equal(cache.partitionCount, 3)
})

test('a session whose last partition is forgotten ends', () => {
  const { manager, cache } = kit()
  const sessionId = open(manager, [0])
  const forget = { sessionId, sessionEpoch: 1, forgottenTopicsData: [{ topic: 't', partitions: [0] }] }
  assert.deepEqual(answer(manager.newContext(request(forget), 12)), { errorCode: 0, sessionId: 0, told: [] })
  assert.equal(cache.size, 0)
  assert.equal(cache.partitionCount, 0)
})

test('an unknown session and a wrong epoch are errors at the top; the session survives', () => {
  const { manager } = kit()
  const sessionId = open(manager, [0])
  const unknown = manager.newContext(request({ sessionId: sessionId ^ 1, sessionEpoch: 1 }), 12)
  assert.equal(unknown.errorCode, ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
  assert.deepEqual(answer(unknown), { errorCode: 70, sessionId: 0, told: [] })
  const early = manager.newContext(request({ sessionId, sessionEpoch: 2 }), 12)
  assert.deepEqual(answer(early), { errorCode: 71, sessionId: 0, told: [] })
  assert.equal(manager.newContext(request({ sessionId, sessionEpoch: 1 }), 12).errorCode, 0)
})

test('a response that comes after the next request has used the session is an epoch error', () => {
  const { manager } = kit()
  const sessionId = open(manager, [0])
  const first = manager.newContext(request({ sessionId, sessionEpoch: 1 }), 12)
  const second = manager.newContext(request({ sessionId, sessionEpoch: 2 }), 12)
  assert.equal(answer(first).errorCode, ErrorCode.INVALID_FETCH_SESSION_EPOCH)
  assert.equal(answer(second).errorCode, 0)
})

test('epochs go on after the largest with 1', () => {
  assert.equal(nextEpoch(0x7fffffff), 1)
  assert.equal(nextEpoch(1), 2)
})

test('a session belongs to topic names or to topic ids, not to both', () => {
  const { manager } = kit()
  const byId = request(
    { sessionEpoch: 0, topics: [{ topicId: TOPIC_ID, partitions: [{ partition: 0 }] }] },
    13,
  )
  const context = manager.newContext(byId, 13)
  assert.equal(context.partitions[0]!.topicId, TOPIC_ID)
  const { sessionId } = answer(context)
  const byName = manager.newContext(request({ sessionId, sessionEpoch: 1 }), 12)
  assert.equal(byName.errorCode, ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR)
  const forget = { sessionId, sessionEpoch: 1, forgottenTopicsData: [{ topicId: TOPIC_ID, partitions: [0] }] }
  assert.equal(manager.newContext(request(forget, 13), 13).kind, 'sessionless')
})

test('with names the topic id is the zero one', () => {
  const { manager } = kit()
  const context = manager.newContext(request({ sessionEpoch: 0, topics: topics([0]) }), 12)
  assert.equal(context.partitions[0]!.topicId, ZERO_UUID)
})

test('a full fetch ends the session that it names', () => {
  const { manager, cache } = kit()
  const sessionId = open(manager, [0, 1])
  const again = manager.newContext(request({ sessionId, sessionEpoch: 0, topics: topics([0]) }), 12)
  const next = answer(again).sessionId
  assert.notEqual(next, sessionId)
  assert.equal(cache.size, 1)
  assert.equal(cache.partitionCount, 1)
  answer(manager.newContext(request({ sessionId: next, sessionEpoch: -1 }), 12))
  assert.equal(cache.size, 0)
})

test('with the cache full of young sessions a new client has none', () => {
  const { manager, clock } = kit(2)
  open(manager, [0])
  open(manager, [0])
  clock.advance(2 * MINUTE_MS)
  assert.equal(open(manager, [0, 1, 2]), 0)
})

test('the session that was not used for two minutes goes first', () => {
  const { manager, cache, clock } = kit(2)
  const first = open(manager, [0, 1, 2])
  const second = open(manager, [0])
  clock.advance(MINUTE_MS)
  answer(manager.newContext(request({ sessionId: first, sessionEpoch: 1 }), 12))
  clock.advance(MINUTE_MS + 1)
  assert.notEqual(open(manager, [0]), 0)
  assert.ok(cache.get(first) !== undefined && cache.get(second) === undefined)
})

test('of old sessions in use the smallest makes room for a larger one, and for no smaller one', () => {
  const { manager, cache, clock } = kit(2)
  const large = open(manager, [0, 1, 2])
  const small = open(manager, [0, 1])
  clock.advance(2 * MINUTE_MS)
  for (const sessionId of [large, small])
    answer(manager.newContext(request({ sessionId, sessionEpoch: 1 }), 12))
  clock.advance(1)
  assert.equal(open(manager, [0, 1]), 0)
  assert.notEqual(open(manager, [0, 1, 2]), 0)
  assert.equal(cache.get(small), undefined)
  assert.notEqual(cache.get(large), undefined)
})

test("a follower's session takes the place of a consumer's, however young, and is not taken by one", () => {
  const { manager, cache, clock } = kit(1)
  open(manager, [0, 1, 2])
  const follower = (version: number, who: Draft<typeof FetchRequest>): number => {
    return answer(
      manager.newContext(request({ sessionEpoch: 0, topics: topics([0]), ...who }, version), version),
    ).sessionId
  }
  const sessionId = follower(12, { replicaId: 3 })
  assert.notEqual(sessionId, 0)
  assert.ok(cache.get(sessionId)!.isPrivileged)
  assert.equal(follower(12, { replicaId: 4 }), 0)
  clock.advance(2 * MINUTE_MS)
  answer(manager.newContext(request({ sessionId, sessionEpoch: 1, replicaId: 3 }), 12))
  clock.advance(1)
  assert.equal(open(manager, [0, 1, 2, 3]), 0)
})

test('partitions of all sessions together are bounded', () => {
  const { manager, cache } = kit(10, 5)
  const sessionId = open(manager, [0, 1, 2])
  assert.equal(open(manager, [0, 1, 2]), 0)
  const grow = manager.newContext(request({ sessionId, sessionEpoch: 1, topics: topics([3, 4, 5]) }), 12)
  assert.equal(grow.errorCode, ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
  assert.equal(cache.size, 0)
  assert.equal(cache.partitionCount, 0)
})
