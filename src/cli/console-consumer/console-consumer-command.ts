/**
 * kafka-console-consumer.sh: records of a topic to the standard output, as they come, until it is stopped or
 * `--max-messages` or `--timeout-ms` say that it is enough. How many there were is said on stderr.
 */
import { Consumer } from '../../client/consumer/consumer.ts'
import type { ConsumerRecord } from '../../client/consumer/consumer-record.ts'
import { type ConsumerOptions, parseConsumerOptions } from '../../client/options/consumer-options.ts'
import { ErrorCode, errorName } from '../../protocol/error-codes.ts'
import { ByteSink } from '../command/byte-sink.ts'
import { type CommandContext, type KafkaCommand, UsageError } from '../command/command.ts'
import { platform, reachBroker, readPropertiesFile, readProperty } from '../command/connection.ts'
import { problemOf } from '../command/problem.ts'
import { serversOf } from '../command/servers.ts'
import {
  type ConsoleConsumerOptions,
  checkConsoleConsumer,
  configureConsoleConsumer,
  consoleConsumerSettings,
  startOffsetOf,
} from './consumer-settings.ts'
import { type MessageFormatter, openFormatter } from './message-formatter.ts'

const POLL_RECORDS_MAX = 500

export const consoleConsumerCommand: KafkaCommand<ConsoleConsumerOptions> = {
  name: 'kafka-console-consumer',
  description: 'Write the records of topics to the standard output.',
  configure: configureConsoleConsumer,
  run: async (options, context) => {
    checkConsoleConsumer(options)
    const start = startOffsetOf(options)
    const pattern = options.include ?? options.whitelist
    const topics = pattern === undefined ? [options.topic!] : wholeName(pattern)
    const formatter = await openFormatter(options.formatter, formatterProperties(options), context)
    const settings = consoleConsumerSettings(options, await serversOf(options), context)
    const problem = await lookForTopic(options, settings, context)
    const consumer = new Consumer(settings, platform)
    const reading = new ConsoleReading(consumer, formatter, options, context)
    try {
      await begin(consumer, options, topics, start)
      return await reading.run(problem)
    } finally {
      await consumer.close()
      if (options.enableSystestEvents && context.stopped.aborted) await context.out('shutdown_complete\n')
      context.note(`Processed a total of ${reading.count} messages`)
    }
  },
}

/** As on the command line, before those of the file. */
function formatterProperties(options: ConsoleConsumerOptions): Map<string, string> {
  const {
    formatterConfig,
    keyDeserializer,
    valueDeserializer,
    property = [],
    formatterProperty = [],
  } = options
  const properties = new Map(formatterConfig === undefined ? [] : readPropertiesFile(formatterConfig))
  if (keyDeserializer) properties.set('key.deserializer', keyDeserializer)
  if (valueDeserializer) properties.set('value.deserializer', valueDeserializer)
  for (const word of [...property, ...formatterProperty]) properties.set(...readProperty(word))
  return properties
}

/**
 * A topic that does not exist (yet) is waited for, as Kafka does: it may be made by the first who writes to it. What is
 * wrong with it is said, and returned for the case that the wait is in vain.
 */
async function lookForTopic(
  { topic, partition }: ConsoleConsumerOptions,
  settings: ConsumerOptions,
  context: CommandContext,
): Promise<string | undefined> {
  const { topics } = await reachBroker(parseConsumerOptions(settings), topic === undefined ? [] : [topic])
  const [found] = topics
  if (found === undefined) return undefined
  if (found.errorCode === ErrorCode.NONE) {
    if (partition === undefined || partition < found.partitions.length) return undefined
    throw new UsageError(
      `Topic ${topic} has no partition ${partition}, only ${found.partitions.length} of them`,
    )
  }
  const problem = `Error while fetching metadata: {${topic}=${errorName(found.errorCode)}}`
  context.note(`WARN ${problem}`)
  return problem
}

async function begin(
  consumer: Consumer,
  { topic, partition }: ConsoleConsumerOptions,
  topics: string[] | RegExp,
  start: ReturnType<typeof startOffsetOf>,
): Promise<void> {
  if (topic === undefined || partition === undefined) return consumer.subscribe(topics)
  if (typeof start === 'number') return consumer.assign([{ topic, partition, offset: start }])
  consumer.assign([{ topic, partition }])
  if (start === 'earliest') consumer.seekToBeginning()
  else consumer.seekToEnd()
}

function wholeName(regex: string): RegExp {
  try {
    return new RegExp(`^(?:${regex})$`, 'u')
  } catch {
    throw new UsageError(`${regex} is an invalid regex.`)
  }
}

class ConsoleReading {
  readonly #consumer: Consumer
  readonly #format: MessageFormatter
  readonly #options: ConsoleConsumerOptions
  readonly #context: CommandContext
  readonly #sink = new ByteSink()
  /** Of records that were read, shown or not. */
  count = 0

  constructor(
    consumer: Consumer,
    format: MessageFormatter,
    options: ConsoleConsumerOptions,
    context: CommandContext,
  ) {
    this.#consumer = consumer
    this.#format = format
    this.#options = options
    this.#context = context
  }

  /** The exit code. `problem`: what would explain that nothing comes. */
  async run(problem: string | undefined): Promise<number> {
    const { maxMessages = -1 } = this.#options
    const messagesMax = maxMessages === -1 ? Number.POSITIVE_INFINITY : maxMessages
    while (this.count < messagesMax && !this.#context.stopped.aborted) {
      let records: readonly ConsumerRecord[]
      try {
        records = await this.#poll(Math.min(POLL_RECORDS_MAX, messagesMax - this.count))
      } catch (error) {
        if (this.#context.stopped.aborted) return 0
        return this.#end(problemOf(error), 1)
      }
      if (records.length === 0) {
        return this.count === 0 && problem !== undefined
          ? this.#end(problem, 1)
          : this.#end('org.apache.kafka.common.errors.TimeoutException', 0)
      }
      try {
        for (const record of records) this.#show(record)
      } finally {
        await this.#context.out(this.#sink.take())
      }
    }
    return 0
  }

  #poll(maxRecords: number): Promise<readonly ConsumerRecord[]> {
    const { timeoutMs = -1 } = this.#options
    return this.#consumer.poll({
      maxRecords,
      timeoutMs: timeoutMs < 0 ? Number.POSITIVE_INFINITY : timeoutMs,
      signal: this.#context.stopped,
    })
  }

  #show(record: ConsumerRecord): void {
    this.count += 1
    const { length } = this.#sink
    try {
      this.#format(record, this.#sink)
    } catch (error) {
      this.#sink.truncate(length)
      const reason = error instanceof Error ? error.message : String(error)
      if (!this.#options.skipMessageOnError) {
        const { topic, partition, offset } = record
        throw new UsageError(
          `The record at offset ${offset} of ${topic}-${partition} can't be shown: ${reason}`,
        )
      }
      this.#context.note(`ERROR Error processing message, skipping this message: ${reason}`)
    }
  }

  #end(reason: string, exitCode: number): number {
    this.#context.note(`ERROR Error processing message, terminating consumer process: ${reason}`)
    return exitCode
  }
}
