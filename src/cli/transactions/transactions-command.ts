/**
 * kafka-transactions.sh: transactions as their coordinators and the partitions see them, and the end of those that hang.
 * What to do is a word of its own: `kafka-transactions.sh --bootstrap-server h:p list`.
 */
import type { Admin } from '../../client/admin/admin.ts'
import type { ProducerState, TransactionToAbort } from '../../client/admin/producers.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import { type CommandContext, type KafkaCommand, UsageError } from '../command/command.ts'
import {
  type BootstrapOptions,
  bootstrapOptions,
  platform,
  required,
  withAdmin,
} from '../command/connection.ts'
import { wholeNumber } from '../command/options.ts'
import { onlySubcommand } from '../command/subcommand.ts'
import { type Row, tabbedColumns } from '../command/table.ts'
import { findHanging } from './hanging-transactions.ts'

interface TransactionsOptions extends BootstrapOptions {
  readonly transactionalId?: string
  readonly topic?: string
  readonly partition?: string
  readonly brokerId?: string
  readonly startOffset?: string
  readonly producerId?: string
  readonly producerEpoch?: string
  readonly coordinatorEpoch?: string
  readonly durationFilter?: string
  readonly transactionalIdPattern?: string
  readonly maxTransactionTimeout: string
  readonly json?: true
}

type Action = (admin: Admin, options: TransactionsOptions, context: CommandContext) => Promise<void>

const ACTIONS = {
  list,
  describe,
  'describe-producers': describeProducers,
  abort,
  'force-terminate': forceTerminate,
  'find-hanging': findHangingOnes,
} as const satisfies Readonly<Record<string, Action>>
const NAMES = Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]

export const transactionsCommand: KafkaCommand<TransactionsOptions> = {
  name: 'kafka-transactions',
  description:
    'Analyze transactions: list, describe, describe-producers, find-hanging, and abort or force-terminate those that hang.',
  configure: (command) =>
    void bootstrapOptions(command.usage('[options] <action>'))
      .argument('[action]', NAMES.join(', '))
      .option('--transactional-id <id>', 'describe, force-terminate: the transactional id')
      .option('--topic <topic>', 'describe-producers, abort, find-hanging: the topic')
      .option('--partition <number>', 'describe-producers, abort, find-hanging: the partition')
      .option('--broker-id <id>', 'describe-producers, find-hanging: the broker whose replicas are asked')
      .option('--start-offset <offset>', 'abort: where the transaction starts')
      .option(
        '--producer-id <id>',
        'abort, before brokers of 3.0: the producer id, with its epoch and the coordinator epoch',
      )
      .option('--producer-epoch <epoch>', 'abort')
      .option('--coordinator-epoch <epoch>', 'abort')
      .option('--duration-filter <ms>', 'list: only what has been running for longer')
      .option('--transactional-id-pattern <regex>', 'list: only transactional ids that match')
      .option(
        '--max-transaction-timeout <minutes>',
        'find-hanging: transactions that are older are looked at',
        '15',
      )
      .option('--json', 'write JSON'),
  run: async (options, context, rest) => {
    required(options.bootstrapServer, 'bootstrap-server')
    const action = ACTIONS[onlySubcommand(rest, NAMES)]
    await withAdmin(options, context, (admin) => action(admin, options, context))
    return 0
  },
}

/** As a table, or as JSON with the table's header for names. */
async function print(
  header: readonly string[],
  rows: readonly Row[],
  options: TransactionsOptions,
  context: CommandContext,
): Promise<void> {
  if (!options.json) return context.out(tabbedColumns([header, ...rows]))
  const names = header.map((word) => word.charAt(0).toLowerCase() + word.slice(1).replace('(min)', 'Minutes'))
  await context.out(
    `${JSON.stringify(rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]]))))}\n`,
  )
}

/** Says what was tried before what went wrong, as Kafka does. */
async function trying<Result>(what: string, work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    if (error instanceof KafkaError) throw new UsageError(`Failed to ${what}: ${error.message}`)
    throw error
  }
}

async function list(admin: Admin, options: TransactionsOptions, context: CommandContext): Promise<void> {
  const { durationFilter, transactionalIdPattern } = options
  const runningLongerThanMs =
    durationFilter === undefined ? -1 : wholeNumber(durationFilter, 'duration-filter')
  const listings = await trying(
    'list transactions',
    admin.listTransactions({
      transactionalIdPattern,
      // Below zero it is no filter.
      ...(runningLongerThanMs >= 0 ? { runningLongerThanMs } : undefined),
    }),
  )
  const rows = listings.map((each) => [each.transactionalId, each.coordinator, each.producerId, each.state])
  await print(['TransactionalId', 'Coordinator', 'ProducerId', 'TransactionState'], rows, options, context)
}

async function describe(admin: Admin, options: TransactionsOptions, context: CommandContext): Promise<void> {
  const id = required(options.transactionalId, 'transactional-id')
  const [found] = await trying(
    `describe transaction state of transactional-id \`${id}\``,
    admin.describeTransactions([id]),
  )
  const { startTimeMs } = found!
  const header = [
    ...['CoordinatorId', 'TransactionalId', 'ProducerId', 'ProducerEpoch', 'TransactionState'],
    ...['TransactionTimeoutMs', 'CurrentTransactionStartTimeMs', 'TransactionDurationMs', 'TopicPartitions'],
  ]
  const row = [
    ...[
      found!.coordinator,
      id,
      found!.producerId,
      found!.producerEpoch,
      found!.state,
      found!.transactionTimeoutMs,
    ],
    ...(startTimeMs === null ? ['None', 'None'] : [startTimeMs, platform.clock.nowMs() - startTimeMs]),
    found!.partitions.map(({ topic, partition }) => `${topic}-${partition}`).join(','),
  ]
  await print(header, [row], options, context)
}

async function producersOf(admin: Admin, options: TransactionsOptions): Promise<readonly ProducerState[]> {
  const topic = required(options.topic, 'topic')
  const partition = wholeNumber(required(options.partition, 'partition'), 'partition', 0)
  const brokerId = options.brokerId === undefined ? undefined : wholeNumber(options.brokerId, 'broker-id')
  const where = brokerId === undefined ? 'leader' : `broker ${brokerId}`
  const [found] = await trying(
    `describe producers for partition ${topic}-${partition} on ${where}`,
    admin.describeProducers([{ topic, partition }], { brokerId }),
  )
  return found!.producers
}

async function describeProducers(
  admin: Admin,
  options: TransactionsOptions,
  context: CommandContext,
): Promise<void> {
  const producers = await producersOf(admin, options)
  const header = [
    ...['ProducerId', 'ProducerEpoch', 'LatestCoordinatorEpoch', 'LastSequence', 'LastTimestamp'],
    'CurrentTransactionStartOffset',
  ]
  const rows = producers.map((each) => [
    ...[
      each.producerId,
      each.producerEpoch,
      each.coordinatorEpoch ?? -1,
      each.lastSequence,
      each.lastTimestamp,
    ],
    each.currentTransactionStartOffset ?? 'None',
  ])
  await print(header, rows, options, context)
}

async function abort(admin: Admin, options: TransactionsOptions): Promise<void> {
  const { startOffset, producerId } = options
  const topic = required(options.topic, 'topic')
  const partition = wholeNumber(required(options.partition, 'partition'), 'partition', 0)
  if (startOffset === undefined && producerId === undefined) {
    throw new UsageError(
      'The transaction to abort must be identified either with --start-offset (for brokers on 3.0 or above) or with --producer-id, --producer-epoch, and --coordinator-epoch (for older brokers)',
    )
  }
  let transaction: TransactionToAbort
  if (startOffset !== undefined) {
    const offset = wholeNumber(startOffset, 'start-offset', 0)
    const producers = await producersOf(admin, options)
    const producer = producers.find((each) => each.currentTransactionStartOffset === offset)
    if (producer === undefined) {
      throw new UsageError(
        `Could not find any open transactions starting at offset ${offset} on partition ${topic}-${partition}`,
      )
    }
    // A producer that has not ended a transaction yet knows no coordinator: 0 is an epoch that none refuses.
    transaction = { topic, partition, ...producer, coordinatorEpoch: producer.coordinatorEpoch ?? 0 }
  } else {
    const epoch = wholeNumber(required(options.coordinatorEpoch, 'coordinator-epoch'), 'coordinator-epoch')
    transaction = {
      topic,
      partition,
      producerId: wholeNumber(producerId!, 'producer-id', 0),
      producerEpoch: wholeNumber(required(options.producerEpoch, 'producer-epoch'), 'producer-epoch', 0),
      coordinatorEpoch: Math.max(epoch, 0),
    }
  }
  await trying(
    `abort the transaction of producer ${transaction.producerId}`,
    admin.abortTransaction(transaction),
  )
}

/** Whoever holds the transactional id is fenced, which aborts what it has open (KIP-939). */
async function forceTerminate(admin: Admin, options: TransactionsOptions): Promise<void> {
  const id = required(options.transactionalId, 'transactional-id')
  await trying(`force terminate transactionalId \`${id}\``, admin.fenceProducers([id]))
}

async function findHangingOnes(
  admin: Admin,
  options: TransactionsOptions,
  context: CommandContext,
): Promise<void> {
  const { topic, partition, brokerId } = options
  if (topic === undefined && brokerId === undefined) {
    throw new UsageError(
      'The `find-hanging` command requires either --topic or --broker-id to limit the scope of the search',
    )
  }
  if (partition !== undefined && topic === undefined)
    throw new UsageError('The --partition argument requires --topic to be provided')
  const maxTimeoutMinutes = wholeNumber(options.maxTransactionTimeout, 'max-transaction-timeout', 0)
  const nowMs = platform.clock.nowMs()
  const hanging = await findHanging(admin, {
    topic,
    partition: partition === undefined ? undefined : wholeNumber(partition, 'partition', 0),
    brokerId: brokerId === undefined ? undefined : wholeNumber(brokerId, 'broker-id', 0),
    lastBeforeMs: nowMs - maxTimeoutMinutes * 60_000,
  })
  const header = [
    ...['Topic', 'Partition', 'ProducerId', 'ProducerEpoch', 'CoordinatorEpoch', 'StartOffset'],
    ...['LastTimestamp', 'Duration(min)'],
  ]
  const rows = hanging.map((each) => [
    ...[each.topic, each.partition, each.producerId, each.producerEpoch, each.coordinatorEpoch ?? -1],
    ...[each.currentTransactionStartOffset ?? -1, each.lastTimestamp],
    Math.floor((nowMs - each.lastTimestamp) / 60_000),
  ])
  await print(header, rows, options, context)
}
