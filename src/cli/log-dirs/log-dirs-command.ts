/** kafka-log-dirs.sh: what lies in the directories of brokers, as one line of JSON. */
import type { Admin } from '../../client/admin/admin.ts'
import type { BrokerLogDirs, LogDirDescription } from '../../client/admin/log-dirs.ts'
import { nameOf } from '../../client/consumer/topic-partition.ts'
import { type KafkaCommand, UsageError } from '../command/command.ts'
import { type BootstrapOptions, bootstrapOptions, required, withAdmin } from '../command/connection.ts'
import { javaErrorClass } from '../command/java-error.ts'
import { wholeNumber } from '../command/options.ts'

interface LogDirsOptions extends BootstrapOptions {
  readonly describe?: true
  readonly topicList?: string
  readonly brokerList?: string
}

export const logDirsCommand: KafkaCommand<LogDirsOptions> = {
  name: 'kafka-log-dirs',
  description: 'Show which replicas are in which log directories, and how large they are.',
  configure: (command) =>
    void bootstrapOptions(command)
      .option('--describe', 'required')
      .option('--topic-list <topics>', 'topics: orders,payments; without it, all')
      .option('--broker-list <ids>', 'brokers: 0,1,2; without it, all'),
  run: async (options, context) => {
    required(options.describe, 'describe')
    const brokers = wordsOf(options.brokerList).map((id) => wholeNumber(id, 'broker-list', 0))
    const topics = new Set(wordsOf(options.topicList))
    await withAdmin(options, context, async (admin) => {
      const brokerIds = await existing(admin, brokers)
      await context.out('Querying brokers for log directories information\n')
      const described = await admin.describeLogDirs(brokerIds)
      await context.out(`Received log directory information from brokers ${brokerIds.join(',')}\n`)
      await context.out(
        `${JSON.stringify({ brokers: described.map((each) => plain(each, topics)), version: 1 })}\n`,
      )
    })
    return 0
  },
}

function wordsOf(list: string | undefined): string[] {
  return (list ?? '').split(',').filter((word) => word !== '')
}

async function existing(admin: Admin, wanted: readonly number[]): Promise<number[]> {
  const all = (await admin.describeCluster()).brokers.map(({ nodeId }) => nodeId)
  const missing = wanted.filter((id) => !all.includes(id))
  if (missing.length > 0) {
    throw new UsageError(
      `ERROR: The given brokers do not exist from --broker-list: ${missing.join(',')}. Current existent brokers: ${all.join(',')}`,
    )
  }
  return wanted.length > 0 ? [...new Set(wanted)] : all
}

function plain({ brokerId, logDirs }: BrokerLogDirs, topics: ReadonlySet<string>): object {
  return { broker: brokerId, logDirs: logDirs.map((dir) => plainLogDir(dir, topics)) }
}

function plainLogDir({ path, error, replicas }: LogDirDescription, topics: ReadonlySet<string>): object {
  const shown = replicas.filter(({ topic }) => topics.size === 0 || topics.has(topic))
  return {
    partitions: shown.map((replica) => ({
      partition: nameOf(replica),
      size: replica.sizeBytes,
      offsetLag: replica.offsetLag,
      isFuture: replica.isFuture,
    })),
    error: error === null ? null : javaErrorClass(error),
    logDir: path,
  }
}
