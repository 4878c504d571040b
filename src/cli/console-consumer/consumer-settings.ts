/** The options of kafka-console-consumer.sh, what contradicts itself among them, and the consumer's settings that they make. */
import type { Command } from 'commander'
import { type ConsumerOptions, isConsumerOption } from '../../client/options/consumer-options.ts'
import { type CommandContext, UsageError } from '../command/command.ts'
import { clientSettings, platform, readPropertiesFile, readProperty } from '../command/connection.ts'
import { collect, wholeNumber } from '../command/options.ts'

export interface ConsoleConsumerOptions {
  readonly topic?: string
  readonly include?: string
  readonly whitelist?: string
  readonly bootstrapServer?: string
  readonly zookeeper?: string
  readonly partition?: number
  readonly offset?: string
  readonly fromBeginning?: true
  readonly group?: string
  readonly maxMessages?: number
  readonly timeoutMs?: number
  readonly isolationLevel?: string
  readonly skipMessageOnError?: true
  readonly enableSystestEvents?: true
  readonly formatter?: string
  readonly property?: readonly string[]
  readonly formatterProperty?: readonly string[]
  readonly formatterConfig?: string
  readonly keyDeserializer?: string
  readonly valueDeserializer?: string
  readonly consumerProperty?: readonly string[]
  readonly commandProperty?: readonly string[]
  readonly 'consumer.config'?: string
  readonly commandConfig?: string
}

const FORMATTER_PROPERTIES =
  `how records are shown, name=value; may be repeated: print.timestamp, print.partition,
print.offset, print.epoch, print.headers, print.key (false), print.value (true), key.separator (a tab), line.separator (a
new line), headers.separator (,), null.literal (null), key.deserializer, value.deserializer, headers.deserializer (classes
of Java's clients)`.replaceAll('\n', ' ')
const FORMATTERS =
  `what is shown: kafka.tools.DefaultMessageFormatter, LoggingMessageFormatter, NoOpMessageFormatter, or for
the brokers' own topics org.apache.kafka.tools.consumer.OffsetsMessageFormatter, GroupMetadataMessageFormatter,
TransactionLogMessageFormatter`.replaceAll('\n', ' ')
const GROUP_ID_RANGE = 100_000

export function configureConsoleConsumer(command: Command): void {
  const number = (name: string, min?: number) => (text: string) => wholeNumber(text, name, min)
  command
    .option(
      '--bootstrap-server <servers>',
      'REQUIRED: a broker to connect to, or several: host:port,host:port',
    )
    .option('--zookeeper <servers>', 'instead, as old releases have it: where the brokers are looked up')
    .option('--topic <topic>', 'what is read')
    .option('--include <regex>', 'instead: all topics whose name matches')
    .option('--whitelist <regex>', 'the same, as older releases call it')
    .option(
      '--partition <id>',
      'only this partition, from its end unless --offset says otherwise',
      number('partition', 0),
    )
    .option('--offset <offset>', 'where to begin in the partition: a number, earliest or latest')
    .option(
      '--from-beginning',
      'where the group has no offset, begin with the earliest message and not the latest',
    )
    .option('--group <id>', 'the consumer group; default: one of its own')
    .option('--max-messages <count>', 'end after so many', number('max-messages'))
    .option('--timeout-ms <ms>', 'end when no message has come for so long', number('timeout-ms'))
    .option('--isolation-level <level>', 'read_committed, or read_uncommitted (the default)')
    .option('--skip-message-on-error', 'go on with the next message when one cannot be shown')
    .option('--formatter <class>', FORMATTERS)
    .option('--property <name=value>', FORMATTER_PROPERTIES, collect)
    .option('--formatter-property <name=value>', 'the same, as newer releases call it', collect)
    .option('--formatter-config <file>', 'a properties file with these')
    .option('--key-deserializer <class>', 'the same as key.deserializer')
    .option('--value-deserializer <class>', 'the same as value.deserializer')
    .option('--consumer-property <name=value>', 'a setting of the consumer; may be repeated', collect)
    .option('--command-property <name=value>', 'the same, as newer releases call it', collect)
    .option('--consumer.config <file>', 'a properties file with settings of the consumer')
    .option('--command-config <file>', 'the same, as newer releases call it')
    .option('--enable-systest-events', 'say shutdown_complete at the end')
    .option('--new-consumer', 'means nothing any more')
}

/** Throws UsageError in Kafka's words. */
export function checkConsoleConsumer(options: ConsoleConsumerOptions): void {
  const { topic, include, whitelist, partition, offset, fromBeginning } = options
  if ((topic === undefined) === ((include ?? whitelist) === undefined)) {
    throw new UsageError('Exactly one of --include/--topic is required.')
  }
  if (partition === undefined) {
    if (offset !== undefined) throw new UsageError('The partition is required when offset is specified.')
  } else {
    if (topic === undefined) throw new UsageError('The topic is required when partition is specified.')
    if (fromBeginning && offset !== undefined) {
      throw new UsageError('Options from-beginning and offset cannot be specified together.')
    }
  }
  if (options.bootstrapServer === undefined && options.zookeeper === undefined) {
    throw new UsageError('Missing required argument "[bootstrap-server]"')
  }
}

/** Throws UsageError. */
export function consoleConsumerSettings(
  options: ConsoleConsumerOptions,
  bootstrapServers: string,
  context: CommandContext,
): ConsumerOptions {
  const properties = [...(options.consumerProperty ?? []), ...(options.commandProperty ?? [])]
  const file = options.commandConfig ?? options['consumer.config']
  const given = clientSettings(isConsumerOption, file, context, properties)
  const groupId = groupIdOf(options, file, properties)
  const isolation = options.isolationLevel
  return {
    'client.id': 'console-consumer',
    ...(groupId === undefined ? { 'enable.auto.commit': 'false' } : {}),
    ...given,
    ...(isolation === undefined ? {} : { 'isolation.level': isolation }),
    'auto.offset.reset': offsetResetOf(options, given['auto.offset.reset']),
    'group.id': groupId ?? `console-consumer-${platform.random.below(GROUP_ID_RANGE)}`,
    'bootstrap.servers': bootstrapServers,
    // Formatters show bytes.
    'key.deserializer': 'bytes',
    'value.deserializer': 'bytes',
  } as ConsumerOptions
}

/** Wherever a group is named, it has to be the same. */
function groupIdOf(
  options: ConsoleConsumerOptions,
  file: string | undefined,
  properties: readonly string[],
): string | undefined {
  const named = new Set<string>()
  if (options.group !== undefined) named.add(options.group)
  const inFile = file === undefined ? undefined : readPropertiesFile(file).get('group.id')
  if (inFile !== undefined) named.add(inFile)
  const inProperties = new Map(properties.map(readProperty)).get('group.id')
  if (inProperties !== undefined) named.add(inProperties)
  if (named.size > 1) {
    const groups = [...named].map((group) => `'${group}'`).join(', ')
    throw new UsageError(
      "The group ids provided in different places (directly using '--group', via '--consumer-property', or via " +
        `'--consumer.config') do not match. Detected group ids: ${groups}`,
    )
  }
  if (named.size > 0 && options.partition !== undefined) {
    throw new UsageError('Options group and partition cannot be specified together.')
  }
  return [...named][0]
}

function offsetResetOf({ fromBeginning }: ConsoleConsumerOptions, given: string | undefined): string {
  if (given === undefined) return fromBeginning ? 'earliest' : 'latest'
  if (fromBeginning && given !== 'earliest') {
    throw new UsageError(
      `Can't simultaneously specify --from-beginning and 'auto.offset.reset=${given}', please remove one option`,
    )
  }
  return given
}

/** Where to begin in the partition. Throws UsageError. */
export function startOffsetOf({
  offset,
  fromBeginning,
}: ConsoleConsumerOptions): number | 'earliest' | 'latest' {
  if (offset === undefined) return fromBeginning ? 'earliest' : 'latest'
  const word = offset.toLowerCase()
  if (word === 'earliest' || word === 'latest') return word
  const number = Number(offset)
  if (/^\+?\d+$/.test(offset) && Number.isSafeInteger(number)) return number
  throw new UsageError(
    `The provided offset value '${offset}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.`,
  )
}
