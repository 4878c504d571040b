/** Groups of the protocol of KIP-848: ConsumerGroupHeartbeat and ConsumerGroupDescribe, and what the others see of them. */
import {
  awaitCoordinators,
  CONSUMER_GROUP_DESCRIBE,
  CONSUMER_GROUP_HEARTBEAT,
  createTopic,
  DELETE_GROUPS,
  DESCRIBE_GROUPS,
  delay,
  HEARTBEAT,
  JOIN_GROUP,
  LEAVE_GROUP,
  LIST_GROUPS,
  OFFSET_COMMIT,
  OFFSET_DELETE,
  OFFSET_FETCH,
  SYNC_GROUP,
  strangeUuid,
} from './kit.mjs'
import { commitRequest } from './offset-commits.mjs'

/** Apache Kafka 3.9 has it for trial only. @type {import('./kit.mjs').Reference[]} */
const references = ['kraft-4.1']

/** The coordinator hears of a topic later than others, and gives out its partitions later. */
const topicKnownMs = 500

/** @type {import('./kit.mjs').Case[]} */
export const cases = [
  { name: 'consumer heartbeats refused', references, run: refused },
  { name: 'consumer groups of one', references, run: ofOne },
  { name: 'consumer groups of two', references, run: ofTwo },
  { name: 'consumer instances', references, run: instances },
  { name: 'consumer regular expressions', references, run: regularExpressions },
]

const joining = { rebalanceTimeoutMs: 30_000, topicPartitions: [] }
let madeUp = 0
/** A client of version 1 on makes up its member id. */
const madeUpId = () => `AAAAAAAAAAAAAAAAAAAA${String(++madeUp).padStart(2, '0')}`

/** One member, that asks in one version. */
class Member {
  #probe
  #version
  #groupId
  #name
  memberId
  memberEpoch = 0

  /** @param {import('./kit.mjs').Probe} probe @param {number} version @param {string} groupId @param {string} name */
  constructor(probe, version, groupId, name) {
    this.#probe = probe
    this.#version = version
    this.#groupId = groupId
    this.#name = name
    this.memberId = version === 0 ? '' : madeUpId()
  }

  /** @param {string} label @param {object} [fields] */
  async beat(label, fields = {}) {
    const { memberId, memberEpoch } = this
    const response = await this.#probe.ask(
      `${this.#name} ${label}`,
      CONSUMER_GROUP_HEARTBEAT,
      this.#version,
      {
        groupId: this.#groupId,
        memberId,
        memberEpoch,
        ...fields,
      },
    )
    if (response?.errorCode === 0 && !('memberId' in fields) && !('memberEpoch' in fields)) {
      this.memberId = response.memberId ?? this.memberId
      this.memberEpoch = response.memberEpoch
    }
    return response
  }

  /** The same without a note. @param {object} fields */
  async beatQuietly(fields) {
    const { memberId, memberEpoch } = this
    const response = await this.#probe.quietly(CONSUMER_GROUP_HEARTBEAT, this.#version, {
      groupId: this.#groupId,
      memberId,
      memberEpoch,
      ...fields,
    })
    if (response.errorCode === 0) this.memberEpoch = response.memberEpoch
    return response
  }

  /** Beats until it owns what it is assigned: how often, depends on when the others answer. */
  async settle() {
    for (let i = 0; i < 20; i++) {
      const { memberId, memberEpoch } = this
      const response = await this.#probe.quietly(CONSUMER_GROUP_HEARTBEAT, this.#version, {
        groupId: this.#groupId,
        memberId,
        memberEpoch,
        ...(this.#owned ? { topicPartitions: this.#owned } : {}),
      })
      if (response.errorCode !== 0) return
      this.memberEpoch = response.memberEpoch
      if (response.assignment) this.#owned = response.assignment.topicPartitions
    }
  }
  /** @type {{topicId: string, partitions: number[]}[] | undefined} */
  #owned

  /** @param {any} response */
  own(response) {
    if (response?.assignment) this.#owned = response.assignment.topicPartitions
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function refused(probe) {
  await awaitCoordinators(probe)
  await createTopic(probe, 'beaten')
  await delay(topicKnownMs)
  for (const version of probe.versions(CONSUMER_GROUP_HEARTBEAT)) {
    const id = version === 0 ? '' : 'AAAAAAAAAAAAAAAAAAAA00'
    const ask = (/** @type {string} */ label, /** @type {object} */ fields) =>
      probe.ask(label, CONSUMER_GROUP_HEARTBEAT, version, {
        groupId: `beaten-${version}-${label.replaceAll(/\W/g, '-')}`,
        memberId: id,
        memberEpoch: 0,
        subscribedTopicNames: ['beaten'],
        ...joining,
        ...fields,
      })
    await ask('empty group', { groupId: '' })
    await ask('blank group', { groupId: '  ' })
    await ask('no member id', { memberId: '' })
    await ask('no topics', { subscribedTopicNames: null })
    await ask('empty topics', { subscribedTopicNames: [] })
    await ask('bad topic', { subscribedTopicNames: ['a b', ''] })
    await ask('unknown topic', { subscribedTopicNames: ['nowhere'] })
    await ask('no partitions', { topicPartitions: null })
    await ask('some partitions', { topicPartitions: [{ topicId: strangeUuid, partitions: [0] }] })
    await ask('no rebalance timeout', { rebalanceTimeoutMs: -1 })
    await ask('rebalance timeout 0', { rebalanceTimeoutMs: 0 })
    await ask('rebalance timeout -2', { rebalanceTimeoutMs: -2 })
    await ask('empty instance', { instanceId: '' })
    await ask('empty rack', { rackId: '' })
    await ask('unknown assignor', { serverAssignor: 'strange' })
    await ask('empty assignor', { serverAssignor: '' })
    for (const assignor of ['range', 'uniform'])
      await ask(`assignor ${assignor}`, { serverAssignor: assignor })
    for (const memberEpoch of [1, -1, -2, -3, 100]) {
      await ask(`epoch ${memberEpoch}`, { memberEpoch })
      await ask(`epoch ${memberEpoch}, unknown member`, { memberEpoch, memberId: 'nobody' })
      await ask(`epoch ${memberEpoch} of an instance`, { memberEpoch, memberId: 'nobody', instanceId: 'i' })
    }
  }
  for (const version of probe.versions(CONSUMER_GROUP_DESCRIBE)) {
    const describe = (/** @type {string} */ label, /** @type {string[]} */ groupIds) =>
      probe.ask(`describe, ${label}`, CONSUMER_GROUP_DESCRIBE, version, { groupIds })
    await describe('unknown', ['nobody'])
    await describe('empty name', [''])
    await describe('nothing', [])
    await describe('twice', ['nobody', 'nobody'])
    await probe.ask('describe, operations', CONSUMER_GROUP_DESCRIBE, version, {
      groupIds: ['nobody'],
      includeAuthorizedOperations: true,
    })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function ofOne(probe) {
  await awaitCoordinators(probe)
  const topicId = await createTopic(probe, 'consumed', { partitions: 3 })
  await delay(topicKnownMs)
  for (const version of probe.versions(CONSUMER_GROUP_HEARTBEAT)) {
    const groupId = `consumer-one-${version}`
    const one = new Member(probe, version, groupId, 'one')
    const describe = async (/** @type {string} */ label) => {
      for (const each of probe.versions(CONSUMER_GROUP_DESCRIBE)) {
        await probe.ask(`${label}, ${version}`, CONSUMER_GROUP_DESCRIBE, each, {
          groupIds: [groupId],
          includeAuthorizedOperations: each > 0,
        })
      }
    }
    await one.beat('joins', { ...joining, subscribedTopicNames: ['consumed', 'nowhere'] })
    await describe('describes')
    await one.beat('beats')
    await one.beat('subscribes to one', { subscribedTopicNames: ['consumed'] })
    await one.beat('repeats itself', { topicPartitions: [{ topicId, partitions: [0, 1, 2] }] })
    await one.beat('owns less', { topicPartitions: [{ topicId, partitions: [1] }] })
    await one.beat('an earlier epoch', { memberEpoch: one.memberEpoch - 1 })
    await one.beat('an earlier epoch, all owned', {
      memberEpoch: one.memberEpoch - 1,
      topicPartitions: [{ topicId, partitions: [0, 1, 2] }],
    })
    await one.beat('a later epoch', { memberEpoch: one.memberEpoch + 1 })
    await one.beat('unknown member', { memberId: 'nobody' })
    const commit = (/** @type {string} */ label, /** @type {object} */ fields) =>
      probe.ask(
        `${label} in ${version}`,
        OFFSET_COMMIT,
        9,
        commitRequest(groupId, [{ name: 'consumed', partitions: [{}] }], {
          generationIdOrMemberEpoch: one.memberEpoch,
          memberId: one.memberId,
          ...fields,
        }),
      )
    await commit('commits', {})
    await commit('commits, stale epoch', { generationIdOrMemberEpoch: one.memberEpoch - 1 })
    await commit('commits, later epoch', { generationIdOrMemberEpoch: one.memberEpoch + 1 })
    await commit('commits, unknown member', { memberId: 'nobody' })
    await commit('commits from outside', { memberId: '', generationIdOrMemberEpoch: -1 })
    for (const each of [7, 8]) {
      await probe.ask(
        `commits in an old version ${each}, ${version}`,
        OFFSET_COMMIT,
        each,
        commitRequest(groupId, [{ name: 'consumed', partitions: [{}] }], {
          generationIdOrMemberEpoch: one.memberEpoch - 1,
          memberId: one.memberId,
        }),
      )
    }
    const fetch = (/** @type {string} */ label, /** @type {object} */ fields) =>
      probe.ask(`${label} in ${version}`, OFFSET_FETCH, 9, {
        groups: [{ groupId, memberId: one.memberId, memberEpoch: one.memberEpoch, topics: null, ...fields }],
      })
    await fetch('fetches', {})
    await fetch('fetches, stale epoch', { memberEpoch: one.memberEpoch - 1 })
    await fetch('fetches, unknown member', { memberId: 'nobody' })
    await fetch('fetches from outside', { memberId: null, memberEpoch: -1 })
    // What the other requests see of it.
    for (const each of probe.versions(DESCRIBE_GROUPS))
      await probe.ask(`classic describe, ${version}`, DESCRIBE_GROUPS, each, { groups: [groupId] })
    const listed = await probe.quietly(LIST_GROUPS, 5, { statesFilter: [], typesFilter: ['consumer'] })
    probe.note(
      `listed v${version}`,
      listed.groups.filter((/** @type {any} */ group) => group.groupId === groupId),
    )
    const who = { groupId, generationId: one.memberEpoch, memberId: one.memberId }
    await probe.ask(`classic heartbeat, ${version}`, HEARTBEAT, 4, who)
    await probe.ask(`classic sync, ${version}`, SYNC_GROUP, 5, { ...who, assignments: [] })
    await probe.ask(`classic leave, ${version}`, LEAVE_GROUP, 5, {
      groupId,
      members: [{ memberId: 'nobody', groupInstanceId: null }],
    })
    await probe.ask(`classic join of a strange type, ${version}`, JOIN_GROUP, 9, {
      groupId,
      memberId: '',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocolType: 'connect',
      protocols: [{ name: 'x', metadata: Buffer.alloc(0) }],
    })
    await probe.ask(`deletes, ${version}`, DELETE_GROUPS, 2, { groupsNames: [groupId] })
    await probe.ask(`deletes offsets, ${version}`, OFFSET_DELETE, 0, {
      groupId,
      topics: [{ name: 'consumed', partitions: [{ partitionIndex: 0 }] }],
    })
    await one.beat('subscribes to nothing', { subscribedTopicNames: [] })
    await describe('describes without topics')
    await one.beat('subscribes again', { subscribedTopicNames: ['consumed'] })
    await one.beat('changes its assignor', { serverAssignor: 'range' })
    await one.beat('an unknown assignor', { serverAssignor: 'strange' })
    await describe('describes changed')
    await one.beat('leaves', { memberEpoch: -1 })
    await one.beat('leaves again', { memberEpoch: -1 })
    await one.beat('beats, having left')
    await describe('describes the empty group')
    await probe.ask(`deletes the empty group, ${version}`, DELETE_GROUPS, 2, { groupsNames: [groupId] })
    await describe('describes the deleted group')
  }
  await probe.ask('a classic group', CONSUMER_GROUP_DESCRIBE, 0, {
    groupIds: ['described-stable', 'fetches'],
  })
}

/** @param {import('./kit.mjs').Probe} probe */
async function ofTwo(probe) {
  await awaitCoordinators(probe)
  await createTopic(probe, 'consumed-a', { partitions: 4 })
  await createTopic(probe, 'consumed-b', { partitions: 3 })
  await delay(topicKnownMs)
  for (const version of probe.versions(CONSUMER_GROUP_HEARTBEAT)) {
    for (const serverAssignor of ['range', 'uniform']) {
      const groupId = `consumer-two-${version}-${serverAssignor}`
      const [a, b] = ['a', 'b'].map(
        (name) => new Member(probe, version, groupId, `${serverAssignor}, ${name}`),
      )
      if (!a || !b) throw new Error('no members')
      const join = { ...joining, subscribedTopicNames: ['consumed-a', 'consumed-b'], serverAssignor }
      a.own(await a.beat('joins', join))
      b.own(await b.beat('joins second', join))
      // Which ones depends on the order of ids: the members' and, for uniform, the topics'.
      const isSettled = version > 0 && serverAssignor === 'range'
      const gives = isSettled ? await a.beat('is to give up partitions') : await a.beatQuietly({})
      await b.beat('waits for them')
      a.own(gives)
      await a.settle()
      await b.settle()
      await a.settle()
      await b.settle()
      const shares = await probe.quietly(CONSUMER_GROUP_DESCRIBE, 0, { groupIds: [groupId] })
      // Who got which share depends on the member ids.
      const [group] = shares.groups
      probe.note(`${serverAssignor}, shares v${version}`, {
        state: group.groupState,
        epochs: [group.groupEpoch, group.assignmentEpoch, a.memberEpoch, b.memberEpoch],
        sizes: group.members
          .map((/** @type {any} */ member) =>
            sizesOf(member.assignment.topicPartitions, serverAssignor === 'range'),
          )
          .sort(),
      })
      await b.beat('leaves', { memberEpoch: -1 })
      await a.settle()
      const alone = await probe.quietly(CONSUMER_GROUP_DESCRIBE, 0, { groupIds: [groupId] })
      probe.note(`${serverAssignor}, alone v${version}`, alone, false)
      await a.beat('leaves', { memberEpoch: -1 })
    }
  }
}

/**
 * How many partitions a member has, of each topic where that is settled.
 * @param {{topicName: string, partitions: number[]}[]} assigned
 * @param {boolean} byTopic
 */
function sizesOf(assigned, byTopic) {
  if (!byTopic) return assigned.reduce((sum, { partitions }) => sum + partitions.length, 0)
  return assigned
    .map(({ topicName, partitions }) => `${topicName} ${partitions.length}`)
    .sort()
    .join(' ')
}

/** @param {import('./kit.mjs').Probe} probe */
async function instances(probe) {
  await awaitCoordinators(probe)
  await createTopic(probe, 'consumed-instances', { partitions: 2 })
  await delay(topicKnownMs)
  for (const version of probe.versions(CONSUMER_GROUP_HEARTBEAT)) {
    const groupId = `consumer-instances-${version}`
    const join = { ...joining, subscribedTopicNames: ['consumed-instances'], instanceId: 'instance' }
    const old = new Member(probe, version, groupId, 'old')
    const next = new Member(probe, version, groupId, 'next')
    await old.beat('joins', join)
    await old.beat('beats')
    await old.beat('beats with its instance', { instanceId: 'instance' })
    await old.beat('beats as another instance', { instanceId: 'other' })
    await next.beat('joins while the old one is there', join)
    await old.beat('leaves for a while', { memberEpoch: -2, instanceId: 'instance' })
    await probe.ask(`described while away ${version}`, CONSUMER_GROUP_DESCRIBE, 0, { groupIds: [groupId] })
    await next.beat('takes its place', join)
    await old.beat('beats, replaced', { instanceId: 'instance' })
    await next.beat('beats', { instanceId: 'instance' })
    await probe.ask(`described ${version}`, CONSUMER_GROUP_DESCRIBE, 0, { groupIds: [groupId] })
    await next.beat('leaves for good', { memberEpoch: -1, instanceId: 'instance' })
    await probe.ask(`described empty ${version}`, CONSUMER_GROUP_DESCRIBE, 0, { groupIds: [groupId] })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function regularExpressions(probe) {
  await awaitCoordinators(probe)
  for (const name of ['regex-a', 'regex-b', 'regexless']) await createTopic(probe, name)
  await delay(topicKnownMs)
  for (const version of probe.versions(CONSUMER_GROUP_HEARTBEAT).filter((each) => each >= 1)) {
    const groupId = `consumer-regex-${version}`
    // What an expression matches is found at once or in a while; only what is refused is told at once.
    for (const [index, subscribedTopicRegex] of [
      '(',
      '[',
      '*',
      'a{2,1}',
      '(?=x)',
      '\\p{L}+',
      '(a+)+',
    ].entries()) {
      const member = new Member(probe, version, `${groupId}-${index}`, 'bad')
      const response = await probe.quietly(CONSUMER_GROUP_HEARTBEAT, version, {
        groupId: `${groupId}-${index}`,
        memberId: member.memberId,
        memberEpoch: 0,
        ...joining,
        subscribedTopicRegex,
      })
      probe.note(`joins with "${subscribedTopicRegex}"`, response.errorCode)
    }
    const one = new Member(probe, version, groupId, 'one')
    const describe = async (/** @type {string} */ label) => {
      await delay(topicKnownMs)
      await one.settle()
      const [group] = (await probe.quietly(CONSUMER_GROUP_DESCRIBE, 1, { groupIds: [groupId] })).groups
      probe.note(
        `${label} v${version}`,
        {
          state: group.groupState,
          members: group.members.map((/** @type {any} */ each) => ({ ...each, memberEpoch: 0 })),
        },
        false,
      )
    }
    one.own(await one.beatQuietly({ ...joining, subscribedTopicRegex: 'regex-.*' }))
    await describe('described')
    one.own(await one.beatQuietly({ subscribedTopicRegex: '' }))
    await describe('an empty one')
    one.own(await one.beatQuietly({ subscribedTopicNames: ['regexless'], subscribedTopicRegex: 'regex-a' }))
    await describe('names as well')
    await one.beat('leaves', { memberEpoch: -1 })
  }
}
