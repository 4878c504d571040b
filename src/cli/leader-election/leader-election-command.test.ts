import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Admin } from '../../client/index.ts'
import { startBroker, type TestBroker } from '../../testing/index.ts'
import { run } from '../command/command.test.kit.ts'
import { leaderElectionCommand } from './leader-election-command.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-leader-election-'))
let broker: TestBroker
before(async () => {
  broker = await startBroker()
  await using admin = new Admin({ bootstrapServers: broker.bootstrapServers })
  await admin.createTopics([{ name: 'orders', partitions: 2 }])
})
after(async () => {
  await broker.close()
  rmSync(folder, { recursive: true, force: true })
})

const elect = (...args: string[]) =>
  run(leaderElectionCommand, ['--bootstrap-server', broker.bootstrapServers, ...args])

function file(json: string): string {
  const path = join(folder, 'partitions.json')
  writeFileSync(path, json)
  return path
}

test('leaders that are the right ones stay', async () => {
  const valid = { exitCode: 0, stdout: 'Valid replica already elected for partitions orders-1\n', stderr: '' }
  const partition = ['--topic', 'orders', '--partition', '1']
  assert.deepEqual(await elect('--election-type', 'preferred', ...partition), valid)
  assert.deepEqual(await elect('--election-type', 'UNCLEAN', ...partition), valid)
  assert.deepEqual(await elect('--election-type', 'preferred', '--all-topic-partitions'), {
    ...valid,
    stdout: '',
  })
})

test('a partition that is not there is told of beside those that are', async () => {
  const partitions = [
    { topic: 'orders', partition: 0 },
    { topic: 'nothing', partition: 1 },
  ]
  const path = file(JSON.stringify({ partitions }))
  const { exitCode, stdout, stderr } = await elect(
    '--election-type',
    'preferred',
    '--path-to-json-file',
    path,
  )
  assert.deepEqual([exitCode, stderr], [1, '1 replica(s) could not be elected\n'])
  assert.match(
    stdout,
    /^Valid replica already elected for partitions orders-0\nError completing leader election \(PREFERRED\) for partition: nothing-1: org\.apache\.kafka\.common\.errors\.UnknownTopicOrPartitionException: /,
  )
})

test('what is asked for badly is refused in the words of Kafka', async () => {
  const preferred = ['--election-type', 'preferred']
  const one =
    'One and only one of the following options is required: topic, all-topic-partitions, path-to-json-file'
  const inFile = (json: string) => [...preferred, '--path-to-json-file', file(json)]
  const problems: [() => string[], string][] = [
    [() => ['--topic', 'orders', '--partition', '0'], 'Missing required option(s): election-type'],
    [() => [...preferred, '--topic', 'orders'], 'Missing required option(s): partition'],
    [() => preferred, one],
    [() => [...preferred, '--topic', 'a', '--all-topic-partitions'], one],
    [
      () => ['--election-type', 'nonsense', '--all-topic-partitions'],
      "Cannot parse argument 'nonsense' of option election-type",
    ],
    [() => inFile('nonsense'), 'Replica election data is empty'],
    [() => inFile('{}'), 'Replica election data is missing "partitions" field'],
    [
      () => inFile('{"partitions":[{"topic":"a","partition":0},{"topic":"a","partition":0}]}'),
      'Replica election data contains duplicate partitions: [a-0]',
    ],
  ]
  for (const [args, problem] of problems) {
    const words = args()
    assert.deepEqual(
      await elect(...words),
      { exitCode: 1, stdout: '', stderr: `${problem}\n` },
      words.join(' '),
    )
  }
})
