/** KIP-890 on the side of the partition: what stands between a coordinator's yes and the append. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../protocol/error-codes.ts'
import { fixture, openLog } from './log-fixture.test.ts'
import {
  TransactionVerification,
  TransactionVerifications,
  VERIFICATIONS_MAX,
  type Verification,
} from './transaction-verifications.ts'
import { append, commit, end, stageData, stageMarker } from './transactions.test.kit.ts'
import type { UnifiedLog } from './unified-log.ts'

const { INVALID_TXN_STATE, INVALID_PRODUCER_EPOCH, OUT_OF_ORDER_SEQUENCE_NUMBER } = ErrorCode

function start(
  log: UnifiedLog,
  { producerId = 2, producerEpoch = 0, baseSequence = 0, raisesEpoch = false } = {},
): Verification {
  const started = log.producerState.startVerification({
    producerId,
    producerEpoch,
    baseSequence,
    raisesEpoch,
  })
  assert.ok(started === 'ongoing' || started instanceof TransactionVerification, JSON.stringify(started))
  return started
}

test('the first record of a transaction shows its verification, the next ones need none', () => {
  const log = openLog(fixture())
  const verification = start(log)
  assert.notEqual(verification, 'ongoing')
  assert.equal(append(log, { producerId: 2, sequence: 0, values: ['a'], verification }), 0)
  assert.equal(start(log), 'ongoing')
  assert.equal(append(log, { producerId: 2, sequence: 1, values: ['b'], verification: 'ongoing' }), 0)
})

test('a transaction that was begun in this tick is ongoing before it is written', () => {
  const log = openLog(fixture())
  stageData(log, { producerId: 2, sequence: 0, values: ['a'], verification: start(log) })
  assert.equal(start(log), 'ongoing')
  assert.equal(
    stageData(log, { producerId: 2, sequence: 1, values: ['b'], verification: 'ongoing' }).errorCode,
    0,
  )
  commit(log)
})

test('a record of a transaction that has ended since is refused, with its verification or without', () => {
  const log = openLog(fixture())
  const late = start(log)
  assert.equal(end(log, { producerId: 2, commit: false }), 0, 'by its timeout')
  assert.equal(
    append(log, { producerId: 2, sequence: 0, values: ['a'], verification: late }),
    INVALID_TXN_STATE,
  )
  assert.equal(
    append(log, { producerId: 2, sequence: 0, values: ['a'], verification: 'ongoing' }),
    INVALID_TXN_STATE,
  )
  const next = start(log)
  assert.notEqual(next, late)
  assert.equal(
    append(log, { producerId: 2, sequence: 0, values: ['a'], verification: late }),
    INVALID_TXN_STATE,
  )
  assert.equal(append(log, { producerId: 2, sequence: 0, values: ['a'], verification: next }), 0)
})

test('a marker that is only staged makes the verification void already', () => {
  const log = openLog(fixture())
  const verification = start(log)
  stageMarker(log, { producerId: 2, commit: false })
  assert.equal(
    stageData(log, { producerId: 2, sequence: 0, values: ['a'], verification }).errorCode,
    INVALID_TXN_STATE,
  )
  commit(log)
})

test('with transaction version 2 the marker of the transaction before leaves the verification of the next alone', () => {
  const log = openLog(fixture())
  append(log, { producerId: 2, epoch: 0, sequence: 0, values: ['a'] })
  const next = start(log, { producerEpoch: 1, raisesEpoch: true })
  assert.notEqual(next, 'ongoing', 'the open one is of another epoch')
  assert.equal(end(log, { producerId: 2, epoch: 1, commit: true, transactionVersion: 2 }), 0)
  assert.equal(append(log, { producerId: 2, epoch: 1, sequence: 0, values: ['b'], verification: next }), 0)
  const late = start(log, { producerId: 3, producerEpoch: 1, raisesEpoch: true })
  assert.equal(end(log, { producerId: 3, epoch: 2, commit: false, transactionVersion: 2 }), 0)
  assert.equal(
    append(log, { producerId: 3, epoch: 1, sequence: 0, values: ['c'], verification: late }),
    INVALID_PRODUCER_EPOCH,
  )
})

test('an older epoch than the last is refused before the coordinator is asked', () => {
  const log = openLog(fixture())
  append(log, { producerId: 2, epoch: 3, sequence: 0, values: ['a'], transactional: false })
  const first = { producerId: 2, producerEpoch: 2, baseSequence: 0, raisesEpoch: false }
  const refused = log.producerState.startVerification(first)
  assert.ok(typeof refused === 'object' && 'errorCode' in refused)
  assert.equal(refused.errorCode, INVALID_PRODUCER_EPOCH)
})

test('while a lower sequence number is to come again, a higher one is not the first', () => {
  const log = openLog(fixture())
  const verification = start(log, { baseSequence: 0 })
  assert.equal(start(log, { baseSequence: 3 }), verification, 'one for the producer')
  const values = ['x', 'y', 'z']
  assert.equal(
    append(log, { producerId: 2, sequence: 3, values, verification }),
    OUT_OF_ORDER_SEQUENCE_NUMBER,
  )
  assert.equal(append(log, { producerId: 2, sequence: 0, values, verification }), 0)
  assert.equal(append(log, { producerId: 2, sequence: 3, values, verification: 'ongoing' }), 0)
})

test('a newer epoch counts its sequence numbers anew', () => {
  const log = openLog(fixture())
  start(log, { baseSequence: 0 })
  const verification = start(log, { producerEpoch: 1, baseSequence: 4 })
  assert.equal(start(log, { producerEpoch: 0, baseSequence: 1 }), verification)
  assert.equal(append(log, { producerId: 2, epoch: 1, sequence: 4, values: ['a'], verification }), 0)
})

test('with transaction version 2 a transaction begins at 0, whatever is forgotten of its producer', () => {
  const log = openLog(fixture())
  const verification = start(log, { baseSequence: 4, raisesEpoch: true })
  assert.equal(
    append(log, { producerId: 2, sequence: 4, values: ['a'], verification }),
    OUT_OF_ORDER_SEQUENCE_NUMBER,
  )
  const older = start(log, { producerId: 3, baseSequence: 4 })
  assert.equal(append(log, { producerId: 3, sequence: 4, values: ['a'], verification: older }), 0)
})

test('a retry of a batch that is in the log needs no verification', () => {
  const log = openLog(fixture())
  append(log, { producerId: 2, sequence: 0, values: ['a'], verification: start(log) })
  end(log, { producerId: 2, commit: true })
  const again = stageData(log, { producerId: 2, sequence: 0, values: ['a'], verification: 'ongoing' })
  assert.deepEqual([again.errorCode, again.duplicate, again.firstOffset], [0, true, 0])
})

test('where verification is switched off nothing is shown', () => {
  const log = openLog(fixture())
  assert.equal(append(log, { producerId: 2, sequence: 0, values: ['a'] }), 0)
})

test('a verification that leads to nothing is forgotten, at once or with its producer', () => {
  const at = fixture()
  const log = openLog(at)
  const refused = start(log)
  assert.ok(refused instanceof TransactionVerification)
  log.producerState.abandonVerification(2, refused)
  assert.notEqual(start(log), refused)
  const forgotten = start(log, { producerId: 3 })
  at.clock.advance(86_400_000)
  log.removeExpiredProducers(at.clock.nowMs())
  assert.notEqual(start(log, { producerId: 3 }), forgotten)
})

test('producers that ask and never append take no more than so much memory', () => {
  const verifications = new TransactionVerifications()
  const first = { producerEpoch: 0, baseSequence: 0, raisesEpoch: false }
  for (let producerId = 0; producerId <= VERIFICATIONS_MAX; producerId++)
    verifications.start({ ...first, producerId }, 0)
  assert.equal(verifications.get(0), undefined, 'the oldest went')
  assert.ok(verifications.get(1) !== undefined && verifications.get(VERIFICATIONS_MAX) !== undefined)
})
