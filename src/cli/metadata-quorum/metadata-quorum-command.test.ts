import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startBroker, type TestBroker } from '../../testing/index.ts'
import { run } from '../command/command.test.kit.ts'
import { metadataQuorumCommand } from './metadata-quorum-command.ts'

let broker: TestBroker
before(async () => {
  broker = await startBroker()
})
after(() => broker.close())

const quorum = (...args: string[]) =>
  run(metadataQuorumCommand, ['--bootstrap-server', broker.bootstrapServers, ...args])

test('a cluster without a quorum says so in a line', async () => {
  for (const what of ['--status', '--replication']) {
    assert.deepEqual(await quorum('describe', what), {
      exitCode: 1,
      stdout: '',
      stderr:
        'The broker does not support DESCRIBE_QUORUM: its cluster keeps its metadata in the way of ZooKeeper, and has no quorum of controllers\n',
    })
  }
})

test('options that do not go together are named', async () => {
  const problems: [string[], string][] = [
    [['describe'], 'One of --status or --replication must be specified with describe sub-command\n'],
    [
      ['describe', '--status', '--replication'],
      'Only one of --status or --replication should be specified with describe sub-command\n',
    ],
    [
      ['describe', '--status', '--human-readable'],
      'The option --human-readable is only supported along with --replication\n',
    ],
    [['remove-controller'], 'Missing required argument "[controller-id]"\n'],
  ]
  for (const [args, stderr] of problems)
    assert.deepEqual(await quorum(...args), { exitCode: 1, stdout: '', stderr }, args.join(' '))
})
