/**
 * Under which name (producer id and epoch) a producer writes, and so how the broker tells a repetition from something
 * new (KIP-98). A producer without transactions that can't know what became of a batch takes the next epoch (KIP-360), in
 * which it numbers anew.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { InitProducerIdRequest, InitProducerIdResponse } from '../../protocol/messages/22-init-producer-id.ts'
import { KafkaError } from '../kafka-error.ts'
import { defineApi } from '../network/api.ts'
import { retrying } from '../network/backoff.ts'
import type { Cluster } from '../network/cluster.ts'

const INIT_PRODUCER_ID = defineApi(InitProducerIdRequest, InitProducerIdResponse, [0, 5])
const FIRST_VERSION_WITH_BUMP = 3

export interface ProducerName {
  readonly producerId: number
  readonly producerEpoch: number
}

export const NO_NAME: ProducerName = { producerId: -1, producerEpoch: -1 }

export interface ProducerIdentityOptions {
  readonly cluster: Cluster
  readonly transactionalId: string | undefined
  readonly transactionTimeoutMs: number
  /** Of all attempts. */
  readonly timeoutMs: number
}

export class ProducerIdentity {
  readonly #options: ProducerIdentityOptions
  #name = NO_NAME

  constructor(options: ProducerIdentityOptions) {
    this.#options = options
  }

  get name(): ProducerName {
    return this.#name
  }

  get isKnown(): boolean {
    return this.#name.producerId >= 0
  }

  /** An answer to EndTxn has named the next epoch (KIP-890). */
  rename(name: ProducerName): void {
    this.#name = name
  }

  /**
   * A name, or with `bump` the next epoch of the present one. Rejects with KafkaError: fatal where another producer has
   * taken the transactional id.
   */
  async obtain({ bump }: { bump: boolean }): Promise<void> {
    const { cluster, timeoutMs } = this.#options
    this.#name = await retrying('InitProducerId', cluster.retryOptions(timeoutMs), () => this.#ask(bump))
  }

  async #ask(bump: boolean): Promise<ProducerName> {
    const { cluster, transactionalId, transactionTimeoutMs } = this.#options
    const bodyFor = (version: number) => ({
      transactionalId: transactionalId ?? null,
      transactionTimeoutMs,
      ...(bump && version >= FIRST_VERSION_WITH_BUMP ? this.#name : undefined),
    })
    if (transactionalId === undefined) {
      const connection = await cluster.anyConnection()
      const version = connection.apis!.versionOf(INIT_PRODUCER_ID)
      return nameIn(await connection.call(INIT_PRODUCER_ID, bodyFor(version), { version }))
    }
    const answer = await cluster.callCoordinator('transaction', transactionalId, INIT_PRODUCER_ID, bodyFor)
    if (isCoordinatorGone(answer.errorCode)) cluster.forgetCoordinator('transaction', transactionalId)
    return nameIn(answer)
  }
}

export function isCoordinatorGone(errorCode: number): boolean {
  return errorCode === ErrorCode.NOT_COORDINATOR || errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE
}

function nameIn({
  errorCode,
  producerId,
  producerEpoch,
}: { errorCode: number } & ProducerName): ProducerName {
  if (errorCode === ErrorCode.NONE) return { producerId, producerEpoch }
  throw fatalIfFenced(KafkaError.of(errorCode, 'InitProducerId'))
}

/** Errors after which this producer has no name any more that it could write under. */
export function fatalIfFenced(error: KafkaError): KafkaError {
  switch (error.errno) {
    case ErrorCode.PRODUCER_FENCED:
    case ErrorCode.INVALID_PRODUCER_EPOCH:
    case ErrorCode.INVALID_PRODUCER_ID_MAPPING:
    case ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case ErrorCode.CLUSTER_AUTHORIZATION_FAILED:
    case ErrorCode.INVALID_TRANSACTION_TIMEOUT:
    case ErrorCode.UNSUPPORTED_VERSION:
      return new KafkaError(error.code, error.message, { errno: error.errno, fatal: true, cause: error })
    default:
      return error
  }
}
