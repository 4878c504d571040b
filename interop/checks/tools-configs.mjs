/** kafka-configs: topics, brokers, groups, client metrics; quotas and credentials. */

/** @typedef {import('./tools.mjs').Operation} Operation */

const tool = /** @type {const} */ ('kafka-configs')

/** @param {string} topic @returns {(place: import('./tools.mjs').Place) => Promise<void>} */
const aTopic =
  (topic) =>
  async ({ admin }) => {
    if (!(await admin.listTopics()).some(({ name }) => name === topic))
      await admin.createTopics([{ name: topic }])
  }

/** Apache Kafka 4.1 has a config of all brokers from the start. @param {import('./tools.mjs').Place} place */
const minInsyncReplicas = ({ broker }) =>
  broker === 'apache-4.1'
    ? [
        '  min.insync.replicas=1 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:min.insync.replicas=1}',
      ]
    : []

const noGroups = (/** @type {import('./tools.mjs').Place} */ { tool: kind, broker }) =>
  (kind === 'java-3.9' || broker === 'apache-3.9') && 'configs of groups came with 4.0'

/** @type {readonly Operation[]} */
export const configOperations = [
  {
    name: 'a topic without configs',
    tool,
    arrange: aTopic('configured'),
    args: ['--entity-type', 'topics', '--entity-name', 'configured', '--describe'],
    lines: ['Dynamic configs for topic configured are:'],
  },
  {
    name: 'add configs of a topic',
    tool,
    args: [
      '--topic',
      'configured',
      '--alter',
      '--add-config',
      'retention.ms=2000,cleanup.policy=[delete,compact]',
    ],
    lines: ['Completed updating config for topic configured.'],
  },
  {
    name: 'describe a topic',
    tool,
    args: ['--topic', 'configured', '--describe'],
    lines: [
      'Dynamic configs for topic configured are:',
      '  cleanup.policy=delete,compact sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=delete,compact, DEFAULT_CONFIG:log.cleanup.policy=delete}',
      '  retention.ms=2000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=2000}',
    ],
  },
  {
    name: 'add configs from a file',
    tool,
    args: ({ file }) => [
      '--topic',
      'configured',
      '--alter',
      '--add-config-file',
      file('topic.properties', 'retention.ms=5000\nmax.message.bytes=2000\n'),
    ],
    lines: ['Completed updating config for topic configured.'],
  },
  {
    name: 'delete configs of a topic',
    tool,
    args: ['--topic', 'configured', '--alter', '--delete-config', 'retention.ms,max.message.bytes'],
    lines: ['Completed updating config for topic configured.'],
  },
  {
    name: 'delete a config that is not there',
    tool,
    args: ['--topic', 'configured', '--alter', '--delete-config', 'retention.ms'],
    fails: 'Invalid config(s): retention.ms',
  },
  {
    name: 'an unknown config',
    tool,
    args: ['--topic', 'configured', '--alter', '--add-config', 'nonsense=1'],
    fails: 'Unknown topic config name: nonsense',
  },
  {
    name: 'an impossible config',
    tool,
    args: ['--topic', 'configured', '--alter', '--add-config', 'retention.ms=abc'],
    fails: 'Invalid value abc for configuration retention.ms: Not a number of type LONG',
  },
  {
    name: 'a config without a value',
    tool,
    args: ['--topic', 'configured', '--alter', '--add-config', 'retention.ms'],
    fails:
      'requirement failed: Invalid entity config: all configs to be added must be in the format "key=val"',
  },
  {
    name: 'a topic that is not there',
    tool,
    args: ['--topic', 'nothing', '--alter', '--add-config', 'retention.ms=1'],
    fails: ({ tool: kind }) =>
      kind === 'ours' ? /\S/ : 'org.apache.kafka.common.errors.UnknownTopicOrPartitionException',
  },
  {
    name: 'add configs of all brokers',
    tool,
    args: ['--broker-defaults', '--alter', '--add-config', 'log.cleaner.threads=2'],
    lines: ['Completed updating default config for brokers in the cluster.'],
  },
  {
    name: 'add configs of a broker',
    tool,
    args: [
      '--entity-type',
      'brokers',
      '--entity-name',
      '1',
      '--alter',
      '--add-config',
      'log.cleaner.threads=1',
    ],
    lines: ['Completed updating config for broker 1.'],
  },
  {
    name: 'describe brokers',
    tool,
    settles: true,
    args: ['--entity-type', 'brokers', '--describe'],
    lines: (place) => [
      'Dynamic configs for broker 1 are:',
      '  log.cleaner.threads=1 sensitive=false synonyms={DYNAMIC_BROKER_CONFIG:log.cleaner.threads=1, DYNAMIC_DEFAULT_BROKER_CONFIG:log.cleaner.threads=2, DEFAULT_CONFIG:log.cleaner.threads=1}',
      'Default configs for brokers in the cluster are:',
      '  log.cleaner.threads=2 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:log.cleaner.threads=2}',
      ...minInsyncReplicas(place),
    ],
  },
  {
    name: 'delete configs of all brokers',
    tool,
    args: [
      '--entity-type',
      'brokers',
      '--entity-default',
      '--alter',
      '--delete-config',
      'log.cleaner.threads',
    ],
    lines: ['Completed updating default config for brokers in the cluster.'],
  },
  {
    name: 'delete configs of a broker',
    tool,
    args: ['--broker', '1', '--alter', '--delete-config', 'log.cleaner.threads'],
    lines: ['Completed updating config for broker 1.'],
  },
  {
    name: 'a config of a broker that needs a restart',
    tool,
    args: ['--broker', '1', '--alter', '--add-config', 'broker.id=2'],
    fails: 'Cannot update these configs dynamically: Set(broker.id)',
  },
  {
    name: 'a logger of a broker',
    tool,
    args: ({ broker }) => [
      '--broker-logger',
      '1',
      '--alter',
      '--add-config',
      `${broker === 'sluice' ? 'kafka.log.LogManager' : 'kafka.log.LogCleaner'}=DEBUG`,
    ],
    lines: ['Completed updating config for broker-logger 1.'],
  },
  {
    name: 'a logger that is not there',
    tool,
    args: ['--broker-logger', '1', '--alter', '--add-config', 'nonsense.x=DEBUG'],
    fails: 'Invalid broker logger(s): nonsense.x',
  },
  {
    name: 'configs of a group',
    tool,
    skip: noGroups,
    args: ['--group', 'g1', '--alter', '--add-config', 'consumer.session.timeout.ms=50000'],
    lines: ['Completed updating config for group g1.'],
  },
  {
    name: 'describe a group',
    tool,
    skip: noGroups,
    args: ['--group', 'g1', '--describe'],
    lines: [
      'Dynamic configs for group g1 are:',
      '  consumer.session.timeout.ms=50000 sensitive=false synonyms={DYNAMIC_GROUP_CONFIG:consumer.session.timeout.ms=50000}',
    ],
  },
  {
    name: 'configs of client metrics',
    tool,
    args: [
      '--entity-type',
      'client-metrics',
      '--entity-name',
      'm1',
      '--alter',
      '--add-config',
      'metrics=a.,interval.ms=1000,match=[client_id=c1]',
    ],
    lines: ['Completed updating config for client-metric m1.'],
  },
  {
    name: 'describe client metrics',
    tool,
    args: ['--entity-type', 'client-metrics', '--describe'],
    lines: [
      'Dynamic configs for client-metric m1 are:',
      // 3.9 tells no source.
      /^ {2}interval\.ms=1000 sensitive=false synonyms=\{(DYNAMIC_CLIENT_METRICS_CONFIG:interval\.ms=1000)?\}$/,
      /^ {2}match=client_id=c1 sensitive=false synonyms=\{(DYNAMIC_CLIENT_METRICS_CONFIG:match=client_id=c1)?\}$/,
      /^ {2}metrics=a\. sensitive=false synonyms=\{(DYNAMIC_CLIENT_METRICS_CONFIG:metrics=a\.)?\}$/,
    ],
  },
  {
    name: 'no entity type',
    tool,
    args: ['--describe'],
    fails: 'At least one entity type must be specified',
  },
  {
    name: 'two actions',
    tool,
    args: ['--topic', 'configured', '--describe', '--alter'],
    fails: 'Command must include exactly one action: --describe, --alter',
  },
]

/** @param {string} name @param {string[]} args @param {string} done @returns {Operation} */
const altered = (name, args, done) => ({ name, tool, args, lines: [done] })

/** @type {readonly Operation[]} */
export const quotaOperations = [
  altered(
    'a quota of a user',
    ['--user', 'alice', '--alter', '--add-config', 'producer_byte_rate=1000'],
    'Completed updating config for user alice.',
  ),
  altered(
    'a quota of all users',
    ['--entity-type', 'users', '--entity-default', '--alter', '--add-config', 'consumer_byte_rate=20000000'],
    'Completed updating default config for users in the cluster.',
  ),
  altered(
    'a quota of a user with a client',
    ['--user', 'alice', '--client', 'c1', '--alter', '--add-config', 'request_percentage=50'],
    'Completed updating config for client c1.',
  ),
  altered(
    'a quota of a user with any client',
    ['--user', 'alice', '--client-defaults', '--alter', '--add-config', 'request_percentage=60.5'],
    'Completed updating config for user alice.',
  ),
  altered(
    'a quota of a client',
    ['--client', 'c1', '--alter', '--add-config', 'consumer_byte_rate=5'],
    'Completed updating config for client c1.',
  ),
  altered(
    'a quota of an address',
    ['--ip', '1.2.3.4', '--alter', '--add-config', 'connection_creation_rate=10'],
    'Completed updating config for ip 1.2.3.4.',
  ),
  {
    name: 'describe users',
    tool,
    args: ['--entity-type', 'users', '--describe'],
    isUnordered: true,
    lines: [
      'Quota configs for the default user-principal are consumer_byte_rate=2.0E7',
      "Quota configs for user-principal 'alice' are producer_byte_rate=1000.0",
    ],
  },
  {
    name: 'describe users with clients',
    tool,
    args: ['--entity-type', 'users', '--entity-type', 'clients', '--describe'],
    isUnordered: true,
    lines: [
      "Quota configs for user-principal 'alice', client-id 'c1' are request_percentage=50.0",
      "Quota configs for user-principal 'alice', the default client-id are request_percentage=60.5",
    ],
  },
  {
    name: 'describe a client',
    tool,
    args: ['--client', 'c1', '--describe'],
    lines: ["Quota configs for client-id 'c1' are consumer_byte_rate=5.0"],
  },
  {
    name: 'describe addresses',
    tool,
    args: ['--entity-type', 'ips', '--describe'],
    lines: ["Quota configs for ip '1.2.3.4' are connection_creation_rate=10.0"],
  },
  altered(
    'delete a quota',
    ['--user', 'alice', '--alter', '--delete-config', 'producer_byte_rate'],
    'Completed updating config for user alice.',
  ),
  {
    name: 'delete a quota that is not there',
    tool,
    args: ['--user', 'alice', '--alter', '--delete-config', 'producer_byte_rate'],
    fails: 'Invalid config(s): producer_byte_rate',
  },
  {
    name: 'a quota that is no number',
    tool,
    args: ['--user', 'alice', '--alter', '--add-config', 'producer_byte_rate=abc'],
    fails: 'Cannot parse quota configuration value for producer_byte_rate: abc',
  },
  altered(
    'a SCRAM credential',
    ['--user', 'alice', '--alter', '--add-config', 'SCRAM-SHA-512=[iterations=8192,password=secret]'],
    'Completed updating config for user alice.',
  ),
  {
    name: 'describe a credential',
    tool,
    args: ['--user', 'alice', '--describe'],
    lines: ["SCRAM credential configs for user-principal 'alice' are SCRAM-SHA-512=iterations=8192"],
  },
  altered(
    'delete a credential',
    ['--user', 'alice', '--alter', '--delete-config', 'SCRAM-SHA-512'],
    'Completed updating config for user alice.',
  ),
  {
    name: 'delete a credential that is not there',
    tool,
    args: ['--user', 'alice', '--alter', '--delete-config', 'SCRAM-SHA-512'],
    fails: 'Attempt to delete a user credential that does not exist',
  },
]
