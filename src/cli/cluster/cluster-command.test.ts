import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startBroker, type TestBroker } from '../../testing/index.ts'
import { run } from '../command/command.test.kit.ts'
import { clusterCommand } from './cluster-command.ts'

let broker: TestBroker
before(async () => {
  broker = await startBroker()
})
after(() => broker.close())

test('the id of a cluster, and where its brokers are', async () => {
  assert.deepEqual(await run(clusterCommand, ['cluster-id', '--bootstrap-server', broker.bootstrapServers]), {
    exitCode: 0,
    stdout: `Cluster ID: ${broker.clusterId}\n`,
    stderr: '',
  })
  const { stdout } = await run(clusterCommand, ['list-endpoints', '-b', broker.bootstrapServers])
  assert.deepEqual(
    stdout.split('\n').map((line) => line.trim().split(/ +/)),
    [
      ['ID', 'HOST', 'PORT', 'RACK', 'STATE', 'ENDPOINT_TYPE'],
      ['1', '127.0.0.1', String(broker.port), 'null', 'unfenced', 'broker'],
      [''],
    ],
  )
})

test('a cluster that can not do it, and words that make no sense, are told of in a line', async () => {
  const server = ['--bootstrap-server', broker.bootstrapServers]
  const problems: [string[], string][] = [
    [
      ['unregister', '--id', '9', ...server],
      'The target cluster does not support the broker unregistration API.\n',
    ],
    [['unregister', ...server], 'Missing required argument "[id]"\n'],
    [server, 'One of these is required: cluster-id, list-endpoints, unregister\n'],
    [['cluster-id'], 'Missing required argument "[bootstrap-server]"\n'],
  ]
  for (const [args, stderr] of problems)
    assert.deepEqual(await run(clusterCommand, args), { exitCode: 1, stdout: '', stderr }, args.join(' '))
})
