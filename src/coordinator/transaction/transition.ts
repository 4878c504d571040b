/**
 * What a request to the transaction coordinator comes to, decided from the state of a transactional id alone. The
 * functions that give these are the rules of transactions; they change nothing and wait for nothing.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { ProducerIdentity } from '../runtime/coordinator-log.ts'
import type { TransactionMetadata } from './transaction-metadata.ts'

export type Transition =
  /** Nothing changes. NONE: what was asked for is so already. */
  | { readonly kind: 'stay'; readonly errorCode: number }
  /** Only with a producer id that was never given out can it be decided. */
  | { readonly kind: 'needs-producer-id' }
  | Move

export interface Move {
  readonly kind: 'move'
  readonly to: TransactionMetadata
  /** Who the producer was before, if it may ask again under that name: it did not hear of the new one (KIP-360). */
  readonly former: ProducerIdentity | undefined
}

export const AS_ASKED: Transition = { kind: 'stay', errorCode: ErrorCode.NONE }
export const NEEDS_PRODUCER_ID: Transition = { kind: 'needs-producer-id' }

export function refuse(errorCode: number): Transition {
  return { kind: 'stay', errorCode }
}

export function move(to: TransactionMetadata, former?: ProducerIdentity): Move {
  return { kind: 'move', to, former }
}

/** A transactional id as a shard holds it. */
export interface Transaction {
  readonly metadata: TransactionMetadata
  /**
   * Who the producer was before it became what it is, if it may not know of that. Not in the log: a coordinator that
   * was started since then takes a producer under this name for a fenced one, as Kafka does.
   */
  readonly former: ProducerIdentity | undefined
}
