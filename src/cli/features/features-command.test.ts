import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startBroker, type TestBroker } from '../../testing/index.ts'
import { run } from '../command/command.test.kit.ts'
import { featuresCommand } from './features-command.ts'
import { metadataVersionLevel, metadataVersionName } from './metadata-versions.ts'

let broker: TestBroker
before(async () => {
  broker = await startBroker()
})
after(() => broker.close())

const features = (...args: string[]) =>
  run(featuresCommand, ['--bootstrap-server', broker.bootstrapServers, ...args])

test('features are described with the level that is in use', async () => {
  const { exitCode, stdout } = await features('describe')
  assert.equal(exitCode, 0)
  assert.match(
    stdout,
    /^Feature: group\.version\tSupportedMinVersion: 0\tSupportedMaxVersion: 1\tFinalizedVersionLevel: 1\tEpoch: (\d+|-)$/m,
  )
  assert.equal(
    JSON.parse((await features('describe', '--json')).stdout).finalized['group.version'].maxVersion,
    1,
  )
})

test('metadata versions go by the releases that brought them', () => {
  assert.equal(metadataVersionName(21), '3.9-IV0')
  assert.equal(metadataVersionName(7), '3.3-IV3')
  assert.equal(metadataVersionName(27), '4.1-IV1')
  assert.equal(metadataVersionName(1000), '1000')
  assert.equal(metadataVersionLevel('3.7'), 19)
  assert.equal(metadataVersionLevel('3.9-IV0'), 21)
  assert.throws(() => metadataVersionLevel('2.8'), /Unknown metadata\.version 2\.8/)
})

test('what is asked for badly is named', async () => {
  const problems: [string[], string][] = [
    [[], 'One of these is required: describe, upgrade, downgrade, disable\n'],
    [
      ['nonsense'],
      "invalid choice: 'nonsense' (choose from 'describe', 'upgrade', 'downgrade', 'disable')\n",
    ],
    [['describe', 'x'], "unrecognized arguments: 'x'\n"],
    [['upgrade'], 'You must specify at least one feature to upgrade\n'],
    [['upgrade', '--feature', 'a'], "Can't parse feature=level string a: equals sign not found.\n"],
    [
      ['upgrade', '--feature', 'a=b'],
      "Can't parse feature=level string a=b: unable to parse b as a short.\n",
    ],
    [['upgrade', '--feature', 'a=1', '--feature', 'a=2'], 'Feature a was specified more than once.\n'],
  ]
  for (const [args, stderr] of problems)
    assert.deepEqual(await features(...args), { exitCode: 1, stdout: '', stderr }, args.join(' '))
})
