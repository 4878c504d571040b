import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../protocol/messages/22-init-producer-id.ts'
import { startTestBroker } from './handlers.test.kit.ts'

const client = await startTestBroker()

function init(
  version: number,
  fields: { transactionalId?: string; producerId?: number; producerEpoch?: number } = {},
) {
  const request = { transactionalId: null, transactionTimeoutMs: 60_000, ...fields }
  return client.call(InitProducerIdRequest, InitProducerIdResponse, version, request)
}

test('every answer has an id of its own with epoch 0, in every version', async () => {
  const ids = new Set<number>()
  for (let i = 0; i < 30; i++) {
    const { errorCode, producerId, producerEpoch } = await init(i % 6)
    assert.deepEqual([errorCode, producerEpoch], [0, 0])
    ids.add(producerId)
  }
  assert.equal(ids.size, 30)
})

test('a producer that names what it had gets a new id; half a name is INVALID_REQUEST', async () => {
  const known = await init(4, { producerId: 5, producerEpoch: 3 })
  assert.deepEqual([known.errorCode, known.producerEpoch], [0, 0])
  assert.equal((await init(4, { producerId: 5 })).errorCode, ErrorCode.INVALID_REQUEST)
  assert.equal((await init(4, { producerEpoch: 3 })).errorCode, ErrorCode.INVALID_REQUEST)
})

test('transactional ids are refused for good, as long as there are no transactions', async () => {
  for (const transactionalId of ['t', '']) {
    const { errorCode, producerId } = await init(4, { transactionalId })
    assert.deepEqual([errorCode, producerId], [ErrorCode.INVALID_REQUEST, -1])
  }
})
