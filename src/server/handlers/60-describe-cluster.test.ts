import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  DescribeClusterRequest,
  DescribeClusterResponse,
} from '../../protocol/messages/60-describe-cluster.ts'
import { startTestBroker } from './handlers.test.kit.ts'

const client = await startTestBroker({ 'broker.rack': 'r1' })

test('every version tells controller and brokers', async () => {
  for (let version = 0; version <= 2; version++) {
    const { controllerId, brokers, clusterId } = await client.call(
      DescribeClusterRequest,
      DescribeClusterResponse,
      version,
      {},
    )
    assert.match(clusterId, /^[\w-]{22}$/)
    assert.equal(controllerId, 1)
    const seen = brokers.map(({ brokerId, host, port, rack }) => [brokerId, host, port, rack])
    assert.deepEqual(seen, [[1, '127.0.0.1', client.port, 'r1']])
  }
})

test('a broker can not be asked for other endpoints than brokers', async () => {
  const ask = async (endpointType: number) =>
    (await client.call(DescribeClusterRequest, DescribeClusterResponse, 1, { endpointType })).errorCode
  assert.equal(await ask(2), ErrorCode.MISMATCHED_ENDPOINT_TYPE)
  assert.equal(await ask(3), ErrorCode.UNSUPPORTED_ENDPOINT_TYPE)
})

test('operations are told on request', async () => {
  const plain = await client.call(DescribeClusterRequest, DescribeClusterResponse, 0, {})
  assert.equal(plain.clusterAuthorizedOperations, -2147483648)
  const asked = await client.call(DescribeClusterRequest, DescribeClusterResponse, 0, {
    includeClusterAuthorizedOperations: true,
  })
  assert.ok(asked.clusterAuthorizedOperations > 0)
})
