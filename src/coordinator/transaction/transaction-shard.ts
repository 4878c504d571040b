/**
 * The transactional ids of one partition of __transaction_state. What a request comes to is decided by the rules in
 * init-producer-id.ts, transaction-partitions.ts and end-transaction.ts; here their outcome becomes records, and what
 * follows from a record that is safe is set going: markers are sent, open transactions get a deadline.
 *
 * Invariants
 * - Markers are sent only for an end that is safely in the log. Whatever fails in between is tried again, as long as
 *   this broker leads the partition; the next leader finds the prepared end in the log and sends the markers again.
 * - Transactional ids lie in the order of their last records, so those that expire are at the front.
 */
import type { Logger } from '../../base/logger.ts'
import { TRANSACTION_STATE_TOPIC } from '../../metadata/topic-names.ts'
import { ErrorCode, errorName } from '../../protocol/error-codes.ts'
import type { ProducerIdentity } from '../runtime/coordinator-log.ts'
import type { CoordinatorRecord } from '../runtime/coordinator-record.ts'
import {
  type CoordinatorShard,
  NO_RECORDS,
  type ShardContext,
  type ShardResult,
} from '../runtime/coordinator-shard.ts'
import type { TimerOutcome } from '../runtime/shard-timers.ts'
import { completed, endTransaction, fenced, nextProducer, type TransactionEnd } from './end-transaction.ts'
import { initProducerId, type ProducerInit } from './init-producer-id.ts'
import type { MarkerDispatcher } from './marker-dispatcher.ts'
import type { TransactionConfig } from './transaction-config.ts'
import { TransactionDeadlines } from './transaction-deadlines.ts'
import { isSameProducer, type TransactionMetadata } from './transaction-metadata.ts'
import { addPartitions, type PartitionsToAdd } from './transaction-partitions.ts'
import { readTransactionRecord, transactionRecord, transactionTombstone } from './transaction-record.ts'
import { isIdle, isPrepared } from './transaction-state.ts'
import type { Move, Transaction, Transition } from './transition.ts'

/** Before a record of an end is written again that did not get safe. */
const APPEND_RETRY_MS = 100
/** Tombstones written at once; the rest follows soon. */
const EXPIRED_AT_ONCE_MAX = 10_000
const EXPIRY_CONTINUES_MS = 1000

export interface ProducerAnswer extends ProducerIdentity {
  readonly errorCode: number
}

export interface TransactionShardOptions {
  readonly config: TransactionConfig
  /** That of kafka.coordinator.transaction.TransactionCoordinator, with its prefix. */
  readonly logger: Logger
  /** That of kafka.coordinator.transaction.TransactionStateManager, with its prefix. */
  readonly stateLogger: Logger
  readonly markers: MarkerDispatcher
  /** Every partition of the prepared end has its marker: `complete` is to be run as an operation. */
  readonly onMarkersWritten: (partition: number, prepared: TransactionMetadata) => void
}

export class TransactionShard implements CoordinatorShard {
  readonly #context: ShardContext
  readonly #options: TransactionShardOptions
  readonly #logger: Logger
  readonly #transactions = new Map<string, Transaction>()
  readonly #deadlines: TransactionDeadlines
  /** By the record that a transition is on its way in to `replay`: what the log does not hold of it. */
  readonly #formers = new WeakMap<CoordinatorRecord, ProducerIdentity>()

  constructor(context: ShardContext, options: TransactionShardOptions) {
    this.#context = context
    this.#options = options
    this.#logger = options.logger
    this.#deadlines = new TransactionDeadlines(options.config.transactionAbortTimedOutIntervalMs)
  }

  // --- Operations ----------------------------------------------------------------------------------------------------

  /** The response is undefined where it takes a new producer id to decide. */
  initProducerId(init: Omit<ProducerInit, 'nowMs'>): ShardResult<ProducerAnswer | undefined> {
    const nowMs = this.#context.clock.nowMs()
    const transition = initProducerId(this.transaction(init.transactionalId), { ...init, nowMs })
    return this.#carryOut(transition, (to) =>
      // An open transaction is aborted first; the producer asks again, and gets an epoch that was never fenced.
      to.state === 'PrepareAbort' ? failed(ErrorCode.CONCURRENT_TRANSACTIONS) : answer(to),
    )
  }

  addPartitions(transactionalId: string, add: Omit<PartitionsToAdd, 'nowMs'>): ShardResult<number> {
    const nowMs = this.#context.clock.nowMs()
    const transition = addPartitions(this.transaction(transactionalId), { ...add, nowMs })
    const { response, ...result } = this.#carryOut(transition, answer)
    return { ...result, response: response?.errorCode ?? ErrorCode.NONE }
  }

  /** The response is undefined where it takes a new producer id to decide. */
  endTransaction(
    transactionalId: string,
    end: Omit<TransactionEnd, 'nowMs'>,
  ): ShardResult<ProducerAnswer | undefined> {
    const current = this.transaction(transactionalId)
    const transition = endTransaction(current, { ...end, nowMs: this.#context.clock.nowMs() })
    const isDone = transition.kind === 'stay' && transition.errorCode === ErrorCode.NONE
    if (isDone && current !== undefined) return { records: NO_RECORDS, response: answer(current.metadata) }
    return this.#carryOut(transition, (to) => answer(nextProducer(to)))
  }

  /** Of an end whose markers are written, if it is still the one that is under way. */
  complete(prepared: TransactionMetadata): ShardResult<number> {
    const current = this.transaction(prepared.transactionalId)
    if (current?.metadata !== prepared) return { records: NO_RECORDS, response: ErrorCode.NONE }
    const transition = completed(current, this.#context.clock.nowMs())
    return { ...this.#carryOut(transition, answer), response: ErrorCode.NONE }
  }

  transaction(transactionalId: string): Transaction | undefined {
    return this.#transactions.get(transactionalId)
  }

  transactions(): TransactionMetadata[] {
    return [...this.#transactions.values()].map(({ metadata }) => metadata)
  }

  #carryOut(
    transition: Transition,
    answerOf: (to: TransactionMetadata) => ProducerAnswer,
  ): Omit<ShardResult<ProducerAnswer | undefined>, 'response'> & {
    readonly response: ProducerAnswer | undefined
  } {
    switch (transition.kind) {
      case 'stay':
        return { records: NO_RECORDS, response: failed(transition.errorCode) }
      case 'needs-producer-id':
        return { records: NO_RECORDS, response: undefined }
      case 'move': {
        const { to } = transition
        const onSettled = isPrepared(to.state) ? (code: number) => this.#onPrepared(to, code) : undefined
        return {
          records: [this.#recordOf(transition)],
          response: answerOf(to),
          ...(onSettled && { onSettled }),
        }
      }
    }
  }

  #recordOf({ to, former }: Move): CoordinatorRecord {
    const record = transactionRecord(to)
    if (former !== undefined) this.#formers.set(record, former)
    return record
  }

  // --- Ends ----------------------------------------------------------------------------------------------------------

  #onPrepared(prepared: TransactionMetadata, errorCode: number): void {
    const { transactionalId } = prepared
    const current = this.#transactions.get(transactionalId)?.metadata
    // The log refused it: nothing was prepared.
    if (current === undefined || !isPrepared(current.state) || !isSameProducer(current, prepared)) return
    if (errorCode === ErrorCode.NONE) {
      this.#sendMarkers(current)
      return
    }
    // It is in the log, but not known to be safe.
    this.#context.timers.schedule(`prepare ${transactionalId}`, APPEND_RETRY_MS, () =>
      this.#prepareAgain(transactionalId),
    )
  }

  #prepareAgain(transactionalId: string): TimerOutcome {
    const current = this.#transactions.get(transactionalId)
    if (current === undefined || !isPrepared(current.metadata.state)) return undefined
    return this.#carryOut({ kind: 'move', to: current.metadata, former: current.former }, answer)
  }

  #sendMarkers(metadata: TransactionMetadata): void {
    const { partition, leaderEpoch } = this.#context
    this.#options.markers.dispatch({
      metadata,
      statePartition: partition,
      coordinatorEpoch: leaderEpoch,
      onComplete: () => this.#options.onMarkersWritten(partition, metadata),
    })
  }

  // --- Timers --------------------------------------------------------------------------------------------------------

  #scheduleTimeouts(): void {
    const { transactionAbortTimedOutIntervalMs } = this.#options.config
    this.#context.timers.schedule('timeouts', transactionAbortTimedOutIntervalMs, () => {
      this.#scheduleTimeouts()
      return this.#abortTimedOut()
    })
  }

  #abortTimedOut(): TimerOutcome {
    const nowMs = this.#context.clock.nowMs()
    const due = this.#deadlines.due(nowMs)
    if (due.length === 0) return undefined
    const moves = due.map((transactionalId) =>
      fenced(this.#transactions.get(transactionalId)!.metadata, nowMs),
    )
    return {
      records: moves.map((move) => this.#recordOf(move)),
      response: undefined,
      isAtomic: false,
      onSettled: (errorCode) => {
        for (const { to } of moves) this.#onRolledBack(to, errorCode)
      },
    }
  }

  #onRolledBack(to: TransactionMetadata, errorCode: number): void {
    const { transactionalId } = to
    if (errorCode === ErrorCode.NONE) {
      this.#logger.info(
        `Completed rollback of ongoing transaction for transactionalId ${transactionalId} due to timeout`,
      )
    } else {
      this.#logger.warn(
        `Rollback of ongoing transaction for transactionalId ${transactionalId} failed due to error ${errorName(errorCode)}`,
      )
    }
    this.#onPrepared(to, errorCode)
  }

  #scheduleExpiry(delayMs: number): void {
    this.#context.timers.schedule('expiry', delayMs, () => {
      const records = this.#expired()
      const isMoreLeft = records.length === EXPIRED_AT_ONCE_MAX
      this.#scheduleExpiry(
        isMoreLeft ? EXPIRY_CONTINUES_MS : this.#options.config.transactionRemoveExpiredIntervalMs,
      )
      return records.length === 0 ? undefined : { records, response: undefined, isAtomic: false }
    })
  }

  #expired(): CoordinatorRecord[] {
    const untilMs = this.#context.clock.nowMs() - this.#options.config.transactionalIdExpirationMs
    const tombstones: CoordinatorRecord[] = []
    for (const { metadata } of this.#transactions.values()) {
      if (metadata.lastUpdateTimestampMs > untilMs || tombstones.length === EXPIRED_AT_ONCE_MAX) break
      if (isIdle(metadata.state)) tombstones.push(transactionTombstone(metadata.transactionalId))
    }
    return tombstones
  }

  // --- The log's side ------------------------------------------------------------------------------------------------

  replay(record: CoordinatorRecord): void {
    const { transactionalId, metadata } = readTransactionRecord(record)
    const before = this.#transactions.get(transactionalId)
    if (before?.metadata.state === 'Ongoing')
      this.#deadlines.delete(transactionalId, deadlineMs(before.metadata))
    // Taken out first: it goes to the end.
    this.#transactions.delete(transactionalId)
    if (metadata === undefined) return
    const isSame = before !== undefined && isSameProducer(before.metadata, metadata)
    const former = this.#formers.get(record) ?? (isSame ? before.former : undefined)
    this.#transactions.set(transactionalId, { metadata, former })
    if (metadata.state === 'Ongoing') this.#deadlines.add(transactionalId, deadlineMs(metadata))
  }

  /** Nothing in this topic is part of a transaction. */
  replayEndTransaction(): void {}

  onLoaded(): void {
    const { partition, leaderEpoch } = this.#context
    this.#options.stateLogger.info(
      `Completed loading transaction metadata from ${TRANSACTION_STATE_TOPIC}-${partition} for coordinator epoch ${leaderEpoch}`,
    )
    for (const { metadata } of [...this.#transactions.values()]) {
      if (!isPrepared(metadata.state)) continue
      this.#logger.info(
        `Sending txn markers for ${metadata.transactionalId} (${metadata.state}) after loading partition ${partition} at epoch ${leaderEpoch}`,
      )
      this.#sendMarkers(metadata)
    }
    this.#scheduleTimeouts()
    this.#scheduleExpiry(this.#options.config.transactionRemoveExpiredIntervalMs)
  }

  onUnloaded(): void {
    this.#options.markers.cancel(this.#context.partition)
  }
}

function deadlineMs({ startTimestampMs, timeoutMs }: TransactionMetadata): number {
  return startTimestampMs + timeoutMs
}

function answer({ producerId, producerEpoch }: ProducerIdentity): ProducerAnswer {
  return { errorCode: ErrorCode.NONE, producerId, producerEpoch }
}

export function failed(errorCode: number): ProducerAnswer {
  return { errorCode, producerId: -1, producerEpoch: -1 }
}
