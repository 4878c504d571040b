import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../protocol/messages/19-create-topics.ts'
import {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../protocol/messages/68-consumer-group-heartbeat.ts'
import type { Draft } from '../../protocol/schema.ts'
import { startTestBroker, type TestClient } from './handlers.test.kit.ts'
import { commit, readyGroup } from './offsets.test.kit.ts'

type Request = Draft<typeof ConsumerGroupHeartbeatRequest>

const client = await startTestBroker({})
await readyGroup(client, 'g')
const topicId = await createTopic('t', 3)

async function createTopic(name: string, numPartitions: number): Promise<string> {
  const topics = [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }]
  const response = await client.call(CreateTopicsRequest, CreateTopicsResponse, 7, {
    topics,
    timeoutMs: 5000,
  })
  assert.equal(response.topics[0]!.errorCode, ErrorCode.NONE)
  return response.topics[0]!.topicId
}

function beat(version: number, fields: Partial<Request>, to: TestClient = client) {
  const request = { groupId: 'g', memberId: '', memberEpoch: 0, ...fields }
  return to.call(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, version, request)
}

function join(version: number, fields: Partial<Request>, to: TestClient = client) {
  const all = { rebalanceTimeoutMs: 60_000, subscribedTopicNames: ['t'], topicPartitions: [], ...fields }
  return beat(version, all, to)
}

test('a member of version 0 is given an id, one of version 1 brings its own; both have their partitions', async () => {
  const first = await join(0, { groupId: 'v0' })
  assert.match(first.memberId!, /^[\w-]{22}$/)
  const second = await join(1, { groupId: 'v1', memberId: 'mine' })
  assert.equal(second.memberId, 'mine')
  for (const response of [first, second]) {
    assert.deepEqual(
      [response.errorCode, response.errorMessage, response.memberEpoch, response.heartbeatIntervalMs],
      [ErrorCode.NONE, null, 1, 5000],
    )
    assert.deepEqual(response.assignment, { topicPartitions: [{ topicId, partitions: [0, 1, 2] }] })
  }
  const nameless = await join(1, { groupId: 'v1' })
  assert.deepEqual(
    [nameless.errorCode, nameless.errorMessage, nameless.memberId],
    [ErrorCode.INVALID_REQUEST, "MemberId can't be empty.", null],
  )
})

test('a member commits with its epoch, in a version that knows epochs', async () => {
  await join(1, { groupId: 'c', memberId: 'm' })
  const by = (version: number, generationIdOrMemberEpoch: number, memberId = 'm') =>
    commit(client, version, 'c', [{ topic: 't', offset: 1 }], { memberId, generationIdOrMemberEpoch })
  assert.deepEqual(await by(9, 1), [ErrorCode.NONE])
  assert.deepEqual(await by(8, 1), [ErrorCode.UNSUPPORTED_VERSION])
  assert.deepEqual(await by(9, 2), [ErrorCode.STALE_MEMBER_EPOCH])
  assert.deepEqual(await by(9, 1, 'x'), [ErrorCode.UNKNOWN_MEMBER_ID])
  assert.deepEqual(await by(9, -1, ''), [ErrorCode.UNKNOWN_MEMBER_ID])
})

test('a broker that is told to speak the classic protocol alone has no consumer groups', async () => {
  const classic = await startTestBroker({ 'group.coordinator.rebalance.protocols': 'classic' })
  assert.equal((await join(1, { memberId: 'm' }, classic)).errorCode, ErrorCode.UNSUPPORTED_VERSION)
})
