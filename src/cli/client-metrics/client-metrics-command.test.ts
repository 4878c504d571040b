import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startBroker, type TestBroker } from '../../testing/index.ts'
import { run } from '../command/command.test.kit.ts'
import { clientMetricsCommand } from './client-metrics-command.ts'

let broker: TestBroker
before(async () => {
  broker = await startBroker()
})
after(() => broker.close())

const metrics = (...args: string[]) =>
  run(clientMetricsCommand, ['--bootstrap-server', broker.bootstrapServers, ...args])
const said = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' })

test('a subscription is made, listed, described and deleted', async () => {
  const wanted = ['--metrics', 'org.apache.kafka.', '--interval', '1000', '--match', 'client_id=c1']
  assert.deepEqual(
    await metrics('--alter', '--name', 'm1', ...wanted),
    said('Altered client metrics config for m1.\n'),
  )
  assert.deepEqual(await metrics('--list'), said('m1\n'))
  const described =
    'Client metrics configs for m1 are:\n  interval.ms=1000\n  match=client_id=c1\n  metrics=org.apache.kafka.\n'
  assert.deepEqual(await metrics('--describe', '--name', 'm1'), said(described))
  assert.deepEqual(await metrics('--describe'), said(described))
  assert.deepEqual(await metrics('--delete', '--name', 'm1'), said('Deleted client metrics config for m1.\n'))
  assert.deepEqual(
    await metrics('--describe', '--name', 'm1'),
    said("The client metric resource m1 doesn't exist and doesn't have dynamic config.\n"),
  )
})

test('a name is made up where that is asked for', async () => {
  const { stdout } = await metrics('--alter', '--generate-name', '--interval', '1000')
  const [, name = ''] = /^Altered client metrics config for ([\w-]{22})\.\n$/.exec(stdout) ?? []
  assert.deepEqual(await metrics('--list'), said(`${name}\n`))
})

test('options that do not go together are named', async () => {
  const problems: [string[], string][] = [
    [['--alter'], 'One of --name or --generate-name must be specified with --alter.\n'],
    [
      ['--alter', '--name', 'a', '--interval', 'x'],
      'Invalid interval value. Enter an integer, or leave empty to reset.\n',
    ],
    [['--delete'], 'A client metrics resource name must be specified with --delete.\n'],
    [['--list', '--name', 'a'], 'Option "[list]" can\'t be used with option "[name]"\n'],
    [
      ['--list', '--describe'],
      'Command must include exactly one action: --alter, --delete, --describe or --list\n',
    ],
  ]
  for (const [args, stderr] of problems)
    assert.deepEqual(await metrics(...args), { exitCode: 1, stdout: '', stderr }, args.join(' '))
})
