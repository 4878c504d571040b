/** kafka-verifiable-consumer.sh: reads as a member of a group, and tells as JSON what it is assigned, reads and commits. */

import { Consumer } from '../../client/consumer/consumer.ts'
import type { ConsumerRecord } from '../../client/consumer/consumer-record.ts'
import type { TopicPartition } from '../../client/consumer/topic-partition.ts'
import type { OffsetToCommit } from '../../client/group-offset.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import {
  type ConsumerOptions,
  isConsumerOption,
  parseConsumerOptions,
} from '../../client/options/consumer-options.ts'
import { type CommandContext, type KafkaCommand, UsageError } from '../command/command.ts'
import { clientSettings, platform, reachBroker } from '../command/connection.ts'
import { collect, wholeNumber } from '../command/options.ts'
import { problemOf } from '../command/problem.ts'
import { event } from './event.ts'

interface VerifiableConsumerOptions {
  readonly topic?: string
  readonly bootstrapServer?: string
  readonly brokerList?: string
  readonly groupId?: string
  readonly groupInstanceId?: string
  readonly groupProtocol: string
  readonly groupRemoteAssignor?: string
  readonly maxMessages: number
  readonly sessionTimeout: number
  readonly verbose?: true
  readonly enableAutocommit?: true
  readonly resetPolicy: string
  readonly assignmentStrategy: string
  readonly 'consumer.config'?: string
  readonly commandConfig?: string
  readonly commandProperty?: readonly string[]
}

const POLL_RECORDS_MAX = 500

export const verifiableConsumerCommand: KafkaCommand<VerifiableConsumerOptions> = {
  name: 'kafka-verifiable-consumer',
  description: 'Read as a member of a group, and tell as JSON what is assigned, read and committed.',
  configure: (command) => {
    const number = (name: string) => (text: string) => wholeNumber(text, name)
    command
      .option('--topic <topic>', 'REQUIRED: what is read')
      .option(
        '--bootstrap-server <servers>',
        'REQUIRED: a broker to connect to, or several: host:port,host:port',
      )
      .option('--broker-list <servers>', 'the same, as older releases call it')
      .option('--group-id <id>', 'REQUIRED: the group')
      .option('--group-instance-id <id>', 'of a static member')
      .option('--group-protocol <protocol>', 'classic or consumer', 'classic')
      .option('--group-remote-assignor <name>', 'with the protocol consumer')
      .option('--max-messages <count>', 'how many; -1: until it is stopped', number('max-messages'), -1)
      .option('--session-timeout <ms>', 'with the protocol classic', number('session-timeout'), 30_000)
      .option('--verbose', 'tell of each record')
      .option('--enable-autocommit', 'commit now and then, instead of after each lot of records')
      .option('--reset-policy <policy>', 'earliest, latest or none', 'earliest')
      .option('--assignment-strategy <class>', 'with the protocol classic', 'range')
      .option('--consumer.config <file>', 'a properties file with settings of the consumer')
      .option('--command-config <file>', 'the same, as newer releases call it')
      .option('--command-property <name=value>', 'a setting of the consumer; may be repeated', collect)
  },
  run: async (options, context) => {
    const { topic, bootstrapServer, brokerList, groupId } = options
    if (topic === undefined) throw new UsageError('argument --topic is required')
    if (groupId === undefined) throw new UsageError('argument --group-id is required')
    const servers = bootstrapServer ?? brokerList
    if (servers === undefined) throw new UsageError('argument --bootstrap-server is required')
    const settings = settingsOf(options, servers, groupId, context)
    await reachBroker(parseConsumerOptions(settings))
    const consumer = new Consumer<string, string>(settings, platform)
    let exitCode = 0
    try {
      await new VerifiableConsumer(consumer, topic, options, context).run()
    } catch (error) {
      context.note(`ERROR Error during processing, terminating consumer process: ${problemOf(error)}`)
      exitCode = 1
    } finally {
      await consumer.close()
      await context.out(event('shutdown_complete'))
    }
    return exitCode
  },
}

function settingsOf(
  options: VerifiableConsumerOptions,
  servers: string,
  groupId: string,
  context: CommandContext,
): ConsumerOptions {
  const isNew = options.groupProtocol.toLowerCase() === 'consumer'
  const { groupRemoteAssignor, groupInstanceId } = options
  const file = options.commandConfig ?? options['consumer.config']
  return {
    ...clientSettings(isConsumerOption, file, context, options.commandProperty),
    ...(isNew
      ? {
          'group.protocol': 'consumer',
          ...(groupRemoteAssignor === undefined ? {} : { 'group.remote.assignor': groupRemoteAssignor }),
        }
      : {
          'partition.assignment.strategy': options.assignmentStrategy,
          'session.timeout.ms': String(options.sessionTimeout),
        }),
    ...(groupInstanceId === undefined ? {} : { 'group.instance.id': groupInstanceId }),
    'group.id': groupId,
    'bootstrap.servers': servers,
    'enable.auto.commit': options.enableAutocommit ? 'true' : 'false',
    'auto.offset.reset': options.resetPolicy,
    'key.deserializer': 'string',
    'value.deserializer': 'string',
  } as ConsumerOptions
}

type TextRecord = ConsumerRecord<string, string>

class VerifiableConsumer {
  readonly #consumer: Consumer<string, string>
  readonly #topic: string
  readonly #options: VerifiableConsumerOptions
  readonly #context: CommandContext
  #consumedCount = 0

  constructor(
    consumer: Consumer<string, string>,
    topic: string,
    options: VerifiableConsumerOptions,
    context: CommandContext,
  ) {
    this.#consumer = consumer
    this.#topic = topic
    this.#options = options
    this.#context = context
  }

  /** Until there are as many as asked for, or it is stopped. Rejects with KafkaError. */
  async run(): Promise<void> {
    const { maxMessages, enableAutocommit } = this.#options
    const { stopped } = this.#context
    const messagesMax = maxMessages < 0 ? Number.POSITIVE_INFINITY : maxMessages
    const say = (name: string) => (partitions: readonly TopicPartition[]) =>
      this.#context.out(
        event(name, { partitions: partitions.map(({ topic, partition }) => ({ topic, partition })) }),
      )
    await this.#context.out(event('startup_complete'))
    await this.#consumer.subscribe({
      topics: [this.#topic],
      onAssigned: say('partitions_assigned'),
      onRevoked: say('partitions_revoked'),
    })
    while (this.#consumedCount < messagesMax && !stopped.aborted) {
      let records: TextRecord[]
      try {
        const maxRecords = Math.min(POLL_RECORDS_MAX, messagesMax - this.#consumedCount)
        records = await this.#consumer.poll({
          timeoutMs: Number.POSITIVE_INFINITY,
          maxRecords,
          signal: stopped,
        })
      } catch (error) {
        if (stopped.aborted) return
        throw error
      }
      const offsets = await this.#tell(records)
      if (!enableAutocommit) await this.#commit(offsets)
    }
  }

  /** @returns what is to be committed. */
  async #tell(records: readonly TextRecord[]): Promise<OffsetToCommit[]> {
    const byPartition = new Map<string, TextRecord[]>()
    for (const record of records) {
      const name = `${record.topic}-${record.partition}`
      const list = byPartition.get(name)
      if (list === undefined) byPartition.set(name, [record])
      else list.push(record)
    }
    const lots = [...byPartition.values()]
    const events = this.#options.verbose ? records.map(recordData) : []
    const partitions = lots.map((lot) => {
      const [{ topic, partition, offset: minOffset }, { offset: maxOffset }] = [lot[0]!, lot.at(-1)!]
      return { topic, partition, count: lot.length, minOffset, maxOffset }
    })
    events.push(event('records_consumed', { count: records.length, partitions }))
    this.#consumedCount += records.length
    await this.#context.out(events.join(''))
    return partitions.map(({ topic, partition, maxOffset }) => ({ topic, partition, offset: maxOffset + 1 }))
  }

  /** What fails is told, and the next records come all the same; whoever was fenced has no place any more. */
  async #commit(offsets: readonly OffsetToCommit[]): Promise<void> {
    try {
      await this.#consumer.commit(offsets)
      await this.#context.out(event('offsets_committed', { offsets, success: true }))
    } catch (error) {
      if (!(error instanceof KafkaError) || error.code === 'FENCED_INSTANCE_ID') throw error
      await this.#context.out(event('offsets_committed', { offsets, error: error.message, success: false }))
    }
  }
}

function recordData({ key, value, topic, partition, offset }: TextRecord): string {
  return event('record_data', { key, value, topic, partition, offset })
}
