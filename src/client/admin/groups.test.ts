import assert from 'node:assert/strict'
import { test } from 'node:test'
import { admin, failure, joinClassic, joinConsumer, newTopic } from './admin.test.kit.ts'
import type { ListGroupsOptions } from './groups.ts'

test('a classic group is described with its members, what they subscribe to and what they have', async () => {
  const topic = await newTopic(2)
  const memberId = await joinClassic('classic', topic, [0, 1])
  const [group] = await admin.describeGroups(['classic'])
  const { members, ...rest } = group!
  assert.deepEqual(rest, {
    groupId: 'classic',
    type: 'classic',
    state: 'Stable',
    protocolType: 'consumer',
    assignor: 'range',
    groupEpoch: null,
    assignmentEpoch: null,
    coordinator: 1,
    authorizedOperations: null,
  })
  const [member] = members
  assert.deepEqual(
    [member!.memberId, member!.protocol, member!.clientId, member!.subscribedTopics, member!.memberEpoch],
    [memberId, 'classic', 'sluice', [topic], null],
  )
  assert.deepEqual(member!.assignment, [
    { topic, partition: 0 },
    { topic, partition: 1 },
  ])
})

test('a consumer group is described alike, with epochs and what its members shall have', async () => {
  const topic = await newTopic(2)
  const memberId = await joinConsumer('consumers', topic)
  const [group] = await admin.describeGroups(['consumers'])
  assert.deepEqual(
    [group!.type, group!.protocolType, group!.assignor, group!.groupEpoch, group!.assignmentEpoch],
    ['consumer', 'consumer', 'uniform', 1, 1],
  )
  const [member] = group!.members
  assert.deepEqual(
    [member!.memberId, member!.protocol, member!.memberEpoch, member!.subscribedTopics],
    [memberId, 'consumer', 1, [topic]],
  )
  const all = [
    { topic, partition: 0 },
    { topic, partition: 1 },
  ]
  assert.deepEqual([member!.assignment, member!.targetAssignment], [all, all])
})

test('groups of all kinds are described in one call, and one that is not there is told so', async () => {
  const topic = await newTopic()
  await joinClassic('kind-classic', topic, [0])
  await joinConsumer('kind-consumer', topic)
  const error = await failure(admin.describeGroups(['kind-classic', 'nobody', 'kind-consumer']))
  assert.equal(error.details!.get('nobody')!.code, 'GROUP_ID_NOT_FOUND')
  const results = error.results as ReadonlyMap<string, { type: string }>
  assert.deepEqual(
    [...results].map(([groupId, { type }]) => [groupId, type]),
    [
      ['kind-classic', 'classic'],
      ['kind-consumer', 'consumer'],
    ],
  )
})

test('groups are listed by their states and types', async () => {
  const topic = await newTopic()
  await joinClassic('list-stable', topic, [0])
  await joinConsumer('list-consumer', topic)
  await admin.alterGroupOffsets('list-empty', [{ topic, partition: 0, offset: 0 }])
  const ids = async (options: ListGroupsOptions) =>
    (await admin.listGroups(options))
      .map(({ groupId }) => groupId)
      .filter((id) => id.startsWith('list-'))
      .sort()
  assert.deepEqual(await ids({}), ['list-consumer', 'list-empty', 'list-stable'])
  assert.deepEqual(await ids({ states: ['Empty'] }), ['list-empty'])
  assert.deepEqual(await ids({ types: ['consumer'] }), ['list-consumer'])
  assert.deepEqual(await ids({ states: ['Stable'], types: ['classic'] }), ['list-stable'])
  const all = await admin.listGroups()
  assert.deepEqual(
    all.find(({ groupId }) => groupId === 'list-consumer'),
    { groupId: 'list-consumer', protocolType: 'consumer', state: 'Stable', type: 'consumer' },
  )
})

test('offsets of groups are changed, read and forgotten', async () => {
  const topic = await newTopic(3)
  const at = (partition: number) => ({ topic, partition })
  await admin.alterGroupOffsets('keeps', [
    { ...at(2), offset: 7, metadata: 'seven', leaderEpoch: 0 },
    { ...at(0), offset: 5 },
  ])
  const [all, some] = await admin.listGroupOffsets(
    ['keeps', { groupId: 'keeps-none', partitions: [at(2), at(1)] }],
    { requireStable: true },
  )
  assert.deepEqual(all, {
    groupId: 'keeps',
    offsets: [
      { ...at(0), offset: 5, leaderEpoch: null, metadata: '' },
      { ...at(2), offset: 7, leaderEpoch: 0, metadata: 'seven' },
    ],
  })
  assert.deepEqual(
    some!.offsets.map(({ partition, offset }) => [partition, offset]),
    [
      [2, null],
      [1, null],
    ],
  )
  await admin.deleteGroupOffsets('keeps', [at(0)])
  assert.deepEqual((await admin.listGroupOffsets(['keeps']))[0]!.offsets.length, 1)
  const unknown = await failure(
    admin.alterGroupOffsets('keeps', [{ topic: 'nope', partition: 0, offset: 1 }]),
  )
  assert.equal(unknown.code, 'UNKNOWN_TOPIC_OR_PARTITION')
})

test('a group with members keeps its offsets, its place, and can not be deleted until they are removed', async () => {
  const topic = await newTopic(2)
  const [dynamic, fixed] = [
    await joinClassic('manned', topic, [0]),
    await joinClassic('manned-2', topic, [0], 'one'),
  ]
  await admin.alterGroupOffsets('left', [{ topic, partition: 0, offset: 1 }])
  assert.equal((await failure(admin.deleteGroups(['manned']))).code, 'NON_EMPTY_GROUP')
  const refused = await failure(admin.alterGroupOffsets('manned', [{ topic, partition: 0, offset: 1 }]))
  assert.equal(refused.code, 'UNKNOWN_MEMBER_ID')
  const subscribed = await failure(admin.deleteGroupOffsets('manned', [{ topic, partition: 0 }]))
  assert.equal(subscribed.code, 'GROUP_SUBSCRIBED_TO_TOPIC')

  const wrong = await failure(admin.removeMembers('manned', [{ memberId: 'nobody' }]))
  assert.equal(wrong.code, 'UNKNOWN_MEMBER_ID')
  assert.notEqual(dynamic, fixed)
  await admin.removeMembers('manned', [{ memberId: dynamic }], { reason: 'a test' })
  await admin.removeMembers('manned-2', [{ groupInstanceId: 'one' }])
  const error = await failure(admin.deleteGroups(['manned', 'manned-2', 'left', 'never']))
  assert.deepEqual([...error.results!.keys()], ['manned', 'manned-2', 'left'])
  assert.equal(error.details!.get('never')!.code, 'GROUP_ID_NOT_FOUND')
})

test('all members are removed at once, whatever they are', async () => {
  const topic = await newTopic(2)
  await joinClassic('cleared', topic, [0, 1], 'fixed')
  await joinClassic('cleared-too', topic, [0, 1])
  for (const groupId of ['cleared', 'cleared-too']) await admin.removeMembers(groupId, 'all')
  const groups = await admin.describeGroups(['cleared', 'cleared-too'])
  assert.deepEqual(
    groups.map(({ state, members }) => [state, members.length]),
    [
      ['Empty', 0],
      ['Empty', 0],
    ],
  )
  await admin.removeMembers('cleared', 'all')
})
