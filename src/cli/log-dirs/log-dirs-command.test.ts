import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Admin } from '../../client/index.ts'
import { startBroker, type TestBroker } from '../../testing/index.ts'
import { run } from '../command/command.test.kit.ts'
import { logDirsCommand } from './log-dirs-command.ts'

let broker: TestBroker
before(async () => {
  broker = await startBroker()
  await using admin = new Admin({ bootstrapServers: broker.bootstrapServers })
  await admin.createTopics([
    { name: 'orders', partitions: 2 },
    { name: 'other', partitions: 1 },
  ])
})
after(() => broker.close())

const logDirs = (...args: string[]) =>
  run(logDirsCommand, ['--bootstrap-server', broker.bootstrapServers, ...args])

test('the replicas of all topics, or of some, are told of as JSON', async () => {
  const { exitCode, stdout } = await logDirs('--describe', '--broker-list', '1', '--topic-list', 'orders')
  const [querying, received, json = ''] = stdout.split('\n')
  assert.deepEqual(
    [exitCode, querying, received],
    [
      0,
      'Querying brokers for log directories information',
      'Received log directory information from brokers 1',
    ],
  )
  const partitionOf = (partition: string) => ({ partition, size: 0, offsetLag: 0, isFuture: false })
  const { brokers, version } = JSON.parse(json)
  assert.equal(version, 1)
  const [dir] = brokers[0].logDirs
  assert.deepEqual(
    { ...dir, partitions: [...dir.partitions].sort((a, b) => (a.partition < b.partition ? -1 : 1)) },
    { partitions: [partitionOf('orders-0'), partitionOf('orders-1')], error: null, logDir: '/data' },
  )
  const all = JSON.parse((await logDirs('--describe')).stdout.split('\n')[2]!)
  assert.equal(all.brokers[0].logDirs[0].partitions.length, 3)
})

test('brokers that are not there are named', async () => {
  assert.deepEqual(await logDirs('--describe', '--broker-list', '1,9'), {
    exitCode: 1,
    stdout: '',
    stderr: 'ERROR: The given brokers do not exist from --broker-list: 9. Current existent brokers: 1\n',
  })
  const { stderr } = await logDirs('--describe', '--broker-list', 'x')
  assert.equal(stderr, "Cannot parse argument 'x' of option broker-list\n")
  assert.equal((await logDirs('--broker-list', '1')).stderr, 'Missing required argument "[describe]"\n')
})
