/** kafka-topics: its operations and what they print. */

const failed = (/** @type {string} */ words) => `Error while executing topic command : ${words}`
/** @param {string} topic @param {number} partition */
const partitionLine = (topic, partition) =>
  new RegExp(
    `^\tTopic: ${topic}\tPartition: ${partition}\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: (N/A)?\tLastKnownElr: (N/A)?$`,
  )
/**
 * Apache Kafka 4.1 has a config of every broker that no topic goes without.
 * @param {string} topic
 * @param {number} partitions
 * @param {string[]} configs
 * @returns {(place: import('./tools.mjs').Place) => RegExp}
 */
const topicLine =
  (topic, partitions, configs = []) =>
  ({ broker }) => {
    const all = [...(broker === 'apache-4.1' ? ['min.insync.replicas=1'] : []), ...configs]
    return new RegExp(
      `^Topic: ${topic}\tTopicId: [\\w-]{22}\tPartitionCount: ${partitions}\tReplicationFactor: 1\tConfigs: ${all.join(',')}$`,
    )
  }

/** @type {readonly import('./tools.mjs').Operation[]} */
export const topicOperations = [
  {
    name: 'create',
    tool: 'kafka-topics',
    args: ['--create', '--topic', 'm44', '--partitions', '3', '--replication-factor', '1'],
    lines: ['Created topic m44.'],
  },
  {
    name: 'create what is there',
    tool: 'kafka-topics',
    args: ['--create', '--topic', 'm44'],
    fails: failed("Topic 'm44' already exists."),
  },
  {
    name: 'create --if-not-exists',
    tool: 'kafka-topics',
    args: ['--create', '--topic', 'm44', '--if-not-exists'],
  },
  {
    name: 'create --config, with a name that may collide',
    tool: 'kafka-topics',
    args: [
      '--create',
      '--topic',
      'a_b',
      '--config',
      'cleanup.policy=compact',
      '--config',
      'retention.ms=1000',
    ],
    lines: [
      "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. To avoid issues it is best to use either, but not both.",
      'Created topic a_b.',
    ],
  },
  {
    name: 'create --replica-assignment',
    tool: 'kafka-topics',
    args: ['--create', '--topic', 'm45', '--replica-assignment', '1,1'],
    lines: ['Created topic m45.'],
  },
  {
    name: 'create with an unknown config',
    tool: 'kafka-topics',
    args: ['--create', '--topic', 'bad', '--config', 'nonsense=1'],
    fails: failed('Unknown topic config name: nonsense'),
  },
  {
    name: 'create with an impossible config',
    tool: 'kafka-topics',
    args: ['--create', '--topic', 'bad', '--config', 'retention.ms=abc'],
    fails: failed('Invalid value abc for configuration retention.ms: Not a number of type LONG'),
  },
  {
    name: 'create with more replicas than brokers',
    tool: 'kafka-topics',
    args: ['--create', '--topic', 'bad', '--replication-factor', '3'],
    fails: ({ broker }) =>
      failed(
        broker === 'sluice'
          ? 'Replication factor: 3 larger than available brokers: 1.'
          : 'Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because only 1 broker(s) are registered.',
      ),
  },
  {
    name: 'create with a bad name',
    tool: 'kafka-topics',
    args: ['--create', '--topic', 'a b'],
    fails: failed("Topic name is invalid: 'a b' contains one or more characters other than"),
  },
  { name: 'list', tool: 'kafka-topics', args: ['--list'], lines: ['a_b', 'm44', 'm45'] },
  {
    name: 'list --topic',
    tool: 'kafka-topics',
    args: ['--list', '--topic', 'm4[45]|x'],
    lines: ['m44', 'm45'],
  },
  {
    name: 'list a bad expression',
    tool: 'kafka-topics',
    args: ['--list', '--topic', '('],
    fails: failed('( is an invalid regex.'),
  },
  {
    name: 'describe',
    tool: 'kafka-topics',
    args: ['--describe', '--topic', 'm44'],
    lines: (place) => [
      topicLine('m44', 3)(place),
      ...[0, 1, 2].map((partition) => partitionLine('m44', partition)),
    ],
  },
  {
    name: 'describe all',
    tool: 'kafka-topics',
    args: ['--describe'],
    isUnordered: true,
    lines: (place) => [
      topicLine('a_b', 1, ['cleanup.policy=compact', 'retention.ms=1000'])(place),
      partitionLine('a_b', 0),
      topicLine('m44', 3)(place),
      ...[0, 1, 2].map((partition) => partitionLine('m44', partition)),
      topicLine('m45', 2)(place),
      ...[0, 1].map((partition) => partitionLine('m45', partition)),
    ],
  },
  {
    name: 'describe what is not there',
    tool: 'kafka-topics',
    args: ['--describe', '--topic', 'nothing'],
    fails: /Error while executing topic command : Topic '(Optional\[)?nothing\]?' does not exist as expected/,
  },
  {
    name: 'describe --if-exists',
    tool: 'kafka-topics',
    args: ['--describe', '--topic', 'nothing', '--if-exists'],
  },
  {
    name: 'describe --under-replicated-partitions',
    tool: 'kafka-topics',
    args: ['--describe', '--under-replicated-partitions'],
  },
  {
    name: 'describe --unavailable-partitions',
    tool: 'kafka-topics',
    args: ['--describe', '--unavailable-partitions'],
  },
  {
    name: 'describe --under-min-isr-partitions',
    tool: 'kafka-topics',
    args: ['--describe', '--under-min-isr-partitions'],
  },
  {
    name: 'describe --at-min-isr-partitions',
    tool: 'kafka-topics',
    args: ['--describe', '--topic', 'm45', '--at-min-isr-partitions'],
    lines: [partitionLine('m45', 0), partitionLine('m45', 1)],
  },
  {
    name: 'describe --topics-with-overrides',
    tool: 'kafka-topics',
    args: ['--describe', '--topic', 'a_b', '--topics-with-overrides'],
    lines: (place) => [topicLine('a_b', 1, ['cleanup.policy=compact', 'retention.ms=1000'])(place)],
  },
  { name: 'alter', tool: 'kafka-topics', args: ['--alter', '--topic', 'm44', '--partitions', '4'] },
  {
    name: 'alter to fewer partitions',
    tool: 'kafka-topics',
    args: ['--alter', '--topic', 'm44', '--partitions', '2'],
    fails:
      /Error while executing topic command : (The topic m44 currently has 4 partition\(s\); 2 would not be an increase\.|Topic currently has 4 partitions, which is higher than the requested 2\.)/,
  },
  {
    name: 'alter --config',
    tool: 'kafka-topics',
    args: ['--alter', '--topic', 'm44', '--config', 'a=b'],
    fails: 'Option combination "[[bootstrap-server], [config]]" can\'t be used with option "[alter]"',
  },
  { name: 'delete', tool: 'kafka-topics', args: ['--delete', '--topic', 'm4.'] },
  { name: 'delete --if-exists', tool: 'kafka-topics', args: ['--delete', '--topic', 'm44', '--if-exists'] },
  {
    name: 'delete what is not there',
    tool: 'kafka-topics',
    args: ['--delete', '--topic', 'm44'],
    fails: /Topic '(Optional\[)?m44\]?' does not exist as expected/,
  },
  { name: 'list what is left', tool: 'kafka-topics', args: ['--list', '--exclude-internal'], lines: ['a_b'] },
  {
    name: 'two actions',
    tool: 'kafka-topics',
    args: ['--list', '--describe'],
    fails: 'Command must include exactly one action: --list, --describe, --create, --alter or --delete',
  },
]
