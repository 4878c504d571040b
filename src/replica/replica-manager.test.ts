import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../protocol/error-codes.ts'
import { SimClock } from '../simulator/sim-clock.ts'
import {
  batch,
  lead,
  partitionOf,
  produce,
  settled,
  start,
  startLeader,
  stop,
} from './replica-manager.test.kit.ts'

const { NONE, STALE_CONTROLLER_EPOCH, FENCED_LEADER_EPOCH, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode
const { INCONSISTENT_TOPIC_ID, BROKER_NOT_AVAILABLE } = ErrorCode
const OTHER_TOPIC_ID = 'BBBBBBBBQBCBBBBBBBBBBQ'

test('a controller that has been replaced changes nothing', async () => {
  const { manager, partition } = await startLeader()
  await lead(manager, { controllerEpoch: 5, leaderEpoch: 1 })
  assert.deepEqual(await lead(manager, { controllerEpoch: 4, leaderEpoch: 2 }), [STALE_CONTROLLER_EPOCH])
  assert.deepEqual(await stop(manager, { controllerEpoch: 4 }), [STALE_CONTROLLER_EPOCH])
  assert.deepEqual([partition.leaderEpoch, partition.isLeader], [1, true])
})

test('a leader epoch that is not newer changes nothing', async () => {
  const { manager, partition } = await startLeader()
  await lead(manager, { leaderEpoch: 3 })
  for (const leaderEpoch of [2, 3]) {
    assert.deepEqual(await lead(manager, { leaderEpoch, leader: 2, replicas: [1, 2] }), [
      NONE,
      STALE_CONTROLLER_EPOCH,
    ])
  }
  assert.deepEqual([partition.leaderEpoch, partition.isLeader], [3, true])
})

test('StopReplica of an older epoch is fenced, unless the topic is being deleted', async () => {
  const { manager } = await startLeader()
  await lead(manager, { leaderEpoch: 3 })
  assert.deepEqual(await stop(manager, { leaderEpoch: 2 }), [NONE, FENCED_LEADER_EPOCH])
  assert.ok(manager.partition('t', 0))
  assert.deepEqual(await stop(manager), [NONE, NONE])
  assert.equal(manager.partition('t', 0), undefined)
  assert.deepEqual(await stop(manager), [NONE, NONE])
})

test('a partition that is not assigned here is refused', async () => {
  const { manager } = start()
  assert.deepEqual(await lead(manager, { leader: 2, replicas: [2, 3] }), [NONE, UNKNOWN_TOPIC_OR_PARTITION])
})

test('a folder of another topic of the same name is not taken over', async () => {
  const { manager, partition } = await startLeader()
  const other = { topicId: OTHER_TOPIC_ID, leaderEpoch: 1 }
  assert.deepEqual(await lead(manager, other), [NONE, INCONSISTENT_TOPIC_ID])
  assert.equal(partition.leaderEpoch, 0)
})

test('the high watermark of a follower survives a restart, and that of a deleted partition does not', async () => {
  const first = await startLeader()
  produce(first, batch('a'))
  first.clock.tick()
  first.manager.shutdown()
  await first.logManager.shutdown()
  const second = start({ disk: first.disk })
  await lead(second.manager, { leader: 2, leaderEpoch: 1, replicas: [1, 2] })
  assert.equal(partitionOf(second.manager).onlineLog.highWatermark, 1)
  await stop(second.manager)
  await lead(second.manager, { topicId: OTHER_TOPIC_ID, leader: 2, replicas: [1, 2] })
  assert.equal(partitionOf(second.manager).onlineLog.highWatermark, 0)
})

test('high watermarks are checkpointed every so often, and not while nothing changes', async () => {
  const kit = await startLeader()
  const writes: string[] = []
  kit.manager.start()
  kit.disk.onWriteBoundary(({ operation, path }) => {
    if (operation === 'rename' && path.includes('replication-offset-checkpoint')) writes.push(path)
  })
  kit.clock.advance(5000)
  assert.equal(writes.length, 1)
  kit.clock.advance(20_000)
  assert.equal(writes.length, 1)
  produce(kit, batch('a'))
  kit.clock.advance(5000)
  assert.equal(writes.length, 2)
  assert.match(kit.disk.readFile('/data/replication-offset-checkpoint').toString(), /\nt 0 1\n$/)
})

/** Each look at it takes a millisecond. */
class SlowClock extends SimClock {
  override monotonicMs(): number {
    this.advanceQuietly()
    return super.monotonicMs() + this.#extraMs
  }
  #extraMs = 0
  advanceQuietly(): void {
    this.#extraMs += 1
  }
}

test('a request about many partitions lets the loop turn, and ends with the broker', async () => {
  const clock = new SlowClock()
  const { manager } = start({ clock })
  let isDone = false
  const indexes = Array.from({ length: 200 }, (_, index) => index)
  const outcome = lead(manager, { indexes }).then((result) => {
    isDone = true
    return result
  })
  await settled()
  const first = [...manager.partitions()].length
  assert.ok(first > 0 && first < 200, `${first} partitions in one turn`)
  clock.advance(0)
  await settled()
  const second = [...manager.partitions()].length
  assert.ok(!isDone && second > first)
  manager.shutdown()
  clock.advance(0)
  assert.deepEqual(await outcome, [BROKER_NOT_AVAILABLE])
  assert.equal([...manager.partitions()].length, second)
})
