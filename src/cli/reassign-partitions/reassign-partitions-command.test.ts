import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Admin } from '../../client/index.ts'
import { startBroker, type TestBroker } from '../../testing/index.ts'
import { run } from '../command/command.test.kit.ts'
import { reassignPartitionsCommand } from './reassign-partitions-command.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-reassign-'))
let broker: TestBroker
let admin: Admin
before(async () => {
  broker = await startBroker({ properties: { 'log.dirs': '/data,/data2' } })
  admin = new Admin({ bootstrapServers: broker.bootstrapServers })
  await admin.createTopics([{ name: 'orders', partitions: 2 }])
})
after(async () => {
  await admin.close()
  await broker.close()
  rmSync(folder, { recursive: true, force: true })
})

const reassign = (...args: string[]) =>
  run(reassignPartitionsCommand, ['--bootstrap-server', broker.bootstrapServers, ...args])

function file(content: unknown): string {
  const path = join(folder, 'reassignment.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const plan = (...partitions: object[]): string[] => [
  '--reassignment-json-file',
  file({ version: 1, partitions }),
]
const current =
  '{"version":1,"partitions":[{"topic":"orders","partition":0,"replicas":[1],"log_dirs":["any"]},{"topic":"orders","partition":1,"replicas":[1],"log_dirs":["any"]}]}'
const orders = (partition: number, ...logDirs: string[]) => ({
  topic: 'orders',
  partition,
  replicas: [1],
  ...(logDirs.length > 0 && { log_dirs: logDirs }),
})

test('a proposal is what could be, and what is', async () => {
  const topics = file({ topics: [{ topic: 'orders' }], version: 1 })
  assert.deepEqual(
    await reassign('--generate', '--topics-to-move-json-file', topics, '--broker-list', '1,2'),
    {
      exitCode: 0,
      stdout: `Current partition replica assignment\n${current}\n\nProposed partition reassignment configuration\n${current}\n`,
      stderr: '',
    },
  )
})

test('partitions that are where they shall be are done at once', async () => {
  assert.deepEqual(await reassign('--execute', ...plan(orders(0), orders(1, 'any'))), {
    exitCode: 0,
    stdout: `Current partition replica assignment\n\n${current}\n\nSave this to use as the --reassignment-json-file option during rollback\nSuccessfully started partition reassignments for orders-0,orders-1\n`,
    stderr: '',
  })
  assert.deepEqual(await reassign('--verify', ...plan(orders(0), orders(1))), {
    exitCode: 0,
    stdout:
      'Status of partition reassignment:\nReassignment of partition orders-0 is completed.\nReassignment of partition orders-1 is completed.\n\n' +
      'Clearing broker-level throttles on broker 1\nClearing topic-level throttles on topic orders\n',
    stderr: '',
  })
  assert.equal((await reassign('--list')).stdout, 'No partition reassignments found.\n')
  assert.equal((await reassign('--list', '--json')).stdout, '[]\n')
  assert.equal(
    (await reassign('--cancel', '--preserve-throttles', ...plan(orders(0)))).stdout,
    'None of the specified partition reassignments are active.\nNone of the specified partition moves are active.\n',
  )
})

test('a replica moves to another log directory of its broker', async () => {
  const { replicas } = (await admin.describeLogDirs())[0]!.logDirs.find(({ path }) => path === '/data')!
  const target = replicas.some(({ partition }) => partition === 0) ? '/data2' : '/data'
  const { stdout, stderr } = await reassign('--execute', ...plan(orders(0, target)))
  assert.equal(stderr, '')
  assert.ok(
    stdout.endsWith(
      `Successfully started partition reassignment for orders-0\nSuccessfully started moving log directory to ${target} for replica orders-0 with broker 1 \n`,
    ),
    stdout,
  )
  const verify = () => reassign('--verify', '--preserve-throttles', ...plan(orders(0, target)))
  const head = 'Status of partition reassignment:\nReassignment of partition orders-0 is completed.\n'
  for (;;) {
    const verified = (await verify()).stdout
    if (verified === `${head}Reassignment of replica orders-0-1 completed successfully.\n`) break
    assert.equal(verified, `${head}Reassignment of replica orders-0-1 is still in progress.\n`)
    await broker.advance('1s')
  }
})

test('throttles are set when moves begin and taken away when they have ended', async () => {
  const configs = async () => {
    const [topic, one] = await admin.describeConfigs([
      { type: 'topic', name: 'orders' },
      { type: 'broker', name: 1 },
    ])
    return [...topic!.configs, ...one!.configs]
      .filter(({ name, source }) => /throttled|alter\.log\.dirs/.test(name) && source.startsWith('dynamic'))
      .map(({ name, value }) => `${name}=${value}`)
      .sort()
  }
  const limits = ['--throttle', '1000', '--replica-alter-log-dirs-throttle', '2000']
  const { stdout } = await reassign('--execute', ...limits, ...plan(orders(0, '/data'), orders(1)))
  assert.match(
    stdout,
    /\nWarning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed\.\nThe inter-broker throttle limit was set to 1000 B\/s\nThe replica-alter-dir throttle limit was set to 2000 B\/s\nSuccessfully started/,
  )
  assert.deepEqual(await configs(), [
    'follower.replication.throttled.rate=1000',
    'follower.replication.throttled.replicas=',
    'leader.replication.throttled.rate=1000',
    'leader.replication.throttled.replicas=0:1,1:1',
    'replica.alter.log.dirs.io.max.bytes.per.second=2000',
  ])
  await reassign('--verify', ...plan(orders(0), orders(1)))
  assert.deepEqual(await configs(), [])
})

test('what can not be done is refused before anything moves', async () => {
  const execute = (...partitions: object[]) => ['--execute', ...plan(...partitions)]
  const problems: [() => string[], string][] = [
    [() => execute(), 'Error: Partition reassignment list cannot be empty'],
    [() => execute({ ...orders(0), replicas: [9] }), 'Error: Unknown broker id 9'],
    [() => execute({ ...orders(0), replicas: [] }), 'Error: Partition replica list cannot be empty'],
    [() => execute({ ...orders(0), topic: 'nothing' }), 'Error: Topic nothing not found.'],
    [() => execute(orders(7)), 'Error: Unable to find partition: orders-7'],
    [
      () => execute(orders(0), orders(0)),
      'Error: Partition reassignment contains duplicate topic partitions: orders-0',
    ],
    [
      () => execute({ ...orders(0), replicas: [1, 1] }),
      'Error: Partition replica lists may not contain duplicate entries: orders-0 contains multiple entries for 1',
    ],
    [
      () => execute(orders(0, 'any', 'any')),
      'Error: Size of replicas list [1] is different from size of log dirs list [any, any] for partition orders-0',
    ],
    [
      () => execute({ ...orders(0), replicas: ['x'] }),
      'Error: `replicas` must be a list of the ids of brokers, not ["x"]',
    ],
    [
      () => ['--execute', '--reassignment-json-file', file('nonsense')],
      'Error: The input string is not a valid JSON',
    ],
    [
      () => ['--generate', '--topics-to-move-json-file', file({ topics: [] }), '--broker-list', '1,1'],
      'Error: Broker list contains duplicate entries: [1]',
    ],
    [() => ['--execute'], 'Missing required argument "[reassignment-json-file]"'],
    [
      () => ['--execute', '--verify'],
      'Command must include exactly one action: --generate, --execute, --verify, --cancel, --list',
    ],
    [
      () => ['--verify', '--throttle', '5', ...plan()],
      'Option "[throttle]" can\'t be used with action "[verify]"',
    ],
  ]
  for (const [args, problem] of problems) {
    const words = args()
    assert.deepEqual(
      await reassign(...words),
      { exitCode: 1, stdout: '', stderr: `${problem}\n` },
      words.join(' '),
    )
  }
})

test('a directory that the broker does not have is told of', async () => {
  const { exitCode, stderr } = await reassign('--execute', ...plan(orders(0, '/nowhere')))
  assert.equal(exitCode, 1)
  assert.match(stderr, /^Error: Failed to alter dir for orders-0.*: .+\n$/)
})
