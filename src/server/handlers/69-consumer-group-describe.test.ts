import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../protocol/messages/19-create-topics.ts'
import {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../protocol/messages/68-consumer-group-heartbeat.ts'
import {
  ConsumerGroupDescribeRequest,
  ConsumerGroupDescribeResponse,
} from '../../protocol/messages/69-consumer-group-describe.ts'
import { startTestBroker, type TestClient } from './handlers.test.kit.ts'
import { readyGroup } from './offsets.test.kit.ts'

const client = await startTestBroker({})
await readyGroup(client, 'd')

async function describe(to: TestClient, version: number, groupIds: string[]) {
  const request = { groupIds, includeAuthorizedOperations: true }
  return (await to.call(ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, version, request)).groups
}

test('members are described in both versions, and who is none is not found', async () => {
  const topics = [{ name: 't', numPartitions: 3, replicationFactor: 1, assignments: [], configs: [] }]
  const created = await client.call(CreateTopicsRequest, CreateTopicsResponse, 7, { topics, timeoutMs: 5000 })
  const { topicId } = created.topics[0]!
  await client.call(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, 1, {
    groupId: 'd',
    memberId: 'm',
    memberEpoch: 0,
    instanceId: 'i',
    rackId: 'r',
    rebalanceTimeoutMs: 60_000,
    subscribedTopicNames: ['t'],
    serverAssignor: 'range',
    topicPartitions: [],
  })
  for (const version of [0, 1]) {
    const [group, nowhere, empty] = await describe(client, version, ['d', 'nowhere', ''])
    const assignment = { topicPartitions: [{ topicId, topicName: 't', partitions: [0, 1, 2] }] }
    assert.deepEqual(group, {
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      groupId: 'd',
      groupState: 'Stable',
      groupEpoch: 1,
      assignmentEpoch: 1,
      assignorName: 'range',
      members: [
        {
          memberId: 'm',
          instanceId: 'i',
          rackId: 'r',
          memberEpoch: 1,
          clientId: 'test',
          clientHost: '/127.0.0.1',
          subscribedTopicNames: ['t'],
          subscribedTopicRegex: '',
          assignment,
          targetAssignment: assignment,
          memberType: version === 0 ? -1 : 1,
        },
      ],
      authorizedOperations: 3400,
    })
    assert.deepEqual(
      [nowhere!.errorCode, nowhere!.errorMessage],
      [ErrorCode.GROUP_ID_NOT_FOUND, 'Group nowhere not found.'],
    )
    assert.equal(empty!.errorCode, ErrorCode.INVALID_GROUP_ID)
  }
})

test('a broker that is told to speak the classic protocol alone has no consumer groups', async () => {
  const classic = await startTestBroker({ 'group.coordinator.rebalance.protocols': 'classic' })
  const [group] = await describe(classic, 1, ['g'])
  assert.equal(group!.errorCode, ErrorCode.UNSUPPORTED_VERSION)
})
