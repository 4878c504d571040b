import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from '../../protocol/messages/08-offset-commit.ts'
import { createTopic, STRANGE_UUID, startTestBroker } from './handlers.test.kit.ts'
import { commit, fetchOffsets, readyGroup } from './offsets.test.kit.ts'

const { NONE } = ErrorCode
const client = await startTestBroker({ 'offset.metadata.max.bytes': '10' })
const topicId = await createTopic(client, 't', { partitions: 2 })
const named = (version: number) => (version < 10 ? { topic: 't' } : { topicId })
await readyGroup(client, 'g')

test('every version commits, and its successors read it', async () => {
  for (let version = 1; version <= 10; version++) {
    const groupId = `v${version}`
    await readyGroup(client, groupId)
    const offset = { ...named(version), offset: version, leaderEpoch: 3, metadata: 'note' }
    const other = { ...named(version), partition: 1, offset: 70 + version, metadata: null }
    assert.deepEqual(await commit(client, version, groupId, [offset, other]), [NONE, NONE])
    const told = await fetchOffsets(client, 9, groupId, 't', [0, 1])
    assert.deepEqual(told, [`0=${version}${version < 6 ? '' : '@3'}(note)`, `1=${70 + version}`])
  }
})

test('partitions and topics that are not there are told so, the others are committed', async () => {
  for (const version of [0, 1, 9, 10]) {
    const unknown =
      version < 10
        ? { codes: [3, 3], offsets: [{ topic: 'no', offset: 1 }] }
        : { codes: [3, 100], offsets: [{ topicId: STRANGE_UUID, offset: 1 }] }
    const offsets = [
      { ...named(version), partition: 2, offset: 1 },
      ...unknown.offsets,
      { ...named(version), partition: 1, offset: 100 + version },
    ]
    assert.deepEqual(await commit(client, version, 'g', offsets), [...unknown.codes, NONE])
    if (version > 0) assert.deepEqual(await fetchOffsets(client, 9, 'g', 't', [1]), [`1=${100 + version}`])
  }
})

test('a request for nothing gets an answer without topics', async () => {
  for (let version = 0; version <= 10; version++) {
    assert.deepEqual(await commit(client, version, 'g', []), [])
    const request = {
      groupId: 'g',
      topics: [{ ...(version < 10 ? { name: 't' } : { topicId }), partitions: [] }],
    }
    const { topics } = await client.call(OffsetCommitRequest, OffsetCommitResponse, version, request)
    assert.deepEqual(topics, [])
  }
})

test('metadata beyond offset.metadata.max.bytes costs its partition', async () => {
  for (const version of [0, 2, 10]) {
    const offsets = [
      { ...named(version), offset: 5, metadata: 'x'.repeat(11) },
      { ...named(version), partition: 1, offset: 6, metadata: 'x'.repeat(10) },
    ]
    assert.deepEqual(await commit(client, version, 'm', offsets), [ErrorCode.OFFSET_METADATA_TOO_LARGE, NONE])
  }
})

test('offsets may be any number', async () => {
  for (const offset of [-1, -9, 2 ** 63, 0]) {
    for (const version of [0, 7]) {
      assert.deepEqual(await commit(client, version, 'any', [{ topic: 't', offset }]), [NONE])
      assert.deepEqual(await fetchOffsets(client, version, 'any', 't', [0]), [`0=${offset}`])
    }
  }
})

test('version 0 keeps its offsets apart from those of groups', async () => {
  assert.deepEqual(await commit(client, 0, 'old', [{ topic: 't', offset: 5 }]), [NONE])
  assert.deepEqual(await commit(client, 1, 'old', [{ topic: 't', offset: 6 }]), [NONE])
  assert.deepEqual(await commit(client, 0, 'old', [{ topic: 't', offset: 7 }]), [NONE])
  assert.deepEqual(await fetchOffsets(client, 0, 'old', 't', [0]), ['0=7'])
  assert.deepEqual(await fetchOffsets(client, 1, 'old', 't', [0]), ['0=6'])
})

test('in version 0 a group whose id makes no path is refused', async () => {
  for (const groupId of ['', '../x', 'a//b', 'a\u0000b']) {
    const codes = await commit(client, 0, groupId, [{ topic: 't', offset: 5 }])
    assert.deepEqual(codes, [ErrorCode.UNKNOWN_SERVER_ERROR])
  }
})

test('the empty group id is a group as any other', async () => {
  await readyGroup(client, '')
  assert.deepEqual(await commit(client, 5, '', [{ topic: 't', offset: 12 }]), [NONE])
  assert.deepEqual(await fetchOffsets(client, 5, '', 't', [0]), ['0=12'])
})

test('a generation of a group that is not there is refused in the words of the version', async () => {
  const member = { memberId: 'm', generationIdOrMemberEpoch: 1 }
  for (let version = 1; version <= 10; version++) {
    const expected = version < 9 ? ErrorCode.ILLEGAL_GENERATION : ErrorCode.GROUP_ID_NOT_FOUND
    assert.deepEqual(await commit(client, version, 'none', [{ ...named(version), offset: 1 }], member), [
      expected,
    ])
  }
})

test('a member that the group does not have is refused', async () => {
  const member = { memberId: 'm', generationIdOrMemberEpoch: 1 }
  assert.deepEqual(await commit(client, 7, 'g', [{ topic: 't', offset: 1 }], member), [
    ErrorCode.UNKNOWN_MEMBER_ID,
  ])
})

test('one topic named twice is answered twice, and the later offset counts', async () => {
  const partition = { partitionIndex: 0, committedMetadata: '' }
  const { topics } = await client.call(OffsetCommitRequest, OffsetCommitResponse, 7, {
    groupId: 'twice',
    topics: [
      {
        name: 't',
        partitions: [
          { ...partition, committedOffset: 1 },
          { ...partition, committedOffset: 2 },
        ],
      },
      { name: 't', partitions: [{ ...partition, committedOffset: 3 }] },
    ],
  })
  assert.deepEqual(
    topics.map(({ partitions }) => partitions.map(({ errorCode }) => errorCode)),
    [[NONE, NONE], [NONE]],
  )
  assert.deepEqual(await fetchOffsets(client, 7, 'twice', 't', [0]), ['0=3'])
})

test('without its coordinator a commit is not taken', async () => {
  const other = await startTestBroker()
  await createTopic(other, 't')
  assert.deepEqual(await commit(other, 7, 'g', [{ topic: 't', offset: 1 }]), [ErrorCode.NOT_COORDINATOR])
})
