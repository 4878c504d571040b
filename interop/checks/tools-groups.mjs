/** kafka-get-offsets, kafka-consumer-groups and kafka-transactions: their operations and what they print. */
import { Producer } from '../../dist/client/index.js'

/** @typedef {import('./tools.mjs').Operation} Operation */
/** @typedef {import('./tools.mjs').Place} Place */

const topic = 'read'
const partitions = 3
const recordsEach = 10
const firstTimeMs = Date.UTC(2024, 0, 1)
const stepMs = 60_000
const transactionalId = 'mover'

/** @type {Map<Place, Producer>} producers whose transactions are open */
const open = new Map()

/** @param {Place} place */
async function arrangeTopic({ admin, bootstrap }) {
  await admin.createTopics([{ name: topic, partitions }])
  const producer = new Producer({ bootstrapServers: bootstrap })
  for (let i = 0; i < partitions * recordsEach; i++) {
    const timestamp = firstTimeMs + Math.floor(i / partitions) * stepMs
    await producer.send({ topic, partition: i % partitions, value: 'x', timestamp })
  }
  await producer.close()
}

/** @param {string} groupId @param {number[]} offsets @returns {(place: Place) => Promise<void>} */
const commit =
  (groupId, offsets) =>
  ({ admin }) =>
    admin.alterGroupOffsets(
      groupId,
      offsets.map((offset, partition) => ({ topic, partition, offset })),
    )

/** @param {number[]} offsets @param {number[]} [numbers] */
const offsetLines = (offsets, numbers = offsets.map((_, partition) => partition)) =>
  offsets.map((offset, i) => `${topic}:${numbers[i]}:${offset}`)

/** @param {Place} place */
const runsTogether = ({ tool }) => tool === 'java-3.9' && 'it prints these rows without line ends'

/** @param {string} group @param {number[]} offsets */
const planLines = (group, offsets) => [
  '',
  /^GROUP {26}TOPIC {26}PARTITION {2}NEW-OFFSET {5}$/,
  ...offsets.map(
    (offset, partition) =>
      `${group.padEnd(30)} ${topic.padEnd(30)} ${String(partition).padEnd(10)} ${String(offset).padEnd(15)}`,
  ),
]

/** @param {string} name @param {string[]} where @param {number[]} offsets @returns {Operation} */
const plan = (name, where, offsets) => ({
  name: `reset-offsets ${name}`,
  tool: 'kafka-consumer-groups',
  arrange: commit('planned', [5, 6, 7]),
  args: ['--reset-offsets', '--group', 'planned', '--topic', topic, ...where, '--dry-run'],
  lines: planLines('planned', offsets),
  isUnordered: true,
  skip: runsTogether,
})

/** @param {string} name @param {string[]} args @param {string[]} lines @param {Partial<Operation>} [more] @returns {Operation} */
const getOffsets = (name, args, lines, more = {}) => ({
  name: `get-offsets ${name}`,
  tool: 'kafka-get-offsets',
  args,
  lines,
  ...more,
})

/** @type {readonly Operation[]} */
export const groupOperations = [
  getOffsets('latest', ['--topic', topic], offsetLines([10, 10, 10]), { arrange: arrangeTopic }),
  getOffsets(
    'of a time',
    ['--topic', topic, '--time', String(firstTimeMs + 3 * stepMs)],
    offsetLines([3, 3, 3]),
  ),
  getOffsets(
    'earliest, some',
    ['--topic-partitions', `${topic}:1-`, '--time', '-2'],
    offsetLines([0, 0], [1, 2]),
  ),
  getOffsets('of no topic', ['--topic', 'nothing'], [], {
    fails: 'Could not match any topic-partitions with the specified filters',
  }),
  {
    name: 'consumer-groups --list',
    tool: 'kafka-consumer-groups',
    arrange: async (place) => {
      const groups = await place.admin.listGroups()
      if (groups.length > 0) await place.admin.deleteGroups(groups.map(({ groupId }) => groupId))
      await commit('idle', [5, 10, 0])(place)
    },
    args: ['--list'],
    lines: ['idle'],
  },
  {
    name: 'consumer-groups --list --state',
    tool: 'kafka-consumer-groups',
    args: ['--list', '--state'],
    lines: [/^GROUP {20} STATE *$/, /^idle {21} Empty *$/],
  },
  {
    name: 'consumer-groups --describe',
    tool: 'kafka-consumer-groups',
    args: ['--describe', '--group', 'idle'],
    notes: ['', "Consumer group 'idle' has no active members."],
    isUnordered: true,
    lines: [
      '',
      'GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID     HOST            CLIENT-ID',
      'idle            read            0          5               10              5               -               -               -',
      'idle            read            1          10              10              0               -               -               -',
      'idle            read            2          0               10              10              -               -               -',
    ],
  },
  {
    name: 'consumer-groups --describe --state',
    tool: 'kafka-consumer-groups',
    args: ['--describe', '--group', 'idle', '--state'],
    notes: ['', "Consumer group 'idle' has no active members."],
    lines: [
      '',
      /^GROUP +COORDINATOR \(ID\) +ASSIGNMENT-STRATEGY {2}STATE +#MEMBERS$/,
      /^idle +\S+ {2}\(1\) +-? +Empty +0$/,
    ],
  },
  plan('--to-earliest', ['--to-earliest'], [0, 0, 0]),
  plan('--to-latest', ['--to-latest'], [10, 10, 10]),
  plan('--to-current', ['--to-current'], [5, 6, 7]),
  plan('--to-offset', ['--to-offset', '4'], [4, 4, 4]),
  plan('--shift-by', ['--shift-by', '-2'], [3, 4, 5]),
  plan('--to-datetime', ['--to-datetime', '2024-01-01T00:03:00.000'], [3, 3, 3]),
  plan('--by-duration', ['--by-duration', 'P3000D'], [0, 0, 0]),
  {
    name: 'reset-offsets --execute',
    tool: 'kafka-consumer-groups',
    args: [
      '--reset-offsets',
      '--group',
      'planned',
      '--topic',
      `${topic}:0,1,2`,
      '--to-offset',
      '3',
      '--execute',
    ],
    lines: planLines('planned', [3, 3, 3]),
    isUnordered: true,
    skip: runsTogether,
  },
  {
    name: 'reset-offsets --export',
    tool: 'kafka-consumer-groups',
    arrange: commit('planned', [3, 3, 3]),
    args: ['--reset-offsets', '--group', 'planned', '--all-topics', '--to-current', '--export', '--dry-run'],
    lines: ['read,0,3', 'read,1,3', 'read,2,3'],
    isUnordered: true,
  },
  {
    name: 'reset-offsets --from-file',
    tool: 'kafka-consumer-groups',
    args: ({ file }) => [
      ...['--reset-offsets', '--group', 'planned', '--execute'],
      ...['--from-file', file('plan.csv', 'read,0,8\nread,1,9\nread,2,10\n')],
    ],
    lines: planLines('planned', [8, 9, 10]),
    isUnordered: true,
    skip: runsTogether,
  },
  {
    name: 'reset-offsets without a scenario',
    tool: 'kafka-consumer-groups',
    args: ['--reset-offsets', '--group', 'planned', '--topic', topic, '--dry-run'],
    fails: 'requires one of the following scenarios',
  },
  {
    name: 'delete-offsets',
    tool: 'kafka-consumer-groups',
    args: ['--delete-offsets', '--group', 'planned', '--topic', `${topic}:0`],
    skip: runsTogether,
    lines: [
      'Request succeeded for deleting offsets from group planned.',
      '',
      /^TOPIC {11}PARTITION {2}STATUS *$/,
      /^read {12}0 {10}Successful *$/,
    ],
  },
  {
    name: 'consumer-groups --delete',
    tool: 'kafka-consumer-groups',
    args: ['--delete', '--group', 'planned'],
    lines: ["Deletion of requested consumer groups ('planned') was successful."],
  },
  {
    name: 'transactions list',
    tool: 'kafka-transactions',
    arrange: async (place) => {
      const producer = new Producer({ bootstrapServers: place.bootstrap, transactionalId })
      await producer.beginTransaction()
      await producer.send({ topic, partition: 0, value: 'x' })
      open.set(place, producer)
    },
    args: ['list'],
    lines: [
      /^TransactionalId\tCoordinator\tProducerId\tTransactionState\t$/,
      /^mover {10}\t1 {10}\t\d+ *\tOngoing {9}\t$/,
    ],
  },
  {
    name: 'transactions describe',
    tool: 'kafka-transactions',
    args: ['describe', '--transactional-id', transactionalId],
    lines: [
      /^CoordinatorId\tTransactionalId\tProducerId\t/,
      /^1 {12}\tmover {10}\t\d+ *\t\d+ *\tOngoing .*\tread-0 +\t$/,
    ],
  },
  {
    name: 'transactions describe-producers',
    tool: 'kafka-transactions',
    args: ['describe-producers', '--topic', topic, '--partition', '0'],
    isUnordered: true,
    lines: [
      /^ProducerId\tProducerEpoch\tLatestCoordinatorEpoch\tLastSequence\tLastTimestamp\tCurrentTransactionStartOffset\t$/,
      /^\d+ *\t0 {12}\t-1 {20}\t9 {11}\t\d+\tNone {25}\t$/,
      /^\d+ *\t\d+ *\t-1 {20}\t0 {11}\t\d+\t10 {27}\t$/,
    ],
  },
  {
    name: 'transactions find-hanging',
    tool: 'kafka-transactions',
    args: ['find-hanging', '--topic', topic],
    lines: [
      /^Topic\tPartition\tProducerId\tProducerEpoch\tCoordinatorEpoch\tStartOffset\tLastTimestamp\tDuration\(min\)\t$/,
    ],
  },
  {
    name: 'transactions abort',
    tool: 'kafka-transactions',
    args: ['abort', '--topic', topic, '--partition', '0', '--start-offset', '10'],
  },
  {
    name: 'transactions abort what is not open',
    tool: 'kafka-transactions',
    arrange: async (place) => {
      const producer = open.get(place)
      open.delete(place)
      await producer?.abortTransaction().catch(() => {})
      await producer?.close()
    },
    args: ['abort', '--topic', topic, '--partition', '0', '--start-offset', '10'],
    fails: 'Could not find any open transactions starting at offset 10 on partition read-0',
  },
  {
    name: 'transactions describe what is not there',
    tool: 'kafka-transactions',
    args: ['describe', '--transactional-id', 'nobody'],
    fails: 'Failed to describe transaction state of transactional-id `nobody`',
  },
]
