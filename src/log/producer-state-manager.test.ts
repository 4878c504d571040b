import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ErrorCode } from '../protocol/error-codes.ts'
import { buildBatch, buildEndTransactionMarker } from '../records/record-batch-builder.ts'
import { SimClock } from '../simulator/sim-clock.ts'
import { SimDisk } from '../simulator/sim-disk.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import { type ProducerAppendOrigin, ProducerStateManager } from './producer-state-manager.ts'

const DIRECTORY = '/data/t-0'
const EXPIRATION_MS = 86_400_000
const MAX_SEQUENCE = 0x7fffffff

interface Append {
  producerId?: number
  epoch?: number
  sequence?: number
  count?: number
  transactional?: boolean
  timestampMs?: number
  origin?: ProducerAppendOrigin
}

/** A partition's producer state with a log end that moves as a log's would. */
class Harness {
  readonly disk = new SimDisk({ seed: 1 })
  readonly clock = new SimClock()
  manager: ProducerStateManager
  endOffset = 0
  stagedEnd = 0

  constructor() {
    this.disk.makeDirectory(DIRECTORY)
    this.manager = this.open()
  }

  open(): ProducerStateManager {
    return new ProducerStateManager({
      topicPartition: 't-0',
      directory: DIRECTORY,
      disk: this.disk,
      clock: this.clock,
      producerIdExpirationMs: () => EXPIRATION_MS,
    })
  }

  batch(append: Append, baseOffset = this.stagedEnd): Buffer {
    const timestampMs = append.timestampMs ?? this.clock.nowMs()
    const drafts = Array.from({ length: append.count ?? 1 }, () => ({ value: 'v', timestampMs }))
    return buildBatch(drafts, {
      baseOffset,
      producerId: append.producerId ?? 7,
      producerEpoch: append.epoch ?? 0,
      baseSequence: append.sequence ?? 0,
      isTransactional: append.transactional ?? false,
    })
  }

  /** Kafka's code, 0 for staged. */
  stage(append: Append): number {
    const error = this.manager.stage(this.batch(append), 0, append.origin ?? 'client')
    if (error === undefined) this.stagedEnd += append.count ?? 1
    return error?.errorCode ?? 0
  }

  stageMarker(marker: {
    producerId?: number
    epoch?: number
    commit: boolean
    coordinatorEpoch?: number
    origin?: ProducerAppendOrigin
  }): number {
    const buffer = buildEndTransactionMarker({
      committed: marker.commit,
      producerId: marker.producerId ?? 7,
      producerEpoch: marker.epoch ?? 0,
      coordinatorEpoch: marker.coordinatorEpoch ?? 0,
      timestampMs: this.clock.nowMs(),
      baseOffset: this.stagedEnd,
    })
    const error = this.manager.stage(buffer, 0, marker.origin ?? 'coordinator')
    if (error === undefined) this.stagedEnd++
    return error?.errorCode ?? 0
  }

  commit() {
    this.endOffset = this.stagedEnd
    return this.manager.commit(this.endOffset)
  }

  append(append: Append): number {
    const code = this.stage(append)
    this.commit()
    return code
  }

  duplicate(append: Append) {
    const place = this.manager.findDuplicate(this.batch(append, 999), 0)
    return place === undefined ? undefined : [place.firstOffset, place.lastOffset]
  }
}

describe('ProducerStateManager, sequences', () => {
  it('accepts an unknown producer at any sequence number', () => {
    assert.equal(new Harness().append({ sequence: 41, epoch: 3 }), 0)
  })

  it('accepts only the next sequence number within an epoch', () => {
    const h = new Harness()
    assert.equal(h.append({ sequence: 0, count: 3 }), 0)
    assert.equal(h.append({ sequence: 4 }), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    assert.equal(h.append({ sequence: 2 }), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    assert.equal(h.append({ sequence: 3 }), 0)
    assert.equal(h.append({ producerId: 8, sequence: 0 }), 0)
  })

  it('starts a new epoch at 0 and fences the old one', () => {
    const h = new Harness()
    h.append({ sequence: 0, epoch: 1 })
    assert.equal(h.append({ sequence: 1, epoch: 2 }), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    assert.equal(h.append({ sequence: 0, epoch: 2 }), 0)
    assert.equal(h.append({ sequence: 1, epoch: 1 }), ErrorCode.INVALID_PRODUCER_EPOCH)
    assert.equal(h.append({ sequence: 1, epoch: 2 }), 0)
  })

  it('goes on at 0 after 2^31-1, between batches and inside of one', () => {
    const h = new Harness()
    assert.equal(h.append({ sequence: MAX_SEQUENCE }), 0)
    assert.equal(h.append({ sequence: 0 }), 0)
    const inside = new Harness()
    assert.equal(inside.append({ sequence: MAX_SEQUENCE - 1, count: 4 }), 0)
    assert.deepEqual(inside.duplicate({ sequence: MAX_SEQUENCE - 1, count: 4 }), [0, 3])
    assert.equal(inside.append({ sequence: 2 }), 0)
  })

  it('recognises the last five batches of a producer with their offsets, and no older one', () => {
    const h = new Harness()
    for (let sequence = 0; sequence < 12; sequence += 2) h.append({ sequence, count: 2 })
    for (let sequence = 2; sequence < 12; sequence += 2) {
      assert.deepEqual(h.duplicate({ sequence, count: 2 }), [sequence, sequence + 1])
    }
    assert.equal(h.duplicate({ sequence: 0, count: 2 }), undefined)
    assert.equal(h.duplicate({ sequence: 4, count: 1 }), undefined)
    assert.equal(h.duplicate({ sequence: 4, count: 2, epoch: 1 }), undefined)
    assert.equal(h.append({ sequence: 0, count: 2 }), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
  })

  it('checks what is staged against what was staged before it', () => {
    const h = new Harness()
    for (let sequence = 0; sequence < 5; sequence++) assert.equal(h.stage({ sequence }), 0)
    assert.deepEqual(h.duplicate({ sequence: 3 }), [3, 3])
    assert.equal(h.stage({ sequence: 6 }), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    assert.equal(h.stage({ sequence: 5 }), 0)
    assert.equal(h.duplicate({ sequence: 0 }), undefined)
    assert.equal(h.manager.producers.size, 0)
    h.commit()
    assert.equal(h.manager.producers.get(7)?.lastSequence, 5)
    assert.equal(h.manager.mapEndOffset, 6)
  })

  it('forgets what was staged when the write failed', () => {
    const h = new Harness()
    h.append({ sequence: 0 })
    h.stage({ sequence: 1 })
    h.stage({ sequence: 0, producerId: 9 })
    h.manager.rollback()
    h.stagedEnd = h.endOffset
    assert.equal(h.duplicate({ sequence: 1 }), undefined)
    assert.equal(h.manager.producers.has(9), false)
    assert.equal(h.append({ sequence: 2 }), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    assert.equal(h.append({ sequence: 1 }), 0)
    assert.deepEqual(h.duplicate({ sequence: 0 }), [0, 0])
  })

  it('does not check what replication brings, nor sequence numbers of coordinators', () => {
    const h = new Harness()
    h.append({ sequence: 0, epoch: 5 })
    assert.equal(h.append({ sequence: 9, epoch: 5, origin: 'replication' }), 0)
    assert.equal(h.append({ sequence: 3, epoch: 4, origin: 'replication' }), 0)
    const c = new Harness()
    assert.equal(c.append({ sequence: -1, epoch: 1, origin: 'coordinator' }), 0)
    assert.equal(c.append({ sequence: -1, epoch: 1, origin: 'coordinator' }), 0)
    assert.equal(
      c.append({ sequence: -1, epoch: 0, origin: 'coordinator' }),
      ErrorCode.INVALID_PRODUCER_EPOCH,
    )
  })

  it('behaves as a plain list of all batches would', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new SimRandom(seed)
      const h = new Harness()
      const history: { sequence: number; count: number; offset: number }[] = []
      let next = MAX_SEQUENCE - random.below(60)
      for (let step = 0; step < 200; step++) {
        const count = 1 + random.below(4)
        if (random.below(3) === 0 && history.length > 0) {
          const index = random.below(history.length)
          const old = history[index]!
          const known = index >= history.length - 5
          const want = known ? [old.offset, old.offset + old.count - 1] : undefined
          assert.deepEqual(h.duplicate({ sequence: old.sequence, count: old.count }), want, `seed ${seed}`)
        } else {
          history.push({ sequence: next, count, offset: h.stagedEnd })
          assert.equal(h.stage({ sequence: next, count }), 0, `seed ${seed}`)
          next = (next + count) % 2 ** 31
          if (random.oneIn(2)) h.commit()
        }
      }
    }
  })
})

describe('ProducerStateManager, expiry', () => {
  it('forgets a producer when its time is up, and not a millisecond earlier', () => {
    const h = new Harness()
    h.append({ sequence: 0 })
    h.manager.removeExpiredProducers(h.clock.nowMs() + EXPIRATION_MS - 1)
    assert.equal(h.manager.producers.size, 1)
    h.manager.removeExpiredProducers(h.clock.nowMs() + EXPIRATION_MS)
    assert.equal(h.manager.producers.size, 0)
    assert.equal(h.append({ sequence: 17 }), 0)
  })

  it('counts from the append, however old the timestamps of the records are', () => {
    const h = new Harness()
    h.append({ sequence: 0, timestampMs: 1000 })
    h.manager.removeExpiredProducers(h.clock.nowMs() + EXPIRATION_MS - 1)
    assert.equal(h.manager.producers.size, 1)
  })

  it('keeps a producer with an open transaction', () => {
    const h = new Harness()
    h.append({ sequence: 0, transactional: true })
    h.manager.removeExpiredProducers(h.clock.nowMs() + 10 * EXPIRATION_MS)
    assert.equal(h.manager.producers.size, 1)
  })
})

describe('ProducerStateManager, transactions', () => {
  it('keeps the first unstable offset at the oldest open transaction, then until its marker is replicated', () => {
    const h = new Harness()
    h.append({ sequence: 0, count: 2 })
    h.append({ producerId: 1, sequence: 0, transactional: true })
    h.append({ producerId: 2, sequence: 0, transactional: true })
    assert.equal(h.manager.firstUnstableOffset, 2)
    assert.equal(h.manager.firstUndecidedOffset, 2)
    h.stageMarker({ producerId: 1, commit: true })
    assert.deepEqual(h.commit(), [
      { producerId: 1, firstOffset: 2, lastOffset: 4, isAborted: false, lastStableOffset: 3 },
    ])
    assert.equal(h.manager.firstUnstableOffset, 2)
    assert.equal(h.manager.firstUndecidedOffset, 3)
    h.manager.onHighWatermarkUpdated(4)
    assert.equal(h.manager.firstUnstableOffset, 2)
    h.manager.onHighWatermarkUpdated(5)
    assert.equal(h.manager.firstUnstableOffset, 3)
    h.stageMarker({ producerId: 2, commit: false })
    assert.deepEqual(h.commit(), [
      { producerId: 2, firstOffset: 3, lastOffset: 5, isAborted: true, lastStableOffset: 6 },
    ])
    h.manager.onHighWatermarkUpdated(6)
    assert.equal(h.manager.firstUnstableOffset, undefined)
  })

  it('settles transactions that begin and end within one tick in their order', () => {
    const h = new Harness()
    h.stage({ producerId: 1, sequence: 0, transactional: true })
    h.stageMarker({ producerId: 1, commit: false })
    h.stage({ producerId: 1, sequence: 1, transactional: true })
    h.stage({ producerId: 2, sequence: 0, transactional: true })
    assert.equal(h.manager.firstUnstableOffset, undefined)
    assert.deepEqual(h.commit(), [
      { producerId: 1, firstOffset: 0, lastOffset: 1, isAborted: true, lastStableOffset: 2 },
    ])
    assert.equal(h.manager.firstUndecidedOffset, 2)
  })

  it('refuses a plain batch of a producer whose transaction is open', () => {
    const h = new Harness()
    h.append({ sequence: 0, transactional: true })
    assert.equal(h.append({ sequence: 1 }), ErrorCode.INVALID_TXN_STATE)
    h.stageMarker({ commit: true })
    h.commit()
    assert.equal(h.append({ sequence: 1 }), 0)
  })

  it('refuses markers of a former coordinator or epoch, except in replication', () => {
    const h = new Harness()
    h.append({ sequence: 0, epoch: 2, transactional: true })
    assert.equal(h.stageMarker({ commit: true, epoch: 1 }), ErrorCode.INVALID_PRODUCER_EPOCH)
    assert.equal(h.stageMarker({ commit: true, epoch: 2, coordinatorEpoch: 4 }), 0)
    h.commit()
    assert.equal(
      h.stageMarker({ commit: true, epoch: 2, coordinatorEpoch: 3 }),
      ErrorCode.TRANSACTION_COORDINATOR_FENCED,
    )
    assert.equal(h.stageMarker({ commit: true, epoch: 2, coordinatorEpoch: 3, origin: 'replication' }), 0)
  })

  it('lets a marker with a new epoch fence the producer, whose next batch starts at 0', () => {
    const h = new Harness()
    h.append({ sequence: 0, count: 3, transactional: true })
    h.stageMarker({ commit: false, epoch: 1 })
    h.commit()
    assert.equal(h.append({ sequence: 3, transactional: true }), ErrorCode.INVALID_PRODUCER_EPOCH)
    assert.equal(h.append({ sequence: 3, epoch: 1 }), ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
    assert.equal(h.append({ sequence: 0, epoch: 1 }), 0)
  })

  it('refuses a control batch that holds no marker', () => {
    const h = new Harness()
    const batch = buildBatch([{ key: 'x', value: 'y' }], { producerId: 7, producerEpoch: 0, isControl: true })
    assert.equal(h.manager.stage(batch, 0, 'replication')?.errorCode, ErrorCode.CORRUPT_MESSAGE)
  })
})

describe('ProducerStateManager, snapshots', () => {
  it('comes back from a snapshot with sequences, epochs and open transactions', () => {
    const h = new Harness()
    h.append({ sequence: 5, epoch: 3, count: 2 })
    h.append({ producerId: 1, sequence: 0, transactional: true })
    h.manager.takeSnapshot({ sync: true })
    assert.equal(h.disk.stat(`${DIRECTORY}/00000000000000000003.snapshot`)?.sizeBytes, 10 + 2 * 46)
    h.manager = h.open()
    h.manager.truncateAndReload(0, 3)
    assert.equal(h.manager.mapEndOffset, 3)
    assert.equal(h.manager.firstUnstableOffset, 2)
    assert.deepEqual(h.duplicate({ sequence: 5, epoch: 3, count: 2 }), [0, 1])
    assert.equal(h.append({ sequence: 7, epoch: 3 }), 0)
    h.stageMarker({ producerId: 1, commit: false })
    assert.equal(h.commit()[0]?.firstOffset, 2)
  })

  it('takes none where nothing came since the last', () => {
    const h = new Harness()
    h.manager.takeSnapshot({ sync: true })
    h.append({ sequence: 0 })
    h.manager.takeSnapshot({ sync: true })
    h.manager.takeSnapshot({ sync: true })
    assert.deepEqual(h.manager.snapshotOffsets, [1])
    assert.equal(h.manager.fetchSnapshot(1), `${DIRECTORY}/00000000000000000001.snapshot`)
    assert.equal(h.manager.fetchSnapshot(2), undefined)
  })

  it('passes over a snapshot with any byte changed or missing, deletes it, and takes the one before', () => {
    const h = new Harness()
    h.append({ sequence: 0 })
    h.manager.takeSnapshot({ sync: true })
    h.append({ sequence: 1 })
    h.manager.takeSnapshot({ sync: true })
    const path = `${DIRECTORY}/00000000000000000002.snapshot`
    const sound = h.disk.readFile(path)
    const damaged = [
      ...Array.from(sound, (_, at) => {
        const bytes = Buffer.from(sound)
        bytes[at]! ^= 0x10
        return bytes
      }),
      ...Array.from(sound, (_, length) => sound.subarray(0, length)),
      Buffer.concat([sound, Buffer.from([0])]),
    ]
    for (const bytes of damaged) {
      h.disk.writeFileAtomic(path, bytes)
      const manager = h.open()
      manager.truncateAndReload(0, 2)
      assert.equal(manager.mapEndOffset, 1)
      assert.equal(manager.producers.get(7)?.lastSequence, 0)
      assert.equal(h.disk.stat(path), undefined)
    }
  })

  it('drops snapshots outside of the log when it is truncated, for good', () => {
    const h = new Harness()
    for (let sequence = 0; sequence < 4; sequence++) {
      h.append({ sequence })
      h.manager.takeSnapshot({ sync: true })
    }
    h.disk.syncDirectory(DIRECTORY)
    h.disk.syncDirectory('/data')
    h.disk.syncDirectory('/')
    h.manager.truncateAndReload(1, 3)
    assert.deepEqual(h.manager.snapshotOffsets, [2, 3])
    assert.equal(h.manager.producers.get(7)?.lastSequence, 2)
    const after = h.disk.crash({ lose: 'all' })
    assert.equal(after.list(DIRECTORY).length, 2)
  })

  it('does not take back producers that expired meanwhile', () => {
    const h = new Harness()
    h.append({ sequence: 0 })
    h.manager.takeSnapshot({ sync: true })
    h.clock.advance(EXPIRATION_MS)
    h.manager = h.open()
    h.manager.truncateAndReload(0, 1)
    assert.equal(h.manager.producers.size, 0)
    assert.equal(h.manager.mapEndOffset, 1)
  })

  it('removes snapshots without a segment, but not the newest above all segments', () => {
    const h = new Harness()
    for (let sequence = 0; sequence < 6; sequence++) {
      h.append({ sequence })
      h.manager.takeSnapshot({ sync: false })
    }
    h.manager.removeStraySnapshots([0, 2, 3])
    assert.deepEqual(h.manager.snapshotOffsets, [2, 3, 6])
    h.manager.removeStraySnapshots([0, 2, 7])
    assert.deepEqual(h.manager.snapshotOffsets, [2])
    h.manager.truncateFullyAndStartAt(100)
    assert.deepEqual(h.disk.list(DIRECTORY), [])
    assert.equal(h.manager.mapEndOffset, 100)
    assert.equal(h.manager.producers.size, 0)
  })

  it('renames a snapshot that goes with its segment', () => {
    const h = new Harness()
    h.append({ sequence: 0 })
    h.manager.takeSnapshot({ sync: false })
    const path = `${DIRECTORY}/00000000000000000001.snapshot.deleted`
    assert.equal(h.manager.markSnapshotForDeletion(1), path)
    assert.equal(h.manager.markSnapshotForDeletion(1), undefined)
    assert.equal(h.disk.stat(path)?.kind, 'file')
  })
})
