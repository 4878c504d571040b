import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { EndTxnRequest, EndTxnResponse } from '../../protocol/messages/26-end-txn.ts'
import {
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
} from '../../protocol/messages/65-describe-transactions.ts'
import { controlRecordType } from '../../records/control-record.ts'
import { readRecords } from '../../records/record.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import { createTopic, fetch, startTestBroker } from './handlers.test.kit.ts'
import { TransactionalProducer } from './transactional-producer.test.kit.ts'

const client = await startTestBroker()

async function end(
  version: number,
  of: { transactionalId: string; producerId: number; epoch: number },
  committed: boolean,
) {
  const { transactionalId, producerId, epoch: producerEpoch } = of
  return client.call(EndTxnRequest, EndTxnResponse, version, {
    transactionalId,
    producerId,
    producerEpoch,
    committed,
  })
}

/** Once no end is under way: the state, and the epoch. */
async function settled(transactionalId: string): Promise<[string, number]> {
  for (;;) {
    const { transactionStates } = await client.call(
      DescribeTransactionsRequest,
      DescribeTransactionsResponse,
      0,
      { transactionalIds: [transactionalId] },
    )
    const { transactionState, producerEpoch } = transactionStates[0]!
    if (!transactionState.startsWith('Prepare')) return [transactionState, producerEpoch]
  }
}

/** The epochs and kinds of the markers in partition 0. */
async function markersIn(topic: string): Promise<[number, string][]> {
  const { records } = await fetch(client, topic)
  const markers: [number, string][] = []
  for (const at of RecordBatch.positions(records)) {
    if (!RecordBatch.isControl(records, at)) continue
    const type = controlRecordType(readRecords(records, at)[0]!.key)
    markers.push([RecordBatch.producerEpoch(records, at), type === 1 ? 'commit' : 'abort'])
  }
  return markers
}

for (let version = 0; version <= 5; version++) {
  test(`EndTxn ${version} commits and aborts, with a marker in every partition of the transaction`, async () => {
    const topic = `end-${version}`
    await createTopic(client, topic, { partitions: 2, configs: { 'segment.ms': '8640000000000000' } })
    const producer = await new TransactionalProducer(client, topic).init()
    const raises = version >= 5
    for (const isCommit of [true, false]) {
      await producer.add(topic, [0, 1])
      await producer.produce(topic)
      await producer.end(isCommit, version)
      const state = isCommit ? 'CompleteCommit' : 'CompleteAbort'
      assert.deepEqual(await settled(topic), [state, producer.epoch])
    }
    assert.equal(producer.epoch, raises ? 2 : 0)
    assert.deepEqual(await markersIn(topic), [
      [raises ? 1 : 0, 'commit'],
      [raises ? 2 : 0, 'abort'],
    ])
  })
}

test('an end that is asked for again is answered as before, and its opposite is INVALID_TXN_STATE', async () => {
  await createTopic(client, 'again')
  for (const version of [3, 5]) {
    const producer = await new TransactionalProducer(client, `again ${version}`).init()
    const { transactionalId, producerId } = producer
    await producer.add('again')
    const name = { transactionalId, producerId, epoch: 0 }
    await producer.end(true, version)
    await settled(transactionalId)
    const again = await end(version, name, true)
    assert.equal(again.errorCode, ErrorCode.NONE)
    if (version === 5) assert.deepEqual([again.producerId, again.producerEpoch], [producerId, 1])
    assert.equal((await end(version, name, false)).errorCode, ErrorCode.INVALID_TXN_STATE)
  }
})

test('a fenced producer reads PRODUCER_FENCED from version 2 on, INVALID_PRODUCER_EPOCH before', async () => {
  const producer = await new TransactionalProducer(client, 'fenced').init()
  const old = { transactionalId: 'fenced', producerId: producer.producerId, epoch: 0 }
  await producer.init()
  for (let version = 0; version <= 5; version++) {
    const expected = version < 2 ? ErrorCode.INVALID_PRODUCER_EPOCH : ErrorCode.PRODUCER_FENCED
    const answer = await end(version, old, true)
    assert.equal(answer.errorCode, expected)
    assert.deepEqual([answer.producerId, answer.producerEpoch], [-1, -1])
  }
})

test('nothing to commit, an unknown transactional id, a strange producer id and an empty id are refused', async () => {
  const { producerId } = await new TransactionalProducer(client, 'known').init()
  for (let version = 0; version <= 5; version++) {
    const ask = async (transactionalId: string, id: number) =>
      (await end(version, { transactionalId, producerId: id, epoch: 0 }, true)).errorCode
    assert.equal(await ask('known', producerId), ErrorCode.INVALID_TXN_STATE)
    assert.equal(await ask('nobody', producerId), ErrorCode.INVALID_PRODUCER_ID_MAPPING)
    assert.equal(await ask('known', producerId + 1), ErrorCode.INVALID_PRODUCER_ID_MAPPING)
    assert.equal(await ask('', producerId), ErrorCode.INVALID_REQUEST)
  }
})
