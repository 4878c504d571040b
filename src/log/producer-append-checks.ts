/**
 * What a partition demands of a producer's batch, given what it remembers of the producer: a current epoch, the next
 * sequence number, and for a record of a transaction that its coordinator knows of it (KIP-98, KIP-360, KIP-890).
 *
 * Batches that come by replication or out of the log were checked by their leader, and are not asked.
 */
import { ErrorCode } from '../protocol/error-codes.ts'
import * as RecordBatch from '../records/record-batch.ts'
import type { AppendOrigin } from './append-outcome.ts'
import type { EndTxnMarker } from './end-txn-marker.ts'
import type { ProducerStateEntry } from './producer-state-entry.ts'
import {
  type FirstBatch,
  type TransactionVerification,
  TransactionVerifications,
  type Verification,
} from './transaction-verifications.ts'

/** Why a batch can't be appended: a code of Kafka's, and a line for the log. */
export interface ProducerStateError {
  readonly errorCode: number
  readonly message: string
}

/** What the one who appends says beside the batch. */
export interface ProducerClaims {
  /** For records of a transaction; undefined: nobody was to ask the coordinator. */
  readonly verification?: Verification | undefined
  /** Of the transaction that a marker ends. From 2 on its end has raised the epoch (KIP-890); default 0. */
  readonly transactionVersion?: number
}

/** From this version on a marker's epoch is higher than that of the records that it ends. */
const FIRST_VERSION_THAT_RAISES_EPOCHS = 2

export class ProducerAppendChecks {
  readonly #topicPartition: string
  /** Most partitions never have one. */
  #verifications: TransactionVerifications | undefined

  constructor(topicPartition: string) {
    this.#topicPartition = topicPartition
  }

  /** See TransactionVerifications. */
  startVerification(first: FirstBatch, nowMs: number): TransactionVerification {
    this.#verifications ??= new TransactionVerifications()
    return this.#verifications.start(first, nowMs)
  }

  abandonVerification(producerId: number, verification: TransactionVerification): void {
    this.#verifications?.abandon(producerId, verification)
  }

  removeExpiredVerifications(nowMs: number, expirationMs: number): void {
    this.#verifications?.removeExpired(nowMs, expirationMs)
  }

  /** A transactional batch passed the checks: what was under way for its producer is done, or void. */
  onTransactionalBatch(producerId: number, producerEpoch: number, isMarker: boolean): void {
    this.#verifications?.onTransactionalBatch(producerId, producerEpoch, isMarker)
  }

  /** Of a batch with records; `seen`: what is known of its producer. */
  faultOfData(
    buffer: Buffer,
    position: number,
    seen: ProducerStateEntry | undefined,
    origin: AppendOrigin,
    claims: ProducerClaims,
  ): ProducerStateError | undefined {
    const epoch = RecordBatch.producerEpoch(buffer, position)
    if (seen !== undefined && epoch < seen.producerEpoch) return this.#staleEpoch(buffer, position, seen)
    const known = this.#verifications?.get(RecordBatch.producerId(buffer, position))
    const { verification } = claims
    if (
      verification !== undefined &&
      RecordBatch.isTransactional(buffer, position) &&
      !isOngoing(seen, epoch)
    ) {
      if (verification !== known) {
        return {
          errorCode: ErrorCode.INVALID_TXN_STATE,
          message: `Record was not part of an ongoing transaction: ${this.#where(buffer, position)}`,
        }
      }
    }
    return origin === 'client' ? this.#faultOfSequence(buffer, position, seen, known) : undefined
  }

  /** Of a marker that a coordinator writes. */
  faultOfMarker(
    buffer: Buffer,
    position: number,
    seen: ProducerStateEntry,
    marker: EndTxnMarker,
    claims: ProducerClaims,
  ): ProducerStateError | undefined {
    const epoch = RecordBatch.producerEpoch(buffer, position)
    const hasRaisedEpoch = (claims.transactionVersion ?? 0) >= FIRST_VERSION_THAT_RAISES_EPOCHS
    // Such a marker is late, and was written before: its epoch is that of the producer's next transaction by now.
    if (epoch < seen.producerEpoch || (hasRaisedEpoch && isOngoing(seen, epoch))) {
      return this.#staleEpoch(buffer, position, seen)
    }
    if (marker.coordinatorEpoch < seen.coordinatorEpoch) {
      return {
        errorCode: ErrorCode.TRANSACTION_COORDINATOR_FENCED,
        message: `Invalid coordinator epoch for ${this.#where(buffer, position)}: ${marker.coordinatorEpoch} (zombie), ${seen.coordinatorEpoch} (current)`,
      }
    }
    return undefined
  }

  /**
   * A new epoch starts at 0, within an epoch the numbers follow each other; a producer of which nothing is known may
   * start anywhere, but for one whose epoch rises with each transaction.
   */
  #faultOfSequence(
    buffer: Buffer,
    position: number,
    seen: ProducerStateEntry | undefined,
    known: TransactionVerification | undefined,
  ): ProducerStateError | undefined {
    const sequence = RecordBatch.baseSequence(buffer, position)
    if (known !== undefined) {
      if (known.raisesEpoch && sequence !== 0 && (seen === undefined || seen.batchCount === 0)) {
        return this.#outOfOrder(buffer, position, '0 (first of a transaction)')
      }
      if (sequence > known.lowestSequence) {
        return this.#outOfOrder(buffer, position, `${known.lowestSequence} (earliest seen sequence)`)
      }
    }
    if (seen === undefined) return undefined
    if (RecordBatch.producerEpoch(buffer, position) !== seen.producerEpoch) {
      if (sequence === 0) return undefined
      return this.#outOfOrder(buffer, position, `${seen.producerEpoch} (current producer epoch)`)
    }
    if (seen.isNext(sequence)) return undefined
    return this.#outOfOrder(buffer, position, `${seen.lastSequence} (current end sequence number)`)
  }

  #outOfOrder(buffer: Buffer, position: number, against: string): ProducerStateError {
    const epoch = RecordBatch.producerEpoch(buffer, position)
    const sequence = RecordBatch.baseSequence(buffer, position)
    return {
      errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
      message: `Out of order sequence number for ${this.#where(buffer, position)}: ${epoch} (incoming epoch), ${sequence} (incoming seq. number), ${against}`,
    }
  }

  #staleEpoch(buffer: Buffer, position: number, seen: ProducerStateEntry): ProducerStateError {
    const epoch = RecordBatch.producerEpoch(buffer, position)
    return {
      errorCode: ErrorCode.INVALID_PRODUCER_EPOCH,
      message: `Epoch of ${this.#where(buffer, position)} is ${epoch}, the last seen epoch is ${seen.producerEpoch}`,
    }
  }

  #where(buffer: Buffer, position: number): string {
    return `producer ${RecordBatch.producerId(buffer, position)} at offset ${RecordBatch.baseOffset(buffer, position)} in partition ${this.#topicPartition}`
  }
}

/** A transaction of this very epoch has records in the partition. */
export function isOngoing(seen: ProducerStateEntry | undefined, producerEpoch: number): boolean {
  return seen !== undefined && seen.currentTxnFirstOffset >= 0 && seen.producerEpoch === producerEpoch
}
