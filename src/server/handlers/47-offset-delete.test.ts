import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { OffsetDeleteRequest, OffsetDeleteResponse } from '../../protocol/messages/47-offset-delete.ts'
import { createTopic, startTestBroker } from './handlers.test.kit.ts'
import { commit, fetchOffsets, readyGroup } from './offsets.test.kit.ts'

const client = await startTestBroker()
await createTopic(client, 't', { partitions: 3 })
for (const groupId of ['g', 'none']) await readyGroup(client, groupId)

async function remove(groupId: string, ...names: [topic: string, partition: number][]) {
  const { errorCode, topics } = await client.call(OffsetDeleteRequest, OffsetDeleteResponse, 0, {
    groupId,
    topics: names.map(([name, partitionIndex]) => ({ name, partitions: [{ partitionIndex }] })),
  })
  if (errorCode !== ErrorCode.NONE) {
    assert.deepEqual(topics, [])
    return errorCode
  }
  return topics.map(({ name, partitions: [only] }) => `${name}-${only!.partitionIndex}:${only!.errorCode}`)
}

test('offsets are forgotten; a partition without one is fine, one that is not there is told so', async () => {
  await commit(client, 8, 'g', [
    { topic: 't', offset: 5 },
    { topic: 't', partition: 1, offset: 6 },
  ])
  assert.deepEqual(await remove('g', ['t', 1], ['no', 0], ['t', 2], ['t', 3]), [
    't-1:0',
    `no-0:${ErrorCode.UNKNOWN_TOPIC_OR_PARTITION}`,
    't-2:0',
    `t-3:${ErrorCode.UNKNOWN_TOPIC_OR_PARTITION}`,
  ])
  assert.deepEqual(await fetchOffsets(client, 8, 'g', 't', [0, 1]), ['0=5', '1=-1'])
})

test('the group has to be there, whatever is asked of it', async () => {
  assert.equal(await remove('none', ['t', 0]), ErrorCode.GROUP_ID_NOT_FOUND)
  assert.equal(await remove('none'), ErrorCode.GROUP_ID_NOT_FOUND)
  assert.equal(await remove(''), ErrorCode.INVALID_GROUP_ID)
  assert.deepEqual(await remove('g'), [])
})
