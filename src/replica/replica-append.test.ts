import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../protocol/error-codes.ts'
import { SimDisk } from '../simulator/sim-disk.ts'
import {
  batch,
  fetch,
  idempotent,
  lead,
  partitionOf,
  produce,
  settled,
  start,
  startLeader,
  stop,
  told,
  turn,
} from './replica-manager.test.kit.ts'

const { NONE, KAFKA_STORAGE_ERROR, NOT_LEADER_OR_FOLLOWER, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode

test('what one tick brings is written at its end in one write, and answered in order', async () => {
  const kit = await startLeader()
  const writes: string[] = []
  kit.disk.onWriteBoundary(({ operation, path }) => {
    if (operation === 'write' && path.endsWith('.log')) writes.push(path)
  })
  const order: number[] = []
  const all = [0, 1, 2].map((i) =>
    produce(kit, batch(`${i}`), { acks: i === 1 ? -1 : 1, onDone: () => order.push(i) }),
  )
  assert.deepEqual([writes.length, order, kit.partition.onlineLog.highWatermark], [0, [], 0])
  kit.clock.tick()
  assert.deepEqual([writes.length, order, kit.partition.onlineLog.highWatermark], [1, [0, 1, 2], 3])
  assert.deepEqual(
    all.map(({ outcome }) => outcome.firstOffset),
    [0, 1, 2],
  )
})

test('megabytes of one tick are written before its end, as soon as they are asked for', async () => {
  const kit = await startLeader()
  const large = 'x'.repeat(900_000)
  const all = [0, 1].map((sequence) => produce(kit, batch(`${sequence}${large}`)))
  kit.manager.relieve()
  assert.equal(all[1]?.done, undefined)
  all.push(produce(kit, batch(`2${large}`)))
  kit.manager.relieve()
  assert.deepEqual(
    [all.map(({ done }) => done), kit.partition.onlineLog.highWatermark],
    [[NONE, NONE, NONE], 3],
  )
  const next = produce(kit, batch('next'))
  kit.manager.relieve()
  assert.equal(next.done, undefined)
  kit.clock.tick()
  assert.deepEqual([next.done, next.outcome.firstOffset], [NONE, 3])
})

test('producers are answered before the fetches that wait for their records', async () => {
  const kit = await startLeader()
  const poll = fetch(kit, 0)
  const answeredBefore: boolean[] = []
  for (const acks of [1, -1] as const) {
    produce(kit, batch('x'), { acks, onDone: () => answeredBefore.push(poll.read !== undefined) })
  }
  kit.clock.tick()
  assert.deepEqual(answeredBefore, [false, false])
  assert.deepEqual(told(poll).offsets, [0, 1])
})

test('a full disk fails exactly what it kept out; what was there stays, and appends go on when there is space', async () => {
  const kit = await startLeader()
  const before = produce(kit, batch('before'))
  kit.clock.tick()
  kit.disk.injectFault({ operation: 'write', code: 'ENOSPC', nth: 0, pathPart: '.log', partialBytes: 10 })
  const lost = [produce(kit, batch('a')), produce(kit, batch('b'), { acks: -1 })]
  kit.clock.tick()
  kit.disk.clearFaults()
  const after = produce(kit, batch('after'), { acks: -1 })
  kit.clock.tick()
  assert.deepEqual(
    [before.done, ...lost.map(({ done }) => done), after.done],
    [NONE, KAFKA_STORAGE_ERROR, KAFKA_STORAGE_ERROR, NONE],
  )
  assert.equal(after.outcome.firstOffset, 1)
  assert.deepEqual(told(fetch(kit, 0)), { errorCode: NONE, offsets: [0, 1] })
  assert.deepEqual(kit.failures, [])
})

test('an append that a full segment had written earlier in the tick succeeds although the next one fails', async () => {
  const kit = await startLeader({ config: { segmentBytes: 150 } })
  const written = produce(kit, batch('x'.repeat(60)), { acks: -1 })
  kit.disk.injectFault({ operation: 'write', code: 'ENOSPC', nth: 1, pathPart: '.log' })
  const failed = produce(kit, batch('y'.repeat(60)), { acks: -1 })
  kit.clock.tick()
  assert.deepEqual([written.done, failed.done], [NONE, KAFKA_STORAGE_ERROR])
  assert.equal(kit.partition.onlineLog.highWatermark, 1)
})

test('a retry in the tick of its original is answered when the original is written', async () => {
  const kit = await startLeader()
  const original = produce(kit, idempotent('a', 0))
  const retry = produce(kit, idempotent('a', 0))
  assert.deepEqual([original.done, retry.done, retry.outcome.duplicate], [undefined, undefined, true])
  kit.clock.tick()
  assert.deepEqual([original.done, retry.done, retry.outcome.firstOffset], [NONE, NONE, 0])
  assert.equal(kit.partition.onlineLog.logEndOffset, 1)
})

test('a retry in the tick of its original fails with it, and the next one is taken as new', async () => {
  const kit = await startLeader()
  kit.disk.injectFault({ operation: 'write', code: 'ENOSPC', nth: 0, pathPart: '.log' })
  const both = [produce(kit, idempotent('a', 0)), produce(kit, idempotent('a', 0))]
  kit.clock.tick()
  assert.deepEqual(
    both.map(({ done }) => done),
    [KAFKA_STORAGE_ERROR, KAFKA_STORAGE_ERROR],
  )
  const again = produce(kit, idempotent('a', 0))
  kit.clock.tick()
  assert.deepEqual([again.done, again.outcome.duplicate, again.outcome.firstOffset], [NONE, false, 0])
})

test('a retry of what was written long ago succeeds in a tick whose write fails', async () => {
  const kit = await startLeader()
  produce(kit, idempotent('a', 0))
  kit.clock.tick()
  kit.disk.injectFault({ operation: 'write', code: 'ENOSPC', nth: 0, pathPart: '.log' })
  const retry = produce(kit, idempotent('a', 0), { acks: -1 })
  const fresh = produce(kit, idempotent('b', 1))
  kit.clock.tick()
  assert.deepEqual([retry.done, fresh.done], [NONE, KAFKA_STORAGE_ERROR])
})

test('with flush.messages=1 nothing is answered or readable before it is synced', async () => {
  const kit = await startLeader({ config: { flushMessages: 1 } })
  const poll = fetch(kit, 0)
  const all = [produce(kit, idempotent('a', 0)), produce(kit, idempotent('a', 0), { acks: -1 })]
  kit.clock.tick()
  const log = kit.partition.onlineLog
  assert.deepEqual([log.logEndOffset, log.highWatermark, log.recoveryPoint], [1, 0, 0])
  assert.deepEqual([poll.read, ...all.map(({ done }) => done)], [undefined, undefined, undefined])
  await settled()
  assert.deepEqual([log.highWatermark, log.recoveryPoint, ...all.map(({ done }) => done)], [1, 1, NONE, NONE])
  assert.deepEqual(told(poll).offsets, [0])
})

test('appends that come during a sync wait for the next one', async () => {
  const kit = await startLeader({ config: { flushMessages: 1 } })
  const order: number[] = []
  for (let i = 0; i < 3; i++) {
    produce(kit, batch(`${i}`), { onDone: () => order.push(i) })
    kit.clock.tick()
  }
  assert.deepEqual(order, [])
  await settled()
  assert.deepEqual(order, [0, 1, 2])
  assert.equal(kit.partition.onlineLog.recoveryPoint, 3)
})

test('a sync that fails is KAFKA_STORAGE_ERROR, and the directory goes out of service', async () => {
  const kit = await startLeader({ config: { flushMessages: 1 } })
  kit.disk.injectFault({ operation: 'sync', code: 'EIO', nth: 0, pathPart: '.log' })
  const poll = fetch(kit, 0)
  const produced = produce(kit, batch('a'), { acks: -1 })
  await turn(kit)
  assert.equal(produced.done, KAFKA_STORAGE_ERROR)
  assert.deepEqual([kit.partition.role, told(poll).errorCode], ['offline', KAFKA_STORAGE_ERROR])
  assert.equal(kit.failures.length, 2)
  assert.match(kit.failures[1]!, /all log dirs in \/data have failed/)
})

test('records that a killed broker had written and not synced are readable when they are', async () => {
  const first = await startLeader({ config: { flushMessages: 1 } })
  produce(first, batch('a'))
  first.clock.tick()
  // The process is gone before its sync: the system still has the write, the device need not.
  const disk = first.disk.crash({ lose: 'none' })
  const second = start({ disk, config: { flushMessages: 1 } })
  await lead(second.manager, { leaderEpoch: 1 })
  // `lead` ends after the sync may have begun, in a microtask: look at what the sync has covered.
  const log = partitionOf(second.manager).onlineLog
  assert.ok(log.highWatermark <= log.recoveryPoint)
  await turn(second)
  assert.deepEqual([log.recoveryPoint, log.highWatermark], [1, 1])
})

test('an append is written before the partition is deleted in the same tick', async () => {
  const kit = await startLeader()
  const poll = fetch(kit, 0, { minBytes: 1000 })
  const produced = produce(kit, batch('a'), { acks: -1 })
  assert.deepEqual(await stop(kit.manager), [NONE, NONE])
  assert.equal(produced.done, NONE)
  assert.equal(told(poll).errorCode, UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(kit.manager.partition('t', 0), undefined)
  assert.equal(kit.logManager.get('t', 0), undefined)
  kit.clock.tick()
  await settled()
})

test('a partition that is deleted while its records are synced answers that it is gone', async () => {
  const kit = await startLeader({ config: { flushMessages: 1 } })
  const produced = [produce(kit, batch('a')), produce(kit, batch('b'), { acks: -1 })]
  kit.clock.tick()
  await stop(kit.manager)
  await turn(kit)
  assert.deepEqual(
    produced.map(({ done }) => done),
    [UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_OR_PARTITION],
  )
  assert.deepEqual(kit.failures, [])
})

test('a leader that becomes follower and leader again during a sync does not acknowledge', async () => {
  const kit = await startLeader({ config: { flushMessages: 1 } })
  const produced = [produce(kit, batch('a')), produce(kit, batch('b'), { acks: -1 })]
  kit.clock.tick()
  await Promise.all([
    lead(kit.manager, { leader: 2, leaderEpoch: 1, replicas: [1, 2] }),
    lead(kit.manager, { leaderEpoch: 2 }),
  ])
  await turn(kit)
  assert.deepEqual(
    produced.map(({ done }) => done),
    [NOT_LEADER_OR_FOLLOWER, NOT_LEADER_OR_FOLLOWER],
  )
})

test('a wait for replication that begins in a later term is no acknowledgement', async () => {
  const kit = await startLeader()
  const { outcome } = produce(kit, batch('a'))
  const { term } = kit.partition
  kit.clock.tick()
  // As with a request whose other partition is synced meanwhile.
  await lead(kit.manager, { leader: 2, leaderEpoch: 1, replicas: [1, 2] })
  await lead(kit.manager, { leaderEpoch: 2 })
  let isAnswered = false
  kit.manager.awaitReplication([{ partition: kit.partition, outcome, term }], 1000, () => {
    isAnswered = true
  })
  assert.deepEqual([isAnswered, outcome.errorCode], [true, NOT_LEADER_OR_FOLLOWER])
})

test('a new epoch within a tick begins after what the tick had staged', async () => {
  const kit = await startLeader()
  const produced = produce(kit, batch('a'), { acks: -1 })
  assert.deepEqual(await lead(kit.manager, { leaderEpoch: 5 }), [NONE, NONE])
  kit.clock.tick()
  assert.equal(produced.done, NONE)
  const log = kit.partition.onlineLog
  assert.deepEqual(log.endOffsetForEpoch(0), { leaderEpoch: 0, endOffset: 1 })
  assert.deepEqual(log.endOffsetForEpoch(5), { leaderEpoch: 5, endOffset: 1 })
})

test('a directory that fails in a tick answers the appends that the tick had staged on its other logs', async () => {
  const kit = await startLeader({ dirs: ['/a', '/b'], config: { flushMessages: 1 } })
  await lead(kit.manager, { indexes: [1, 2] })
  kit.clock.tick()
  const directoryOf = (index: number): string =>
    partitionOf(kit.manager, index).onlineLog.directory.slice(0, 2)
  assert.deepEqual([0, 1, 2].map(directoryOf), ['/a', '/b', '/a'])
  kit.disk.injectFault({ operation: 'sync', code: 'EIO', nth: 0, pathPart: '/a/t-0/' })
  const failing = produce(kit, batch('a'), { index: 0 })
  kit.clock.tick()
  await settled()
  const sameDir = produce(kit, batch('b'), { index: 2 })
  const otherDir = produce(kit, batch('c'), { index: 1 })
  await turn(kit)
  assert.deepEqual(
    [failing.done, sameDir.done, otherDir.done],
    [KAFKA_STORAGE_ERROR, KAFKA_STORAGE_ERROR, NONE],
  )
  assert.deepEqual(
    [0, 1, 2].map((index) => partitionOf(kit.manager, index).role),
    ['offline', 'leader', 'offline'],
  )
  assert.deepEqual(kit.failures, ['/a'])
  // Its log lies in the failed directory: an empty one must not take its place.
  assert.deepEqual(await lead(kit.manager, { leaderEpoch: 1 }), [NONE, KAFKA_STORAGE_ERROR])
  assert.deepEqual(await stop(kit.manager), [NONE, KAFKA_STORAGE_ERROR])
})

test('a partition that a full disk kept from being made is made when there is space', async () => {
  const disk = new SimDisk({ seed: 1 })
  const kit = start({ disk })
  disk.injectFault({ operation: 'write', code: 'ENOSPC', nth: 0, sticky: true, pathPart: 't-0' })
  assert.deepEqual(await lead(kit.manager), [NONE, KAFKA_STORAGE_ERROR])
  assert.equal(partitionOf(kit.manager).role, 'offline')
  disk.clearFaults()
  assert.deepEqual(await lead(kit.manager), [NONE, NONE])
  const produced = produce(kit, batch('a'))
  kit.clock.tick()
  assert.equal(produced.done, NONE)
})

test('a shutdown writes and answers what the tick has staged', async () => {
  const kit = await startLeader()
  const produced = produce(kit, batch('a'))
  const poll = fetch(kit, 0, { minBytes: 1000 })
  kit.manager.shutdown()
  assert.equal(produced.done, NONE)
  assert.deepEqual(told(poll), { errorCode: NONE, offsets: [0] })
  await kit.logManager.shutdown()
  const again = start({ disk: kit.disk })
  await lead(again.manager)
  assert.deepEqual(told(fetch(again, 0)).offsets, [0])
})
