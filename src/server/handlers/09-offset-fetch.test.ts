import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../../protocol/messages/09-offset-fetch.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../../protocol/messages/20-delete-topics.ts'
import { createTopic, STRANGE_UUID, startTestBroker, type TestClient } from './handlers.test.kit.ts'
import { commit, fetchOffsets, readyGroup, toldOffsets } from './offsets.test.kit.ts'

const client = await startTestBroker()
const topicId = await createTopic(client, 't', { partitions: 3 })
const otherId = await createTopic(client, 'u')
for (const groupId of ['g', 'h']) await readyGroup(client, groupId)
await commit(client, 8, 'g', [
  { topic: 't', offset: 5, leaderEpoch: 2, metadata: 'm' },
  { topic: 't', partition: 2, offset: 7 },
  { topic: 'u', offset: 9 },
])
await commit(client, 8, 'h', [{ topic: 'u', offset: 1 }])

/** All that a group has, in versions that ask so. */
async function fetchAll(from: TestClient, version: number, groupId: string) {
  const request = version < 8 ? { groupId, topics: null } : { groups: [{ groupId, topics: null }] }
  const response = await from.call(OffsetFetchRequest, OffsetFetchResponse, version, request)
  return version < 8 ? response : response.groups[0]!
}

test('every version tells what is committed, and -1 for the rest', async () => {
  for (let version = 1; version <= 10; version++) {
    const topic = version < 10 ? 't' : { id: topicId }
    const told = await fetchOffsets(client, version, 'g', topic, [2, 0, 1, 8])
    assert.deepEqual(told, ['2=7', `0=5${version < 5 ? '' : '@2'}(m)`, '1=-1', '8=-1'])
  }
})

test('a group that is not there has nothing, without an error', async () => {
  for (let version = 1; version <= 10; version++) {
    const topic = version < 10 ? 't' : { id: topicId }
    assert.deepEqual(await fetchOffsets(client, version, 'none', topic, [0]), ['0=-1'])
  }
})

test('version 0 reads what version 0 wrote', async () => {
  await commit(client, 0, 'g', [{ topic: 't', partition: 1, offset: 44 }])
  const told = await fetchOffsets(client, 0, 'g', 't', [0, 1, 8])
  assert.deepEqual(told, ['0=-1!3', '1=44', '8=-1!3'])
})

test('null topics ask for all, from version 2 on', async () => {
  for (let version = 2; version <= 9; version++) {
    const { topics } = await fetchAll(client, version, 'g')
    const names = topics.map(({ name }) => name)
    assert.deepEqual(names, ['t', 'u'])
    assert.equal((await fetchAll(client, version, 'none')).topics.length, 0)
  }
  const { topics } = await fetchAll(client, 10, 'g')
  assert.deepEqual(
    topics.map((each) => ('topicId' in each ? each.topicId : '')),
    [topicId, otherId],
  )
})

test('several groups are answered each for itself, and none with none', async () => {
  const groups = [
    { groupId: 'g', topics: [{ name: 'u', partitionIndexes: [0] }] },
    { groupId: 'none', topics: [{ name: 'u', partitionIndexes: [0] }] },
    { groupId: 'h', topics: null },
  ]
  const response = await client.call(OffsetFetchRequest, OffsetFetchResponse, 8, { groups })
  assert.deepEqual(
    response.groups.map((group) => [group.groupId, ...toldOffsets(group)]),
    [
      ['g', '0=9'],
      ['none', '0=-1'],
      ['h', '0=1'],
    ],
  )
  for (const version of [8, 9, 10]) {
    assert.deepEqual(
      (await client.call(OffsetFetchRequest, OffsetFetchResponse, version, { groups: [] })).groups,
      [],
    )
  }
})

test('a topic id that is not known is answered as such, in its place', async () => {
  const groups = [
    {
      groupId: 'g',
      topics: [
        { topicId: STRANGE_UUID, partitionIndexes: [0, 1] },
        { topicId, partitionIndexes: [2] },
      ],
    },
  ]
  const response = await client.call(OffsetFetchRequest, OffsetFetchResponse, 10, { groups })
  const [group] = response.groups
  assert.deepEqual(
    group!.topics.map((topic) => topic.topicId),
    [STRANGE_UUID, topicId],
  )
  assert.deepEqual(toldOffsets(group!), ['0=-1!100', '1=-1!100', '2=7'])
})

test('a member of a group that has no members is not asked about', async () => {
  assert.deepEqual(await fetchOffsets(client, 9, 'g', 't', [2], { memberId: 'm', memberEpoch: 3 }), ['2=7'])
})

test('an error of the group stands where its version has a place for it', async () => {
  const other = await startTestBroker()
  await createTopic(other, 't')
  const { NOT_COORDINATOR } = ErrorCode
  assert.deepEqual(await fetchOffsets(other, 1, 'g', 't', [0, 1]), [
    `0=-1!${NOT_COORDINATOR}`,
    `1=-1!${NOT_COORDINATOR}`,
  ])
  for (let version = 2; version <= 9; version++) {
    assert.deepEqual(await fetchOffsets(other, version, 'g', 't', [0]), [`!${NOT_COORDINATOR}`])
  }
  assert.deepEqual(await fetchOffsets(other, 10, 'g', { id: STRANGE_UUID }, [0]), [`!${NOT_COORDINATOR}`])
})

test('offsets go with their topic', async () => {
  const goneId = await createTopic(client, 'gone', { partitions: 2 })
  await commit(client, 8, 'g', [
    { topic: 'gone', offset: 1 },
    { topic: 'gone', partition: 1, offset: 2 },
  ])
  await commit(client, 8, 'h', [{ topic: 'gone', offset: 3 }])
  assert.deepEqual(await fetchOffsets(client, 10, 'g', { id: goneId }, [0]), ['0=1'])
  await client.call(DeleteTopicsRequest, DeleteTopicsResponse, 5, { topicNames: ['gone'], timeoutMs: 10_000 })
  assert.deepEqual(await fetchOffsets(client, 9, 'g', 'gone', [0, 1]), ['0=-1', '1=-1'])
  assert.deepEqual(await fetchOffsets(client, 9, 'h', 'gone', [0]), ['0=-1'])
  assert.deepEqual(await fetchOffsets(client, 10, 'g', { id: goneId }, [0]), [
    `0=-1!${ErrorCode.UNKNOWN_TOPIC_ID}`,
  ])
})
