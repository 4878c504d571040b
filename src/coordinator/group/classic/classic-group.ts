/**
 * A group of the classic protocol: the coordinator gathers the members, picks the protocol and a leader, and passes on
 * what the leader assigns.
 *
 * In the log stands the last generation that was synced or that became empty; `restore` takes it in, after a restart as
 * well as live. The members, the votes and the waits of a rebalance under way are not in the log: a group that is loaded
 * in the middle of one comes back as it was before.
 *
 * Invariants
 * - A member is known by one id; a static one by its instance id as well, and there is one member for an instance.
 * - A group with members has a leader, which is one of them.
 */
import { assert } from '../../../base/assert.ts'
import type { Clock } from '../../../base/clock.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { GroupMetadataValue } from '../../../protocol/records/group-records.ts'
import type { Committer, Group, OffsetExpiryBase } from '../group.ts'
import { type ClassicGroupState, VALID_PREVIOUS_STATES } from './classic-group-state.ts'
import {
  ClassicMember,
  type JoinResponse,
  joinError,
  type MemberProtocol,
  syncError,
} from './classic-member.ts'
import { CONSUMER_PROTOCOL_TYPE, topicsOf } from './consumer-subscriptions.ts'
import { groupMetadataTombstone } from './group-metadata-records.ts'
import { ProtocolVotes } from './protocol-votes.ts'

export class ClassicGroup implements Group {
  readonly groupId: string
  readonly type = 'classic'
  readonly #clock: Clock
  readonly #members = new Map<string, ClassicMember>()
  readonly #staticMembers = new Map<string, ClassicMember>()
  readonly #protocols = new ProtocolVotes()
  /** Ids given out with MEMBER_ID_REQUIRED that nobody has joined with yet. */
  readonly pendingMembers = new Set<string>()
  /** Members of the generation that have not asked for their assignment yet. */
  readonly pendingSync = new Set<ClassicMember>()
  /** A rebalance that began with an empty group waits for a fixed time, not for all that are known. */
  isInitialRebalance = false
  /** Since that wait was last prolonged. */
  hasNewMember = false
  #state: ClassicGroupState = 'Empty'
  /** -1: unknown, as records of old versions don't say. */
  #stateTimestampMs: number
  #generationId = 0
  #protocolType = ''
  #protocolName: string | null = null
  #leaderId: string | null = null
  /** Undefined: it can't be told. Of the generation, not of who joins for the next. */
  #subscribedTopics: ReadonlySet<string> | undefined

  constructor(groupId: string, clock: Clock) {
    this.groupId = groupId
    this.#clock = clock
    this.#stateTimestampMs = clock.nowMs()
  }

  get state(): ClassicGroupState {
    return this.#state
  }

  get stateName(): string {
    return this.#state
  }

  get generationId(): number {
    return this.#generationId
  }

  get protocolType(): string {
    return this.#protocolType
  }

  /** Null while there is no generation with members. */
  get protocolName(): string | null {
    return this.#protocolName
  }

  get leaderId(): string | null {
    return this.#leaderId
  }

  // --- State ---------------------------------------------------------------------------------------------------------

  transitionTo(state: ClassicGroupState): void {
    assert(
      VALID_PREVIOUS_STATES[state].includes(this.#state),
      `group ${this.groupId} can't go from ${this.#state} to ${state}`,
    )
    this.#state = state
    this.#stateTimestampMs = this.#clock.nowMs()
  }

  /** What the log says of this group: a generation, complete or empty. Of members that are known already it says who. */
  restore(value: GroupMetadataValue): void {
    this.#protocolType = value.protocolType
    const isSameGeneration = value.generation === this.#generationId && value.protocol === this.#protocolName
    this.#generationId = value.generation
    this.#protocolName = value.protocol
    const before = new Set(this.#members.values())
    for (const each of value.members) {
      const member = this.#restoreMember(each, value.protocol!)
      member.assignment = Buffer.from(each.assignment)
      before.delete(member)
    }
    for (const member of before) this.remove(member)
    this.#leaderId = this.#members.has(value.leader ?? '') ? value.leader : this.#firstMemberId()
    this.#state = this.#members.size === 0 ? 'Empty' : 'Stable'
    this.#stateTimestampMs = value.currentStateTimestamp
    if (!isSameGeneration) this.#subscribedTopics = this.#findSubscribedTopics()
  }

  #restoreMember(each: GroupMetadataValue['members'][number], protocolName: string): ClassicMember {
    const known = this.#members.get(each.memberId)
    if (known !== undefined) return known
    const returning = this.staticMember(each.groupInstanceId)
    if (returning !== undefined) {
      this.replaceStaticMember(returning, each.memberId)
      return returning
    }
    const member = new ClassicMember({
      memberId: each.memberId,
      groupInstanceId: each.groupInstanceId,
      clientId: each.clientId,
      clientHost: each.clientHost,
      rebalanceTimeoutMs: each.rebalanceTimeout,
      sessionTimeoutMs: each.sessionTimeout,
      protocols: [{ name: protocolName, metadata: each.subscription }],
    })
    this.add(member, this.#protocolType)
    return member
  }

  /** What the log is to say once this generation is synced, with the assignment of each member by its id. */
  metadataWith(assignmentOf: (member: ClassicMember) => Uint8Array): GroupMetadataValue {
    const protocol = this.#protocolName
    assert(protocol !== null, `group ${this.groupId} has no protocol`)
    return {
      protocolType: this.#protocolType,
      generation: this.#generationId,
      protocol,
      leader: this.#leaderId,
      currentStateTimestamp: this.#clock.nowMs(),
      members: this.members().map((member) => ({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeout: member.rebalanceTimeoutMs,
        sessionTimeout: member.sessionTimeoutMs,
        subscription: Buffer.from(member.metadataFor(protocol)!),
        assignment: Buffer.from(assignmentOf(member)),
      })),
    }
  }

  /** What the log is to say when nobody is left: a generation without members. */
  emptyMetadata(): GroupMetadataValue {
    return {
      protocolType: this.#protocolType,
      generation: this.#generationId + 1,
      protocol: null,
      leader: null,
      currentStateTimestamp: this.#clock.nowMs(),
      members: [],
    }
  }

  /** All that are known have joined: the next generation, with a protocol that all of them speak. */
  beginGeneration(): void {
    this.transitionTo('CompletingRebalance')
    this.#generationId++
    this.#protocolName = this.selectProtocol()
    this.#subscribedTopics = this.#findSubscribedTopics()
    this.isInitialRebalance = false
    this.pendingSync.clear()
  }

  /** Deleted, or not coordinated here any more: whoever waits is told. */
  end(errorCode: number): void {
    if (this.#state !== 'Dead') this.transitionTo('Dead')
    for (const member of this.#members.values()) {
      member.answerJoin(joinError(member.memberId, errorCode))
      member.answerSync(syncError(errorCode))
    }
  }

  // --- Members -------------------------------------------------------------------------------------------------------

  get memberCount(): number {
    return this.#members.size
  }

  get staticMemberCount(): number {
    return this.#staticMembers.size
  }

  members(): ClassicMember[] {
    return [...this.#members.values()]
  }

  member(memberId: string): ClassicMember | undefined {
    return this.#members.get(memberId)
  }

  staticMember(groupInstanceId: string | null): ClassicMember | undefined {
    return groupInstanceId === null ? undefined : this.#staticMembers.get(groupInstanceId)
  }

  isLeader(member: ClassicMember): boolean {
    return this.#leaderId === member.memberId
  }

  /** The first one becomes the leader and says what type of protocol the group speaks. */
  add(member: ClassicMember, protocolType: string): void {
    const { memberId, groupInstanceId } = member
    assert(!this.#members.has(memberId), `${memberId} is in group ${this.groupId} already`)
    if (this.#members.size === 0) this.#protocolType = protocolType
    this.#members.set(memberId, member)
    if (groupInstanceId !== null) {
      assert(
        !this.#staticMembers.has(groupInstanceId),
        `${groupInstanceId} is in group ${this.groupId} already`,
      )
      this.#staticMembers.set(groupInstanceId, member)
    }
    this.#protocols.add(member)
    this.#leaderId ??= memberId
    this.pendingMembers.delete(memberId)
  }

  /** Whatever it waits for is answered with UNKNOWN_MEMBER_ID, so that a client that is still there joins anew. */
  remove(member: ClassicMember): void {
    if (!this.#members.delete(member.memberId)) return
    if (member.groupInstanceId !== null) this.#staticMembers.delete(member.groupInstanceId)
    this.#protocols.remove(member)
    this.pendingSync.delete(member)
    if (this.isLeader(member)) this.#leaderId = this.#firstMemberId()
    member.answerJoin(joinError('', ErrorCode.UNKNOWN_MEMBER_ID))
    member.answerSync(syncError(ErrorCode.UNKNOWN_MEMBER_ID))
  }

  /** A static member is back under a new id. Someone who still waits under the old one is fenced. */
  replaceStaticMember(member: ClassicMember, memberId: string): void {
    const formerId = member.memberId
    if (formerId === memberId) return
    member.answerJoin(joinError(formerId, ErrorCode.FENCED_INSTANCE_ID))
    member.answerSync(syncError(ErrorCode.FENCED_INSTANCE_ID))
    this.#members.delete(formerId)
    member.memberId = memberId
    this.#members.set(memberId, member)
    if (this.#leaderId === formerId) this.#leaderId = memberId
  }

  updateMember(
    member: ClassicMember,
    now: {
      readonly protocols: readonly MemberProtocol[]
      readonly rebalanceTimeoutMs: number
      readonly sessionTimeoutMs: number
    },
  ): void {
    this.#protocols.remove(member)
    member.setProtocols(now.protocols)
    this.#protocols.add(member)
    member.rebalanceTimeoutMs = now.rebalanceTimeoutMs
    member.sessionTimeoutMs = now.sessionTimeoutMs
  }

  /** NONE; UNKNOWN_MEMBER_ID; or FENCED_INSTANCE_ID where another member has come back as this instance. */
  validateMember(memberId: string, groupInstanceId: string | null): number {
    if (groupInstanceId !== null) {
      const current = this.#staticMembers.get(groupInstanceId)
      if (current === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
      if (current.memberId !== memberId) return ErrorCode.FENCED_INSTANCE_ID
    }
    return this.#members.has(memberId) ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID
  }

  // --- Joining -------------------------------------------------------------------------------------------------------

  get awaitingJoinCount(): number {
    let count = 0
    for (const member of this.#members.values()) if (member.isAwaitingJoin) count++
    return count
  }

  get hasAllMembersJoined(): boolean {
    if (this.pendingMembers.size > 0) return false
    for (const member of this.#members.values()) if (!member.isAwaitingJoin) return false
    return true
  }

  /** The longest that a member asks for. */
  get rebalanceTimeoutMs(): number {
    let longestMs = 0
    for (const { rebalanceTimeoutMs } of this.#members.values())
      longestMs = Math.max(longestMs, rebalanceTimeoutMs)
    return longestMs
  }

  /** A leader that has joined: the former one, or the first who has. Undefined: nobody has. */
  electJoinedLeader(): ClassicMember | undefined {
    const current = this.#members.get(this.#leaderId ?? '')
    if (current?.isAwaitingJoin) return current
    const elected = this.members().find((member) => member.isAwaitingJoin)
    if (elected !== undefined) this.#leaderId = elected.memberId
    return elected
  }

  /** What tells a member of the current generation; the leader is told of everyone, unless it need not assign. */
  joinResponse(
    member: ClassicMember,
    { isLeaderTold = true }: { isLeaderTold?: boolean } = {},
  ): JoinResponse {
    return {
      errorCode: ErrorCode.NONE,
      generationId: this.#generationId,
      protocolType: this.#protocolType,
      protocolName: this.#protocolName,
      leader: this.#leaderId ?? '',
      memberId: member.memberId,
      members: isLeaderTold && this.isLeader(member) ? this.#memberMetadata() : [],
    }
  }

  #memberMetadata(): NonNullable<JoinResponse['members']> {
    return this.members().map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      metadata: Buffer.from(member.metadataFor(this.#protocolName!)!),
    }))
  }

  // --- Protocols -----------------------------------------------------------------------------------------------------

  get isConsumerProtocol(): boolean {
    return this.#protocolType === CONSUMER_PROTOCOL_TYPE
  }

  /** Whether a member that speaks these could be one of the group. */
  supportsProtocols(protocolType: string, protocols: readonly MemberProtocol[]): boolean {
    if (this.#state === 'Empty') return protocolType !== '' && protocols.length > 0
    return protocolType === this.#protocolType && this.#protocols.isCommon(protocols, this.#members.size)
  }

  /** What the next generation would speak. */
  selectProtocol(): string {
    return this.#protocols.select(this.members())
  }

  #firstMemberId(): string | null {
    for (const memberId of this.#members.keys()) return memberId
    return null
  }

  #findSubscribedTopics(): ReadonlySet<string> | undefined {
    if (!this.isConsumerProtocol) return undefined
    const protocol = this.#protocolName
    if (protocol === null) return new Set()
    return topicsOf(this.members().map((member) => member.metadataFor(protocol)!))
  }

  // --- Offsets and deletion ------------------------------------------------------------------------------------------

  validateOffsetCommit(committer: Committer, { isTransactional }: { isTransactional: boolean }): number {
    const { memberId, groupInstanceId, generationIdOrMemberEpoch: generationId } = committer
    const isEmpty = this.#state === 'Empty'
    if (this.#state === 'Dead') return ErrorCode.COORDINATOR_NOT_AVAILABLE
    // An admin client, or a consumer that does without group management.
    if (generationId < 0 && isEmpty) return ErrorCode.NONE
    if (generationId >= 0 || memberId !== '' || groupInstanceId !== null) {
      const errorCode = this.validateMember(memberId, groupInstanceId)
      if (errorCode !== ErrorCode.NONE) return errorCode
      if (generationId !== this.#generationId) return ErrorCode.ILLEGAL_GENERATION
    } else if (!isTransactional && !isEmpty) {
      // Old transactional clients name no member.
      return ErrorCode.UNKNOWN_MEMBER_ID
    }
    if (!isTransactional && this.#state === 'CompletingRebalance') return ErrorCode.REBALANCE_IN_PROGRESS
    return ErrorCode.NONE
  }

  validateOffsetFetch(): number {
    return this.#state === 'Dead' ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.NONE
  }

  validateOffsetDelete(): number {
    if (this.#state === 'Dead') return ErrorCode.GROUP_ID_NOT_FOUND
    return this.#state === 'Empty' || this.isConsumerProtocol ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP
  }

  validateDelete(): number {
    if (this.#state === 'Dead') return ErrorCode.GROUP_ID_NOT_FOUND
    return this.#state === 'Empty' ? ErrorCode.NONE : ErrorCode.NON_EMPTY_GROUP
  }

  tombstones() {
    return [groupMetadataTombstone(this.groupId)]
  }

  isSubscribedTo(topic: string): boolean {
    return this.#subscribedTopics?.has(topic) ?? this.isConsumerProtocol
  }

  get offsetExpiryBase(): OffsetExpiryBase {
    if (this.#protocolType === '') return { kind: 'commit' }
    if (this.#state === 'Empty') {
      return this.#stateTimestampMs === -1
        ? { kind: 'commit' }
        : { kind: 'since', timestampMs: this.#stateTimestampMs }
    }
    const knowsTopics = this.isConsumerProtocol && this.#subscribedTopics !== undefined
    return knowsTopics && this.#state === 'Stable' ? { kind: 'commit' } : { kind: 'never' }
  }

  onOffsetCommitted(memberId: string): void {
    this.#members.get(memberId)?.extendSession(this.#clock.monotonicMs())
  }
}
