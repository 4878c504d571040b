/**
 * What stands behind a consumer's face: it puts the parts together, and gives the user's turns.
 *
 * A turn is a call for records. In it, and nowhere else, partitions come and go, offsets are committed by themselves, and
 * the user is told of errors: what he was handed before is done with then. As long as nothing of that is due
 * (`mustTurn`), records are handed out without one.
 */
import { type Backoff, retrying } from '../network/backoff.ts'
import type { Cluster } from '../network/cluster.ts'
import { type ClientPlatform, openCluster } from '../network/open-cluster.ts'
import type { ConsumerSettings } from '../options/consumer-options.ts'
import { Assignment } from './assignment.ts'
import { assignorsOf } from './assignors/kafka-assignors.ts'
import { AutoCommit } from './auto-commit.ts'
import { fatalTopicError, insideListener, mixed, noGroup, nothingToRead } from './consumer-errors.ts'
import type { ConsumerRecord } from './consumer-record.ts'
import { FetchBuffer } from './fetch/fetch-buffer.ts'
import { Fetcher } from './fetch/fetcher.ts'
import { ClassicMembership } from './group/classic-membership.ts'
import { ConsumerMembership } from './group/consumer-membership.ts'
import { type GroupMember, GroupOffsets } from './group/group-offsets.ts'
import { Handover } from './group/handover.ts'
import type { Membership, MembershipContext } from './group/membership.ts'
import { Positions } from './positions.ts'
import type { Subscription } from './subscription.ts'
import { TopicInterest } from './topic-interest.ts'
import { PartitionMap, type TopicPartition } from './topic-partition.ts'
import { Turns } from './turns.ts'
import { UserCode } from './user-code.ts'

export interface TurnOptions {
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** Of the time for leaving, for what is still being handled; the rest is for the commit and for the group. */
const HANDLERS_SHARE = 0.9

export class ConsumerCore {
  readonly settings: ConsumerSettings
  readonly cluster: Cluster
  readonly assignment: Assignment
  readonly buffer: FetchBuffer
  readonly positions: Positions
  /** Undefined: there is no group. */
  readonly offsets: GroupOffsets | undefined
  /** Functions that records are handled by, as `run` calls them. */
  readonly handlers = new UserCode()
  /** Functions that are told of partitions that come and go. */
  readonly #listeners = new UserCode()
  /** Records can't be handed out but in a turn. */
  mustTurn = true
  readonly #autoCommit: AutoCommit
  readonly #fetcher: Fetcher
  readonly #handover: Handover | undefined
  readonly #turns: Turns
  readonly #subscribedTopics: TopicInterest
  #subscription: Subscription | undefined
  #membership: Membership | undefined
  #turnCount = 0
  /** Set whenever records are handed out; looked at now and then. */
  #wasPolled = true
  #polledMs: number
  #isMetadataFresh = false
  #isRefreshing = false
  /** For the user; what comes after it until he has seen it would only say more of the same. */
  #error: { readonly error: unknown } | undefined
  #leavingCount = 0
  #isClosed = false

  /** Throws KafkaError (INVALID_CONFIG). */
  constructor(settings: ConsumerSettings, platform: ClientPlatform) {
    const cluster = openCluster(settings, platform, {
      allowAutoTopicCreation: settings.allowAutoCreateTopics,
    })
    const { groupId } = settings
    this.settings = settings
    this.cluster = cluster
    this.#turns = new Turns(cluster.clock)
    this.#polledMs = cluster.clock.monotonicMs()
    this.#subscribedTopics = new TopicInterest(cluster)
    this.assignment = new Assignment(cluster)
    this.buffer = new FetchBuffer((nodeId) => this.#fetcher.wake(nodeId))
    this.offsets = groupId === undefined ? undefined : this.#groupOffsets(groupId)
    const partitions = () => this.assignment.all()
    const onError = (error: unknown) => this.#fail(error)
    this.positions = new Positions({
      cluster,
      partitions,
      buffer: this.buffer,
      offsets: this.offsets,
      reset: settings.autoOffsetReset,
      isReadCommitted: this.isReadCommitted,
      requestTimeoutMs: settings.requestTimeoutMs,
      backoff: this.#backoff,
      onPositioned: () => {
        this.#fetcher.wake()
        this.#turns.wakeAll()
      },
      onError,
    })
    this.#fetcher = new Fetcher({
      cluster,
      buffer: this.buffer,
      partitions,
      decoding: {
        isReadCommitted: this.isReadCommitted,
        checksCrcs: settings.checkCrcs,
        deserializeKey: settings.keyDeserializer,
        deserializeValue: settings.valueDeserializer,
      },
      minBytes: settings.fetchMinBytes,
      maxBytes: settings.fetchMaxBytes,
      maxWaitMs: settings.fetchMaxWaitMs,
      partitionMaxBytes: settings.maxPartitionFetchBytes,
      rack: settings.clientRack,
      metadataMaxAgeMs: settings.metadataMaxAgeMs,
      backoff: this.#backoff,
      onFetched: () => this.#turns.wakeAll(),
      onOffsetOutOfRange: (partition) => this.positions.onOffsetOutOfRange(partition),
      onError,
    })
    this.#autoCommit = new AutoCommit({
      clock: cluster.clock,
      isEnabled: settings.enableAutoCommit,
      intervalMs: settings.autoCommitIntervalMs,
      commitConsumed: () => this.commitConsumed(),
      hasPartitions: () => this.assignment.all().length > 0,
      onDue: () => this.#onDue(),
    })
    this.#handover = groupId === undefined ? undefined : this.#newHandover(groupId)
    cluster.onUpdate(() => this.#onMetadata())
  }

  get isReadCommitted(): boolean {
    return this.settings.isolationLevel === 'read_committed'
  }

  get subscription(): Subscription | undefined {
    return this.#subscription
  }

  get #backoff(): Backoff {
    return { minMs: this.settings.retryBackoffMs, maxMs: this.settings.retryBackoffMaxMs }
  }

  // --- Turns ---------------------------------------------------------------------------------------------------------

  /** Without a turn, where none is due: undefined is no answer. */
  takeAtOnce<Result>(take: () => Result | undefined): Result | undefined {
    if (this.mustTurn) return undefined
    const taken = take()
    if (taken !== undefined) this.#wasPolled = true
    return taken
  }

  /** What was taken and not begun with is not to be handled any more. */
  get isEnding(): boolean {
    return this.#isClosed || this.#leavingCount > 0
  }

  /** There is nothing to read from. */
  get isIdle(): boolean {
    return this.#subscription === undefined && this.assignment.all().length === 0
  }

  /**
   * Until `take` gives something. Undefined: the time is over, or there is nothing to read from any more. Rejects with
   * KafkaError; with INVALID_STATE where there was nothing to read from in the first place.
   */
  async turn<Result>(
    take: () => Result | undefined,
    { timeoutMs, signal }: TurnOptions,
  ): Promise<Result | undefined> {
    if (this.#isClosed) return undefined
    this.checkNotInListener('Records can not be asked for')
    if (this.isIdle) throw nothingToRead()
    const { clock } = this.cluster
    const deadlineMs = clock.monotonicMs() + timeoutMs
    this.#turnCount += 1
    this.mustTurn = true
    try {
      for (;;) {
        signal?.throwIfAborted()
        const isPlain = this.#turns.isFree && !this.#isDue && this.#isMetadataFresh
        const taken = isPlain ? take() : await this.#tryTurn(take, deadlineMs, signal)
        if (taken !== undefined || this.#isClosed || this.isIdle) return taken
        const remainingMs = deadlineMs - clock.monotonicMs()
        if (remainingMs <= 0) return undefined
        if (!this.#isDue) await this.#turns.wait(remainingMs, signal)
      }
    } finally {
      this.#turnCount -= 1
      this.#wasPolled = true
      this.#updateMustTurn()
    }
  }

  /** What is due may take longer than the user waits: then it goes on without him, and nothing is taken. */
  async #tryTurn<Result>(
    take: () => Result | undefined,
    deadlineMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Result | undefined> {
    let state: 'working' | 'taken' | 'over' = 'working'
    const attempt = this.#turns.take(async () => {
      await this.#doWhatIsDue()
      if (state === 'over' || this.#isClosed || this.isIdle) return undefined
      state = 'taken'
      return take()
    })
    const remainingMs = Math.max(0, deadlineMs - this.cluster.clock.monotonicMs())
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        if (state === 'working') state = 'over'
        if (state === 'over') resolve(undefined)
      }
      const timer = this.cluster.clock.after(remainingMs, giveUp, { keepsAlive: true })
      signal?.addEventListener('abort', giveUp)
      attempt
        .finally(() => {
          timer.cancel()
          signal?.removeEventListener('abort', giveUp)
        })
        .then(resolve, (error: unknown) => (state === 'over' ? this.#fail(error) : reject(error)))
    })
  }

  async #doWhatIsDue(): Promise<void> {
    if (this.#isClosed || this.isIdle) return
    this.#throwError()
    if (!this.#isMetadataFresh) this.#refreshMetadata()
    if (this.#membership?.isDue && this.#isMetadataFresh) await this.#membership.poll()
    if (this.#autoCommit.isDue) this.#autoCommit.commitDue()
    this.#throwError()
  }

  get #isDue(): boolean {
    return (
      this.#isClosed ||
      this.#error !== undefined ||
      this.#autoCommit.isDue ||
      (this.#isMetadataFresh && this.#membership?.isDue === true)
    )
  }

  #updateMustTurn(): void {
    this.mustTurn = this.#turnCount > 0 || this.#isDue || !this.#isMetadataFresh
  }

  #onDue(): void {
    this.mustTurn = true
    this.#turns.wakeAll()
  }

  #fail(error: unknown): void {
    if (this.#isClosed) return
    this.#error ??= { error }
    this.#onDue()
  }

  #throwError(): void {
    const failure = this.#error
    this.#error = undefined
    if (failure !== undefined) throw failure.error
  }

  /** How long the user has not asked for records. */
  #pollAgeMs(): number {
    const nowMs = this.cluster.clock.monotonicMs()
    if (this.#wasPolled || this.#turnCount > 0) this.#polledMs = nowMs
    this.#wasPolled = false
    return nowMs - this.#polledMs
  }

  // --- Metadata ------------------------------------------------------------------------------------------------------

  /** The first look at the cluster for a new subscription; the user is told what can't be mended by waiting. */
  #refreshMetadata(): void {
    if (this.#isRefreshing) return
    this.#isRefreshing = true
    const subscription = this.#subscription
    retrying('Metadata', this.cluster.retryOptions(Number.MAX_SAFE_INTEGER), () => this.cluster.refresh())
      .then(
        () => {
          this.#isMetadataFresh = subscription === this.#subscription
        },
        (error: unknown) => this.#fail(error),
      )
      .finally(() => {
        this.#isRefreshing = false
        this.#onDue()
      })
  }

  #onMetadata(): void {
    this.#membership?.onMetadata()
    this.positions.onMetadata()
    this.#fetcher.wake()
    const { metadata } = this.cluster
    const topics = this.#subscription?.topics(metadata) ?? this.assignment.all().map(({ topic }) => topic)
    const failure = fatalTopicError(topics, metadata)
    if (failure !== undefined) this.#fail(failure)
  }

  // --- Subscription and assignment -----------------------------------------------------------------------------------

  /** Throws KafkaError (INVALID_STATE, INVALID_GROUP_ID). */
  subscribe(subscription: Subscription): void {
    const { groupId } = this.settings
    if (groupId === undefined) throw noGroup()
    if (this.#subscription === undefined && this.assignment.all().length > 0) throw mixed()
    this.#subscription = subscription
    this.#isMetadataFresh = false
    this.#subscribedTopics.replace(subscription.topics(this.cluster.metadata), subscription.needsAllTopics)
    if (this.#membership === undefined) this.#membership = this.#newMembership(groupId)
    else this.#membership.onSubscription()
    this.#autoCommit.schedule()
    this.#onDue()
  }

  /** Those that stay go on where they are. Throws KafkaError (INVALID_STATE). */
  assign(partitions: readonly (TopicPartition & { readonly offset?: number | undefined })[]): void {
    if (this.#subscription !== undefined) throw mixed()
    void this.#autoCommit.commit()
    const wanted = new PartitionMap<true>()
    for (const { topic, partition } of partitions) wanted.set(topic, partition, true)
    for (const former of this.assignment.all()) {
      if (!wanted.has(former.topic, former.partition)) this.#remove(former)
    }
    for (const each of partitions) {
      const partition = this.assignment.add(each)
      if (each.offset !== undefined) partition.moveTo(each.offset, undefined)
    }
    this.#isMetadataFresh = false
    this.#autoCommit.schedule()
    this.positions.update()
    this.#onDue()
  }

  #remove(former: ReturnType<Assignment['expect']>): void {
    this.assignment.remove(former)
    this.buffer.drop(former)
  }

  async unsubscribe(timeoutMs: number): Promise<void> {
    this.checkNotInListener('A consumer can not be unsubscribed')
    this.#leavingCount += 1
    try {
      await this.#handled(timeoutMs)
      await this.#turns.take(async () => {
        await this.#membership?.leave(timeoutMs)
        this.#membership = undefined
        this.#subscription = undefined
        this.#subscribedTopics.replace([])
        for (const partition of this.assignment.all()) this.#remove(partition)
        this.#updateMustTurn()
      })
    } finally {
      this.#leavingCount -= 1
    }
    this.#turns.wakeAll()
  }

  /** The records that `run` has at hand are handled, so that they can be committed; those behind them will not be. */
  async #handled(timeoutMs: number): Promise<void> {
    // The function that handles them is not made to wait for itself.
    if (this.handlers.isInside) return
    await new Promise<void>((resolve) => {
      const timer = this.cluster.clock.after(timeoutMs * HANDLERS_SHARE, resolve, { keepsAlive: true })
      void this.handlers.settled().then(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  /** Throws KafkaError (INVALID_STATE): whoever waits for it there waits for the turn that waits for the listener. */
  checkNotInListener(what: string): void {
    if (this.#listeners.isInside) throw insideListener(what)
  }

  /** As if they had not been handed out. They were the last of their partitions. */
  putBack(records: readonly ConsumerRecord<never, never>[]): void {
    const positions = new PartitionMap<number>()
    for (const record of [...records].reverse()) {
      const { topic, partition: number, offset } = record
      const partition = this.assignment.get(record)
      const isLast = partition?.position === (positions.get(topic, number) ?? offset + 1)
      // Sought elsewhere meanwhile, or not ours any more.
      if (partition === undefined || !isLast) continue
      partition.moveTo(offset, undefined)
      positions.set(topic, number, offset)
      this.buffer.drop(partition)
    }
    if (records.length > 0) this.onMoved()
  }

  /** A partition stands elsewhere now, or is (not) to be read any more. */
  onMoved(): void {
    this.positions.update()
    this.#fetcher.wake()
    this.#turns.wakeAll()
  }

  /** Until there is news of any kind. */
  waitForNews(timeoutMs: number): Promise<void> {
    return this.#turns.wait(timeoutMs, undefined)
  }

  // --- The group -----------------------------------------------------------------------------------------------------

  /** As who offsets are committed; with partitions assigned by hand nobody in particular. */
  member(): GroupMember {
    if (this.#membership !== undefined) return this.#membership.member()
    return { generationId: -1, memberId: '', groupInstanceId: null, isOfNewProtocol: false }
  }

  #groupOffsets(groupId: string): GroupOffsets {
    return new GroupOffsets({
      cluster: this.cluster,
      groupId,
      timeoutMs: this.settings.defaultApiTimeoutMs,
      member: () => this.member(),
      onMemberError: (errorCode, member) => this.#membership?.onMemberError(errorCode, member),
    })
  }

  #newHandover(groupId: string): Handover {
    return new Handover({
      clientId: this.cluster.clientId,
      groupId,
      assignment: this.assignment,
      buffer: this.buffer,
      listener: () => this.#subscription?.listener ?? {},
      listeners: this.#listeners,
      commitConsumed: () => this.#autoCommit.commit(),
      onListenerError: (error) => this.#fail(error),
      onAssigned: () => this.onMoved(),
    })
  }

  #newMembership(groupId: string): Membership {
    const { cluster, settings } = this
    const context: MembershipContext = {
      cluster,
      groupId,
      settings,
      backoff: this.#backoff,
      handover: this.#handover!,
      subscription: () => this.#subscription!,
      pollAgeMs: () => this.#pollAgeMs(),
      onDue: () => this.#onDue(),
      onError: (error) => this.#fail(error),
    }
    return settings.groupProtocol === 'consumer'
      ? new ConsumerMembership(context)
      : new ClassicMembership(context, assignorsOf(settings.partitionAssignmentStrategy))
  }

  // --- Commits -------------------------------------------------------------------------------------------------------

  commitConsumed(): Promise<void> {
    if (this.offsets === undefined) return Promise.reject(noGroup())
    return this.offsets.commit(this.assignment.consumed())
  }

  // --- The end -------------------------------------------------------------------------------------------------------

  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true
    this.#onDue()
    await new Promise<void>((resolve, reject) => {
      const timer = this.cluster.clock.after(timeoutMs, resolve, { keepsAlive: true })
      this.#leave(timeoutMs)
        .finally(() => this.#fetcher.close())
        .finally(() => timer.cancel())
        .then(resolve, reject)
    })
    this.#autoCommit.stop()
    this.#fetcher.stop()
    this.positions.stop()
    this.cluster.close()
    this.#turns.wakeAll()
  }

  async #leave(timeoutMs: number): Promise<void> {
    if (this.#membership !== undefined) return this.unsubscribe(timeoutMs)
    await this.#handled(timeoutMs)
    await this.#autoCommit.commit()
  }
}
