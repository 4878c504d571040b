import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DiskError } from '../../base/disk.ts'
import { StoreError } from '../../coordination/metadata-store.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { buildBatch } from '../../records/record-batch-builder.ts'
import { partitionsOf, TransactionLab } from './transaction-lab.test.kit.ts'

const producer = { transactionalId: 'a', producerId: 1, producerEpoch: 0 }

async function init(lab: TransactionLab, transactionalId: string | null = 'a') {
  return lab.result(
    lab.coordinator.initProducerId({ transactionalId, timeoutMs: 60_000, expected: undefined }),
  )
}

async function add(lab: TransactionLab, partitions = 't-0', clientTransactionVersion = 0) {
  const request = { ...producer, partitions: partitionsOf(partitions), clientTransactionVersion }
  return lab.result(lab.coordinator.addPartitions(request))
}

function end(lab: TransactionLab, clientTransactionVersion = 0) {
  return lab.coordinator.endTransaction({ ...producer, isCommit: true, clientTransactionVersion })
}

async function stateOf(lab: TransactionLab, transactionalId = 'a'): Promise<string> {
  return (await lab.result(lab.coordinator.describe(transactionalId))).transactionState
}

/** A lab with an open transaction. */
async function ongoing(): Promise<TransactionLab> {
  const lab = await TransactionLab.start()
  assert.equal((await init(lab)).producerId, 1)
  assert.equal(await add(lab, 't-0,t-1'), ErrorCode.NONE)
  return lab
}

test('without a transactional id every producer gets an id of its own, and leaves no trace', async () => {
  const lab = await TransactionLab.start()
  assert.deepEqual(await init(lab, null), { errorCode: 0, producerId: 1, producerEpoch: 0 })
  assert.deepEqual(await init(lab, null), { errorCode: 0, producerId: 2, producerEpoch: 0 })
  assert.equal(lab.log.batches.length, 0)
})

test('an end is answered, and its markers are sent, when it is safe and not before', async () => {
  const lab = await ongoing()
  lab.log.holds = true
  let answered = false
  const ended = end(lab).finally(() => {
    answered = true
  })
  await lab.settle()
  assert.deepEqual([answered, lab.sender.sent.length], [false, 0])
  lab.log.holds = false
  lab.log.settle()
  assert.equal((await lab.result(ended)).errorCode, ErrorCode.NONE)
  assert.equal(lab.sender.sent.length, 1)
  assert.equal(await stateOf(lab), 'CompleteCommit')
})

test('an end that may not be replicated is not promised; it is written again, and its markers wait', async () => {
  const lab = await ongoing()
  lab.log.holds = true
  const ended = end(lab)
  await lab.settle()
  lab.log.settle(ErrorCode.REQUEST_TIMED_OUT)
  assert.equal((await lab.result(ended)).errorCode, ErrorCode.COORDINATOR_NOT_AVAILABLE)
  assert.equal(lab.sender.sent.length, 0)
  assert.equal((await lab.result(end(lab))).errorCode, ErrorCode.CONCURRENT_TRANSACTIONS)
  lab.log.holds = false
  await lab.advance(200)
  assert.equal(lab.sender.sent.length, 1)
  assert.equal(await stateOf(lab), 'CompleteCommit')
  assert.equal((await lab.result(end(lab))).errorCode, ErrorCode.NONE)
})

test('an end that the log refuses while it is written again is written once more', async () => {
  const lab = await ongoing()
  lab.log.holds = true
  const ended = end(lab, 2)
  await lab.settle()
  lab.log.refusal = ErrorCode.NOT_ENOUGH_REPLICAS
  lab.log.holds = false
  lab.log.settle(ErrorCode.REQUEST_TIMED_OUT)
  await lab.result(ended)
  await lab.advance(1000)
  assert.equal(lab.sender.sent.length, 0)
  lab.log.refusal = ErrorCode.NONE
  await lab.advance(1000)
  assert.equal(lab.sender.sent.length, 1)
  assert.equal(await stateOf(lab), 'CompleteCommit')
  assert.deepEqual(await lab.result(end(lab, 2)), { errorCode: 0, producerId: 1, producerEpoch: 1 })
})

test('an end that is lost was never decided: the transaction is as open as the log says', async () => {
  const lab = await ongoing()
  lab.log.holds = true
  const ended = end(lab)
  const added = lab.coordinator.addPartitions({
    ...producer,
    partitions: partitionsOf('t-2'),
    clientTransactionVersion: 0,
  })
  await lab.settle()
  lab.log.holds = false
  lab.log.settle(ErrorCode.KAFKA_STORAGE_ERROR)
  assert.equal((await lab.result(ended)).errorCode, ErrorCode.NOT_COORDINATOR)
  assert.equal(await lab.result(added), ErrorCode.NOT_COORDINATOR)
  await lab.advance(2000)
  assert.equal(await stateOf(lab), 'Ongoing')
  assert.equal(lab.sender.sent.length, 0)
  assert.equal((await lab.result(end(lab))).errorCode, ErrorCode.NONE)
})

test('a completion that may not be replicated is not done again once the next transaction is open', async () => {
  const lab = await ongoing()
  lab.sender.holds = true
  await lab.result(end(lab))
  lab.log.holds = true
  lab.sender.answer()
  await lab.settle()
  lab.log.settle(ErrorCode.REQUEST_TIMED_OUT)
  lab.log.holds = false
  assert.equal(await add(lab, 't-2'), ErrorCode.NONE)
  assert.equal((await lab.result(end(lab))).errorCode, ErrorCode.NONE)
  await lab.advance(2000)
  assert.equal(await stateOf(lab), 'PrepareCommit', 'the markers of the second are not written')
  lab.sender.answer()
  await lab.settle()
  assert.equal(await stateOf(lab), 'CompleteCommit')
})

test('markers of transactions that end in one tick go to a broker in one request', async () => {
  const lab = await TransactionLab.start()
  for (const transactionalId of ['a', 'b', 'c']) await init(lab, transactionalId)
  const each = [1, 2, 3].map((producerId) => ({
    transactionalId: 'abc'[producerId - 1]!,
    producerId,
    producerEpoch: 0,
  }))
  for (const request of each) {
    const partitions = partitionsOf('t-0,t-2')
    await lab.result(lab.coordinator.addPartitions({ ...request, partitions, clientTransactionVersion: 0 }))
  }
  let requests = 0
  const send = lab.sender.send.bind(lab.sender)
  lab.sender.send = (brokerId, markers) => {
    requests++
    return send(brokerId, markers)
  }
  const ends = each.map((request) =>
    lab.coordinator.endTransaction({ ...request, isCommit: true, clientTransactionVersion: 0 }),
  )
  await lab.result(Promise.all(ends))
  assert.deepEqual([requests, lab.sender.sent.length], [1, 3])
})

test('two that ask at once for the same id get two epochs, and the later one is the producer', async () => {
  const lab = await TransactionLab.start()
  const [one, other] = await Promise.all([init(lab), init(lab)])
  assert.equal(one.errorCode, ErrorCode.NONE)
  assert.equal(other.errorCode, ErrorCode.NONE)
  assert.notDeepEqual(one, other)
  const { producerId, producerEpoch } = await lab.result(lab.coordinator.describe('a'))
  assert.ok(
    [one, other].some((each) => each.producerId === producerId && each.producerEpoch === producerEpoch),
  )
})

test('a broker that has no new producer ids says so, and has changed nothing', async () => {
  const lab = await TransactionLab.start()
  lab.nextProducerId = () => {
    throw new StoreError('ConnectionLoss', '/latest_producer_id_block')
  }
  for (const transactionalId of ['a', null])
    assert.equal((await init(lab, transactionalId)).errorCode, ErrorCode.COORDINATOR_NOT_AVAILABLE)
  assert.equal(lab.log.batches.length, 0)
})

test('a transaction of more partitions than a record can hold is refused, and stays as it was', async () => {
  const lab = await ongoing()
  lab.log.batchBytesMax = 1000
  const many = Array.from({ length: 500 }, (_, i) => `t-${i}`).join(',')
  assert.equal(await add(lab, many), ErrorCode.UNKNOWN_SERVER_ERROR)
  assert.equal((await lab.result(end(lab))).errorCode, ErrorCode.NONE)
  assert.equal(lab.sender.sent[0]!.partitions.length, 2)
})

test('whoever comes while the log is loaded, or after the broker has resigned, is told so', async () => {
  const lab = await ongoing()
  lab.coordinator.onResignation(0)
  assert.equal((await init(lab)).errorCode, ErrorCode.NOT_COORDINATOR)
  assert.equal(await add(lab), ErrorCode.NOT_COORDINATOR)
  assert.equal((await lab.result(end(lab))).errorCode, ErrorCode.NOT_COORDINATOR)
  const filter = { stateNames: [], producerIds: [], durationMs: -1 }
  assert.deepEqual((await lab.coordinator.list(filter)).transactions, [])

  lab.log.leaderEpoch++
  lab.coordinator.onElection(0, lab.log)
  const early = lab.coordinator.describe('a')
  assert.equal((await lab.coordinator.list(filter)).errorCode, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
  assert.equal((await lab.result(early)).errorCode, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
  await lab.settle()
  assert.equal(await stateOf(lab), 'Ongoing')
})

test('markers that are answered after the broker has resigned complete nothing', async () => {
  const lab = await ongoing()
  lab.sender.holds = true
  await lab.result(end(lab))
  const recordCount = lab.log.records().length
  lab.coordinator.onResignation(0)
  lab.sender.answer()
  await lab.advance(2000)
  assert.equal(lab.log.records().length, recordCount)
})

test('a broker that has resigned sends no marker again', async () => {
  const lab = await ongoing()
  lab.sender.holds = true
  await lab.result(end(lab))
  lab.coordinator.onResignation(0)
  lab.sender.nextErrors.push(ErrorCode.NOT_LEADER_OR_FOLLOWER)
  lab.sender.answer()
  await lab.advance(2000)
  assert.equal(lab.sender.sent.length, 1)
})

test('records that can not be read are passed over when the log is loaded', async () => {
  const lab = await ongoing()
  const key = Buffer.from('000000016a', 'hex')
  for (const draft of [
    { key, value: Buffer.from('junk') },
    { key: Buffer.from([0, 9]), value: null },
    { key: Buffer.alloc(0), value: Buffer.alloc(40) },
    { key: null, value: Buffer.alloc(40) },
  ])
    lab.log.append(buildBatch([{ ...draft, timestampMs: 0 }]), () => {})
  await lab.restart()
  assert.equal(await stateOf(lab), 'Ongoing')
  assert.equal((await lab.result(end(lab))).errorCode, ErrorCode.NONE)
  assert.equal(lab.lines.filter((line) => line.startsWith('ERROR')).length, 4)
})

test('a log that can not be read leaves its ids without a coordinator', async () => {
  const lab = await ongoing()
  lab.log.read = () => Promise.reject(new DiskError('EIO', '__transaction_state-0', 'bad sector'))
  await lab.restart()
  assert.equal((await init(lab)).errorCode, ErrorCode.NOT_COORDINATOR)
})

test('ids expire by the ten thousand, the rest soon after', async () => {
  const lab = await TransactionLab.start({
    'transactional.id.expiration.ms': '1000',
    'transaction.remove.expired.transaction.cleanup.interval.ms': '5000',
  })
  const all = Array.from({ length: 10_050 }, (_, i) =>
    lab.coordinator.initProducerId({ transactionalId: `id-${i}`, timeoutMs: 60_000, expected: undefined }),
  )
  await lab.result(Promise.all(all))
  const count = async (): Promise<number> => {
    const filter = { stateNames: [], producerIds: [], durationMs: -1 }
    return (await lab.result(lab.coordinator.list(filter))).transactions.length
  }
  assert.equal(await count(), 10_050)
  await lab.advance(5500)
  assert.equal(await count(), 50)
  await lab.advance(1000)
  assert.equal(await count(), 0)
})
