/**
 * Groups of the classic protocol: JoinGroup, SyncGroup, Heartbeat, LeaveGroup, DescribeGroups, ListGroups and
 * DeleteGroups, refused and in whole lives with one member and with two.
 */
import { Peer } from '../peer.mjs'
import {
  awaitCoordinators,
  createTopic,
  DELETE_GROUPS,
  DESCRIBE_GROUPS,
  delay,
  HEARTBEAT,
  JOIN_GROUP,
  LEAVE_GROUP,
  LIST_GROUPS,
  levels,
  OFFSET_COMMIT,
  OFFSET_DELETE,
  OFFSET_FETCH,
  SYNC_GROUP,
} from './kit.mjs'
import { commitRequest } from './offset-commits.mjs'

/** @type {import('./kit.mjs').Reference[]} */
const references = ['zookeeper', 'kraft-4.1']

/** @type {import('./kit.mjs').Case[]} */
export const cases = [
  { name: 'joins refused', references, run: joinsRefused },
  { name: 'groups of one', references, run: groupsOfOne },
  { name: 'groups of two', references, run: groupsOfTwo },
  { name: 'static members', references, run: staticMembers },
  { name: 'ends of sessions', references, run: endsOfSessions },
  { name: 'groups described', references, run: groupsDescribed },
]

const groupApis = [
  JOIN_GROUP,
  SYNC_GROUP,
  HEARTBEAT,
  LEAVE_GROUP,
  DESCRIBE_GROUPS,
  OFFSET_COMMIT,
  DELETE_GROUPS,
]
const memberIdRequired = 79
/** Long enough for the broker to take in what another connection has sent. */
const settleMs = 150
const subscription = Buffer.from('00010000000100066d656d62657200000000ffffffff00000000', 'hex')
const assignment = Buffer.from('000100000001000000010000000000000000', 'hex')

/**
 * @param {number} version
 * @param {string} groupId
 * @param {{memberId?: string, instance?: string | null, protocols?: [string, Buffer][], sessionTimeoutMs?: number,
 *   rebalanceTimeoutMs?: number, protocolType?: string}} [options]
 */
function joinRequest(version, groupId, options = {}) {
  const {
    memberId = '',
    instance = null,
    protocols = [['range', subscription]],
    protocolType = 'consumer',
  } = options
  const { sessionTimeoutMs = 10_000, rebalanceTimeoutMs = 5000 } = options
  return {
    groupId,
    memberId,
    protocolType,
    sessionTimeoutMs,
    ...(version >= 1 ? { rebalanceTimeoutMs } : {}),
    ...(version >= 5 ? { groupInstanceId: instance } : {}),
    protocols: protocols.map(([name, metadata]) => ({ name, metadata })),
  }
}

/** One of a group's members, on a connection of its own. */
class Member {
  #probe
  #peer
  #groupId
  #clientId
  #level
  #instance
  memberId = ''
  generationId = -1
  #protocolName = 'range'

  /**
   * @param {import('./kit.mjs').Probe} probe
   * @param {string} groupId
   * @param {string} clientId
   * @param {ReturnType<typeof levels>[number]} level
   * @param {string | null} [instance]
   */
  constructor(probe, groupId, clientId, level, instance = null) {
    this.#probe = probe
    this.#peer = new Peer(probe.peer.port)
    this.#groupId = groupId
    this.#clientId = clientId
    this.#level = level
    this.#instance = instance
  }

  close() {
    this.#peer.close()
  }

  /**
   * @param {string} label
   * @param {number} apiKey
   * @param {object} request
   * @returns {Promise<any>} the response
   */
  async #ask(label, apiKey, request) {
    const version = this.#level.of(apiKey)
    const outcome = await this.#peer.call(apiKey, version, request, {
      clientId: this.#clientId,
      timeoutMs: 8000,
    })
    this.#probe.note(`${this.#level.name}: ${this.#clientId} ${label}`, outcome, false)
    return 'response' in outcome ? outcome.response : {}
  }

  /** Joins, with the id that is asked for. @param {string} label @param {Parameters<typeof joinRequest>[2]} [options] */
  async join(label, options = {}) {
    const version = this.#level.of(JOIN_GROUP)
    const ask = (/** @type {string} */ what, /** @type {string} */ memberId) =>
      this.#ask(
        what,
        JOIN_GROUP,
        joinRequest(version, this.#groupId, { instance: this.#instance, ...options, memberId }),
      )
    let response = await ask(label, options.memberId ?? this.memberId)
    if (response.errorCode === memberIdRequired) {
      this.memberId = response.memberId
      response = await ask(`${label}, with its id`, this.memberId)
    }
    if (response.errorCode === 0) {
      this.memberId = response.memberId
      this.generationId = response.generationId
      this.#protocolName = response.protocolName
    }
    return response
  }

  /** @param {object} fields */
  #identity(fields, /** @type {number} */ apiKey, /** @type {number} */ instancesFrom) {
    return {
      groupId: this.#groupId,
      memberId: this.memberId,
      generationId: this.generationId,
      ...(this.#level.of(apiKey) >= instancesFrom ? { groupInstanceId: this.#instance } : {}),
      ...fields,
    }
  }

  /** @param {string} label @param {{to?: readonly string[], [field: string]: unknown}} [fields] to: the members assigned */
  sync(label, { to = [], ...fields } = {}) {
    const version = this.#level.of(SYNC_GROUP)
    const { protocolType = 'consumer', protocolName = this.#protocolName, ...others } = fields
    return this.#ask(label, SYNC_GROUP, {
      ...this.#identity(others, SYNC_GROUP, 3),
      ...(version >= 5 ? { protocolType, protocolName } : {}),
      assignments: to.map((memberId) => ({ memberId, assignment })),
    })
  }

  /** @param {string} label @param {object} [fields] */
  heartbeat(label, fields = {}) {
    return this.#ask(label, HEARTBEAT, this.#identity(fields, HEARTBEAT, 3))
  }

  /** @param {string} label @param {object} [fields] */
  leave(label, fields = {}) {
    const { memberId, groupInstanceId, ...others } = /** @type {any} */ ({
      memberId: this.memberId,
      groupInstanceId: this.#instance,
      ...fields,
    })
    const old = this.#level.of(LEAVE_GROUP) < 3
    const who = old ? { memberId } : { members: [{ memberId, groupInstanceId }] }
    return this.#ask(label, LEAVE_GROUP, { groupId: this.#groupId, ...who, ...others })
  }

  /** @param {string} label @param {object} topic @param {object} [fields] */
  commit(label, topic, fields = {}) {
    const version = this.#level.of(OFFSET_COMMIT)
    const { generationId, groupId, memberId, groupInstanceId } = /** @type {any} */ (
      this.#identity(fields, OFFSET_COMMIT, 7)
    )
    return this.#ask(
      label,
      OFFSET_COMMIT,
      commitRequest(groupId, [{ ...topic, partitions: [{}] }], {
        ...(version >= 1 ? { generationIdOrMemberEpoch: generationId, memberId } : {}),
        ...(version >= 7 ? { groupInstanceId } : {}),
      }),
    )
  }

  /** @param {string} label */
  describe(label) {
    return this.#ask(label, DESCRIBE_GROUPS, { groups: [this.#groupId] })
  }

  /** @param {string} label */
  delete(label) {
    return this.#ask(label, DELETE_GROUPS, { groupsNames: [this.#groupId] })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function joinsRefused(probe) {
  await awaitCoordinators(probe)
  for (const version of probe.versions(JOIN_GROUP)) {
    const ask = (
      /** @type {string} */ label,
      /** @type {Parameters<typeof joinRequest>[2]} */ options,
      groupId = `refused-${version}-${label.replaceAll(/\W/g, '-')}`,
    ) => probe.ask(label, JOIN_GROUP, version, joinRequest(version, groupId, options))
    for (const sessionTimeoutMs of [0, -1, 499, 1_800_001, 2 ** 31 - 1])
      await ask(`session of ${sessionTimeoutMs} ms`, { sessionTimeoutMs })
    await ask('empty group', {}, '')
    await ask('unknown member', { memberId: 'nobody' })
    await ask('no protocols', { protocols: [] })
    await ask('no protocol type', { protocolType: '' })
    await ask('neither', { protocolType: '', protocols: [] })
    await ask('no protocols, unknown member', { protocols: [], memberId: 'nobody' })
    await ask('session too short, unknown member', { sessionTimeoutMs: 1, memberId: 'nobody' })
    if (version < 5) continue
    await ask('unknown member of an instance', { memberId: 'nobody', instance: 'x' })
    for (const instance of ['', '.', '..', 'a b', 'x'.repeat(250)])
      await ask(`instance "${instance.slice(0, 5)}"`, { instance })
  }
  for (const version of probe.versions(SYNC_GROUP)) {
    const request = (/** @type {object} */ fields) => ({
      groupId: 'nobody',
      generationId: 1,
      memberId: 'm',
      assignments: [],
      ...fields,
    })
    const names = version >= 5 ? { protocolType: 'consumer', protocolName: 'range' } : {}
    await probe.ask('sync, unknown group', SYNC_GROUP, version, request(names))
    await probe.ask('sync, empty group', SYNC_GROUP, version, request({ ...names, groupId: '' }))
    if (version >= 5) await probe.ask('sync, no protocol', SYNC_GROUP, version, request({}))
  }
  for (const version of probe.versions(HEARTBEAT)) {
    await probe.ask('heartbeat, unknown group', HEARTBEAT, version, {
      groupId: 'nobody',
      generationId: 1,
      memberId: 'm',
    })
    await probe.ask('heartbeat, empty group', HEARTBEAT, version, {
      groupId: '',
      generationId: 1,
      memberId: 'm',
    })
  }
  for (const version of probe.versions(LEAVE_GROUP)) {
    const who =
      version < 3
        ? { memberId: 'm' }
        : {
            members: [
              { memberId: 'm', groupInstanceId: null },
              { memberId: '', groupInstanceId: 'i' },
            ],
          }
    await probe.ask('leave, unknown group', LEAVE_GROUP, version, { groupId: 'nobody', ...who })
    await probe.ask('leave, empty group', LEAVE_GROUP, version, { groupId: '', ...who })
    if (version >= 3)
      await probe.ask('leave, no members', LEAVE_GROUP, version, { groupId: 'nobody', members: [] })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function groupsOfOne(probe) {
  await awaitCoordinators(probe)
  const topic = { name: 'of-one', topicId: await createTopic(probe, 'of-one') }
  for (const level of levels(probe, groupApis)) {
    const groupId = `of-one-${level.name}`
    const one = new Member(probe, groupId, 'one', level)
    await one.join('joins')
    await one.describe('describes before syncing')
    await one.heartbeat('heartbeats before syncing')
    await one.commit('commits before syncing', topic)
    await one.sync('syncs, later generation', { generationId: 2 })
    await one.sync('syncs, unknown member', { memberId: 'nobody' })
    if (level.of(SYNC_GROUP) >= 5) {
      await one.sync('syncs, other type', { protocolType: 'connect' })
      await one.sync('syncs, other protocol', { protocolName: 'sticky' })
      await one.sync('syncs, no protocol', { protocolName: null, protocolType: null })
    }
    await one.sync('syncs', { to: [one.memberId, 'nobody'] })
    await one.describe('describes')
    await one.sync('syncs again', { to: [] })
    await one.heartbeat('heartbeats')
    await one.heartbeat('heartbeats, earlier generation', { generationId: 0 })
    await one.heartbeat('heartbeats, later generation', { generationId: 2 })
    await one.heartbeat('heartbeats, unknown member', { memberId: 'nobody' })
    await one.heartbeat('heartbeats, no member', { memberId: '' })
    await one.commit('commits', topic)
    await one.commit('commits, earlier generation', topic, { generationId: 0 })
    await one.commit('commits, later generation', topic, { generationId: 2 })
    await one.commit('commits, unknown member', topic, { memberId: 'nobody' })
    await one.commit('commits, no member', topic, { memberId: '' })
    await one.commit('commits from outside', topic, { memberId: '', generationId: -1 })
    await one.commit('commits without generation', topic, { generationId: -1 })
    await one.commit('commits unknown topic', {
      ...topic,
      name: 'nowhere',
      topicId: 'EREiIjMzRERVVVVVVVVVVQ',
    })
    await one.delete('deletes the group')
    await probe.ask(`offset deletion, ${level.name}`, OFFSET_DELETE, 0, {
      groupId,
      topics: [{ name: 'of-one', partitions: [{ partitionIndex: 0 }] }],
    })
    const other = new Member(probe, groupId, 'other', level)
    await other.join('joins with another type', { protocolType: 'connect' })
    await other.join('joins with other protocols', { protocols: [['strange', subscription]] })
    await other.join('joins without protocols', { protocols: [] })
    await other.leave('leaves', { memberId: 'nobody' })
    other.close()
    await one.join('joins again')
    await one.join('joins again, before it synced')
    await one.sync('syncs, earlier generation', { generationId: 1 })
    await one.sync('syncs the next generation', { to: [] })
    await one.heartbeat('heartbeats in the next generation')
    await one.join('joins with other metadata', {
      protocols: [
        ['range', Buffer.alloc(3)],
        ['second', subscription],
      ],
    })
    await one.sync('syncs other metadata', { to: [one.memberId] })
    await one.leave('leaves, unknown', { memberId: 'nobody' })
    await one.leave('leaves')
    await one.leave('leaves again')
    await one.heartbeat('heartbeats, having left')
    await one.sync('syncs, having left')
    await one.commit('commits, having left', topic)
    await one.commit('commits to the empty group', topic, { memberId: '', generationId: -1 })
    await one.describe('describes the empty group')
    await one.join('joins, having left')
    await probe.ask(`offsets, ${level.name}`, OFFSET_FETCH, 5, { groupId, topics: null })
    await one.delete('deletes the empty group')
    await one.delete('deletes the group again')
    await one.describe('describes the deleted group')
    one.close()
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function groupsOfTwo(probe) {
  await awaitCoordinators(probe)
  const topic = { name: 'of-two', topicId: await createTopic(probe, 'of-two', { partitions: 2 }) }
  /** @type {[string, Buffer][]} */
  const protocolsA = [
    ['first', subscription],
    ['shared', subscription],
    ['also', subscription],
  ]
  /** @type {[string, Buffer][]} */
  const protocolsB = [
    ['also', subscription],
    ['shared', subscription],
    ['last', subscription],
  ]
  for (const level of levels(probe, groupApis)) {
    const groupId = `of-two-${level.name}`
    const a = new Member(probe, groupId, 'a', level)
    const b = new Member(probe, groupId, 'b', level)
    const [withA, withB] = [{ protocols: protocolsA }, { protocols: protocolsB }]
    await a.join('joins', withA)
    await a.sync('syncs', { to: [a.memberId] })
    const bJoins = b.join('joins', withB)
    await delay(settleMs)
    await a.describe('describes while b joins')
    await a.heartbeat('heartbeats while b joins')
    await a.commit('commits while b joins', topic)
    await a.commit('commits an old generation while b joins', topic, { generationId: 0 })
    await a.sync('syncs while b joins', {})
    await a.join('joins with b', withA)
    await bJoins
    await a.describe('describes before the assignment')
    await a.heartbeat('heartbeats before the assignment')
    await b.heartbeat('heartbeats before the assignment')
    await b.commit('commits before the assignment', topic)
    const bSyncs = b.sync('syncs')
    await delay(settleMs)
    await a.sync('syncs with b', { to: [a.memberId, b.memberId] })
    await bSyncs
    await a.describe('describes')
    await b.heartbeat('heartbeats')
    await b.commit('commits', topic)
    await b.join('joins again as a follower', withB)
    await b.sync('syncs again')
    await a.heartbeat('heartbeats after a follower rejoined')
    const rejoins = a.join('joins again as the leader', withA)
    await delay(settleMs)
    await b.heartbeat('heartbeats while the leader rejoins')
    await b.leave('leaves while the leader rejoins')
    await rejoins
    await a.sync('syncs alone', { to: [a.memberId] })
    await a.heartbeat('heartbeats alone')
    await b.heartbeat('heartbeats, having left')
    await a.leave('leaves')
    await a.describe('describes the empty group')
    a.close()
    b.close()
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function staticMembers(probe) {
  await awaitCoordinators(probe)
  const topic = { name: 'static', topicId: await createTopic(probe, 'static') }
  for (const level of levels(probe, groupApis).filter((each) => each.of(JOIN_GROUP) >= 5)) {
    if (level.of(SYNC_GROUP) < 3 || level.of(HEARTBEAT) < 3 || level.of(LEAVE_GROUP) < 3) continue
    const groupId = `static-${level.name}`
    const old = new Member(probe, groupId, 'old', level, 'instance')
    await old.join('joins')
    await old.sync('syncs', { to: [old.memberId] })
    await old.describe('describes')
    await old.heartbeat('heartbeats')
    await old.heartbeat('heartbeats without instance', { groupInstanceId: null })
    await old.heartbeat('heartbeats as another instance', { groupInstanceId: 'other' })
    await old.commit('commits as another instance', topic, { groupInstanceId: 'other' })
    await old.join('joins with its id')
    await old.sync('syncs again', { to: [old.memberId] })
    const next = new Member(probe, groupId, 'next', level, 'instance')
    await next.join('replaces it')
    await old.heartbeat('heartbeats, replaced')
    await old.sync('syncs, replaced', { to: [] })
    await old.commit('commits, replaced', topic)
    await old.join('joins, replaced', { memberId: old.memberId })
    await old.leave('leaves, replaced')
    await old.heartbeat('heartbeats, replaced, without instance', { groupInstanceId: null })
    await next.sync('syncs', { to: [next.memberId] })
    await next.heartbeat('heartbeats')
    await next.commit('commits', topic)
    await next.describe('describes')
    const changed = new Member(probe, groupId, 'changed', level, 'instance')
    await changed.join('replaces it with another subscription', { protocols: [['range', Buffer.alloc(2)]] })
    await changed.sync('syncs', { to: [changed.memberId] })
    await changed.describe('describes')
    await changed.leave('leaves as an unknown instance', { memberId: '', groupInstanceId: 'other' })
    await changed.leave('leaves with a wrong id', { memberId: 'nobody' })
    await changed.leave('leaves by instance', { memberId: '' })
    await changed.heartbeat('heartbeats, having left')
    await changed.describe('describes the empty group')
    for (const each of [old, next, changed]) each.close()
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function endsOfSessions(probe) {
  await awaitCoordinators(probe)
  const last = levels(probe, groupApis).at(-1)
  const first = levels(probe, groupApis)[0]
  if (!last || !first) throw new Error('no versions')
  const short = { sessionTimeoutMs: 600, rebalanceTimeoutMs: 600 }
  const silent = new Member(probe, 'ends-silent', 'silent', last)
  await silent.join('joins', short)
  await silent.sync('syncs', { to: [silent.memberId] })
  const beating = new Member(probe, 'ends-beating', 'beating', first)
  await beating.join('joins', short)
  await beating.sync('syncs', { to: [beating.memberId] })
  const unsynced = new Member(probe, 'ends-unsynced', 'unsynced', last)
  await unsynced.join('joins', short)
  const instance = new Member(probe, 'ends-instance', 'instance', last, 'i')
  await instance.join('joins', short)
  await instance.sync('syncs', { to: [instance.memberId] })
  for (let i = 0; i < 5; i++) {
    await delay(300)
    await beating.heartbeat(`beats ${i}`)
  }
  await silent.heartbeat('heartbeats too late')
  await silent.describe('describes')
  await beating.describe('describes')
  await unsynced.sync('syncs too late', { to: [unsynced.memberId] })
  await instance.heartbeat('heartbeats too late')
  await instance.describe('describes')

  // Whoever does not join again within the rebalance timeout is left behind.
  const behind = new Member(probe, 'ends-behind', 'behind', last)
  await behind.join('joins', { ...short, sessionTimeoutMs: 10_000 })
  await behind.sync('syncs', { to: [behind.memberId] })
  const newcomer = new Member(probe, 'ends-behind', 'newcomer', last)
  await newcomer.join('joins', { ...short, sessionTimeoutMs: 10_000 })
  await behind.heartbeat('heartbeats, left behind')
  await newcomer.sync('syncs', { to: [newcomer.memberId] })
  await newcomer.describe('describes')
  for (const each of [silent, beating, unsynced, instance, behind, newcomer]) each.close()
}

/** @param {import('./kit.mjs').Probe} probe */
async function groupsDescribed(probe) {
  await awaitCoordinators(probe)
  const last = levels(probe, groupApis).at(-1)
  if (!last) throw new Error('no versions')
  const topic = { name: 'described-group', topicId: await createTopic(probe, 'described-group') }
  const stable = new Member(probe, 'described-stable', 'stable', last)
  await stable.join('joins')
  await stable.sync('syncs', { to: [stable.memberId] })
  const completing = new Member(probe, 'described-completing', 'completing', last)
  await completing.join('joins', { protocolType: 'connect' })
  const empty = new Member(probe, 'described-empty', 'empty', last)
  await empty.commit('commits', topic)
  const groups = ['described-stable', 'described-completing', 'described-empty', 'nobody', '']
  for (const version of probe.versions(DESCRIBE_GROUPS)) {
    for (const group of groups) await probe.ask(`"${group}"`, DESCRIBE_GROUPS, version, { groups: [group] })
    await probe.ask('all', DESCRIBE_GROUPS, version, { groups })
    await probe.ask('none', DESCRIBE_GROUPS, version, { groups: [] })
    await probe.ask('one twice', DESCRIBE_GROUPS, version, {
      groups: ['described-stable', 'described-stable'],
    })
    if (version < 3) continue
    await probe.ask('with operations', DESCRIBE_GROUPS, version, {
      groups: groups.slice(0, 4),
      includeAuthorizedOperations: true,
    })
  }
  for (const version of probe.versions(LIST_GROUPS)) {
    // Other cases have left groups behind; which, depends on the cases chosen.
    const ask = async (/** @type {string} */ label, /** @type {object} */ request) => {
      const outcome = await probe.peer.call(LIST_GROUPS, version, request)
      if ('response' in outcome) {
        outcome.response.groups = outcome.response.groups.filter((/** @type {any} */ each) =>
          each.groupId.startsWith('described-'),
        )
      }
      probe.note(`list: ${label} v${version}`, outcome, false)
    }
    await ask('all', {})
    if (version < 4) continue
    for (const statesFilter of [
      ['Stable'],
      ['stable'],
      ['STABLE', 'Empty'],
      ['Dead'],
      ['nonsense'],
      [''],
      ['CompletingRebalance'],
    ])
      await ask(`states ${statesFilter}`, { statesFilter })
    if (version < 5) continue
    for (const typesFilter of [
      ['classic'],
      ['Classic'],
      ['consumer'],
      ['nonsense'],
      [''],
      ['classic', 'consumer'],
    ])
      await ask(`types ${typesFilter}`, { typesFilter })
    await ask('state and type', { statesFilter: ['Stable'], typesFilter: ['classic'] })
    await ask('state and other type', { statesFilter: ['Stable'], typesFilter: ['consumer'] })
  }
  for (const each of [stable, completing, empty]) each.close()
}
