import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../protocol/error-codes.ts'
import {
  batch,
  fetch,
  lead,
  partitionOf,
  produce,
  start,
  startLeader,
  stop,
  told,
} from './replica-manager.test.kit.ts'

const { NONE, NOT_LEADER_OR_FOLLOWER, UNKNOWN_LEADER_EPOCH, FENCED_LEADER_EPOCH } = ErrorCode
const { OFFSET_OUT_OF_RANGE, REQUEST_TIMED_OUT, NOT_ENOUGH_REPLICAS_AFTER_APPEND } = ErrorCode
const FOLLOWER = 2

/** Broker 1 leads for 2 as well, which is in sync. */
async function startPair(options: { minInsyncReplicas?: number; isr?: readonly number[] } = {}) {
  const kit = start({ config: { minInsyncReplicas: options.minInsyncReplicas ?? 1 } })
  await lead(kit.manager, { replicas: [1, FOLLOWER], isr: options.isr ?? [1, FOLLOWER] })
  kit.clock.tick()
  return { ...kit, partition: partitionOf(kit.manager) }
}

test('a long poll is answered by the append that brings what it waits for', async () => {
  const kit = await startLeader()
  const poll = fetch(kit, 0, { minBytes: 100 })
  produce(kit, batch('a'))
  kit.clock.tick()
  assert.equal(poll.read, undefined)
  produce(kit, batch('b'))
  kit.clock.tick()
  assert.deepEqual(told(poll), { errorCode: NONE, offsets: [0, 1] })
})

test('a long poll is answered with what there is when its time is over', async () => {
  const kit = await startLeader()
  produce(kit, batch('a'))
  kit.clock.tick()
  const [some, nothing] = [fetch(kit, 0, { minBytes: 100 }), fetch(kit, 1)]
  kit.clock.advance(499)
  assert.deepEqual([some.read, nothing.read], [undefined, undefined])
  kit.clock.advance(20)
  assert.deepEqual([told(some).offsets, told(nothing).offsets], [[0], []])
})

test('without a wait the answer comes at once', async () => {
  const kit = await startLeader()
  assert.deepEqual(told(fetch(kit, 0, { maxWaitMs: 0 })).offsets, [])
})

test('a reader at the end of an older segment does not wait for more of it', async () => {
  const kit = await startLeader({ config: { segmentBytes: 150 } })
  for (const value of ['x', 'y', 'z']) {
    produce(kit, batch(value.repeat(60)))
    kit.clock.tick()
  }
  assert.ok(kit.partition.onlineLog.segmentCount > 1)
  assert.deepEqual(told(fetch(kit, 0, { minBytes: 100_000 })).offsets, [0])
})

test('bytes that only the limit keeps back count towards min.bytes', async () => {
  const kit = await startLeader()
  const bytes = batch('a').length
  for (const value of ['a', 'b', 'c']) produce(kit, batch(value))
  kit.clock.tick()
  const maxBytes = 2 * bytes + 10
  assert.deepEqual(told(fetch(kit, 0, { maxBytes, minBytes: maxBytes })).offsets, [0, 1])
  assert.equal(fetch(kit, 0, { minBytes: 3 * bytes + 1 }).read, undefined)
})

test('a batch above the limit is returned only to those who want one message at least', async () => {
  const kit = await startLeader()
  produce(kit, batch('a'))
  kit.clock.tick()
  assert.deepEqual(told(fetch(kit, 0, { maxBytes: 10 })).offsets, [0])
  assert.deepEqual(told(fetch(kit, 0, { maxBytes: 10, minOneMessage: false })).offsets, [])
})

test('errors are not waited for', async () => {
  const kit = await startLeader()
  assert.equal(told(fetch(kit, 1)).errorCode, OFFSET_OUT_OF_RANGE)
  assert.equal(told(fetch(kit, 0, { currentLeaderEpoch: 3 })).errorCode, UNKNOWN_LEADER_EPOCH)
  await lead(kit.manager, { leaderEpoch: 4 })
  assert.equal(told(fetch(kit, 0, { currentLeaderEpoch: 3 })).errorCode, FENCED_LEADER_EPOCH)
})

test('a long poll is told when the leader has gone, or has a newer epoch', async () => {
  const kit = await startLeader()
  const [plain, fenced] = [fetch(kit, 0), fetch(kit, 0, { currentLeaderEpoch: 0 })]
  await lead(kit.manager, { leaderEpoch: 1 })
  assert.deepEqual([plain.read, told(fenced).errorCode], [undefined, FENCED_LEADER_EPOCH])
  await lead(kit.manager, { leaderEpoch: 2, leader: FOLLOWER, replicas: [1, FOLLOWER] })
  assert.equal(told(plain).errorCode, NOT_LEADER_OR_FOLLOWER)
})

test('a follower hears of an append before it counts, and its next fetch makes it count', async () => {
  const kit = await startPair()
  const follower = fetch(kit, 0, { replicaId: FOLLOWER })
  const consumer = fetch(kit, 0)
  const produced = produce(kit, batch('a'), { acks: -1 })
  kit.clock.tick()
  assert.deepEqual(told(follower).offsets, [0])
  assert.deepEqual(
    [consumer.read, produced.done, kit.partition.onlineLog.highWatermark],
    [undefined, undefined, 0],
  )
  fetch(kit, 1, { replicaId: FOLLOWER })
  assert.deepEqual([told(consumer).offsets, produced.done], [[0], NONE])
  assert.equal(kit.partition.onlineLog.highWatermark, 1)
})

test('a produce that is not replicated in time says so', async () => {
  const kit = await startPair()
  const produced = produce(kit, batch('a'), { acks: -1, timeoutMs: 100 })
  kit.clock.advance(200)
  assert.equal(produced.done, REQUEST_TIMED_OUT)
})

test('a produce that waits is told when the leader has gone', async () => {
  const kit = await startPair()
  const produced = produce(kit, batch('a'), { acks: -1 })
  kit.clock.tick()
  await lead(kit.manager, { leaderEpoch: 1, leader: FOLLOWER, replicas: [1, FOLLOWER] })
  assert.equal(produced.done, NOT_LEADER_OR_FOLLOWER)
})

test('below min.insync.replicas the high watermark stays', async () => {
  const kit = await startPair({ minInsyncReplicas: 2, isr: [1] })
  const produced = produce(kit, batch('a'), { acks: -1 })
  kit.clock.tick()
  assert.deepEqual([produced.done, kit.partition.onlineLog.highWatermark], [undefined, 0])
})

test('an ISR that shrank below min.insync.replicas after the append is NOT_ENOUGH_REPLICAS_AFTER_APPEND', async () => {
  const kit = await startPair({ minInsyncReplicas: 2 })
  const produced = produce(kit, batch('a'), { acks: -1 })
  kit.clock.tick()
  // The follower has it, and drops out of the ISR before the answer is due.
  kit.partition.onlineLog.updateHighWatermark(1)
  await lead(kit.manager, { leaderEpoch: 1, replicas: [1, FOLLOWER], isr: [1] })
  assert.equal(produced.done, NOT_ENOUGH_REPLICAS_AFTER_APPEND)
})

test('a fetch in the name of a broker that is no replica is refused', async () => {
  const kit = await startPair()
  produce(kit, batch('a'))
  kit.clock.tick()
  assert.equal(told(fetch(kit, 0, { replicaId: 9 })).errorCode, NOT_LEADER_OR_FOLLOWER)
  assert.equal(told(fetch(kit, 0, { replicaId: 9, currentLeaderEpoch: 0 })).errorCode, UNKNOWN_LEADER_EPOCH)
})

test('a follower whose last epoch ends elsewhere is told where', async () => {
  const kit = await startPair()
  produce(kit, batch('a'))
  kit.clock.tick()
  await lead(kit.manager, { leaderEpoch: 2, replicas: [1, FOLLOWER] })
  produce(kit, batch('b'))
  kit.clock.tick()
  const { read } = fetch(kit, 2, { replicaId: FOLLOWER, lastFetchedEpoch: 0, minBytes: 1000 })
  assert.deepEqual(read?.results[0]?.divergingEpoch, { epoch: 0, endOffset: 1 })
  assert.equal(read.results[0].slice, null)
})

test('deleting records moves the start up to the high watermark and no further', async () => {
  const kit = await startLeader()
  for (const value of ['a', 'b', 'c']) produce(kit, batch(value))
  kit.clock.tick()
  assert.deepEqual(kit.partition.deleteRecords(2), { errorCode: NONE, lowWatermark: 2 })
  assert.deepEqual(kit.partition.deleteRecords(4), { errorCode: OFFSET_OUT_OF_RANGE, lowWatermark: -1 })
  assert.equal(told(fetch(kit, 1)).errorCode, OFFSET_OUT_OF_RANGE)
  assert.deepEqual(kit.partition.deleteRecords(-1), { errorCode: NONE, lowWatermark: 3 })
})

test('a long poll on a partition that is stopped and not deleted looks for another leader', async () => {
  const kit = await startLeader()
  const poll = fetch(kit, 0)
  await stop(kit.manager, { leaderEpoch: 0, deletePartition: false })
  assert.equal(told(poll).errorCode, NOT_LEADER_OR_FOLLOWER)
  assert.ok(kit.logManager.get('t', 0))
})
