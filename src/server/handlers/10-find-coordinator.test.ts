import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partitionFor } from '../../coordinator/runtime/coordinator-partition.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from '../../protocol/messages/10-find-coordinator.ts'
import { startTestBroker } from './handlers.test.kit.ts'

const client = await startTestBroker()

test('every version finds this broker for groups and transactional ids, creating their topics', async () => {
  for (let version = 0; version <= 6; version++) {
    for (const keyType of version === 0 ? [0] : [0, 1]) {
      const request =
        version >= 4
          ? { keyType, coordinatorKeys: ['a', 'b'] }
          : { key: 'a', ...(version > 0 ? { keyType } : {}) }
      const response = await client.call(FindCoordinatorRequest, FindCoordinatorResponse, version, request)
      const found = version >= 4 ? response.coordinators : [response]
      const expected = [0, 1, '127.0.0.1', client.port]
      assert.equal(found.length, version >= 4 ? 2 : 1)
      for (const { errorCode, nodeId, host, port } of found)
        assert.deepEqual([errorCode, nodeId, host, port], expected)
    }
  }
})

test('other types of keys are INVALID_REQUEST', async () => {
  for (const keyType of [2, 3, -1]) {
    const { errorCode } = await client.call(FindCoordinatorRequest, FindCoordinatorResponse, 3, {
      key: 'a',
      keyType,
    })
    assert.equal(errorCode, ErrorCode.INVALID_REQUEST)
  }
})

test('a key hashes as Java does it', () => {
  // Their hashes in Java: 99162322, and the lowest int there is, which has no positive counterpart.
  assert.equal(partitionFor('hello', 1000), 322)
  assert.equal(partitionFor('polygenelubricants', 50), 0)
  assert.equal(partitionFor('', 50), 0)
})
