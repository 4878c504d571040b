/**
 * A member of a classic group: who it is, which protocols it speaks with what metadata, what is assigned to it, and the
 * request that it waits in.
 *
 * A member waits in one JoinGroup and one SyncGroup at most: a newer request ends the former one's wait. How often it is
 * heard of is kept as a deadline, so that a heartbeat moves a number and no timer; `MemberSessions` owns the timer.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { JoinGroupResponse } from '../../../protocol/messages/11-join-group.ts'
import type { SyncGroupResponse } from '../../../protocol/messages/14-sync-group.ts'
import { EMPTY_BYTES } from '../../../protocol/plan.ts'
import type { Draft } from '../../../protocol/schema.ts'

export type JoinResponse = Draft<typeof JoinGroupResponse>
export type SyncResponse = Draft<typeof SyncGroupResponse>

/** A way to assign that a member knows, in the order of its preference, and what it tells the leader about itself. */
export interface MemberProtocol {
  readonly name: string
  readonly metadata: Uint8Array
}

export interface ClassicMemberFields {
  readonly memberId: string
  /** Set: a static member (KIP-345), which keeps its place when it comes back with another member id. */
  readonly groupInstanceId: string | null
  readonly clientId: string
  /** As Kafka prints an address: `/127.0.0.1`. */
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  readonly sessionTimeoutMs: number
  readonly protocols: readonly MemberProtocol[]
}

export class ClassicMember {
  /** Changes when a static member comes back. */
  memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  rebalanceTimeoutMs: number
  sessionTimeoutMs: number
  assignment: Uint8Array = EMPTY_BYTES
  /** Waits in its first JoinGroup: it does not know its id yet, so it can't send heartbeats. */
  isNew = false
  /** When it is given up, in monotonic time. */
  sessionDeadlineMs = 0
  /** When its timer looks at the deadline; Infinity without a timer. For `MemberSessions`, like the name. */
  sessionTimerDueMs = Number.POSITIVE_INFINITY
  sessionTimerName: string | undefined
  #protocols: readonly MemberProtocol[] = []
  #onJoined: ((response: JoinResponse) => void) | undefined
  #onSynced: ((response: SyncResponse) => void) | undefined

  constructor(fields: ClassicMemberFields) {
    this.memberId = fields.memberId
    this.groupInstanceId = fields.groupInstanceId
    this.clientId = fields.clientId
    this.clientHost = fields.clientHost
    this.rebalanceTimeoutMs = fields.rebalanceTimeoutMs
    this.sessionTimeoutMs = fields.sessionTimeoutMs
    this.setProtocols(fields.protocols)
  }

  get isStatic(): boolean {
    return this.groupInstanceId !== null
  }

  // --- Protocols -----------------------------------------------------------------------------------------------------

  get protocols(): readonly MemberProtocol[] {
    return this.#protocols
  }

  /** Of protocols named twice the first counts. The metadata is copied: it comes out of a request. */
  setProtocols(protocols: readonly MemberProtocol[]): void {
    const byName = new Map<string, MemberProtocol>()
    for (const { name, metadata } of protocols) {
      if (!byName.has(name)) byName.set(name, { name, metadata: Buffer.from(metadata) })
    }
    this.#protocols = [...byName.values()]
  }

  /** Undefined: it does not speak the protocol. */
  metadataFor(protocolName: string): Uint8Array | undefined {
    return this.#protocols.find(({ name }) => name === protocolName)?.metadata
  }

  /** Whether these are the same protocols in the same order with the same metadata. */
  matches(protocols: readonly MemberProtocol[]): boolean {
    if (protocols.length !== this.#protocols.length) return false
    return this.#protocols.every(({ name, metadata }, i) => {
      const other = protocols[i]!
      return other.name === name && Buffer.compare(other.metadata, metadata) === 0
    })
  }

  /** The first of its protocols among the candidates. */
  vote(candidates: ReadonlySet<string>): string | undefined {
    return this.#protocols.find(({ name }) => candidates.has(name))?.name
  }

  // --- Waiting -------------------------------------------------------------------------------------------------------

  get isAwaitingJoin(): boolean {
    return this.#onJoined !== undefined
  }

  get isAwaitingSync(): boolean {
    return this.#onSynced !== undefined
  }

  awaitJoin(onJoined: (response: JoinResponse) => void): void {
    this.answerJoin(joinError(this.memberId, ErrorCode.REBALANCE_IN_PROGRESS))
    this.#onJoined = onJoined
  }

  awaitSync(onSynced: (response: SyncResponse) => void): void {
    this.answerSync(syncError(ErrorCode.REBALANCE_IN_PROGRESS))
    this.#onSynced = onSynced
  }

  /** @returns whether it waited. */
  answerJoin(response: JoinResponse): boolean {
    const onJoined = this.#onJoined
    this.#onJoined = undefined
    onJoined?.(response)
    return onJoined !== undefined
  }

  /** @returns whether it waited. */
  answerSync(response: SyncResponse): boolean {
    const onSynced = this.#onSynced
    this.#onSynced = undefined
    onSynced?.(response)
    return onSynced !== undefined
  }

  // --- Session -------------------------------------------------------------------------------------------------------

  /** It was heard of: the session begins anew. */
  extendSession(nowMs: number, timeoutMs: number = this.sessionTimeoutMs): void {
    this.sessionDeadlineMs = nowMs + timeoutMs
  }

  /** While it waits it can't be heard of. Only the first JoinGroup has an end, since its client may long be gone. */
  get isExcusedFromHeartbeats(): boolean {
    return !this.isNew && (this.isAwaitingJoin || this.isAwaitingSync)
  }

  /** As Kafka's log lines show a member. */
  toString(): string {
    const protocols = this.#protocols.map(({ name }) => name).join(', ')
    return (
      `MemberMetadata(memberId=${this.memberId}, groupInstanceId=${shownInstance(this.groupInstanceId)}, ` +
      `clientId=${this.clientId}, clientHost=${this.clientHost}, sessionTimeoutMs=${this.sessionTimeoutMs}, ` +
      `rebalanceTimeoutMs=${this.rebalanceTimeoutMs}, supportedProtocols=List(${protocols}))`
    )
  }
}

/** As Scala shows what may not be there. */
export function shownInstance(groupInstanceId: string | null): string {
  return groupInstanceId === null ? 'None' : `Some(${groupInstanceId})`
}

export function joinError(memberId: string, errorCode: number): JoinResponse {
  return {
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    memberId,
    members: [],
  }
}

export function syncError(errorCode: number): SyncResponse {
  return { errorCode, protocolType: null, protocolName: null, assignment: EMPTY_BYTES }
}
