import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startBroker, type TestBroker } from '../../testing/index.ts'
import { run } from '../command/command.test.kit.ts'
import { brokerApiVersionsCommand } from './broker-api-versions-command.ts'

let broker: TestBroker
before(async () => {
  broker = await startBroker()
})
after(() => broker.close())

const versions = (...args: string[]) =>
  run(brokerApiVersionsCommand, ['--bootstrap-server', broker.bootstrapServers, ...args])

test('each broker has a block, with a line for each API', async () => {
  const { exitCode, stdout, stderr } = await versions()
  const lines = stdout.trimEnd().split('\n')
  assert.deepEqual(
    [exitCode, stderr, lines[0], lines.at(-1)],
    [0, '', `127.0.0.1:${broker.port} (id: 1 rack: null) -> (`, ')'],
  )
  assert.match(lines[1]!, /^\tProduce\(0\): \d+ to \d+ \[usable: \d+\],$/)
  assert.ok(lines.includes('\tAddRaftVoter(80): UNSUPPORTED,'), stdout)
  assert.ok(!stdout.includes('BrokerHeartbeat'))
  assert.ok(lines.slice(1, -2).every((line) => line.endsWith(',')) && !lines.at(-2)!.endsWith(','))
})

test('a script gets JSON', async () => {
  const [one] = JSON.parse((await versions('--json')).stdout)
  assert.deepEqual([one.id, one.host, one.port], [1, '127.0.0.1', broker.port])
  const { minVersion, maxVersion, ...metadata } = one.apis.find(
    ({ name }: { name: string }) => name === 'Metadata',
  )
  assert.deepEqual(metadata, { name: 'Metadata', apiKey: 3 })
  assert.ok(minVersion === 0 && maxVersion >= 12)
})
