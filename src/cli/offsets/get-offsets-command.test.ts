import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Admin, Producer } from '../../client/index.ts'
import { startBroker, type TestBroker } from '../../testing/index.ts'
import { run } from '../command/command.test.kit.ts'
import { getOffsetsCommand } from './get-offsets-command.ts'

let broker: TestBroker
let server: readonly string[]
before(async () => {
  broker = await startBroker()
  const { bootstrapServers } = broker
  server = ['--bootstrap-server', bootstrapServers]
  const admin = new Admin({ bootstrapServers })
  await admin.createTopics([
    { name: 'orders', partitions: 3 },
    { name: 'other', partitions: 1 },
  ])
  const producer = new Producer({ bootstrapServers })
  for (const timestamp of [1000, 2000, 3000]) {
    await producer.send({ topic: 'orders', partition: 1, value: 'x', timestamp })
  }
  await Promise.all([admin.close(), producer.close()])
})
after(() => broker.close())

const offsets = async (...args: string[]) => (await run(getOffsetsCommand, [...server, ...args])).stdout

test('the latest offsets of all partitions are shown, one a line, in order', async () => {
  assert.equal(await offsets(), 'orders:0:0\norders:1:3\norders:2:0\nother:0:0\n')
})

test('a time finds the first record that is no older; partitions without one are left out', async () => {
  assert.equal(await offsets('--time', '1500'), 'orders:1:1\n')
  assert.equal(
    await offsets('--time', '-2', '--topic', 'ord.*', '--partitions', '1,2'),
    'orders:1:0\norders:2:0\n',
  )
  assert.equal(await offsets('--time', 'max-timestamp', '--topic', 'orders'), 'orders:1:2\n')
})

test('patterns choose topics and ranges of partitions', async () => {
  assert.equal(await offsets('--topic-partitions', 'orders:1-'), 'orders:1:3\norders:2:0\n')
  assert.equal(
    await offsets('--topic-partitions', 'orders:0-2,oth.*:0'),
    'orders:0:0\norders:1:3\nother:0:0\n',
  )
  assert.equal(await offsets('--topic-partitions', ':-1'), 'orders:0:0\nother:0:0\n')
})

test('a script gets the same as JSON', async () => {
  assert.deepEqual(JSON.parse(await offsets('--topic', 'other', '--json')), [
    { topic: 'other', partition: 0, offset: 0 },
  ])
})

test('what is asked for badly is one line of complaint, and exit code 1', async () => {
  const problems: [string[], string][] = [
    [['--topic', 'nothing'], 'Could not match any topic-partitions with the specified filters\n'],
    [['--time', 'soon'], 'Malformed time argument soon. '],
    [
      ['--partitions', 'x'],
      '--partitions expects a comma separated list of numeric partition ids, but received: x\n',
    ],
    [
      ['--topic', 'a', '--topic-partitions', 'b'],
      '--topic-partitions cannot be used with --topic or --partitions\n',
    ],
    [['--what'], 'what is not a recognized option\n'],
    [['--topic'], 'Option topic requires an argument\n'],
  ]
  for (const [args, problem] of problems) {
    const { exitCode, stdout, stderr } = await run(getOffsetsCommand, [...server, ...args])
    assert.deepEqual([exitCode, stdout, stderr.split('\n').length], [1, '', 2], args.join(' '))
    assert.ok(stderr.startsWith(problem), stderr)
  }
})

test('without a server, the option is named', async () => {
  const { exitCode, stderr } = await run(getOffsetsCommand, ['--topic', 'x'])
  assert.deepEqual([exitCode, stderr], [1, 'Missing required argument "[bootstrap-server]"\n'])
})
