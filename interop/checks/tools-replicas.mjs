/** kafka-delete-records, kafka-log-dirs, kafka-leader-election, kafka-reassign-partitions. */

/** @typedef {import('./tools.mjs').Operation} Operation */
/** @typedef {import('./tools.mjs').Place} Place */

const topic = 'moved'

/** @param {Place} place */
async function aTopic({ admin }) {
  if (!(await admin.listTopics()).some(({ name }) => name === topic))
    await admin.createTopics([{ name: topic, partitions: 2 }])
}

/** @param {Place} place @param {object} content @param {string} [option] */
const withFile = ({ file }, content, option = '--reassignment-json-file') => [
  option,
  file(`${option.slice(2)}.json`, JSON.stringify(content)),
]

/** @param {string[]} logDirs of the partition 0 */
const plan = (...logDirs) => ({
  version: 1,
  partitions: [
    { topic, partition: 0, replicas: [1], ...(logDirs.length > 0 && { log_dirs: logDirs }) },
    { topic, partition: 1, replicas: [1] },
  ],
})
const current = JSON.stringify({
  version: 1,
  partitions: [0, 1].map((partition) => ({ topic, partition, replicas: [1], log_dirs: ['any'] })),
})
const started = [
  'Current partition replica assignment',
  '',
  current,
  '',
  'Save this to use as the --reassignment-json-file option during rollback',
]
const cleared = [
  'Clearing broker-level throttles on broker 1',
  `Clearing topic-level throttles on topic ${topic}`,
]

/** The directory that partition 0 is not in. @param {Place} place */
async function otherDir({ admin, logDirs }) {
  const [broker] = await admin.describeLogDirs()
  const home = broker?.logDirs.find(({ replicas }) =>
    replicas.some((replica) => replica.topic === topic && replica.partition === 0),
  )
  return logDirs.find((dir) => dir !== home?.path) ?? ''
}

/** Where partition 0 is moved, by the column. @type {Map<Place, string>} */
const targets = new Map()
/** @param {Place} place */
const target = (place) => targets.get(place) ?? ''

/** @type {readonly Operation[]} */
export const replicaOperations = [
  {
    name: 'delete-records',
    tool: 'kafka-delete-records',
    arrange: aTopic,
    args: (place) =>
      withFile(
        place,
        {
          version: 1,
          partitions: [
            { topic, partition: 0, offset: -1 },
            { topic, partition: 1, offset: 0 },
          ],
        },
        '--offset-json-file',
      ),
    isUnordered: true,
    lines: [
      'Executing records delete operation',
      'Records delete operation completed:',
      `partition: ${topic}-0\tlow_watermark: 0`,
      `partition: ${topic}-1\tlow_watermark: 0`,
    ],
  },
  {
    name: 'delete-records twice in a file',
    tool: 'kafka-delete-records',
    args: (place) =>
      withFile(
        place,
        { partitions: [0, 0].map((partition) => ({ topic, partition, offset: 0 })) },
        '--offset-json-file',
      ),
    fails: `Offset json file contains duplicate topic partitions: ${topic}-0`,
  },
  {
    name: 'delete-records of no file',
    tool: 'kafka-delete-records',
    args: ({ file }) => ['--offset-json-file', file('nonsense.json', 'nonsense')],
    fails: 'The input string is not a valid JSON',
  },
  {
    name: 'log-dirs',
    tool: 'kafka-log-dirs',
    args: ['--describe', '--topic-list', 'nothing', '--broker-list', '1'],
    lines: ({ logDirs: [first = '', second = ''] }) => {
      const dir = `\\{"partitions":\\[\\],"error":null,"logDir":"(${first}|${second})"\\}`
      return [
        'Querying brokers for log directories information',
        'Received log directory information from brokers 1',
        new RegExp(`^\\{"brokers":\\[\\{"broker":1,"logDirs":\\[${dir},${dir}\\]\\}\\],"version":1\\}$`),
      ]
    },
  },
  {
    name: 'log-dirs of a broker that is not there',
    tool: 'kafka-log-dirs',
    args: ['--describe', '--broker-list', '1,9'],
    fails: 'ERROR: The given brokers do not exist from --broker-list: 9. Current existent brokers: 1',
  },
  {
    name: 'leader-election',
    tool: 'kafka-leader-election',
    args: ['--election-type', 'preferred', '--topic', topic, '--partition', '0'],
    lines: [`Valid replica already elected for partitions ${topic}-0`],
  },
  {
    name: 'leader-election unclean',
    tool: 'kafka-leader-election',
    args: ['--election-type', 'unclean', '--topic', topic, '--partition', '0'],
    lines: [`Valid replica already elected for partitions ${topic}-0`],
  },
  {
    name: 'leader-election of all',
    tool: 'kafka-leader-election',
    args: ['--election-type', 'preferred', '--all-topic-partitions'],
  },
  {
    name: 'leader-election of what is not there',
    tool: 'kafka-leader-election',
    args: ['--election-type', 'preferred', '--topic', 'nothing', '--partition', '0'],
    lines: [
      /^Error completing leader election \(PREFERRED\) for partition: nothing-0: org\.apache\.kafka\.common\.errors\.UnknownTopicOrPartitionException: ./,
    ],
    fails: '1 replica(s) could not be elected',
  },
  {
    name: 'leader-election of nothing',
    tool: 'kafka-leader-election',
    args: ['--election-type', 'preferred'],
    fails:
      'One and only one of the following options is required: topic, all-topic-partitions, path-to-json-file',
  },
  {
    name: 'reassign --generate',
    tool: 'kafka-reassign-partitions',
    args: (place) => [
      '--generate',
      ...withFile(place, { topics: [{ topic }], version: 1 }, '--topics-to-move-json-file'),
      '--broker-list',
      '1',
    ],
    lines: [
      'Current partition replica assignment',
      current,
      '',
      'Proposed partition reassignment configuration',
      current,
    ],
  },
  {
    name: 'reassign --execute',
    tool: 'kafka-reassign-partitions',
    args: (place) => ['--execute', ...withFile(place, plan())],
    lines: [...started, `Successfully started partition reassignments for ${topic}-0,${topic}-1`],
  },
  {
    name: 'reassign --verify',
    tool: 'kafka-reassign-partitions',
    args: (place) => ['--verify', ...withFile(place, plan())],
    lines: [
      'Status of partition reassignment:',
      `Reassignment of partition ${topic}-0 is completed.`,
      `Reassignment of partition ${topic}-1 is completed.`,
      '',
      ...cleared,
    ],
  },
  {
    name: 'reassign --execute to another log directory, with throttles',
    tool: 'kafka-reassign-partitions',
    arrange: async (place) => targets.set(place, await otherDir(place)),
    args: (place) => [
      '--execute',
      '--throttle',
      '100000',
      '--replica-alter-log-dirs-throttle',
      '200000',
      ...withFile(place, plan(target(place))),
    ],
    lines: (place) => [
      ...started,
      'Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.',
      'The inter-broker throttle limit was set to 100000 B/s',
      'The replica-alter-dir throttle limit was set to 200000 B/s',
      `Successfully started partition reassignments for ${topic}-0,${topic}-1`,
      `Successfully started moving log directory to ${target(place)} for replica ${topic}-0 with broker 1 `,
    ],
  },
  {
    name: 'the throttles of a topic',
    tool: 'kafka-configs',
    args: ['--topic', topic, '--describe'],
    lines: [
      `Dynamic configs for topic ${topic} are:`,
      '  follower.replication.throttled.replicas= sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:follower.replication.throttled.replicas=}',
      '  leader.replication.throttled.replicas=0:1,1:1 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:leader.replication.throttled.replicas=0:1,1:1}',
    ],
  },
  {
    name: 'reassign --verify of a move',
    tool: 'kafka-reassign-partitions',
    settles: true,
    arrange: async (place) => {
      for (let tries = 0; tries < 100 && (await otherDir(place)) === target(place); tries++)
        await new Promise((resolve) => setTimeout(resolve, 100))
    },
    args: (place) => ['--verify', ...withFile(place, plan(target(place)))],
    lines: [
      'Status of partition reassignment:',
      `Reassignment of partition ${topic}-0 is completed.`,
      `Reassignment of partition ${topic}-1 is completed.`,
      `Reassignment of replica ${topic}-0-1 completed successfully.`,
      ...cleared,
    ],
  },
  {
    name: 'the throttles are gone',
    tool: 'kafka-configs',
    args: ['--topic', topic, '--describe'],
    lines: [`Dynamic configs for topic ${topic} are:`],
  },
  {
    name: 'reassign --list',
    tool: 'kafka-reassign-partitions',
    args: ['--list'],
    lines: ['No partition reassignments found.'],
  },
  {
    name: 'reassign --cancel',
    tool: 'kafka-reassign-partitions',
    args: (place) => ['--cancel', ...withFile(place, plan())],
    // Kafka's tool ends no line here.
    lines: ({ tool }) => [
      'None of the specified partition reassignments are active.',
      ...(tool === 'ours'
        ? ['None of the specified partition moves are active.', ...cleared]
        : [`None of the specified partition moves are active.${cleared[0]}`, ...cleared.slice(1)]),
    ],
  },
  {
    name: 'reassign to a broker that is not there',
    tool: 'kafka-reassign-partitions',
    args: (place) => [
      '--execute',
      ...withFile(place, { version: 1, partitions: [{ topic, partition: 0, replicas: [9] }] }),
    ],
    fails: 'Error: Unknown broker id 9',
  },
  {
    name: 'reassign what is not there',
    tool: 'kafka-reassign-partitions',
    args: (place) => [
      '--execute',
      ...withFile(place, { version: 1, partitions: [{ topic: 'nothing', partition: 0, replicas: [1] }] }),
    ],
    fails: /Error: .*Topic nothing not found\./,
  },
  {
    name: 'reassign to a log directory that is not there',
    tool: 'kafka-reassign-partitions',
    args: (place) => ['--execute', ...withFile(place, plan('/nowhere'))],
    lines: [...started, `Successfully started partition reassignments for ${topic}-0,${topic}-1`],
    fails: `Error: Failed to alter dir for ${topic}-0`,
  },
]
