/**
 * The commands: by the name of Kafka's script, by the classes that `kafka-run-class.sh` is given, and by the short name
 * under `sluice`. A command's code is loaded when it is called.
 */
import type { AnyCommand } from './command/run-command.ts'

export interface CommandEntry {
  /** Under `sluice`, and for `bin/kafka-NAME.sh`. */
  readonly name: string
  readonly description: string
  /** The main classes of Apache Kafka's releases that do this. */
  readonly classes: readonly string[]
  /** There is no `bin/kafka-NAME.sh`: Kafka had it by its class alone. */
  readonly isByClassOnly?: true
  readonly load: () => Promise<AnyCommand>
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'console-consumer',
    description: 'show the records of topics',
    classes: ['kafka.tools.ConsoleConsumer', 'org.apache.kafka.tools.consumer.ConsoleConsumer'],
    load: async () => (await import('./console-consumer/console-consumer-command.ts')).consoleConsumerCommand,
  },
  {
    name: 'console-producer',
    description: 'write lines to a topic',
    classes: ['kafka.tools.ConsoleProducer', 'org.apache.kafka.tools.ConsoleProducer'],
    load: async () => (await import('./console-producer/console-producer-command.ts')).consoleProducerCommand,
  },
  {
    name: 'consumer-groups',
    description: 'list, describe, move and delete consumer groups',
    classes: [
      'kafka.admin.ConsumerGroupCommand',
      'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
    ],
    load: async () => (await import('./consumer-groups/consumer-groups-command.ts')).consumerGroupsCommand,
  },
  {
    name: 'producer-perf-test',
    description: 'measure how fast records are written',
    classes: ['kafka.tools.ProducerPerformance', 'org.apache.kafka.tools.ProducerPerformance'],
    load: async () => (await import('./perf/producer-perf-test-command.ts')).producerPerfTestCommand,
  },
  {
    name: 'verifiable-consumer',
    description: 'read, and tell as JSON what was read',
    classes: ['org.apache.kafka.tools.VerifiableConsumer'],
    load: async () => (await import('./verifiable/verifiable-consumer-command.ts')).verifiableConsumerCommand,
  },
  {
    name: 'verifiable-producer',
    description: 'write numbers, and tell as JSON what was written',
    classes: ['org.apache.kafka.tools.VerifiableProducer'],
    load: async () => (await import('./verifiable/verifiable-producer-command.ts')).verifiableProducerCommand,
  },
  {
    name: 'topics',
    description: 'create, list, describe, change or delete topics',
    classes: ['kafka.admin.TopicCommand', 'org.apache.kafka.tools.TopicCommand'],
    load: async () => (await import('./topics/topics-command.ts')).topicsCommand,
  },
  {
    name: 'configs',
    description: 'show or change configs of topics, brokers, users and others',
    classes: ['kafka.admin.ConfigCommand', 'org.apache.kafka.tools.ConfigCommand'],
    load: async () => (await import('./configs/configs-command.ts')).configsCommand,
  },
  {
    name: 'delete-records',
    description: 'delete the records of partitions that are before an offset',
    classes: ['kafka.admin.DeleteRecordsCommand', 'org.apache.kafka.tools.DeleteRecordsCommand'],
    load: async () => (await import('./delete-records/delete-records-command.ts')).deleteRecordsCommand,
  },
  {
    name: 'log-dirs',
    description: 'show which replicas are in which log directories',
    classes: ['kafka.admin.LogDirsCommand', 'org.apache.kafka.tools.LogDirsCommand'],
    load: async () => (await import('./log-dirs/log-dirs-command.ts')).logDirsCommand,
  },
  {
    name: 'leader-election',
    description: 'have partitions elect their leaders',
    classes: ['kafka.admin.LeaderElectionCommand', 'org.apache.kafka.tools.LeaderElectionCommand'],
    load: async () => (await import('./leader-election/leader-election-command.ts')).leaderElectionCommand,
  },
  {
    name: 'reassign-partitions',
    description: 'move partitions between brokers and log directories',
    classes: [
      'kafka.admin.ReassignPartitionsCommand',
      'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
    ],
    load: async () =>
      (await import('./reassign-partitions/reassign-partitions-command.ts')).reassignPartitionsCommand,
  },
  {
    name: 'broker-api-versions',
    description: 'show which versions of which APIs brokers have',
    classes: ['kafka.admin.BrokerApiVersionsCommand', 'org.apache.kafka.tools.BrokerApiVersionsCommand'],
    load: async () =>
      (await import('./broker-api-versions/broker-api-versions-command.ts')).brokerApiVersionsCommand,
  },
  {
    name: 'features',
    description: 'show or change the features of a cluster',
    classes: ['kafka.admin.FeatureCommand', 'org.apache.kafka.tools.FeatureCommand'],
    load: async () => (await import('./features/features-command.ts')).featuresCommand,
  },
  {
    name: 'cluster',
    description: 'show the id and the endpoints of a cluster',
    classes: ['kafka.tools.ClusterTool', 'org.apache.kafka.tools.ClusterTool'],
    load: async () => (await import('./cluster/cluster-command.ts')).clusterCommand,
  },
  {
    name: 'metadata-quorum',
    description: 'describe the quorum of controllers',
    classes: ['kafka.admin.MetadataQuorumCommand', 'org.apache.kafka.tools.MetadataQuorumCommand'],
    load: async () => (await import('./metadata-quorum/metadata-quorum-command.ts')).metadataQuorumCommand,
  },
  {
    name: 'client-metrics',
    description: 'list, describe, change or delete subscriptions to metrics of clients',
    classes: ['kafka.admin.ClientMetricsCommand', 'org.apache.kafka.tools.ClientMetricsCommand'],
    load: async () => (await import('./client-metrics/client-metrics-command.ts')).clientMetricsCommand,
  },
  {
    name: 'acls',
    description: 'list, add and remove access control lists',
    classes: ['kafka.admin.AclCommand', 'org.apache.kafka.tools.AclCommand'],
    load: async () => (await import('./acls/acls-command.ts')).aclsCommand,
  },
  {
    name: 'consumer-offset-checker',
    description: 'check how far a consumer group is, as Kafka 0.8 did',
    classes: ['kafka.tools.ConsumerOffsetChecker'],
    isByClassOnly: true,
    load: async () =>
      (await import('./consumer-groups/consumer-offset-checker-command.ts')).consumerOffsetCheckerCommand,
  },
  {
    name: 'consumer-perf-test',
    description: 'measure how fast records are read',
    classes: ['kafka.tools.ConsumerPerformance', 'org.apache.kafka.tools.ConsumerPerformance'],
    load: async () => (await import('./perf/consumer-perf-test-command.ts')).consumerPerfTestCommand,
  },
  {
    name: 'dump-log',
    description: 'show what is in the files of a log',
    classes: ['kafka.tools.DumpLogSegments', 'org.apache.kafka.tools.DumpLogSegments'],
    load: async () => (await import('./dump-log/dump-log-command.ts')).dumpLogCommand,
  },
  {
    name: 'get-offsets',
    description: 'show the offsets of partitions',
    classes: ['kafka.tools.GetOffsetShell', 'org.apache.kafka.tools.GetOffsetShell'],
    load: async () => (await import('./offsets/get-offsets-command.ts')).getOffsetsCommand,
  },
  {
    name: 'transactions',
    description: 'analyze transactions, and end those that hang',
    classes: ['org.apache.kafka.tools.TransactionsCommand'],
    load: async () => (await import('./transactions/transactions-command.ts')).transactionsCommand,
  },
]

/** By its name, with `kafka-` or without, or by a class. */
export function findCommand(nameOrClass: string): CommandEntry | undefined {
  const name = nameOrClass.replace(/^kafka-/, '').replace(/\.sh$/, '')
  return commands.find((entry) => entry.name === name || entry.classes.includes(nameOrClass))
}
