import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { startBroker, type TestBroker } from '../../testing/index.ts'
import { run } from '../command/command.test.kit.ts'
import { topicsCommand } from './topics-command.ts'

let broker: TestBroker
before(async () => {
  broker = await startBroker()
})
beforeEach(() => broker.reset())
after(() => broker.close())

const topics = (...args: string[]) =>
  run(topicsCommand, ['--bootstrap-server', broker.bootstrapServers, ...args])

/** Runs it, and expects nothing but this output. */
async function expectOutput(args: string[], stdout: string): Promise<void> {
  const result = await topics(...args)
  assert.deepEqual(
    { ...result, stdout: result.stdout.replaceAll(/(?<=TopicId: )[\w-]{22}/g, 'ID') },
    { exitCode: 0, stdout, stderr: '' },
    args.join(' '),
  )
}

async function expectProblem(args: string[], problem: string): Promise<void> {
  assert.deepEqual(await topics(...args), { exitCode: 1, stdout: '', stderr: `${problem}\n` }, args.join(' '))
}

test('a topic is created, listed, described, given partitions and deleted', async () => {
  await expectOutput(
    ['--create', '--topic', 'm44', '--partitions', '2', '--config', 'retention.ms=1000'],
    'Created topic m44.\n',
  )
  await expectOutput(['--create', '--topic', 'm45', '--replica-assignment', '1,1,1'], 'Created topic m45.\n')
  await expectOutput(['--list'], 'm44\nm45\n')
  await expectOutput(['--alter', '--topic', 'm44', '--partitions', '3', '--replica-assignment', '1,1,1'], '')
  const { stdout } = await topics('--describe', '--topic', 'm44')
  const [head, ...partitions] = stdout.trimEnd().split('\n')
  assert.match(
    head!,
    /^Topic: m44\tTopicId: [\w-]{22}\tPartitionCount: 3\tReplicationFactor: 1\tConfigs: retention.ms=1000$/,
  )
  assert.equal(partitions.length, 3)
  for (const [i, line] of partitions.entries()) {
    assert.match(line, new RegExp(`^\tTopic: m44\tPartition: ${i}\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: `))
  }
  await expectOutput(['--delete', '--topic', 'm44'], '')
  await expectOutput(['--list'], 'm45\n')
})

test('the old form says what it said before Kafka 3', async () => {
  // No ZooKeeper is there: the port where the broker is said to be is Kafka's own, which the test can't have.
  const { describeTopics } = await import('./describe-topics.ts')
  const { changeTopics } = await import('./change-topics.ts')
  const { Admin } = await import('../../client/index.ts')
  await using admin = new Admin({ bootstrapServers: broker.bootstrapServers })
  let said = ''
  const context = {
    out: async (text: string | Uint8Array) => {
      said += text
    },
  } as unknown as Parameters<typeof describeTopics>[2]
  await changeTopics('create', admin, { topic: 'm44', partitions: 2, replicationFactor: 1 }, context, true)
  await changeTopics('alter', admin, { topic: 'm44', config: ['retention.ms=1'] }, context, true)
  await changeTopics('alter', admin, { topic: 'm44', deleteConfig: ['retention.ms'] }, context, true)
  await changeTopics('alter', admin, { topic: 'm44', partitions: 3 }, context, true)
  await describeTopics(admin, { topic: 'm44' }, context, true)
  await changeTopics('delete', admin, { topic: 'm44' }, context, true)
  assert.deepEqual(
    said.split('\n').filter((line) => !line.startsWith('WARNING: ') && !line.startsWith('    ')),
    [
      'Created topic "m44".',
      'Updated config for topic "m44".',
      'Updated config for topic "m44".',
      'Adding partitions succeeded!',
      'Topic:m44\tPartitionCount:3\tReplicationFactor:1\tConfigs:',
      '\tTopic: m44\tPartition: 0\tLeader: 1\tReplicas: 1\tIsr: 1',
      '\tTopic: m44\tPartition: 1\tLeader: 1\tReplicas: 1\tIsr: 1',
      '\tTopic: m44\tPartition: 2\tLeader: 1\tReplicas: 1\tIsr: 1',
      'Topic m44 is marked for deletion.',
      'Note: This will have no impact if delete.topic.enable is not set to true.',
      '',
    ],
  )
})

test('an expression names all topics that it matches as a whole', async () => {
  for (const topic of ['a1', 'a2', 'b1', 'ba1']) await topics('--create', '--topic', topic)
  await expectOutput(['--list', '--topic', 'a.*|b1'], 'a1\na2\nb1\n')
  await expectOutput(['--list', '--topic', 'nothing'], '\n')
  await expectOutput(['--delete', '--topic', 'a\\d'], '')
  await expectOutput(['--list'], 'b1\nba1\n')
})

test('partitions and topics are chosen by what is wrong with them, and by their configs', async () => {
  await topics('--create', '--topic', 'plain')
  await topics('--create', '--topic', 'min-2', '--config', 'min.insync.replicas=2')
  const partition = (topic: string) =>
    new RegExp(`^\tTopic: ${topic}\tPartition: 0\tLeader: 1\tReplicas: 1\tIsr: 1\t[^\n]*\n$`)
  const report = async (option: string) => (await topics('--describe', option)).stdout
  assert.match(await report('--under-min-isr-partitions'), partition('min-2'))
  assert.match(await report('--at-min-isr-partitions'), partition('plain'))
  assert.equal(await report('--unavailable-partitions'), '')
  assert.equal(await report('--under-replicated-partitions'), '')
  await expectOutput(
    ['--describe', '--topics-with-overrides'],
    'Topic: min-2\tTopicId: ID\tPartitionCount: 1\tReplicationFactor: 1\tConfigs: min.insync.replicas=2\n',
  )
})

test('a topic is described by its id, and as JSON', async () => {
  await topics('--create', '--topic', 'orders', '--config', 'cleanup.policy=compact')
  const [orders] = JSON.parse((await topics('--describe', '--json')).stdout)
  assert.deepEqual(
    { ...orders, topicId: undefined, partitions: undefined },
    {
      topic: 'orders',
      topicId: undefined,
      partitionCount: 1,
      replicationFactor: 1,
      configs: { 'cleanup.policy': 'compact' },
      partitions: undefined,
    },
  )
  assert.deepEqual(orders.partitions[0].isr, [1])
  const { stdout } = await topics('--describe', '--topic-id', orders.topicId)
  assert.ok(stdout.startsWith(`Topic: orders\tTopicId: ${orders.topicId}\t`), stdout)
  assert.equal((await topics('--list', '--json')).stdout, '["orders"]\n')
})

test('what is there or is not there is no error where that was asked for', async () => {
  await topics('--create', '--topic', 'orders')
  await expectOutput(['--create', '--topic', 'orders', '--if-not-exists'], '')
  for (const args of [['--delete'], ['--describe'], ['--alter', '--partitions', '2']])
    await expectOutput([...args, '--topic', 'nothing', '--if-exists'], '')
})

test('what the broker refuses is told in its words', async () => {
  await topics('--create', '--topic', 'orders', '--partitions', '2')
  const refused: [string[], string][] = [
    [['--create', '--topic', 'orders'], "Topic 'orders' already exists."],
    [['--create', '--topic', 'a', '--config', 'nonsense=1'], 'Unknown topic config name: nonsense'],
    [
      ['--create', '--topic', 'a', '--config', 'retention.ms=abc'],
      'Invalid value abc for configuration retention.ms: Not a number of type LONG',
    ],
    [
      ['--create', '--topic', 'a', '--config', 'retention.ms'],
      'requirement failed: Invalid topic config: all configs to be added must be in the format "key=val".',
    ],
    [['--create', '--topic', 'a', '--partitions', '0'], 'The partitions must be greater than 0'],
    [
      ['--create', '--topic', 'a', '--replication-factor', '0'],
      'The replication factor must be between 1 and 32767 inclusive',
    ],
    [
      ['--create', '--topic', 'a', '--replica-assignment', '1:1'],
      'Partition replica lists may not contain duplicate entries: 1',
    ],
    [
      ['--create', '--topic', 'a', '--replica-assignment', '1,1:2'],
      'Partition 1 has different replication factor: [1, 2]',
    ],
    [['--describe', '--topic', 'nothing'], "Topic 'nothing' does not exist as expected"],
    [['--delete', '--topic', 'nothing'], "Topic 'nothing' does not exist as expected"],
    [['--alter', '--topic', 'nothing', '--partitions', '4'], "Topic 'nothing' does not exist as expected"],
    [
      ['--describe', '--topic-id', 'AAAAAAAAAAAAAAAAAAAAAQ'],
      "TopicId 'AAAAAAAAAAAAAAAAAAAAAQ' does not exist as expected",
    ],
    [
      ['--describe', '--topic-id', 'nonsense'],
      'Input string `nonsense` decoded as 6 bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID',
    ],
    [['--list', '--topic', '('], '( is an invalid regex.'],
  ]
  for (const [args, problem] of refused)
    await expectProblem(args, `Error while executing topic command : ${problem}`)
})

test('options that do not go together are named', async () => {
  const action = 'Command must include exactly one action: --list, --describe, --create, --alter or --delete'
  const problems: [string[], string][] = [
    [['--topic', 'a'], action],
    [['--list', '--create', '--topic', 'a'], action],
    [['--create'], 'Missing required argument "[topic]"'],
    [['--alter', '--topic', 'a'], 'Missing required argument "[partitions]"'],
    [
      ['--alter', '--topic', 'a', '--config', 'a=b'],
      'Option combination "[[bootstrap-server], [config]]" can\'t be used with option "[alter]" (To alter topic configurations, the kafka-configs tool can be used.)',
    ],
    [
      ['--alter', '--topic', 'a', '--partitions', '2', '--delete-config', 'retention.ms'],
      'Option "[delete-config]" can\'t be used with option "[bootstrap-server]"',
    ],
    [['--list', '--partitions', '3'], 'Option "[partitions]" can\'t be used with option "[list]"'],
    [
      ['--create', '--topic', 'a', '--if-exists'],
      'Option "[if-exists]" can\'t be used with option "[create]"',
    ],
    [
      ['--create', '--topic', 'a', '--replica-assignment', '1', '--partitions', '2'],
      'Option "[replica-assignment]" can\'t be used with option "[partitions]"',
    ],
    [
      ['--describe', '--topics-with-overrides', '--unavailable-partitions'],
      'Option "[unavailable-partitions]" can\'t be used with option "[topics-with-overrides]"',
    ],
    [['--create', '--topic', 'a', '--partitions', 'x'], "Cannot parse argument 'x' of option partitions"],
  ]
  for (const [args, problem] of problems) await expectProblem(args, problem)
  assert.deepEqual(await run(topicsCommand, ['--list']), {
    exitCode: 1,
    stdout: '',
    stderr: '--bootstrap-server must be specified\n',
  })
})
