import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../protocol/error-codes.ts'
import {
  fetch,
  idempotent,
  type KitOptions,
  lead,
  partitionOf,
  produce,
  startLeader,
  told,
  turn,
} from './replica-manager.test.kit.ts'

const DIRS = ['/data/a', '/data/b']

async function startMovable(config: KitOptions['config'] = {}) {
  const kit = await startLeader({ dirs: DIRS, config: { segmentBytes: 1000, ...config } })
  kit.manager.start()
  return kit
}

test('produces and fetches go on while a replica moves, each answered when it may be', async () => {
  for (const flushMessages of [1, Number.MAX_SAFE_INTEGER]) {
    const kit = await startMovable({ flushMessages })
    const produced = []
    for (let sequence = 0; sequence < 40; sequence++) {
      if (sequence === 20) assert.equal(kit.manager.alterLogDir('t', 0, '/data/b'), 0)
      produced.push(produce(kit, idempotent(`value ${sequence}`, sequence), { acks: -1 }))
      kit.clock.advance(1)
      await turn(kit)
    }
    assert.equal(kit.partition.onlineLog.directory, '/data/b/t-0')
    assert.deepEqual(
      produced.map(({ done }) => done),
      produced.map(() => ErrorCode.NONE),
    )
    assert.equal(kit.partition.onlineLog.highWatermark, 40)
    const offsets = []
    for (let offset = 0; offset < 40; offset = offsets.length)
      offsets.push(...told(fetch(kit, offset)).offsets)
    assert.deepEqual(
      offsets,
      offsets.map((_, index) => index),
    )
    assert.equal(produce(kit, idempotent('value 39', 39)).outcome.firstOffset, 39, 'a retry is known as such')
  }
})

test('a fetch that waits is answered by what comes after the move', async () => {
  const kit = await startMovable()
  produce(kit, idempotent('first', 0))
  await turn(kit)
  const waiting = fetch(kit, 1, { maxWaitMs: 10_000 })
  kit.manager.alterLogDir('t', 0, '/data/b')
  kit.clock.advance(10)
  assert.equal(kit.partition.onlineLog.directory, '/data/b/t-0')
  assert.equal(waiting.read, undefined)
  produce(kit, idempotent('second', 1))
  await turn(kit)
  assert.deepEqual(told(waiting).offsets, [1])
})

test('the high watermark is found where the log lies when the broker starts again', async () => {
  const kit = await startMovable()
  await lead(kit.manager, { leaderEpoch: 1, replicas: [1, 2] })
  produce(kit, idempotent('first', 0))
  produce(kit, idempotent('second', 1))
  await turn(kit)
  assert.equal(kit.partition.onlineLog.highWatermark, 0, 'the other replica has not fetched')
  partitionOf(kit.manager).updateRemoteReplica(2, 1, 0)
  assert.equal(kit.partition.onlineLog.highWatermark, 1)
  kit.manager.alterLogDir('t', 0, '/data/b')
  kit.clock.advance(10)
  const checkpoint = kit.disk.readFile('/data/b/replication-offset-checkpoint').toString()
  assert.equal(checkpoint, '0\n1\nt 0 1\n')
})

test('a replica whose directory has failed is not moved', async () => {
  const kit = await startMovable()
  kit.disk.injectFault({ operation: 'sync', code: 'EIO', nth: 0, sticky: true, pathPart: '/data/a' })
  produce(kit, idempotent('lost', 0))
  await turn(kit)
  kit.partition.onlineLog.flush().catch(() => {})
  await turn(kit)
  assert.equal(kit.partition.role, 'offline')
  assert.equal(kit.manager.alterLogDir('t', 0, '/data/b'), ErrorCode.KAFKA_STORAGE_ERROR)
  assert.equal(kit.manager.alterLogDir('t', 0, '/data/c'), ErrorCode.LOG_DIR_NOT_FOUND)
})
