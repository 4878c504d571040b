/**
 * The transaction coordinator of this broker (KIP-98): finds the partition of __transaction_state that a transactional
 * id belongs to, and lets the runtime run what is asked on that partition's shard. What takes time around an operation
 * is here: new producer ids, and the markers that end transactions.
 */
import type { Clock } from '../../base/clock.ts'
import type { Logger, LoggerFactory } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import { throwUncaught } from '../../base/uncaught.ts'
import { isStoreError } from '../../coordination/metadata-store.ts'
import type { TopicPartition } from '../../log/log-manager-options.ts'
import type { MetadataCache } from '../../metadata/metadata-cache.ts'
import { TRANSACTION_STATE_TOPIC } from '../../metadata/topic-names.ts'
import { ErrorCode, errorName } from '../../protocol/error-codes.ts'
import type { CoordinatorLog, ProducerIdentity } from '../runtime/coordinator-log.ts'
import { partitionFor } from '../runtime/coordinator-partition.ts'
import { CoordinatorRuntime } from '../runtime/coordinator-runtime.ts'
import type { ShardResult } from '../runtime/coordinator-shard.ts'
import { MarkerDispatcher } from './marker-dispatcher.ts'
import type { MarkerSender } from './marker-sender.ts'
import type { ProducerIdManager } from './producer-id-manager.ts'
import type { TransactionConfig } from './transaction-config.ts'
import {
  describeTransaction,
  isListed,
  type TransactionDescription,
  type TransactionFilter,
  type TransactionListing,
  undescribed,
  unknownStateNames,
} from './transaction-listing.ts'
import type { TransactionMetadata } from './transaction-metadata.ts'
import { verifyPartitions } from './transaction-partitions.ts'
import { failed, type ProducerAnswer, TransactionShard } from './transaction-shard.ts'

/** Before a completed end is written again that the log would not take. */
const COMPLETION_RETRY_MS = 100

export interface TransactionCoordinatorOptions {
  readonly brokerId: number
  readonly config: TransactionConfig
  readonly metadataCache: MetadataCache
  readonly producerIds: Pick<ProducerIdManager, 'next'>
  readonly markerSender: MarkerSender
  readonly clock: Clock
  readonly random: Random
  readonly loggerFor: LoggerFactory
}

export interface ProducerRequest extends ProducerIdentity {
  readonly transactionalId: string
}

export class TransactionCoordinator {
  readonly #config: TransactionConfig
  readonly #metadataCache: MetadataCache
  readonly #producerIds: Pick<ProducerIdManager, 'next'>
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #markers: MarkerDispatcher
  readonly #runtime: CoordinatorRuntime<TransactionShard>
  #isOver = false

  constructor(options: TransactionCoordinatorOptions) {
    const { brokerId, config, metadataCache, clock, random, loggerFor } = options
    this.#config = config
    this.#metadataCache = metadataCache
    this.#producerIds = options.producerIds
    this.#clock = clock
    const logger = prefixed(
      loggerFor('kafka.coordinator.transaction.TransactionCoordinator'),
      `[TransactionCoordinator id=${brokerId}] `,
    )
    this.#logger = logger
    const markers = new MarkerDispatcher({
      sender: options.markerSender,
      metadataCache,
      clock,
      logger: prefixed(
        loggerFor('kafka.coordinator.transaction.TransactionMarkerChannelManager'),
        `[Transaction Marker Channel Manager ${brokerId}]: `,
      ),
    })
    this.#markers = markers
    const stateLogger = prefixed(
      loggerFor('kafka.coordinator.transaction.TransactionStateManager'),
      `[Transaction State Manager ${brokerId}]: `,
    )
    this.#runtime = new CoordinatorRuntime({
      topic: TRANSACTION_STATE_TOPIC,
      newShard: (context) =>
        new TransactionShard(context, {
          config,
          logger,
          stateLogger,
          markers,
          onMarkersWritten: (partition, prepared) => this.#onMarkersWritten(partition, prepared),
        }),
      clock,
      random,
      logger: stateLogger,
      loadBufferBytes: config.transactionStateLogLoadBufferBytes,
      compression: 'none',
    })
  }

  // --- Leadership ----------------------------------------------------------------------------------------------------

  onElection(partition: number, log: CoordinatorLog): void {
    this.#logger.info(`Elected as the txn coordinator for partition ${partition} at epoch ${log.leaderEpoch}`)
    this.#runtime.onElection(partition, log)
  }

  onResignation(partition: number): void {
    this.#logger.info(`Resigned as the txn coordinator for partition ${partition}`)
    this.#runtime.onResignation(partition)
  }

  /** Again has no effect. */
  shutdown(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#logger.info('Shutting down.')
    this.#runtime.shutdown()
    this.#logger.info('Shutdown complete.')
  }

  /** The partition of __transaction_state that a transactional id belongs to. */
  partitionOf(transactionalId: string): number {
    const partitionCount = this.#metadataCache.topic(TRANSACTION_STATE_TOPIC)?.partitions.size
    return partitionFor(transactionalId, partitionCount ?? this.#config.transactionStateLogNumPartitions)
  }

  // --- Producers -----------------------------------------------------------------------------------------------------

  /** `transactionalId` null: a producer that is idempotent only; nothing is remembered of it. */
  async initProducerId(request: {
    readonly transactionalId: string | null
    readonly timeoutMs: number
    /** The name under which the producer goes, if it has one (KIP-360). */
    readonly expected: ProducerIdentity | undefined
  }): Promise<ProducerAnswer> {
    const { transactionalId, timeoutMs, expected } = request
    if (transactionalId === null) {
      const producerId = await this.#newProducerId()
      if (producerId === undefined) return failed(ErrorCode.COORDINATOR_NOT_AVAILABLE)
      return { errorCode: ErrorCode.NONE, producerId, producerEpoch: 0 }
    }
    if (transactionalId === '') return failed(ErrorCode.INVALID_REQUEST)
    if (timeoutMs <= 0 || timeoutMs > this.#config.transactionMaxTimeoutMs)
      return failed(ErrorCode.INVALID_TRANSACTION_TIMEOUT)
    const partition = this.partitionOf(transactionalId)
    const answer = await this.#withProducerId(partition, (shard, newProducerId) =>
      shard.initProducerId({ transactionalId, timeoutMs, expected, newProducerId }),
    )
    const { errorCode, producerId, producerEpoch } = answer
    if (errorCode === ErrorCode.NONE) {
      this.#logger.info(
        `Initialized transactionalId ${transactionalId} with producerId ${producerId} and producer epoch ${producerEpoch} on partition ${TRANSACTION_STATE_TOPIC}-${partition}`,
      )
    }
    return answer
  }

  /** @returns an error code. */
  async addPartitions(
    request: ProducerRequest & {
      readonly partitions: readonly TopicPartition[]
      /** 2: AddPartitionsToTxn 4+, which brokers send for producers of transaction version 2. */
      readonly clientTransactionVersion: number
    },
  ): Promise<number> {
    const { transactionalId } = request
    if (transactionalId === '') return ErrorCode.INVALID_REQUEST
    return this.#runtime.write(
      this.partitionOf(transactionalId),
      (shard) => shard.addPartitions(transactionalId, request),
      refusalOf,
    )
  }

  /** Whether the partitions are in the producer's transaction: an error code for each, in their order. */
  async verifyPartitions(
    request: ProducerRequest & { readonly partitions: readonly TopicPartition[] },
  ): Promise<readonly number[]> {
    const { transactionalId, partitions } = request
    const failedAll = (errorCode: number): number[] => partitions.map(() => errorCode)
    if (transactionalId === '') return failedAll(ErrorCode.INVALID_REQUEST)
    return this.#runtime.read(
      this.partitionOf(transactionalId),
      (shard) => verifyPartitions(shard.transaction(transactionalId), request, partitions),
      failedAll,
    )
  }

  /** Answers when the outcome is safe; the markers are on their way then. */
  async endTransaction(
    request: ProducerRequest & {
      readonly isCommit: boolean
      /** 2: EndTxn 5+, which raises the epoch; the answer has the new one. */
      readonly clientTransactionVersion: number
    },
  ): Promise<ProducerAnswer> {
    const { transactionalId } = request
    if (transactionalId === '') return failed(ErrorCode.INVALID_REQUEST)
    return this.#withProducerId(this.partitionOf(transactionalId), (shard, newProducerId) =>
      shard.endTransaction(transactionalId, { ...request, newProducerId }),
    )
  }

  // --- For administrators --------------------------------------------------------------------------------------------

  async describe(transactionalId: string): Promise<TransactionDescription> {
    if (transactionalId === '') return undescribed(transactionalId, ErrorCode.INVALID_REQUEST)
    return this.#runtime.read(
      this.partitionOf(transactionalId),
      (shard) =>
        describeTransaction(
          transactionalId,
          shard.transaction(transactionalId)?.metadata,
          this.#markers.remaining(transactionalId),
        ),
      (errorCode) => undescribed(transactionalId, errorCode),
    )
  }

  /** Of all partitions that this broker coordinates. */
  async list(filter: TransactionFilter): Promise<TransactionListing> {
    const partitions = this.#runtime.partitions()
    const isLoading = partitions.some(
      (partition) => this.#runtime.availability(partition) === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    )
    if (isLoading)
      return {
        errorCode: ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
        unknownStateNames: [],
        transactions: [],
      }
    const nowMs = this.#clock.nowMs()
    const found = partitions.map((partition) =>
      this.#runtime.read<TransactionMetadata[]>(
        partition,
        (shard) => shard.transactions().filter((metadata) => isListed(metadata, filter, nowMs)),
        () => [],
      ),
    )
    return {
      errorCode: ErrorCode.NONE,
      unknownStateNames: unknownStateNames(filter),
      transactions: (await Promise.all(found)).flat(),
    }
  }

  // --- What takes time -----------------------------------------------------------------------------------------------

  /** Runs an operation that may find that it takes a new producer id: with one, then. */
  async #withProducerId(
    partition: number,
    operation: (
      shard: TransactionShard,
      newProducerId: number | undefined,
    ) => ShardResult<ProducerAnswer | undefined>,
  ): Promise<ProducerAnswer> {
    const run = (newProducerId: number | undefined): Promise<ProducerAnswer | undefined> =>
      this.#runtime.write<ProducerAnswer | undefined>(
        partition,
        (shard) => operation(shard, newProducerId),
        (errorCode) => failed(refusalOf(errorCode)),
      )
    const answer = await run(undefined)
    if (answer !== undefined) return answer
    const newProducerId = await this.#newProducerId()
    if (newProducerId === undefined) return failed(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    return (await run(newProducerId)) ?? failed(ErrorCode.UNKNOWN_SERVER_ERROR)
  }

  async #newProducerId(): Promise<number | undefined> {
    try {
      return await this.#producerIds.next()
    } catch (error) {
      if (!isStoreError(error)) throw error
      this.#logger.error('No producer id could be allocated', error)
      return undefined
    }
  }

  #onMarkersWritten(partition: number, prepared: TransactionMetadata): void {
    this.#complete(partition, prepared).catch((error: unknown) => throwUncaught(this.#clock, error))
  }

  /** Where the records can't be written, they are tried again until another broker leads the partition. */
  async #complete(partition: number, prepared: TransactionMetadata): Promise<void> {
    const errorCode = await this.#runtime.write(
      partition,
      (shard) => shard.complete(prepared),
      (refusal) => refusal,
    )
    if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.NOT_COORDINATOR) return
    if (errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) return
    this.#logger.info(
      `Not available to append the completion of ${prepared.transactionalId}'s transaction: ${errorName(errorCode)}; retry appending`,
    )
    this.#clock.after(COMPLETION_RETRY_MS, () => this.#onMarkersWritten(partition, prepared))
  }
}

/** What a client is told of a record that the log would not take: it can't know of its size. */
function refusalOf(errorCode: number): number {
  const isTooLarge =
    errorCode === ErrorCode.MESSAGE_TOO_LARGE || errorCode === ErrorCode.RECORD_LIST_TOO_LARGE
  return isTooLarge ? ErrorCode.UNKNOWN_SERVER_ERROR : errorCode
}

function prefixed(logger: Logger, prefix: string): Logger {
  return {
    debug: (message) => logger.debug(prefix + message),
    info: (message) => logger.info(prefix + message),
    warn: (message, error) => logger.warn(prefix + message, error),
    error: (message, error) => logger.error(prefix + message, error),
  }
}
