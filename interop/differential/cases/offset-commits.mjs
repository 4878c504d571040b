/** OffsetCommit, OffsetFetch and OffsetDelete of groups without members; those with members are in groups.mjs. */
import {
  awaitCoordinators,
  createTopic,
  DELETE_GROUPS,
  DESCRIBE_GROUPS,
  OFFSET_COMMIT,
  OFFSET_DELETE,
  OFFSET_FETCH,
  strangeUuid,
  zeroUuid,
} from './kit.mjs'

/** @type {import('./kit.mjs').Reference[]} */
const references = ['zookeeper', 'kraft-4.1']

/** @type {import('./kit.mjs').Case[]} */
export const cases = [
  { name: 'offset commits', references, run: offsetCommits },
  { name: 'offset fetches', references, run: offsetFetches },
  { name: 'offset deletions', references, run: offsetDeletions },
]

/** The most that `offset.metadata.max.bytes` allows by default. */
const metadataBytesMax = 4096

/**
 * @param {string} groupId
 * @param {{name?: string, topicId?: string, partitions: object[]}[]} topics
 * @param {object} [fields]
 */
export function commitRequest(groupId, topics, fields = {}) {
  const partition = { partitionIndex: 0, committedOffset: 5, committedMetadata: '' }
  return {
    groupId,
    ...fields,
    topics: topics.map((topic) => ({
      ...topic,
      partitions: topic.partitions.map((each) => ({ ...partition, ...each })),
    })),
  }
}

/** What a version can't say is left out. @param {number} version @param {Record<string, unknown>} fields */
function member(version, fields) {
  const { groupInstanceId, ...others } = fields
  return { ...(version >= 1 ? others : {}), ...(version >= 7 ? { groupInstanceId } : {}) }
}

/** @param {import('./kit.mjs').Probe} probe */
async function offsetCommits(probe) {
  await awaitCoordinators(probe)
  const topicId = await createTopic(probe, 'commits', { partitions: 3 })
  const wideId = await createTopic(probe, 'commits-wide', { partitions: 300 })
  for (const version of probe.versions(OFFSET_COMMIT)) {
    const group = `commits-${version}`
    const topic = { name: 'commits', topicId }
    const ask = (
      /** @type {string} */ label,
      /** @type {Parameters<typeof commitRequest>[1]} */ topics,
      { groupId = group, ...fields } = {},
    ) => probe.ask(label, OFFSET_COMMIT, version, commitRequest(groupId, topics, fields))
    const one = (
      /** @type {string} */ label,
      /** @type {object} */ partition,
      /** @type {object} */ options = {},
    ) => ask(label, [{ ...topic, partitions: [partition] }], options)

    await one('plain', {})
    await one('again', { committedOffset: 3 })
    await ask('two partitions', [{ ...topic, partitions: [{}, { partitionIndex: 2, committedOffset: 7 }] }])
    await one('null metadata', { committedMetadata: null })
    await one('the longest metadata', { committedMetadata: 'm'.repeat(metadataBytesMax) })
    await one('metadata too long', { committedMetadata: 'm'.repeat(metadataBytesMax + 1) })
    await one('metadata too long in bytes', { committedMetadata: 'ü'.repeat(metadataBytesMax / 2 + 1) })
    await ask('one of two too long', [
      { ...topic, partitions: [{ committedMetadata: 'm'.repeat(5000) }, { partitionIndex: 1 }] },
    ])
    await one('offset -1', { committedOffset: -1 })
    await one('offset -2', { committedOffset: -2 })
    await one('a large offset', { committedOffset: 2 ** 50 })
    await one('unknown partition', { partitionIndex: 3 })
    await one('partition -1', { partitionIndex: -1 })
    await ask('unknown topic', [{ name: 'nowhere', topicId: strangeUuid, partitions: [{}] }])
    await ask('unknown and known topic', [
      { name: 'nowhere', topicId: strangeUuid, partitions: [{}, { partitionIndex: 1 }] },
      { ...topic, partitions: [{}, { partitionIndex: 9 }] },
    ])
    if (version < 10) {
      await ask('empty topic name', [{ name: '', partitions: [{}] }])
      await ask('bad topic name', [{ name: 'a b', partitions: [{}] }])
      await ask('internal topic', [{ name: '__consumer_offsets', partitions: [{}] }])
    } else await ask('zero topic id', [{ topicId: zeroUuid, partitions: [{}] }])
    await ask('no topics', [])
    await ask('no partitions', [{ ...topic, partitions: [] }])
    await one('one partition twice', {})
    await ask('twice', [{ ...topic, partitions: [{ committedOffset: 1 }, { committedOffset: 2 }] }])
    await ask('topic twice', [
      { ...topic, partitions: [{ committedOffset: 1 }] },
      { ...topic, partitions: [{ committedOffset: 2, partitionIndex: 1 }] },
    ])
    await one('empty group', {}, { groupId: '' })
    await one('a strange group', {}, { groupId: 'Grüße, 世界' })
    const wide = Array.from({ length: 300 }, (_, partitionIndex) => ({
      partitionIndex,
      committedMetadata: 'm'.repeat(metadataBytesMax),
    }))
    const large = await probe.peer.call(
      OFFSET_COMMIT,
      version,
      commitRequest(group, [{ name: 'commits-wide', topicId: wideId, partitions: wide }]),
    )
    probe.note(`more than a batch holds v${version}`, errorsOf(large))
    if (version === 1) {
      await one('timestamp', { commitTimestamp: 1_600_000_000_000 })
      await one('timestamp -1', { commitTimestamp: -1 })
      await one('timestamp 0', { commitTimestamp: 0, partitionIndex: 1 })
    }
    if (version >= 2 && version <= 4) {
      await one('retention', {}, { retentionTimeMs: 60_000 })
      await one('retention 0', { partitionIndex: 1 }, { retentionTimeMs: 0 })
    }
    if (version >= 6) {
      await one('leader epoch', { committedLeaderEpoch: 0 })
      await one('later leader epoch', { committedLeaderEpoch: 7 })
      await one('leader epoch -2', { committedLeaderEpoch: -2 })
    }
    if (version >= 1) {
      await one(
        'generation without a member',
        {},
        member(version, { generationIdOrMemberEpoch: 0, memberId: '' }),
      )
      await one('generation 5', {}, member(version, { generationIdOrMemberEpoch: 5, memberId: 'nobody' }))
      await one(
        'a member without generation',
        {},
        member(version, { generationIdOrMemberEpoch: -1, memberId: 'nobody' }),
      )
      await one(
        'generation in a new group',
        {},
        { groupId: `${group}-new`, ...member(version, { generationIdOrMemberEpoch: 1, memberId: 'nobody' }) },
      )
      await one('generation -2', {}, member(version, { generationIdOrMemberEpoch: -2, memberId: '' }))
    }
    if (version >= 7) {
      await one('an instance', {}, member(version, { groupInstanceId: 'somebody' }))
      await one(
        'an instance and a member',
        {},
        {
          ...member(version, {
            generationIdOrMemberEpoch: 1,
            memberId: 'nobody',
            groupInstanceId: 'somebody',
          }),
        },
      )
      await one('an empty instance', {}, member(version, { groupInstanceId: '' }))
    }
    await probe.ask(`fetched after ${version}`, OFFSET_FETCH, 5, { groupId: group, topics: null })
    await probe.ask(`described after ${version}`, DESCRIBE_GROUPS, 5, { groups: [group, `${group}-new`] })
  }
}

/** @param {import('../peer.mjs').Outcome} outcome the partitions' error codes, each with how often it is there */
function errorsOf(outcome) {
  if (!('response' in outcome)) return outcome
  /** @type {Record<string, number>} */
  const counts = {}
  for (const { partitions } of outcome.response.topics)
    for (const { errorCode } of partitions) counts[errorCode] = (counts[errorCode] ?? 0) + 1
  return counts
}

/** @param {import('./kit.mjs').Probe} probe */
async function offsetFetches(probe) {
  await awaitCoordinators(probe)
  const topicId = await createTopic(probe, 'fetched-a', { partitions: 3 })
  await createTopic(probe, 'fetched-b', { partitions: 2 })
  for (const group of ['fetches', 'fetches-too']) {
    await probe.quietly(
      OFFSET_COMMIT,
      7,
      commitRequest(group, [
        {
          name: 'fetched-a',
          partitions: [
            { committedMetadata: 'some' },
            { partitionIndex: 2, committedOffset: 9, committedLeaderEpoch: 4 },
          ],
        },
        {
          name: 'fetched-b',
          partitions: [{ partitionIndex: 1, committedOffset: 0, committedMetadata: null }],
        },
      ]),
    )
  }
  const a = { name: 'fetched-a', topicId }
  for (const version of probe.versions(OFFSET_FETCH)) {
    const ask = (
      /** @type {string} */ label,
      /** @type {string} */ groupId,
      /** @type {object[] | null} */ topics,
      /** @type {object} */ fields = {},
    ) =>
      probe.ask(
        label,
        OFFSET_FETCH,
        version,
        version >= 8 ? { groups: [{ groupId, topics }] } : { groupId, topics, ...fields },
      )
    await ask('known', 'fetches', [{ ...a, partitionIndexes: [0, 1, 2] }])
    await ask('order of partitions', 'fetches', [{ ...a, partitionIndexes: [2, 0] }])
    await ask('unknown partition', 'fetches', [{ ...a, partitionIndexes: [0, 7, -1] }])
    await ask('unknown topic', 'fetches', [{ name: 'nowhere', topicId: strangeUuid, partitionIndexes: [0] }])
    await ask('one partition twice', 'fetches', [{ ...a, partitionIndexes: [0, 0] }])
    await ask('one topic twice', 'fetches', [
      { ...a, partitionIndexes: [0] },
      { ...a, partitionIndexes: [1] },
    ])
    await ask('no partitions', 'fetches', [{ ...a, partitionIndexes: [] }])
    await ask('no topics', 'fetches', [])
    await ask('unknown group', 'nobody', [{ ...a, partitionIndexes: [0] }])
    await ask('empty group', '', [{ ...a, partitionIndexes: [0] }])
    if (version < 10) await ask('empty topic name', 'fetches', [{ name: '', partitionIndexes: [0] }])
    else await ask('zero topic id', 'fetches', [{ topicId: zeroUuid, partitionIndexes: [0] }])
    if (version >= 2) {
      await ask('all', 'fetches', null)
      await ask('all of an unknown group', 'nobody', null)
      await ask('all of the empty group', '', null)
    }
    if (version === 7) await ask('stable', 'fetches', null, { requireStable: true })
    if (version < 8) continue
    const several = (/** @type {string} */ label, /** @type {object[]} */ groups, requireStable = false) =>
      probe.ask(label, OFFSET_FETCH, version, { groups, requireStable })
    await several('no groups', [])
    await several('three groups', [
      { groupId: 'fetches', topics: null },
      { groupId: 'fetches-too', topics: [{ ...a, partitionIndexes: [0] }] },
      { groupId: 'nobody', topics: null },
    ])
    await several('one group twice', [
      { groupId: 'fetches', topics: [{ ...a, partitionIndexes: [0] }] },
      { groupId: 'fetches', topics: [{ ...a, partitionIndexes: [1] }] },
    ])
    await several('stable', [{ groupId: 'fetches', topics: null }], true)
    if (version < 9) continue
    for (const [label, fields] of /** @type {[string, object][]} */ ([
      ['a member', { memberId: 'nobody', memberEpoch: 0 }],
      ['a member without epoch', { memberId: 'nobody', memberEpoch: -1 }],
      ['an epoch without member', { memberId: null, memberEpoch: 3 }],
      ['empty member', { memberId: '', memberEpoch: 3 }],
    ])) {
      await several(label, [{ groupId: 'fetches', ...fields, topics: [{ ...a, partitionIndexes: [0] }] }])
      await several(`${label}, all`, [{ groupId: 'fetches', ...fields, topics: null }])
      await several(`${label}, unknown group`, [{ groupId: 'nobody', ...fields, topics: null }])
    }
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function offsetDeletions(probe) {
  await awaitCoordinators(probe)
  await createTopic(probe, 'forgotten', { partitions: 3 })
  const partitions = [0, 1, 2].map((partitionIndex) => ({ partitionIndex }))
  const fill = () =>
    probe.quietly(OFFSET_COMMIT, 7, commitRequest('forgets', [{ name: 'forgotten', partitions }]))
  const remaining = (/** @type {string} */ label) =>
    probe.ask(`left after ${label}`, OFFSET_FETCH, 5, { groupId: 'forgets', topics: null })
  await fill()
  const ask = (/** @type {string} */ label, /** @type {string} */ groupId, /** @type {object[]} */ topics) =>
    probe.ask(label, OFFSET_DELETE, 0, { groupId, topics })
  await ask('one', 'forgets', [{ name: 'forgotten', partitions: [{ partitionIndex: 1 }] }])
  await remaining('one')
  await ask('the same again', 'forgets', [{ name: 'forgotten', partitions: [{ partitionIndex: 1 }] }])
  await ask('unknown partition', 'forgets', [
    { name: 'forgotten', partitions: [{ partitionIndex: 8 }, { partitionIndex: 0 }] },
  ])
  await ask('unknown topic', 'forgets', [{ name: 'nowhere', partitions: [{ partitionIndex: 0 }] }])
  await ask('no topics', 'forgets', [])
  await ask('no partitions', 'forgets', [{ name: 'forgotten', partitions: [] }])
  await ask('unknown group', 'nobody', [{ name: 'forgotten', partitions: [{ partitionIndex: 0 }] }])
  await ask('empty group', '', [{ name: 'forgotten', partitions: [{ partitionIndex: 0 }] }])
  await remaining('all')
  await ask('the last', 'forgets', [{ name: 'forgotten', partitions: [{ partitionIndex: 2 }] }])
  await remaining('the last')
  await probe.ask('described without offsets', DESCRIBE_GROUPS, 5, { groups: ['forgets'] })
  for (const version of probe.versions(DELETE_GROUPS)) {
    await fill()
    const remove = (/** @type {string} */ label, /** @type {string[]} */ groupsNames) =>
      probe.ask(label, DELETE_GROUPS, version, { groupsNames })
    await remove('group', ['forgets'])
    await remove('group again', ['forgets'])
    await remove('two unknown groups', ['nobody', 'no one'])
    await remove('the empty name', [''])
    await remove('no groups', [])
    await remaining(`deletion of the group ${version}`)
  }
}
