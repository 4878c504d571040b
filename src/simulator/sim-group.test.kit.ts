import assert from 'node:assert/strict'
import { ErrorCode, errorName } from '../protocol/error-codes.ts'
import { OffsetCommitRequest, OffsetCommitResponse } from '../protocol/messages/08-offset-commit.ts'
import { OffsetFetchRequest, OffsetFetchResponse } from '../protocol/messages/09-offset-fetch.ts'
import { FindCoordinatorRequest, FindCoordinatorResponse } from '../protocol/messages/10-find-coordinator.ts'
import { JoinGroupRequest, JoinGroupResponse } from '../protocol/messages/11-join-group.ts'
import { HeartbeatRequest, HeartbeatResponse } from '../protocol/messages/12-heartbeat.ts'
import { LeaveGroupRequest, LeaveGroupResponse } from '../protocol/messages/13-leave-group.ts'
import { SyncGroupRequest, SyncGroupResponse } from '../protocol/messages/14-sync-group.ts'
import type { SimActor } from './sim-actor.test.kit.ts'
import type { SimRandom } from './sim-random.ts'

export const TOPIC = 't'
export const PARTITIONS = [0, 1, 2, 3, 4] as const
export const SESSION_TIMEOUT_MS = 300
const REBALANCE_TIMEOUT_MS = 600
const GROUP = 'g'
const PROTOCOL = 'round'
const PROTOCOL_TYPE = 'consumer'
const PAUSE_MS = 20

/** What everyone has seen of the group, and what must be true of it. */
export class GroupWitness {
  /** Who owns a partition in a generation: `generation/partition` to the member's name. */
  readonly #owners = new Map<string, string>()
  /** Per partition: the largest offset whose commit was acknowledged, and the largest that was ever sent. */
  readonly acknowledged: number[] = PARTITIONS.map(() => -1)
  readonly #sent: number[] = PARTITIONS.map(() => -1)
  generations = 0

  owns(member: string, generation: number, partitions: readonly number[]): void {
    this.generations = Math.max(this.generations, generation)
    for (const partition of partitions) {
      const key = `${generation}/${partition}`
      const other = this.#owners.get(key)
      assert.ok(
        other === undefined || other === member,
        `partition ${partition} has two owners in generation ${generation}: ${other} and ${member}`,
      )
      this.#owners.set(key, member)
    }
  }

  sends(partition: number, offset: number): void {
    this.#sent[partition] = Math.max(this.#sent[partition]!, offset)
  }

  commits(partition: number, offset: number): void {
    this.acknowledged[partition] = Math.max(this.acknowledged[partition]!, offset)
  }

  fetched(partition: number, offset: number, atLeast: number): void {
    assert.ok(offset >= atLeast, `the commit of ${atLeast} for partition ${partition} is lost: ${offset}`)
    assert.ok(offset <= this.#sent[partition]!, `${offset} was never committed for partition ${partition}`)
  }
}

/** The group has another view of this member: it joins anew, under its id or without one. */
class Rejoin extends Error {
  readonly keepsId: boolean

  constructor(code: number) {
    super(errorName(code))
    this.keepsId = code === ErrorCode.REBALANCE_IN_PROGRESS || code === ErrorCode.ILLEGAL_GENERATION
  }
}

const REJOIN: ReadonlySet<number> = new Set([
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.FENCED_INSTANCE_ID,
])
const RETRIABLE: ReadonlySet<number> = new Set([
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.NOT_COORDINATOR,
])

/**
 * A member that owns what the group's leader gives it, commits ever larger offsets for it, and now and then leaves,
 * crashes, or stalls beyond its session.
 */
export class GroupMember {
  readonly name: string
  readonly #instanceId: string | null
  readonly #random: SimRandom
  readonly #witness: GroupWitness
  #target = 0
  #memberId = ''
  #generation = -1
  #owned: readonly number[] = []

  constructor(options: {
    name: string
    isStatic: boolean
    random: SimRandom
    witness: GroupWitness
  }) {
    this.name = options.name
    this.#instanceId = options.isStatic ? options.name : null
    this.#random = options.random
    this.#witness = options.witness
  }

  /** Until the commits of each partition have got to `target`. */
  async run(actor: SimActor, target: number): Promise<void> {
    this.#target = target
    // The broker died; this process may have died with it, or goes on as if nothing had been.
    let isMember = this.#memberId !== '' && this.#random.oneIn(2)
    if (!isMember) this.#memberId = ''
    await this.#retrying(actor, async () => {
      const body = { keyType: 0, key: GROUP }
      const { errorCode } = await actor.call(FindCoordinatorRequest, FindCoordinatorResponse, 3, body)
      return errorCode
    })
    while (!this.#isDone) {
      try {
        if (!isMember) await this.#enter(actor)
        isMember = false
        await this.#work(actor)
      } catch (error) {
        if (!(error instanceof Rejoin)) throw error
        if (!error.keepsId) this.#memberId = ''
      }
    }
  }

  get #isDone(): boolean {
    return this.#witness.acknowledged.every((offset) => offset >= this.#target)
  }

  async #enter(actor: SimActor): Promise<void> {
    this.#owned = []
    await this.#join(actor)
    this.#owned = await this.#sync(actor)
    this.#witness.owns(this.name, this.#generation, this.#owned)
  }

  #members: readonly string[] = []

  async #join(actor: SimActor): Promise<void> {
    await this.#retrying(actor, async () => {
      const answer = await actor.call(JoinGroupRequest, JoinGroupResponse, 6, {
        groupId: GROUP,
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
        rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS,
        memberId: this.#memberId,
        groupInstanceId: this.#instanceId,
        protocolType: PROTOCOL_TYPE,
        protocols: [{ name: PROTOCOL, metadata: Buffer.from(this.name) }],
      })
      if (answer.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
        this.#memberId = answer.memberId
        return ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
      }
      if (answer.errorCode === ErrorCode.NONE) {
        this.#memberId = answer.memberId
        this.#generation = answer.generationId
        this.#members = answer.members.map(({ memberId }) => memberId)
        assert.equal(
          this.#members.length > 0,
          answer.leader === answer.memberId,
          'the leader alone is told of all',
        )
        assert.equal(answer.protocolName, PROTOCOL)
      }
      return answer.errorCode
    })
  }

  /** @returns the partitions that the leader gave to this member. */
  async #sync(actor: SimActor): Promise<number[]> {
    const assignments = this.#members.map((memberId, i) => ({
      memberId,
      assignment: Buffer.from(PARTITIONS.filter((p) => p % this.#members.length === i)),
    }))
    let owned: number[] = []
    await this.#retrying(actor, async () => {
      const body = { ...this.#identity(), assignments }
      const answer = await actor.call(SyncGroupRequest, SyncGroupResponse, 4, body)
      if (answer.errorCode === ErrorCode.NONE) owned = [...answer.assignment]
      return answer.errorCode
    })
    return owned
  }

  async #work(actor: SimActor): Promise<void> {
    const positions = new Map<number, number>()
    for (const partition of this.#owned) positions.set(partition, await this.#fetch(actor, partition))
    for (;;) {
      if (this.#isDone) return
      for (const partition of this.#owned) {
        const offset = positions.get(partition)! + 1
        await this.#commit(actor, partition, offset)
        positions.set(partition, offset)
      }
      await this.#heartbeat(actor)
      if (this.#random.oneIn(30)) {
        await this.#leave(actor)
        await actor.sleep(this.#random.below(SESSION_TIMEOUT_MS))
        return
      }
      if (this.#random.oneIn(40)) {
        // Crashes, and comes back as another process.
        actor.reconnect()
        this.#memberId = ''
        await actor.sleep(this.#random.below(SESSION_TIMEOUT_MS * 2))
        return
      }
      await actor.sleep(this.#random.oneIn(30) ? SESSION_TIMEOUT_MS * 2 : PAUSE_MS)
    }
  }

  async #fetch(actor: SimActor, partition: number): Promise<number> {
    let committed = -1
    await this.#retrying(actor, async () => {
      const atLeast = this.#witness.acknowledged[partition]!
      const topics = [{ name: TOPIC, partitionIndexes: [partition] }]
      const answer = await actor.call(OffsetFetchRequest, OffsetFetchResponse, 6, { groupId: GROUP, topics })
      if (answer.errorCode !== ErrorCode.NONE) return answer.errorCode
      committed = answer.topics[0]!.partitions[0]!.committedOffset
      this.#witness.fetched(partition, committed, atLeast)
      return ErrorCode.NONE
    })
    return committed
  }

  async #commit(actor: SimActor, partition: number, offset: number): Promise<void> {
    const partitions = [{ partitionIndex: partition, committedOffset: offset, committedMetadata: this.name }]
    const { generationId, ...identity } = this.#identity()
    const body = {
      ...identity,
      generationIdOrMemberEpoch: generationId,
      topics: [{ name: TOPIC, partitions }],
    }
    await this.#retrying(actor, async () => {
      this.#witness.sends(partition, offset)
      const answer = await actor.call(OffsetCommitRequest, OffsetCommitResponse, 7, body)
      return answer.topics[0]!.partitions[0]!.errorCode
    })
    this.#witness.commits(partition, offset)
  }

  async #heartbeat(actor: SimActor): Promise<void> {
    await this.#retrying(actor, async () => {
      const answer = await actor.call(HeartbeatRequest, HeartbeatResponse, 3, this.#identity())
      return answer.errorCode
    })
  }

  async #leave(actor: SimActor): Promise<void> {
    const members = [{ memberId: this.#memberId, groupInstanceId: this.#instanceId }]
    await this.#retrying(actor, async () => {
      const answer = await actor.call(LeaveGroupRequest, LeaveGroupResponse, 3, { groupId: GROUP, members })
      return answer.errorCode
    })
    this.#memberId = ''
  }

  #identity() {
    return {
      groupId: GROUP,
      generationId: this.#generation,
      memberId: this.#memberId,
      groupInstanceId: this.#instanceId,
    }
  }

  /** Until the code is NONE; Rejoin where the group has moved on. */
  async #retrying(actor: SimActor, ask: () => Promise<number>): Promise<void> {
    for (;;) {
      const code = await ask()
      if (code === ErrorCode.NONE) return
      if (REJOIN.has(code)) throw new Rejoin(code)
      assert.ok(RETRIABLE.has(code), `${this.name} was answered ${errorName(code)}`)
      await actor.sleep(PAUSE_MS)
    }
  }
}
