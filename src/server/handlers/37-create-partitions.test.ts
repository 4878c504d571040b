import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from '../../protocol/messages/37-create-partitions.ts'
import { batch, createTopic, produce, startTestBroker } from './handlers.test.kit.ts'

const client = await startTestBroker()
await createTopic(client, 'grown')

interface Growth {
  readonly name?: string
  readonly count: number
  readonly brokers?: readonly number[][]
}

async function grow(
  growths: readonly Growth[],
  { version = 3, validateOnly = false } = {},
): Promise<number[]> {
  const { results } = await client.call(CreatePartitionsRequest, CreatePartitionsResponse, version, {
    topics: growths.map(({ name = 'grown', count, brokers }) => ({
      name,
      count,
      assignments: brokers?.map((brokerIds) => ({ brokerIds })) ?? null,
    })),
    timeoutMs: 10_000,
    validateOnly,
  })
  return results.map(({ errorCode }) => errorCode)
}

test('every version adds partitions that take records at once', async () => {
  for (let version = 0; version <= 3; version++) {
    assert.deepEqual(await grow([{ count: version + 2 }], { version }), [0])
    assert.equal((await produce(client, 'grown', batch(), { partition: version + 1 })).errorCode, 0)
  }
})

test('what is no growth is refused', async () => {
  await createTopic(client, 'two', { partitions: 2 })
  const name = 'two'
  const { INVALID_PARTITIONS, INVALID_REPLICA_ASSIGNMENT, INVALID_REQUEST, UNKNOWN_TOPIC_OR_PARTITION } =
    ErrorCode
  for (const count of [-1, 0, 1, 2]) assert.deepEqual(await grow([{ name, count }]), [INVALID_PARTITIONS])
  for (const brokers of [[], [[1], [1]], [[9]], [[1, 1]], [[]], [[1, 2]]]) {
    assert.deepEqual(
      await grow([{ name, count: 3, brokers }]),
      [INVALID_REPLICA_ASSIGNMENT],
      JSON.stringify(brokers),
    )
  }
  assert.deepEqual(await grow([{ name: 'nowhere', count: 3 }]), [UNKNOWN_TOPIC_OR_PARTITION])
  assert.deepEqual(await grow([{ name: '../two', count: 3 }]), [UNKNOWN_TOPIC_OR_PARTITION])
  assert.deepEqual(
    await grow([
      { name, count: 3 },
      { name, count: 4 },
    ]),
    [INVALID_REQUEST],
  )
  assert.deepEqual(await grow([{ name, count: 3 }], { validateOnly: true }), [0])
  assert.equal((await produce(client, name, batch(), { partition: 2 })).errorCode, UNKNOWN_TOPIC_OR_PARTITION)
})

test('at most 10,000 partitions are added by a request', async () => {
  await createTopic(client, 'few')
  await createTopic(client, 'others')
  const check = (growths: readonly Growth[]) => grow(growths, { validateOnly: true })
  assert.deepEqual(await check([{ name: 'few', count: 10_001 }]), [0])
  for (const count of [10_002, 0x7fffffff]) {
    assert.deepEqual(await check([{ name: 'few', count }]), [ErrorCode.POLICY_VIOLATION])
  }
  const together = [
    { name: 'few', count: 6000 },
    { name: 'others', count: 6000 },
  ]
  assert.deepEqual(await check(together), [ErrorCode.POLICY_VIOLATION, ErrorCode.POLICY_VIOLATION])
})
