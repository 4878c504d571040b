/** kafka-consumer-perf-test.sh: how many records a second a consumer reads, as one line, or one for each interval. */
import { Consumer } from '../../client/consumer/consumer.ts'
import {
  type ConsumerOptions,
  isConsumerOption,
  parseConsumerOptions,
} from '../../client/options/consumer-options.ts'
import type { CommandContext, KafkaCommand } from '../command/command.ts'
import { clientSettings, platform, reachBroker, required } from '../command/connection.ts'
import { collect, wholeNumber } from '../command/options.ts'
import { dateFormat } from './date-format.ts'

interface ConsumerPerfOptions {
  readonly topic?: string
  readonly messages?: number
  readonly bootstrapServer?: string
  readonly brokerList?: string
  readonly group?: string
  readonly fetchSize: number
  readonly fromLatest?: true
  readonly commandProperty?: readonly string[]
  readonly 'consumer.config'?: string
  readonly commandConfig?: string
  readonly printMetrics?: true
  readonly showDetailedStats?: true
  readonly timeout: number | true
  readonly reportingInterval: number
  readonly dateFormat: string
  readonly hideHeader?: true
}

const GROUP_ID_RANGE = 100_000
const POLL_MS = 100
const TIMEOUT_MS = 10_000
const HEADER =
  'data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec'

export const consumerPerfTestCommand: KafkaCommand<ConsumerPerfOptions> = {
  name: 'kafka-consumer-perf-test',
  description: 'Measure how fast records are read.',
  configure: (command) => {
    const number = (name: string, min?: number) => (text: string) => wholeNumber(text, name, min)
    command
      .option('--topic <topic>', 'REQUIRED: what is read')
      .option('--messages <count>', 'REQUIRED: how many', number('messages', 1))
      .option(
        '--bootstrap-server <servers>',
        'REQUIRED: a broker to connect to, or several: host:port,host:port',
      )
      .option('--broker-list <servers>', 'the same, as older releases call it')
      .option('--group <id>', 'the consumer group; default: one of its own')
      .option('--fetch-size <bytes>', 'of one partition in a request', number('fetch-size', 0), 1_048_576)
      .option('--from-latest', 'where the group has no offset, begin with the latest record')
      .option('--timeout [ms]', 'end when no record has come for so long', number('timeout'), TIMEOUT_MS)
      .option('--show-detailed-stats', 'a line for each interval instead of one at the end')
      .option('--reporting-interval <ms>', 'how long an interval is', number('reporting-interval', 1), 5000)
      .option(
        '--date-format <pattern>',
        'of times, as in java.text.SimpleDateFormat',
        'yyyy-MM-dd HH:mm:ss:SSS',
      )
      .option('--hide-header', 'without the line that names the columns')
      .option('--consumer.config <file>', 'a properties file with settings of the consumer')
      .option('--command-config <file>', 'the same, as newer releases call it')
      .option('--command-property <name=value>', 'a setting of the consumer; may be repeated', collect)
      .option('--print-metrics', 'means nothing here: this consumer keeps no metrics')
      .option('--socket-buffer-size <bytes>', 'means nothing here')
      .option('--threads <count>', 'means nothing any more')
      .option('--num-fetch-threads <count>', 'means nothing any more')
  },
  run: async (options, context) => {
    const topic = required(options.topic, 'topic')
    const recordsMax = required(options.messages, 'messages')
    const settings = settingsOf(options, context)
    const test = new ConsumerTest(options, context)
    await reachBroker(parseConsumerOptions(settings))
    if (!options.hideHeader) {
      await context.out(
        `${options.showDetailedStats ? 'time, threadId' : 'start.time, end.time'}, ${HEADER}\n`,
      )
    }
    const consumer = new Consumer(settings, platform)
    try {
      await test.run(consumer, topic, recordsMax)
    } finally {
      await consumer.close()
    }
    if (!options.showDetailedStats) await context.out(`${test.totalLine()}\n`)
    return 0
  },
}

function settingsOf(options: ConsumerPerfOptions, context: CommandContext): ConsumerOptions {
  const file = options.commandConfig ?? options['consumer.config']
  if (options.printMetrics) context.note('WARN --print-metrics: this consumer keeps no metrics')
  return {
    'client.id': 'perf-consumer-client',
    ...clientSettings(isConsumerOption, file, context, options.commandProperty),
    'bootstrap.servers': required(options.bootstrapServer ?? options.brokerList, 'bootstrap-server'),
    'group.id': options.group ?? `perf-consumer-${platform.random.below(GROUP_ID_RANGE)}`,
    'max.partition.fetch.bytes': String(options.fetchSize),
    'auto.offset.reset': options.fromLatest ? 'latest' : 'earliest',
    'check.crcs': 'false',
    'key.deserializer': 'bytes',
    'value.deserializer': 'bytes',
  } as ConsumerOptions
}

class ConsumerTest {
  readonly #context: CommandContext
  readonly #options: ConsumerPerfOptions
  readonly #timeOf: (timeMs: number) => string
  readonly #timeoutMs: number
  #startMs = 0
  #endMs = 0
  #bytes = 0
  #records = 0
  /** Since when partitions are waited for, and for how long they were: in all, and in this interval. */
  #joinStartMs = 0
  #joinMs = 0
  #intervalJoinMs = 0

  /** Throws UsageError. */
  constructor(options: ConsumerPerfOptions, context: CommandContext) {
    this.#context = context
    this.#options = options
    this.#timeOf = dateFormat(options.dateFormat)
    this.#timeoutMs = options.timeout === true ? TIMEOUT_MS : options.timeout
  }

  async run(consumer: Consumer, topic: string, recordsMax: number): Promise<void> {
    const { clock } = platform
    const { reportingInterval, showDetailedStats } = this.#options
    this.#startMs = clock.nowMs()
    this.#joinStartMs = this.#startMs
    await consumer.subscribe({
      topics: [topic],
      onRevoked: () => {
        this.#joinStartMs = clock.nowMs()
      },
      onAssigned: () => {
        const joinMs = clock.nowMs() - this.#joinStartMs
        this.#joinMs += joinMs
        this.#intervalJoinMs += joinMs
      },
    })
    let nowMs = this.#startMs
    let lastRecordMs = nowMs
    let interval = { startMs: nowMs, bytes: 0, records: 0 }
    while (
      this.#records < recordsMax &&
      nowMs - lastRecordMs <= this.#timeoutMs &&
      !this.#context.stopped.aborted
    ) {
      const records = await consumer.poll({ timeoutMs: POLL_MS })
      nowMs = clock.nowMs()
      if (records.length > 0) lastRecordMs = nowMs
      for (const { key, value } of records) {
        this.#bytes += (key?.length ?? 0) + (value?.length ?? 0)
      }
      this.#records += records.length
      if (records.length === 0 || nowMs - interval.startMs < reportingInterval) continue
      if (showDetailedStats) await this.#context.out(`${this.#intervalLine(interval, nowMs)}\n`)
      this.#intervalJoinMs = 0
      interval = { startMs: nowMs, bytes: this.#bytes, records: this.#records }
    }
    this.#endMs = clock.nowMs()
    if (this.#records < recordsMax && !this.#context.stopped.aborted) {
      await this.#context.out(
        `WARNING: Exiting before consuming the expected number of messages: timeout (${this.#timeoutMs} ms) exceeded. You can use the --timeout option to increase the timeout.\n`,
      )
    }
  }

  totalLine(): string {
    const elapsedMs = this.#endMs - this.#startMs
    const fetchMs = elapsedMs - this.#joinMs
    const mb = inMegabytes(this.#bytes)
    return [
      this.#timeOf(this.#startMs),
      this.#timeOf(this.#endMs),
      mb.toFixed(4),
      rate(mb, elapsedMs),
      this.#records,
      rate(this.#records, elapsedMs),
      this.#joinMs,
      fetchMs,
      rate(mb, fetchMs),
      rate(this.#records, fetchMs),
    ].join(', ')
  }

  #intervalLine(interval: { startMs: number; bytes: number; records: number }, nowMs: number): string {
    const elapsedMs = nowMs - interval.startMs
    const fetchMs = elapsedMs - this.#intervalJoinMs
    const mb = inMegabytes(this.#bytes - interval.bytes)
    const records = this.#records - interval.records
    return [
      this.#timeOf(nowMs),
      0,
      inMegabytes(this.#bytes).toFixed(4),
      rate(mb, elapsedMs),
      this.#records,
      rate(records, elapsedMs),
      this.#intervalJoinMs,
      fetchMs,
      fetchMs <= 0 ? '0.0000' : rate(mb, fetchMs),
      fetchMs <= 0 ? '0.0000' : rate(records, fetchMs),
    ].join(', ')
  }
}

function inMegabytes(bytes: number): number {
  return bytes / (1024 * 1024)
}

/** A second. */
function rate(amount: number, elapsedMs: number): string {
  return ((amount * 1000) / elapsedMs).toFixed(4)
}
