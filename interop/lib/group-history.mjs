/** What the members of a group have said, in order, and what must hold of it. */
import { partitionsOf } from './group-member.mjs'
import { expect } from './report.mjs'
import { delay } from './wait.mjs'

const stableTimeoutMs = 30_000
/** Nothing more may happen for so long before a group counts as stable. */
const quietMs = 150
const pollMs = 20

/** @typedef {import('./group-member.mjs').GroupMember} GroupMember */
/** @typedef {import('./group-member.mjs').GroupEvent} GroupEvent */

export class GroupHistory {
  /** @type {Set<GroupMember>} */
  members = new Set()
  /** @type {GroupEvent[]} */
  events = []
  /** How often each record was processed, by "partition:offset". @type {Map<string, number>} */
  processed = new Map()
  /** The offset last acknowledged for each partition. @type {Map<number, number>} */
  committed = new Map()
  /** @type {Map<number, Map<number, string>>} owner by partition, by generation */
  #ownersByGeneration = new Map()
  /** @type {string[]} */
  #problems = []
  #changedAtMs = 0
  #onEvent

  /** @param {(event: GroupEvent) => void} [onEvent] */
  constructor(onEvent = () => {}) {
    this.#onEvent = onEvent
  }

  /** @param {GroupEvent} event @param {number[]} owned what the member owns after it */
  add(event, owned) {
    const { member, word, args } = event
    this.events.push(event)
    if (word === 'record') {
      const key = `${args[0]}:${args[1]}`
      this.processed.set(key, (this.processed.get(key) ?? 0) + 1)
    } else if (word === 'committed') {
      for (const pair of (args[0] ?? '').split(',')) {
        const [partition = 0, offset = 0] = pair.split(':').map(Number)
        this.committed.set(partition, offset)
      }
    } else {
      this.#changedAtMs = performance.now()
      if (word === 'assigned') this.#enterOwners(member, owned)
    }
    this.#onEvent(event)
  }

  /** Members that have not ended. @returns {GroupMember[]} */
  get living() {
    return [...this.members].filter(({ ended }) => !ended)
  }

  /**
   * Waits until the members own all partitions, each one of them once, and, of one generation, nothing changes.
   * @param {{partitions: number, members: GroupMember[], sameGeneration?: boolean, timeoutMs?: number}} wanted
   */
  async stable({ partitions, members, sameGeneration = true, timeoutMs = stableTimeoutMs }) {
    const deadline = performance.now() + timeoutMs
    const problem = () => {
      const gone = members.find(({ ended }) => ended)
      if (gone) throw new Error(`${gone.name} ended by itself: ${gone.said()}`)
      const idle = members.find(({ owned }) => owned.size === 0)
      if (idle && members.length <= partitions) return `${idle.name} owns nothing`
      const owned = members.flatMap((member) => [...member.owned])
      if (owned.length !== partitions || new Set(owned).size !== partitions)
        return `${owned.length} partitions are owned`
      if (sameGeneration && new Set(members.map(({ generation }) => generation)).size > 1)
        return 'the members are of different generations'
      return performance.now() - this.#changedAtMs < quietMs ? 'it goes on changing' : undefined
    }
    for (let found = problem(); found !== undefined; found = problem()) {
      if (performance.now() > deadline) {
        const state = members.map((member) => {
          const owned = [...member.owned].sort((a, b) => a - b).join(',')
          return `${member.name} ${member.generation}: ${owned || '-'}`
        })
        throw new Error(
          `not stable within ${timeoutMs} ms: ${found} (${state.join('; ')})${this.#lastErrors()}`,
        )
      }
      await delay(pollMs)
    }
  }

  /** No partition may have two owners in one generation. */
  expectOneOwner() {
    expect(this.#problems.length === 0, this.#problems.slice(0, 3).join('; '))
  }

  /**
   * No partition may have two owners at one time: given up before another one gets it. Only where no member was
   * killed or paused: such a one can't say that it has lost its partitions.
   */
  expectOneOwnerAtATime() {
    /** @type {Map<number, GroupMember>} */
    const owners = new Map()
    for (const { member, word, args, atMs } of this.events.toSorted((a, b) => a.atMs - b.atMs)) {
      if (word === 'assigned') {
        for (const partition of partitionsOf(args[2] ?? '-')) {
          const owner = owners.get(partition)
          expect(
            !owner || owner === member,
            `at ${atMs} ${member.name} got partition ${partition}, which ${owner?.name} owned`,
          )
          owners.set(partition, member)
        }
      } else if (word === 'revoked' || word === 'lost') {
        for (const partition of partitionsOf(args[0] ?? '-')) owners.delete(partition)
      } else if (word === 'closed') {
        for (const [partition, owner] of owners) if (owner === member) owners.delete(partition)
      }
    }
  }

  /** Each record was processed once at most. */
  expectNoDuplicates() {
    const twice = [...this.processed].filter(([, count]) => count > 1).map(([key]) => key)
    if (twice.length === 0) return
    const [partition, offset] = (twice[0] ?? '').split(':')
    const who = this.events
      .filter(({ word, args }) => word === 'record' && args[0] === partition && args[1] === offset)
      .map(({ member, atMs }) => `${member.name} at ${atMs}`)
    throw new Error(
      `${twice.length} records were processed more than once, ${twice[0]} by ${who.join(' and ')}`,
    )
  }

  /** Each record up to the log's end was processed. @param {Map<number, number>} ends offset by partition */
  expectAllProcessed(ends) {
    let missing = 0
    let first = ''
    for (const [partition, end] of ends) {
      for (let offset = 0; offset < end; offset++) {
        if (this.processed.has(`${partition}:${offset}`)) continue
        missing++
        first ||= `${partition}:${offset}`
      }
    }
    expect(missing === 0, `${missing} records were not processed, the first is ${first}`)
  }

  /** How often records were processed again. */
  get duplicates() {
    return [...this.processed.values()].reduce((sum, count) => sum + count - 1, 0)
  }

  /** Ends whatever still runs. */
  async killAll() {
    await Promise.all(this.living.map((member) => member.kill()))
  }

  /** @param {GroupMember} member @param {number[]} owned */
  #enterOwners(member, owned) {
    if (member.generation < 0) return
    const owners = this.#ownersByGeneration.get(member.generation) ?? new Map()
    this.#ownersByGeneration.set(member.generation, owners)
    for (const partition of owned) {
      const owner = owners.get(partition)
      if (owner !== undefined && owner !== member.memberId) {
        this.#problems.push(
          `generation ${member.generation}: ${partition} belongs to ${owner} and ${member.memberId}`,
        )
      }
      owners.set(partition, member.memberId)
    }
  }

  #lastErrors() {
    const words = ['error', 'fatal', 'refused']
    const errors = this.events.filter(({ word }) => words.includes(word)).slice(-3)
    return errors.map(({ member, word, args }) => `; ${member.name}: ${word} ${args.join(' ')}`).join('')
  }
}
