/**
 * kafka-verifiable-producer.sh: writes increasing numbers, and tells of each as JSON whether it is written and where, so
 * that a test can hold what is read against it.
 */
import type { KafkaError } from '../../client/kafka-error.ts'
import {
  isProducerOption,
  type ProducerOptions,
  parseProducerOptions,
} from '../../client/options/producer-options.ts'
import { Producer } from '../../client/producer/producer.ts'
import type { RecordMetadata } from '../../client/producer/producer-batch.ts'
import { type CommandContext, type KafkaCommand, UsageError } from '../command/command.ts'
import { clientSettings, platform, reachBroker } from '../command/connection.ts'
import { javaDouble } from '../command/java-text.ts'
import { collect, wholeNumber } from '../command/options.ts'
import { ThroughputThrottler } from '../perf/throughput-throttler.ts'
import { event } from './event.ts'

interface VerifiableProducerOptions {
  readonly topic?: string
  readonly bootstrapServer?: string
  readonly brokerList?: string
  readonly maxMessages: number
  readonly throughput: number
  readonly acks: number
  readonly 'producer.config'?: string
  readonly commandConfig?: string
  readonly commandProperty?: readonly string[]
  readonly messageCreateTime: number
  readonly valuePrefix?: number
  readonly repeatingKeys?: number
}

/** In one turn, and under way. */
const TURN_RECORDS = 100
const PENDING_RECORDS_MAX = 10_000

export const verifiableProducerCommand: KafkaCommand<VerifiableProducerOptions> = {
  name: 'kafka-verifiable-producer',
  description: 'Write increasing numbers, and tell of each as JSON where it lies.',
  configure: (command) => {
    const number = (name: string, min?: number) => (text: string) => wholeNumber(text, name, min)
    command
      .option('--topic <topic>', 'REQUIRED: where the records go')
      .option(
        '--bootstrap-server <servers>',
        'REQUIRED: a broker to connect to, or several: host:port,host:port',
      )
      .option('--broker-list <servers>', 'the same, as older releases call it')
      .option('--max-messages <count>', 'how many; -1: until it is stopped', number('max-messages'), -1)
      .option('--throughput <records/s>', 'about so many in a second; -1: no bound', number('throughput'), -1)
      .option('--acks <acks>', 'of each record: -1, 0 or 1', number('acks'), -1)
      .option('--producer.config <file>', 'a properties file with settings of the producer')
      .option('--command-config <file>', 'the same, as newer releases call it')
      .option('--command-property <name=value>', 'a setting of the producer; may be repeated', collect)
      .option(
        '--message-create-time <ms>',
        'the time of the first record; that of the others follows the clock',
        number('message-create-time'),
        -1,
      )
      .option('--value-prefix <number>', 'stands before each value, and a dot', number('value-prefix'))
      .option(
        '--repeating-keys <count>',
        'keys from 0 up to this number, over and over',
        number('repeating-keys', 1),
      )
  },
  run: async (options, context) => {
    if (options.topic === undefined) throw new UsageError('argument --topic is required')
    const settings = settingsOf(options, context)
    await reachBroker(parseProducerOptions(settings))
    const producer = new Producer(settings, platform)
    const run = new VerifiableProducer(producer, options.topic, options, context)
    const startMs = platform.clock.nowMs()
    try {
      await run.run()
    } finally {
      await producer.close()
      await run.printPending()
      await context.out(event('shutdown_complete'))
      await context.out(run.summary(platform.clock.nowMs() - startMs))
    }
    return 0
  },
}

function settingsOf(options: VerifiableProducerOptions, context: CommandContext): ProducerOptions {
  const servers = options.bootstrapServer ?? options.brokerList
  if (servers === undefined) throw new UsageError('argument --bootstrap-server is required')
  if (![-1, 0, 1].includes(options.acks)) {
    throw new UsageError(`argument --acks: invalid choice: '${options.acks}' (choose from {0,1,-1})`)
  }
  const file = options.commandConfig ?? options['producer.config']
  return {
    'bootstrap.servers': servers,
    acks: String(options.acks),
    retries: '0',
    ...clientSettings(isProducerOption, file, context, options.commandProperty),
    'key.serializer': 'bytes',
    'value.serializer': 'bytes',
  } as ProducerOptions
}

class VerifiableProducer {
  readonly #producer: Producer
  readonly #topic: string
  readonly #options: VerifiableProducerOptions
  readonly #context: CommandContext
  readonly #throttler: ThroughputThrottler
  readonly #startMs = platform.clock.nowMs()
  #createTimeMs: number
  /** Events that are not printed yet. */
  #events: string[] = []
  #sentCount = 0
  #doneCount = 0
  #ackedCount = 0
  #wake: (() => void) | undefined

  constructor(
    producer: Producer,
    topic: string,
    options: VerifiableProducerOptions,
    context: CommandContext,
  ) {
    this.#producer = producer
    this.#topic = topic
    this.#options = options
    this.#context = context
    this.#createTimeMs = options.messageCreateTime
    this.#throttler = new ThroughputThrottler(options.throughput, platform.clock)
  }

  /** Until all are sent, or it is stopped; some may still be under way. */
  async run(): Promise<void> {
    const { maxMessages } = this.#options
    const messagesMax = maxMessages < 0 ? Number.POSITIVE_INFINITY : maxMessages
    await this.#context.out(event('startup_complete'))
    while (this.#sentCount < messagesMax && !this.#context.stopped.aborted) {
      const room = PENDING_RECORDS_MAX - (this.#sentCount - this.#doneCount)
      const due = this.#throttler.allowance(this.#sentCount)
      const count = Math.min(TURN_RECORDS, messagesMax - this.#sentCount, due, room)
      for (let i = 0; i < count; i++) this.#send()
      await this.printPending()
      if (room <= 0)
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      else if (due <= 0) await this.#throttler.nap(this.#sentCount)
      else await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async printPending(): Promise<void> {
    const events = this.#events.join('')
    this.#events = []
    if (events !== '') await this.#context.out(events)
  }

  summary(elapsedMs: number): string {
    const fields = {
      sent: this.#sentCount,
      acked: this.#ackedCount,
      target_throughput: this.#options.throughput,
    }
    const average = (1000 * this.#ackedCount) / elapsedMs
    return event(
      'tool_data',
      fields,
      `"avg_throughput":${Number.isFinite(average) ? javaDouble(average) : '"NaN"'}`,
    )
  }

  #send(): void {
    const { repeatingKeys, valuePrefix } = this.#options
    const index = this.#sentCount++
    const key = repeatingKeys === undefined ? null : String(index % repeatingKeys)
    const value = valuePrefix === undefined ? String(index) : `${valuePrefix}.${index}`
    const record = { topic: this.#topic, key, value }
    const time = this.#nextTime()
    this.#producer.send(time === undefined ? record : { ...record, timestamp: time }, (error, metadata) => {
      this.#doneCount += 1
      this.#events.push(
        error === null ? successOf(key, value, metadata!) : failureOf(key, value, this.#topic, error),
      )
      if (error === null) this.#ackedCount += 1
      this.#wake?.()
      this.#wake = undefined
    })
  }

  /** As Kafka counts: each record is later by all the time since the start. */
  #nextTime(): number | undefined {
    if (this.#createTimeMs < 0) return undefined
    const time = this.#createTimeMs
    this.#createTimeMs += platform.clock.nowMs() - this.#startMs
    return time
  }
}

function successOf(key: string | null, value: string, { offset, topic, partition }: RecordMetadata): string {
  return event('producer_send_success', { key, value, offset, topic, partition })
}

function failureOf(key: string | null, value: string, topic: string, error: KafkaError): string {
  const { message } = error
  return event('producer_send_error', { key, value, exception: exceptionOf(error), message, topic })
}

/** The class that Java's client has for it: tests look for these. */
function exceptionOf({ code }: KafkaError): string {
  const words = code.toLowerCase().split('_')
  const name = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')
  return `class org.apache.kafka.common.errors.${name}Exception`
}
