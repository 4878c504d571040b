/**
 * kafka-producer-perf-test.sh: how many records a second a producer writes, and how long each takes. With a transactional
 * id, or a duration of transactions, they are written in transactions.
 */
import { resolve } from 'node:path'
import { randomUuid } from '../../base/random.ts'
import {
  isProducerOption,
  type ProducerOptions,
  parseProducerOptions,
} from '../../client/options/producer-options.ts'
import { Producer } from '../../client/producer/producer.ts'
import { type CommandContext, type KafkaCommand, UsageError } from '../command/command.ts'
import { clientSettings, platform, reachBroker } from '../command/connection.ts'
import { collect, wholeNumber } from '../command/options.ts'
import { SendFailures } from '../command/send-failures.ts'
import { SendWindow } from '../command/send-window.ts'
import { filePayloads, monotonicPayloads, type Payloads, randomPayloads } from './payloads.ts'
import { ProducerStats } from './producer-stats.ts'
import { ThroughputThrottler } from './throughput-throttler.ts'

interface ProducerPerfOptions {
  readonly topic?: string
  readonly numRecords?: number
  readonly recordSize?: number
  readonly payloadFile?: string
  readonly payloadDelimiter: string
  readonly payloadMonotonic?: true
  readonly throughput?: string
  readonly producerProps?: readonly string[]
  readonly commandProperty?: readonly string[]
  readonly 'producer.config'?: string
  readonly commandConfig?: string
  readonly bootstrapServer?: string
  readonly printMetrics?: true
  readonly transactionalId?: string
  readonly transactionDurationMs?: number
}

const TRANSACTION_DURATION_MS = 3000
/** Records that are sent in one turn, before others have theirs. */
const TURN_RECORDS = 500

export const producerPerfTestCommand: KafkaCommand<ProducerPerfOptions> = {
  name: 'kafka-producer-perf-test',
  description: 'Measure how fast records are written.',
  configure: (command) => {
    const positive = (name: string) => (text: string) => wholeNumber(text, name, 1)
    command
      .option('--topic <topic>', 'REQUIRED: where the records go')
      .option('--num-records <count>', 'REQUIRED: how many', positive('num-records'))
      .option('--record-size <bytes>', 'of a record; or one of the next two', positive('record-size'))
      .option('--payload-file <file>', 'each record is one of the lines of this file, taken at random')
      .option('--payload-monotonic', 'records are numbers, from 0 on')
      .option('--payload-delimiter <text>', 'what stands between the records of the file', '\\n')
      .option(
        '--throughput <records/s>',
        'REQUIRED: about so many records in a second; -1: as many as there can be',
      )
      .option(
        '--producer-props <name=value...>',
        'settings of the producer: bootstrap.servers=..., acks=..., ...',
        collect,
      )
      .option('--command-property <name=value>', 'the same one by one, as newer releases call it', collect)
      .option('--producer.config <file>', 'a properties file with settings of the producer')
      .option('--command-config <file>', 'the same, as newer releases call it')
      .option('--bootstrap-server <servers>', 'a broker to connect to, or several')
      .option('--transactional-id <id>', 'write in transactions, under this id')
      .option(
        '--transaction-duration-ms <ms>',
        'write in transactions that last so long; default with an id: 3000',
        positive('transaction-duration-ms'),
      )
      .option('--print-metrics', 'means nothing here: this producer keeps no metrics')
  },
  run: async (options, context) => {
    const { topic, numRecords: recordCount } = checked(options)
    const settings = settingsOf(options, context)
    const payloads = await payloadsOf(options, context)
    const parsed = parseProducerOptions(settings)
    await reachBroker(parsed)
    const producer = new Producer(settings, platform)
    const failures = new SendFailures(context)
    const isTransactional = parsed.transactionalId !== undefined
    const test = new ProducerTest(producer, topic, recordCount, payloads, failures, context, {
      windowBytes: parsed.bufferMemory / 2,
      perSecond: Number(options.throughput),
      transactionDurationMs: isTransactional
        ? (options.transactionDurationMs ?? TRANSACTION_DURATION_MS)
        : undefined,
    })
    try {
      await test.run()
    } finally {
      await producer.close()
    }
    await context.out(`${test.stats.totalLine(platform.clock.nowMs())}\n`)
    return failures.finish()
  },
}

/** Throws UsageError. */
function checked(options: ProducerPerfOptions): { topic: string; numRecords: number } {
  const { topic, numRecords, throughput } = options
  if (topic === undefined) throw new UsageError('argument --topic is required')
  if (numRecords === undefined) throw new UsageError('argument --num-records is required')
  if (throughput === undefined) throw new UsageError('argument --throughput is required')
  if (throughput.trim() === '' || !Number.isFinite(Number(throughput))) {
    throw new UsageError(`argument --throughput: could not convert '${throughput}' to Double`)
  }
  const payloads = [options.recordSize, options.payloadFile, options.payloadMonotonic]
  if (payloads.filter((each) => each !== undefined).length !== 1) {
    throw new UsageError('one of the arguments --record-size --payload-file --payload-monotonic is required')
  }
  return { topic, numRecords }
}

function settingsOf(options: ProducerPerfOptions, context: CommandContext): ProducerOptions {
  const properties = [...(options.producerProps ?? []), ...(options.commandProperty ?? [])]
  const file = options.commandConfig ?? options['producer.config']
  if (properties.length === 0 && file === undefined && options.bootstrapServer === undefined) {
    throw new UsageError('Either --producer-props or --producer.config must be specified.')
  }
  if (options.printMetrics) context.note('WARN --print-metrics: this producer keeps no metrics')
  const given = clientSettings(isProducerOption, file, context, properties)
  const { bootstrapServer, transactionDurationMs } = options
  const transactionalId =
    options.transactionalId ??
    given['transactional.id'] ??
    (transactionDurationMs === undefined ? undefined : `performance-producer-${randomUuid(platform.random)}`)
  return {
    'client.id': 'perf-producer-client',
    ...given,
    ...(bootstrapServer === undefined ? {} : { 'bootstrap.servers': bootstrapServer }),
    ...(transactionalId === undefined ? {} : { 'transactional.id': transactionalId }),
    'key.serializer': 'bytes',
    'value.serializer': 'bytes',
  } as ProducerOptions
}

async function payloadsOf(options: ProducerPerfOptions, context: CommandContext): Promise<Payloads> {
  if (options.recordSize !== undefined) return randomPayloads(options.recordSize, platform.random)
  if (options.payloadFile === undefined) return monotonicPayloads()
  await context.out(`Reading payloads from: ${resolve(options.payloadFile)}\n`)
  const payloads = filePayloads(options.payloadFile, options.payloadDelimiter, platform.random)
  await context.out(`Number of messages read: ${payloads.count}\n`)
  return payloads.of
}

class ProducerTest {
  readonly stats: ProducerStats
  readonly #producer: Producer
  readonly #topic: string
  readonly #recordCount: number
  readonly #payloads: Payloads
  readonly #failures: SendFailures
  readonly #context: CommandContext
  readonly #window: SendWindow
  readonly #throttler: ThroughputThrottler
  readonly #transactionDurationMs: number | undefined

  constructor(
    producer: Producer,
    topic: string,
    recordCount: number,
    payloads: Payloads,
    failures: SendFailures,
    context: CommandContext,
    limits: { windowBytes: number; perSecond: number; transactionDurationMs: number | undefined },
  ) {
    const { clock } = platform
    this.#producer = producer
    this.#topic = topic
    this.#recordCount = recordCount
    this.#payloads = payloads
    this.#failures = failures
    this.#context = context
    this.#window = new SendWindow(limits.windowBytes)
    this.#throttler = new ThroughputThrottler(limits.perSecond, clock)
    this.#transactionDurationMs = limits.transactionDurationMs
    this.stats = new ProducerStats(recordCount, clock.nowMs(), (line) => void context.out(`${line}\n`))
  }

  /** Rejects with KafkaError where a transaction fails. */
  async run(): Promise<void> {
    const { clock } = platform
    const durationMs = this.#transactionDurationMs
    if (durationMs !== undefined) await this.#producer.initTransactions()
    let transactionEndMs: number | undefined
    for (let sentCount = 0; sentCount < this.#recordCount && !this.#context.stopped.aborted; ) {
      const count = Math.min(
        TURN_RECORDS,
        this.#recordCount - sentCount,
        this.#throttler.allowance(sentCount),
      )
      if (count === 0) {
        await this.#throttler.nap(sentCount)
        continue
      }
      if (durationMs !== undefined && transactionEndMs === undefined) {
        await this.#producer.beginTransaction()
        transactionEndMs = clock.monotonicMs() + durationMs
      }
      this.#send(sentCount, count)
      sentCount += count
      await (this.#window.room() ?? nextTurn())
      if (transactionEndMs !== undefined && clock.monotonicMs() >= transactionEndMs) {
        await this.#producer.commitTransaction()
        transactionEndMs = undefined
      }
    }
    if (transactionEndMs !== undefined) await this.#producer.commitTransaction()
    await this.#producer.flush()
  }

  #send(from: number, count: number): void {
    const { clock } = platform
    const sentMs = clock.nowMs()
    for (let index = from; index < from + count; index++) {
      const value = this.#payloads(index)
      this.#window.add(value.length)
      this.#producer.send({ topic: this.#topic, value }, (error) => {
        this.#window.remove(value.length)
        if (error === null) this.stats.record(sentMs, value.length, clock.nowMs())
        else this.#failures.add(error, (reason) => `ERROR ${reason}`)
      })
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
