import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ElectLeadersRequest, ElectLeadersResponse } from '../../protocol/messages/43-elect-leaders.ts'
import {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
} from '../../protocol/messages/45-alter-partition-reassignments.ts'
import {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from '../../protocol/messages/46-list-partition-reassignments.ts'
import { batch, createTopic, fetch, produce, startTestBroker } from './handlers.test.kit.ts'

const {
  ELECTION_NOT_NEEDED,
  INVALID_REPLICA_ASSIGNMENT,
  INVALID_REPLICATION_FACTOR,
  NO_REASSIGNMENT_IN_PROGRESS,
  UNKNOWN_SERVER_ERROR,
  UNKNOWN_TOPIC_OR_PARTITION,
} = ErrorCode
const client = await startTestBroker()
await createTopic(client, 'here', { partitions: 2 })

async function elect(version: number, electionType: number, partitions: readonly number[] | null) {
  const response = await client.call(ElectLeadersRequest, ElectLeadersResponse, version, {
    electionType: version === 0 ? 0 : electionType,
    topicPartitions: partitions && [{ topic: 'here', partitions: [...partitions] }],
    timeoutMs: 5000,
  })
  const results = response.replicaElectionResults.flatMap(({ partitionResult }) =>
    partitionResult.map(({ partitionId, errorCode }) => [partitionId, errorCode]),
  )
  return { errorCode: response.errorCode, results }
}

async function reassign(
  replicas: readonly number[] | null,
  { version = 1, topic = 'here', mayShrink = true } = {},
) {
  const response = await client.call(
    AlterPartitionReassignmentsRequest,
    AlterPartitionReassignmentsResponse,
    version,
    {
      timeoutMs: 5000,
      allowReplicationFactorChange: mayShrink,
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, replicas: replicas && [...replicas] }] }],
    },
  )
  assert.equal(response.errorCode, 0)
  assert.equal(response.allowReplicationFactorChange, mayShrink)
  return response.responses[0]!.partitions[0]!.errorCode
}

test('an election of leaders that are in place is not needed, in every version', async () => {
  for (let version = 0; version <= 2; version++) {
    for (const type of [0, 1]) {
      assert.deepEqual(await elect(version, type, [0, 1, 1, 9]), {
        errorCode: 0,
        results: [
          [0, ELECTION_NOT_NEEDED],
          [1, ELECTION_NOT_NEEDED],
          [9, UNKNOWN_TOPIC_OR_PARTITION],
        ],
      })
    }
    assert.deepEqual(await elect(version, 0, null), { errorCode: 0, results: [] })
    assert.deepEqual(await elect(version, 0, []), { errorCode: 0, results: [] })
  }
})

test('an election of no known type is refused as a whole', async () => {
  assert.deepEqual(await elect(2, 7, [0]), {
    errorCode: UNKNOWN_SERVER_ERROR,
    results: [[0, UNKNOWN_SERVER_ERROR]],
  })
})

test('a partition that is where it shall be is written to and read from on', async () => {
  await produce(client, 'here', batch(3))
  for (const version of [0, 1]) assert.equal(await reassign([1], { version }), 0)
  assert.equal((await produce(client, 'here', batch(2))).errorCode, 0)
  assert.equal((await fetch(client, 'here')).highWatermark, 5)
})

test('what can not be moved says why', async () => {
  assert.equal(await reassign(null), NO_REASSIGNMENT_IN_PROGRESS)
  for (const replicas of [[], [1, 1], [-5], [2], [1, 2]])
    assert.equal(await reassign(replicas), INVALID_REPLICA_ASSIGNMENT)
  assert.equal(await reassign([1], { topic: 'nowhere' }), UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(await reassign([1], { topic: '../here' }), UNKNOWN_TOPIC_OR_PARTITION)
  assert.equal(await reassign([1], { mayShrink: false }), 0)
  assert.notEqual(await reassign([1, 2], { mayShrink: false }), INVALID_REPLICATION_FACTOR, 'it is not alive')
})

test('nothing moves on a cluster of one', async () => {
  for (const topics of [
    null,
    [],
    [
      { name: 'here', partitionIndexes: [0, 7] },
      { name: 'nowhere', partitionIndexes: [0] },
    ],
  ]) {
    const response = await client.call(
      ListPartitionReassignmentsRequest,
      ListPartitionReassignmentsResponse,
      0,
      { timeoutMs: 1000, topics },
    )
    assert.deepEqual([response.errorCode, response.errorMessage, response.topics], [0, '', []])
  }
})
