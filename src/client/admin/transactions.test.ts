import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admin, failure, newTopic, nextNumber, producerOf } from './admin.test.kit.ts'

test('an open transaction is listed and described, and so is its producer in the partition', async () => {
  const topic = await newTopic()
  const transactionalId = `tx-${nextNumber()}`
  const producer = producerOf({ transactionalId, transactionTimeoutMs: 20_000 })
  await producer.beginTransaction()
  await producer.send({ topic, value: 'v' })
  const [described] = await admin.describeTransactions([transactionalId])
  const { producerId, producerEpoch, startTimeMs, ...rest } = described!
  assert.deepEqual(rest, {
    transactionalId,
    coordinator: 1,
    state: 'Ongoing',
    transactionTimeoutMs: 20_000,
    partitions: [{ topic, partition: 0 }],
  })
  assert.ok(startTimeMs! > 0)
  const listing = { transactionalId, producerId, state: 'Ongoing', coordinator: 1 }
  assert.deepEqual(await admin.listTransactions({ producerIds: [producerId] }), [listing])
  assert.deepEqual(
    await admin.listTransactions({ states: ['Ongoing'], transactionalIdPattern: `${transactionalId}|x` }),
    [listing],
  )
  assert.deepEqual(
    await admin.listTransactions({ producerIds: [producerId], runningLongerThanMs: 3_600_000 }),
    [],
  )
  const [inPartition] = await admin.describeProducers([{ topic, partition: 0 }])
  const [{ lastTimestamp, ...state } = assert.fail()] = inPartition!.producers
  assert.deepEqual(state, {
    producerId,
    producerEpoch,
    lastSequence: 0,
    coordinatorEpoch: null,
    currentTransactionStartOffset: 0,
  })
  assert.ok(lastTimestamp > 0)
  await producer.abortTransaction()
  const unknown = await failure(admin.describeTransactions(['never']))
  assert.equal(unknown.code, 'TRANSACTIONAL_ID_NOT_FOUND')
})

test('a producer that is fenced can write no more, and its transaction is aborted', async () => {
  const topic = await newTopic()
  const transactionalId = `tx-${nextNumber()}`
  const producer = producerOf({ transactionalId })
  await producer.beginTransaction()
  await producer.send({ topic, value: 'v' })
  const [before] = await admin.describeTransactions([transactionalId])
  const [fenced] = await admin.fenceProducers([transactionalId])
  assert.equal(fenced!.producerId, before!.producerId)
  assert.ok(fenced!.producerEpoch > before!.producerEpoch)
  assert.equal((await failure(producer.commitTransaction())).fatal, true)
  assert.equal((await admin.describeTransactions([transactionalId]))[0]!.startTimeMs, null)
})

test('a transaction that hangs in a partition is aborted there', async () => {
  const topic = await newTopic()
  const producer = producerOf({ transactionalId: `tx-${nextNumber()}` })
  await producer.beginTransaction()
  await producer.send({ topic, value: 'v' })
  const [described] = await admin.describeProducers([{ topic, partition: 0 }])
  await admin.abortTransaction({ topic, partition: 0, ...described!.producers[0]! })
  const [after] = await admin.describeProducers([{ topic, partition: 0 }])
  assert.equal(after!.producers[0]!.currentTransactionStartOffset, null)
  const stable = { isolationLevel: 'read_committed' } as const
  assert.equal((await admin.listOffsets([{ topic, partition: 0, at: 'latest' }], stable))[0]!.offset, 2)
})
