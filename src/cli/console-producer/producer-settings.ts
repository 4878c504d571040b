/**
 * The options of kafka-console-producer.sh, and the settings of the producer that they make: an option that is given, then
 * `--command-property`, then the file, then the default that the tool has (not the producer's).
 */
import type { Command } from 'commander'
import { isProducerOption, type ProducerOptions } from '../../client/options/producer-options.ts'
import type { CommandContext } from '../command/command.ts'
import { clientSettings, required } from '../command/connection.ts'
import { collect, wholeNumber } from '../command/options.ts'

export interface ConsoleProducerOptions {
  readonly topic?: string
  readonly bootstrapServer?: string
  readonly brokerList?: string
  readonly sync?: true
  readonly compressionCodec?: string | true
  readonly batchSize?: number
  readonly maxPartitionMemoryBytes?: number
  readonly messageSendMaxRetries?: number
  readonly retryBackoffMs?: number
  readonly timeout?: number
  readonly requestRequiredAcks?: string
  readonly requestTimeoutMs?: number
  readonly metadataExpiryMs?: number
  readonly maxBlockMs?: number
  readonly maxMemoryBytes?: number
  readonly socketBufferSize?: number
  readonly lineReader?: string
  readonly property?: readonly string[]
  readonly readerProperty?: readonly string[]
  readonly readerConfig?: string
  readonly producerProperty?: readonly string[]
  readonly commandProperty?: readonly string[]
  readonly 'producer.config'?: string
  readonly commandConfig?: string
}

const READER_PROPERTIES =
  `of what lines are made, name=value; may be repeated. With their defaults: parse.key=false,
parse.headers=false, ignore.error=false, key.separator=\\t, headers.delimiter=\\t, headers.separator=, (a regular expression),
headers.key.separator=:, null.marker (none): what equals it is null. With keys and headers a line reads
"h1:v1,h2:v2 TAB key TAB value"`.replaceAll('\n', ' ')

export function configureConsoleProducer(command: Command): void {
  const number = (name: string) => (text: string) => wholeNumber(text, name)
  command
    .option('--topic <topic>', 'REQUIRED: where the records go')
    .option(
      '--bootstrap-server <servers>',
      'REQUIRED: a broker to connect to, or several: host:port,host:port',
    )
    .option('--broker-list <servers>', 'the same, as older releases call it')
    .option('--property <name=value>', READER_PROPERTIES, collect)
    .option('--reader-property <name=value>', 'the same, as newer releases call it', collect)
    .option('--reader-config <file>', 'a properties file with these')
    .option('--line-reader <class>', 'only org.apache.kafka.tools.LineMessageReader, the default')
    .option('--producer-property <name=value>', 'a setting of the producer; may be repeated', collect)
    .option('--command-property <name=value>', 'the same, as newer releases call it', collect)
    .option('--producer.config <file>', 'a properties file with settings of the producer')
    .option('--command-config <file>', 'the same, as newer releases call it')
    .option('--sync', 'send each record when the one before it is written')
    .option('--compression-codec [codec]', 'none, gzip, snappy, lz4 or zstd; gzip if no codec is named')
    .option('--request-required-acks <acks>', 'all (-1, the default), 1 or 0')
    .option(
      '--request-timeout-ms <ms>',
      'how long a request may take; default: 1500',
      number('request-timeout-ms'),
    )
    .option(
      '--timeout <ms>',
      'how long a record waits for others of its batch; default: 1000',
      number('timeout'),
    )
    .option('--batch-size <bytes>', 'of a batch; default: 16384', number('batch-size'))
    .option(
      '--max-partition-memory-bytes <bytes>',
      'the same, and it wins over --batch-size',
      number('max-partition-memory-bytes'),
    )
    .option('--message-send-max-retries <count>', 'default: 3', number('message-send-max-retries'))
    .option('--retry-backoff-ms <ms>', 'before a retry; default: 100', number('retry-backoff-ms'))
    .option(
      '--max-block-ms <ms>',
      'how long a record waits for a place; default: 60000',
      number('max-block-ms'),
    )
    .option(
      '--max-memory-bytes <bytes>',
      'for records that wait; default: 33554432',
      number('max-memory-bytes'),
    )
    .option(
      '--metadata-expiry-ms <ms>',
      'until topics are asked for again; default: 300000',
      number('metadata-expiry-ms'),
    )
    .option('--socket-buffer-size <bytes>', 'means nothing here', number('socket-buffer-size'))
}

/** Throws UsageError. */
export function consoleProducerSettings(
  options: ConsoleProducerOptions,
  context: CommandContext,
): ProducerOptions & { readonly 'buffer.memory': string } {
  const servers = required(options.bootstrapServer ?? options.brokerList, 'bootstrap-server')
  const properties = [...(options.producerProperty ?? []), ...(options.commandProperty ?? [])]
  const file = options.commandConfig ?? options['producer.config']
  const given = clientSettings(isProducerOption, file, context, properties)
  const codec = options.compressionCodec === true ? 'gzip' : options.compressionCodec
  const of = (
    name: string,
    option: string | number | undefined,
    fallback: string,
  ): Record<string, string> => ({
    [name]: option === undefined ? (given[name] ?? fallback) : String(option),
  })
  return {
    ...given,
    ...of('client.id', undefined, 'console-producer'),
    ...of('compression.type', codec, 'none'),
    ...of('linger.ms', options.timeout, '1000'),
    ...of('acks', options.requestRequiredAcks, '-1'),
    ...of('request.timeout.ms', options.requestTimeoutMs, '1500'),
    ...of('retries', options.messageSendMaxRetries, '3'),
    ...of('retry.backoff.ms', options.retryBackoffMs, '100'),
    ...of('batch.size', options.maxPartitionMemoryBytes ?? options.batchSize, '16384'),
    ...of('metadata.max.age.ms', options.metadataExpiryMs, '300000'),
    ...of('max.block.ms', options.maxBlockMs, '60000'),
    'bootstrap.servers': servers,
    'buffer.memory': String(options.maxMemoryBytes ?? given['buffer.memory'] ?? 33_554_432),
    // Lines are text.
    'key.serializer': 'bytes',
    'value.serializer': 'bytes',
  } as ProducerOptions & { readonly 'buffer.memory': string }
}
