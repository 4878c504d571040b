import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Admin, Consumer, Producer } from '../../client/index.ts'
import { startBroker, type TestBroker } from '../../testing/index.ts'
import { type CommandResult, run } from '../command/command.test.kit.ts'
import { consumerGroupsCommand } from './consumer-groups-command.ts'

const PARTITIONS = 3
const RECORDS_EACH = 10
const FIRST_TIME_MS = Date.UTC(2024, 0, 1)
const STEP_MS = 60_000

let broker: TestBroker
let admin: Admin
let consumer: Consumer
let folder: string
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-groups-'))
  broker = await startBroker()
  const { bootstrapServers } = broker
  admin = new Admin({ bootstrapServers })
  await admin.createTopics([{ name: 'orders', partitions: PARTITIONS }, { name: 'empty' }])
  const producer = new Producer({ bootstrapServers })
  for (let i = 0; i < PARTITIONS * RECORDS_EACH; i++) {
    const timestamp = FIRST_TIME_MS + Math.floor(i / PARTITIONS) * STEP_MS
    await producer.send({ topic: 'orders', partition: i % PARTITIONS, value: 'x', timestamp })
  }
  await producer.close()
  consumer = new Consumer({
    bootstrapServers,
    groupId: 'live',
    clientId: 'reader',
    autoOffsetReset: 'earliest',
  })
  await consumer.subscribe(['orders'])
  for await (const _ of consumer) {
    await consumer.commit()
    break
  }
})
after(async () => {
  await Promise.all([consumer.close(), admin.close()])
  await broker.close()
  rmSync(folder, { recursive: true })
})

const groups = (...args: string[]): Promise<CommandResult> =>
  run(consumerGroupsCommand, ['--bootstrap-server', broker.bootstrapServers, ...args])
/** With one blank between words. */
const lines = ({ stdout }: CommandResult): string[] =>
  stdout
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
const commit = (groupId: string, offsets: readonly number[]): Promise<void> =>
  admin.alterGroupOffsets(
    groupId,
    offsets.map((offset, partition) => ({ topic: 'orders', partition, offset })),
  )

test('--list names the groups, with their states and types where these are asked for', async () => {
  await commit('listed', [1, 1, 1])
  assert.deepEqual(
    lines(await groups('--list'))
      .filter((name) => name !== 'idle')
      .sort()
      .slice(0, 2),
    ['listed', 'live'],
  )
  const states = lines(await groups('--list', '--state', 'empty'))
  assert.equal(states[0], 'GROUP STATE')
  assert.ok(states.includes('listed Empty'))
  assert.ok(!states.some((line) => line.startsWith('live ')))
  assert.ok(lines(await groups('--list', '--type', '--state')).includes('live Classic Stable'))
  const listed = JSON.parse((await groups('--list', '--json')).stdout)
  assert.ok(
    listed.some(({ groupId, state }: Record<string, string>) => groupId === 'live' && state === 'Stable'),
  )
})

test('--describe shows offsets, ends and lag of each partition, and who has it', async () => {
  const rows = lines(await groups('--describe', '--group', 'live'))
  assert.equal(rows[0], 'GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID HOST CLIENT-ID')
  assert.equal(rows.length, 1 + PARTITIONS)
  assert.match(rows[1]!, /^live orders 0 1 10 9 reader-[0-9a-f-]+ \/127\.0\.0\.1 reader$/)
  assert.match(rows[2]!, /^live orders 1 (-|0) 10 (-|10) reader-/)
})

test('a group without members says so, and its offsets are shown', async () => {
  await commit('idle', [5, 10, 0])
  const result = await groups('--describe', '--group', 'idle')
  assert.equal(result.stderr, "\nConsumer group 'idle' has no active members.\n")
  assert.deepEqual(lines(result).slice(1), [
    'idle orders 0 5 10 5 - - -',
    'idle orders 1 10 10 0 - - -',
    'idle orders 2 0 10 10 - - -',
  ])
})

test('--members and --state show who is in a group and what it is at', async () => {
  const [header, row] = lines(await groups('--describe', '--group', 'live', '--members', '--verbose'))
  assert.equal(
    header,
    'GROUP CONSUMER-ID HOST CLIENT-ID #PARTITIONS CURRENT-EPOCH CURRENT-ASSIGNMENT TARGET-EPOCH TARGET-ASSIGNMENT',
  )
  assert.match(row!, /^live reader-[0-9a-f-]+ \/127\.0\.0\.1 reader 3 - orders:0,1,2 - -$/)
  const state = lines(await groups('--describe', '--group', 'live', '--state'))
  assert.equal(state[0], 'GROUP COORDINATOR (ID) ASSIGNMENT-STRATEGY STATE #MEMBERS')
  assert.equal(state[1], `live ${broker.bootstrapServers} (1) range Stable 1`)
})

const PLANS: readonly [scenario: string, offsets: readonly number[]][] = [
  ['--to-earliest', [0, 0, 0]],
  ['--to-latest', [10, 10, 10]],
  ['--to-current', [5, 6, 7]],
  ['--to-offset 4', [4, 4, 4]],
  ['--to-offset 400', [10, 10, 10]],
  ['--shift-by -6', [0, 0, 1]],
  ['--shift-by +2', [7, 8, 9]],
  ['--to-datetime 2024-01-01T00:03:00.000', [3, 3, 3]],
  ['--to-datetime 2024-01-01T01:03:00.000+01:00', [3, 3, 3]],
  ['--to-datetime 2024-01-02T00:00:00.000Z', [10, 10, 10]],
  ['--by-duration P30000D', [0, 0, 0]],
]
for (const [scenario, offsets] of PLANS) {
  test(`--reset-offsets ${scenario} plans, and moves nothing without --execute`, async () => {
    await commit('planned', [5, 6, 7])
    const args = ['--reset-offsets', '--group', 'planned', '--topic', 'orders', ...scenario.split(' ')]
    const rows = lines(await groups(...args, '--dry-run'))
    assert.deepEqual(rows, [
      'GROUP TOPIC PARTITION NEW-OFFSET',
      ...offsets.map((offset, partition) => `planned orders ${partition} ${offset}`),
    ])
    const [group] = await admin.listGroupOffsets(['planned'])
    assert.deepEqual(
      group!.offsets.map(({ offset }) => offset),
      [5, 6, 7],
    )
  })
}

test('--reset-offsets --execute moves the partitions that are named and no others', async () => {
  await commit('moved', [5, 6, 7])
  const result = await groups(
    '--reset-offsets',
    '--group',
    'moved',
    '--topic',
    'orders:0,2',
    '--to-latest',
    '--execute',
  )
  assert.equal(result.exitCode, 0)
  const [group] = await admin.listGroupOffsets(['moved'])
  assert.deepEqual(
    group!.offsets.map(({ offset }) => offset),
    [10, 6, 10],
  )
})

test('what --export writes, --from-file reads', async () => {
  await commit('exported', [1, 2, 3])
  const { stdout } = await groups(
    ...['--reset-offsets', '--group', 'exported', '--all-topics', '--to-current', '--export', '--dry-run'],
  )
  assert.equal(stdout, 'orders,0,1\norders,1,2\norders,2,3\n\n')
  const file = join(folder, 'plan.csv')
  writeFileSync(file, stdout)
  await commit('exported', [0, 0, 0])
  await groups('--reset-offsets', '--group', 'exported', '--from-file', file, '--execute')
  const [group] = await admin.listGroupOffsets(['exported'])
  assert.deepEqual(
    group!.offsets.map(({ offset }) => offset),
    [1, 2, 3],
  )
})

test('offsets of a group with members are left alone', async () => {
  const result = await groups(
    '--reset-offsets',
    '--group',
    'live',
    '--topic',
    'orders',
    '--to-earliest',
    '--execute',
  )
  assert.equal(result.exitCode, 1)
  assert.equal(
    result.stderr,
    "Error: Assignments can only be reset if the group 'live' is inactive, but the current state is Stable.\n",
  )
  const deletion = await groups('--delete-offsets', '--group', 'live', '--topic', 'orders:0')
  assert.equal(deletion.exitCode, 1)
  assert.match(deletion.stdout, /orders +0 +Error: .*subscribed to/)
})

test('--delete-offsets forgets partitions, --delete whole groups', async () => {
  await commit('deleted', [1, 2, 3])
  const some = await groups('--delete-offsets', '--group', 'deleted', '--topic', 'orders:2')
  assert.deepEqual(lines(some), [
    'Request succeeded for deleting offsets from group deleted.',
    'TOPIC PARTITION STATUS',
    'orders 2 Successful',
  ])
  const both = await groups('--delete', '--group', 'deleted', '--group', 'live')
  assert.equal(both.exitCode, 1)
  assert.match(
    both.stderr,
    /^Error: Deletion of some consumer groups failed: \* Group 'live' could not be deleted/,
  )
  assert.deepEqual(lines(both), ["These consumer groups were deleted successfully: 'deleted'"])
  assert.equal(
    (await groups('--describe', '--group', 'deleted')).stderr,
    "Consumer group 'deleted' does not exist.\n",
  )
})

test('options that do not go together are refused in one line', async () => {
  const problems: [string, RegExp][] = [
    ['', /^Command must include exactly one action/],
    ['--list --describe --group g', /^Option "\[list\]" can't be used with option "\[describe\]"/],
    ['--describe', /^Option \[describe\] takes one of these options: \[group\], \[all-groups\]/],
    ['--describe --group g --all-groups', /can't be used/],
    ['--describe --group g --members --state', /can't be used/],
    ['--delete --group g --topic t', /does not support topic-specific offset deletion/],
    [
      '--reset-offsets --group g --topic t --dry-run',
      /requires one of the following scenarios: \[to-offset\]/,
    ],
    ['--reset-offsets --group g --to-latest --dry-run', /One of the reset scopes should be defined/],
    ['--reset-offsets --group g --topic t --to-latest --to-earliest --dry-run', /can't be used/],
    [
      '--reset-offsets --group g --topic orders --to-offset x --dry-run',
      /Cannot parse argument 'x' of option to-offset/,
    ],
    ['--reset-offsets --group g --topic t:x --to-latest --dry-run', /Invalid partition 'x' specified/],
    ['--reset-offsets --group g --topic orders --by-duration 5m --dry-run', /"5m" is no duration/],
    ['--reset-offsets --group g --topic orders --shift-by 1 --dry-run', /no current committed offset/],
    ['--reset-offsets --group g --topic nothing --to-latest --dry-run', /does not host this topic-partition/],
    ['--list --state sleepy', /^Invalid state list 'sleepy'. Valid states are: PreparingRebalance, /],
  ]
  for (const [args, expected] of problems) {
    const { exitCode, stderr } = await groups(...args.split(' ').filter((word) => word !== ''))
    assert.equal(exitCode, 1, args)
    assert.match(stderr, expected)
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr)
  }
})
