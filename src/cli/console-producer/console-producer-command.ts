/**
 * kafka-console-producer.sh: each line of the input becomes a record. Who types sees a prompt.
 *
 * What could not be written is said on stderr, and makes the exit code 1.
 */
import { parseProducerOptions } from '../../client/options/producer-options.ts'
import { Producer } from '../../client/producer/producer.ts'
import { type CommandContext, type KafkaCommand, UsageError } from '../command/command.ts'
import { platform, reachBroker, readPropertiesFile, readProperty, required } from '../command/connection.ts'
import { lineBatches } from '../command/lines.ts'
import { SendFailures } from '../command/send-failures.ts'
import { SendWindow } from '../command/send-window.ts'
import { LineMessageReader, type LineRecord } from './line-message-reader.ts'
import {
  type ConsoleProducerOptions,
  configureConsoleProducer,
  consoleProducerSettings,
} from './producer-settings.ts'

const READER_CLASSES = [
  'org.apache.kafka.tools.LineMessageReader',
  'kafka.tools.ConsoleProducer$LineMessageReader',
]
/** What a record takes beside its key and value, about. */
const RECORD_OVERHEAD_BYTES = 64

export const consoleProducerCommand: KafkaCommand<ConsoleProducerOptions> = {
  name: 'kafka-console-producer',
  description: 'Write the lines of the standard input to a topic, a record each.',
  configure: configureConsoleProducer,
  run: async (options, context) => {
    const topic = required(options.topic, 'topic')
    const settings = consoleProducerSettings(options, context)
    const reader = await openReader(topic, options)
    const parsed = parseProducerOptions(settings)
    await reachBroker(parsed)
    const producer = new Producer(settings, platform)
    const failures = new SendFailures(context)
    const lines = new LineSender(producer, failures, parsed.bufferMemory)
    try {
      await sendAll(reader, lines, context, options.sync === true)
    } finally {
      await producer.close()
    }
    return failures.finish()
  },
}

function openReader(topic: string, options: ConsoleProducerOptions): Promise<LineMessageReader> {
  const { lineReader, readerConfig, property = [], readerProperty = [] } = options
  if (lineReader !== undefined && !READER_CLASSES.includes(lineReader)) {
    throw new UsageError(`The reader ${lineReader} is not known: classes of Java can't be loaded`)
  }
  const properties = new Map(readerConfig === undefined ? [] : readPropertiesFile(readerConfig))
  for (const word of [...property, ...readerProperty]) properties.set(...readProperty(word))
  return LineMessageReader.open(topic, properties)
}

async function sendAll(
  reader: LineMessageReader,
  lines: LineSender,
  context: CommandContext,
  isSync: boolean,
): Promise<void> {
  if (context.isTerminal) await context.out('>')
  for await (const batch of lineBatches(context.input, context.stopped)) {
    for (const line of batch) {
      const record = reader.read(line)
      // What need not be waited for is not: lines come by the million.
      const waiting = isSync ? lines.sendAndWait(record) : lines.send(record)
      if (waiting !== undefined) await waiting
      if (context.isTerminal) await context.out('>')
    }
  }
}

/** Sends, and waits where too much is under way. */
class LineSender {
  readonly #producer: Producer
  readonly #failures: SendFailures
  readonly #window: SendWindow

  constructor(producer: Producer, failures: SendFailures, memoryBytes: number) {
    this.#producer = producer
    this.#failures = failures
    this.#window = new SendWindow(memoryBytes / 2)
  }

  send(record: LineRecord): Promise<void> | undefined {
    const bytes = RECORD_OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0)
    this.#window.add(bytes)
    this.#producer.send(record, (error) => {
      this.#window.remove(bytes)
      if (error !== null) this.#failures.add(error, (reason) => failureOf(record, reason))
    })
    return this.#window.room()
  }

  /** Rejects with KafkaError: with --sync the first failure is the end. */
  async sendAndWait(record: LineRecord): Promise<void> {
    const sent = this.#producer.send(record)
    // Nobody comes after it to fill its batch.
    const [outcome] = await Promise.allSettled([sent, this.#producer.flush()])
    if (outcome.status === 'rejected') throw outcome.reason
  }
}

function failureOf({ topic, key, value }: LineRecord, reason: string): string {
  return `ERROR Error when sending message to topic ${topic} with key: ${sizeOf(key)}, value: ${sizeOf(value)} with error: ${reason}`
}

function sizeOf(text: string | null): string {
  return text === null ? 'null' : `${Buffer.byteLength(text)} bytes`
}
