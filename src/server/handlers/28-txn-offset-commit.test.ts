import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from '../../protocol/messages/10-find-coordinator.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../protocol/messages/22-init-producer-id.ts'
import {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
} from '../../protocol/messages/25-add-offsets-to-txn.ts'
import { EndTxnRequest, EndTxnResponse } from '../../protocol/messages/26-end-txn.ts'
import {
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse,
} from '../../protocol/messages/27-write-txn-markers.ts'
import {
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
} from '../../protocol/messages/28-txn-offset-commit.ts'
import type { Draft } from '../../protocol/schema.ts'
import { createTopic, startTestBroker, type TestClient } from './handlers.test.kit.ts'
import { commit, fetchOffsets, readyGroup } from './offsets.test.kit.ts'

const { NONE, UNSTABLE_OFFSET_COMMIT } = ErrorCode
/** Nobody asks the transaction coordinator about clients up to version 4. */
const client = await startTestBroker({ 'transaction.partition.verification.enable': 'false' })
await createTopic(client, 't', { partitions: 2 })

type Request = Draft<typeof TxnOffsetCommitRequest>

/** Commits offset and metadata for t-0, and for partitions of other topics. */
async function commitTransactional(
  to: TestClient,
  version: number,
  fields: Request & {
    readonly offset?: number
    readonly more?: readonly [topic: string, partition: number][]
  },
): Promise<number[]> {
  const { offset = 0, more = [], ...request } = fields
  const partition = (partitionIndex: number) => ({
    partitionIndex,
    committedOffset: offset,
    committedLeaderEpoch: 4,
    committedMetadata: 'm',
  })
  const { topics } = await to.call(TxnOffsetCommitRequest, TxnOffsetCommitResponse, version, {
    transactionalId: 'tx',
    producerId: 1000,
    producerEpoch: 0,
    ...request,
    topics: [
      { name: 't', partitions: [partition(0)] },
      ...more.map(([name, index]) => ({ name, partitions: [partition(index)] })),
    ],
  })
  return topics.map(({ partitions }) => partitions[0]!.errorCode)
}

async function end(producerId: number, isCommit: boolean): Promise<void> {
  const partitionIndexes = [0, 1, 2]
  const { markers } = await client.call(WriteTxnMarkersRequest, WriteTxnMarkersResponse, 1, {
    markers: [
      {
        producerId,
        producerEpoch: 0,
        transactionResult: isCommit,
        coordinatorEpoch: 0,
        topics: [{ name: '__consumer_offsets', partitionIndexes }],
      },
    ],
  })
  assert.deepEqual(
    markers[0]!.topics[0]!.partitions.map(({ errorCode }) => errorCode),
    [NONE, NONE, NONE],
  )
}

test('offsets of a transaction count when it commits; until then who asks for stable ones is told to wait', async () => {
  for (let version = 0; version <= 4; version++) {
    const groupId = `v${version}`
    const producerId = 1000 + version
    await readyGroup(client, groupId)
    await commit(client, 8, groupId, [{ topic: 't', offset: 1 }])
    const codes = await commitTransactional(client, version, { groupId, producerId, offset: 20 })
    assert.deepEqual(codes, [NONE])
    assert.deepEqual(await fetchOffsets(client, 8, groupId, 't', [0]), ['0=1'])
    for (const asking of [7, 8, 9]) {
      const told = await fetchOffsets(client, asking, groupId, 't', [0, 1], { requireStable: true })
      assert.deepEqual(told, [`0=-1!${UNSTABLE_OFFSET_COMMIT}`, '1=-1'])
    }
    await end(producerId, true)
    const told = await fetchOffsets(client, 8, groupId, 't', [0], { requireStable: true })
    assert.deepEqual(told, [`0=20${version < 2 ? '' : '@4'}(m)`])
    await commitTransactional(client, version, { groupId, producerId, offset: 30 })
    await end(producerId, false)
    assert.deepEqual(await fetchOffsets(client, 8, groupId, 't', [0], { requireStable: true }), told)
  }
})

test('partitions that are not there are told so, the others are taken', async () => {
  await readyGroup(client, 'g')
  const more: [string, number][] = [
    ['no', 0],
    ['t', 2],
    ['t', 1],
  ]
  const codes = await commitTransactional(client, 3, { groupId: 'g', producerId: 2000, offset: 5, more })
  assert.deepEqual(codes, [
    NONE,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    NONE,
  ])
  await end(2000, true)
  assert.deepEqual(await fetchOffsets(client, 8, 'g', 't', [0, 1]), ['0=5@4(m)', '1=5@4(m)'])
})

test('from version 3 on a member is checked, before it is not told', async () => {
  await readyGroup(client, 'members')
  const member = { groupId: 'members', memberId: 'm', generationId: 3 }
  for (const version of [3, 4]) {
    assert.deepEqual(await commitTransactional(client, version, member), [ErrorCode.ILLEGAL_GENERATION])
  }
  await commit(client, 8, 'members', [{ topic: 't', offset: 1 }])
  assert.deepEqual(await commitTransactional(client, 3, member), [ErrorCode.UNKNOWN_MEMBER_ID])
})

test('a group and a producer have to be named', async () => {
  for (let version = 0; version <= 5; version++) {
    assert.deepEqual(await commitTransactional(client, version, { groupId: '' }), [
      ErrorCode.INVALID_GROUP_ID,
    ])
  }
  assert.deepEqual(await commitTransactional(client, 3, { groupId: 'g', producerId: -1 }), [
    ErrorCode.INVALID_PRODUCER_ID_MAPPING,
  ])
})

test('an epoch that was fenced on the partition is refused', async () => {
  await readyGroup(client, 'fenced')
  const producer = { groupId: 'fenced', producerId: 3000 }
  assert.deepEqual(await commitTransactional(client, 3, { ...producer, producerEpoch: 5 }), [NONE])
  assert.deepEqual(await commitTransactional(client, 3, { ...producer, producerEpoch: 4 }), [
    ErrorCode.INVALID_PRODUCER_EPOCH,
  ])
})

test('a broker that is not the coordinator says so', async () => {
  const other = await startTestBroker()
  await createTopic(other, 't')
  for (let version = 0; version <= 5; version++) {
    assert.deepEqual(await commitTransactional(other, version, { groupId: 'g' }), [ErrorCode.NOT_COORDINATOR])
  }
})

test('a transaction that its coordinator does not know is refused', async () => {
  const other = await startTestBroker()
  await createTopic(other, 't')
  await readyGroup(other, 'g')
  const keys = { keyType: 1, coordinatorKeys: ['tx'] }
  await other.call(FindCoordinatorRequest, FindCoordinatorResponse, 4, keys)
  for (const version of [0, 3, 4, 5]) {
    let codes = await commitTransactional(other, version, { groupId: 'g' })
    while (isPassing(codes[0]!)) codes = await commitTransactional(other, version, { groupId: 'g' })
    assert.deepEqual(codes, [ErrorCode.INVALID_PRODUCER_ID_MAPPING])
  }
})

test('within a transaction, which knows the group before version 5 and hears of it in version 5', async () => {
  const other = await startTestBroker()
  await createTopic(other, 't')
  await readyGroup(other, 'g')
  const producer = await initProducer(other)
  for (const version of [3, 4, 5]) {
    const early = await commitTransactional(other, version, { groupId: 'g', ...producer, offset: version })
    const refusal = version === 3 ? ErrorCode.INVALID_TXN_STATE : ErrorCode.TRANSACTION_ABORTABLE
    assert.deepEqual(early, [version < 5 ? refusal : NONE])
    if (version < 5) {
      const offsets = { transactionalId: 'tx', groupId: 'g', ...producer }
      await untilReady(
        async () => (await other.call(AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, 3, offsets)).errorCode,
      )
      const commitment = { groupId: 'g', ...producer, offset: version }
      assert.deepEqual(await commitTransactional(other, version, commitment), [NONE])
    }
    const request = { transactionalId: 'tx', ...producer, committed: true }
    const ended = await other.call(EndTxnRequest, EndTxnResponse, version, request)
    assert.equal(ended.errorCode, NONE)
    // The answer to EndTxn may come before the marker.
    await untilReady(async () => {
      const told = await fetchOffsets(other, 8, 'g', 't', [0], { requireStable: true })
      return told[0] === `0=${version}@4(m)` ? NONE : ErrorCode.CONCURRENT_TRANSACTIONS
    })
  }
})

async function initProducer(from: TestClient): Promise<{ producerId: number; producerEpoch: number }> {
  await from.call(FindCoordinatorRequest, FindCoordinatorResponse, 4, { keyType: 1, coordinatorKeys: ['tx'] })
  const request = { transactionalId: 'tx', transactionTimeoutMs: 60_000 }
  let producer = { producerId: -1, producerEpoch: -1 }
  await untilReady(async () => {
    const { errorCode, ...found } = await from.call(InitProducerIdRequest, InitProducerIdResponse, 4, request)
    producer = { producerId: found.producerId, producerEpoch: found.producerEpoch }
    return errorCode
  })
  return producer
}

async function untilReady(ask: () => Promise<number>): Promise<void> {
  let errorCode = await ask()
  for (let tries = 0; isPassing(errorCode) && tries < 10_000; tries++) errorCode = await ask()
  assert.equal(errorCode, NONE)
}

/** The transaction coordinator is not ready yet. */
function isPassing(errorCode: number): boolean {
  const passing: readonly number[] = [
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode.COORDINATOR_NOT_AVAILABLE,
    ErrorCode.NOT_COORDINATOR,
    ErrorCode.CONCURRENT_TRANSACTIONS,
  ]
  return passing.includes(errorCode)
}
