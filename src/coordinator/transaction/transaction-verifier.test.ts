import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { partitionsOf, TransactionLab } from './transaction-lab.test.kit.ts'
import { LocalTransactionVerifier, type VerificationRequest } from './transaction-verifier.ts'

const producer = { transactionalId: 'a', producerId: 1, producerEpoch: 0 }

async function start() {
  const lab = await TransactionLab.start()
  const init = { transactionalId: 'a', timeoutMs: 60_000, expected: undefined }
  await lab.result(lab.coordinator.initProducerId(init))
  const { coordinator, clock, config } = lab
  const verifier = new LocalTransactionVerifier({ coordinator, clock, config })
  const verify = (partitions: string, fields: Partial<VerificationRequest> = {}) =>
    verifier.verify({
      ...producer,
      partitions: partitionsOf(partitions),
      addsPartitions: false,
      knowsAbortable: true,
      ...fields,
    })
  return { lab, verify }
}

function add(lab: TransactionLab, partitions: string) {
  const request = { ...producer, partitions: partitionsOf(partitions), clientTransactionVersion: 0 }
  return lab.result(lab.coordinator.addPartitions(request))
}

test('partitions of the transaction are verified, others are refused in words the client knows', async () => {
  const { lab, verify } = await start()
  await add(lab, 't-0')
  assert.deepEqual(await lab.result(verify('t-0,t-1')), [ErrorCode.NONE, ErrorCode.TRANSACTION_ABORTABLE])
  const old = await lab.result(verify('t-1,t-0', { knowsAbortable: false }))
  assert.deepEqual(old, [ErrorCode.INVALID_TXN_STATE, ErrorCode.NONE])
})

test('a fenced producer reads INVALID_PRODUCER_EPOCH, a strange one what the coordinator says', async () => {
  const { lab, verify } = await start()
  for (const addsPartitions of [false, true]) {
    const ask = (fields: object) => lab.result(verify('t-0,t-1', { ...fields, addsPartitions }))
    const both = (code: number) => [code, code]
    assert.deepEqual(await ask({ producerEpoch: 1 }), both(ErrorCode.INVALID_PRODUCER_EPOCH))
    assert.deepEqual(await ask({ producerId: 9 }), both(ErrorCode.INVALID_PRODUCER_ID_MAPPING))
    assert.deepEqual(await ask({ transactionalId: 'b' }), both(ErrorCode.INVALID_PRODUCER_ID_MAPPING))
    lab.coordinator.onResignation(0)
    assert.deepEqual(await ask({}), both(ErrorCode.NOT_COORDINATOR))
    lab.coordinator.onElection(0, lab.log)
    assert.deepEqual(await ask({}), both(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS))
    await lab.settle()
  }
})

test('with transaction version 2 partitions are added by writing to them', async () => {
  const { lab, verify } = await start()
  assert.deepEqual(await lab.result(verify('t-0,t-1', { addsPartitions: true })), [0, 0])
  assert.deepEqual(await lab.result(verify('t-0,t-1')), [0, 0])
  const { metadata } = lab.recordsFrom(1)[0]!
  assert.deepEqual([metadata?.state, metadata?.clientTransactionVersion], ['Ongoing', 2])
})

test('a producer that writes while its transaction before is still ending is let wait a little', async () => {
  const { lab, verify } = await start()
  await add(lab, 't-0')
  lab.sender.holds = true
  const end = { ...producer, isCommit: true, clientTransactionVersion: 2 }
  await lab.result(lab.coordinator.endTransaction(end))
  const next = verify('t-1', { producerEpoch: 1, addsPartitions: true })
  await lab.advance(50)
  lab.sender.answer()
  lab.sender.holds = false
  await lab.advance(50)
  assert.deepEqual(await lab.result(next), [ErrorCode.NONE])
})

test('it is sent away where the end takes longer', async () => {
  const { lab, verify } = await start()
  await add(lab, 't-0')
  lab.sender.holds = true
  const end = { ...producer, isCommit: true, clientTransactionVersion: 2 }
  await lab.result(lab.coordinator.endTransaction(end))
  const adding = verify('t-1', { producerEpoch: 1, addsPartitions: true })
  await lab.advance(150)
  assert.deepEqual(await lab.result(adding), [ErrorCode.CONCURRENT_TRANSACTIONS])
  const verifying = verify('t-0', { producerEpoch: 1 })
  assert.deepEqual(await lab.result(verifying), [ErrorCode.CONCURRENT_TRANSACTIONS])
})
