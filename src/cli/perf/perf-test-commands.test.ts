import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Admin, Consumer } from '../../client/index.ts'
import { failWith, startBroker, type TestBroker } from '../../testing/index.ts'
import { run } from '../command/command.test.kit.ts'
import { consumerPerfTestCommand } from './consumer-perf-test-command.ts'
import { producerPerfTestCommand } from './producer-perf-test-command.ts'

const TOTAL =
  /^(\d+) records sent, [\d.]+ records\/sec \([\d.]+ MB\/sec\), [\d.]+ ms avg latency, [\d.]+ ms max latency, \d+ ms 50th, \d+ ms 95th, \d+ ms 99th, \d+ ms 99\.9th\.\n$/
const folder = mkdtempSync(join(tmpdir(), 'sluice-perf-'))
let broker: TestBroker
let admin: Admin
before(async () => {
  broker = await startBroker()
  admin = new Admin({ bootstrapServers: broker.bootstrapServers })
})
after(async () => {
  await admin.close()
  await broker.close()
  rmSync(folder, { recursive: true })
})

const produce = (topic: string, ...args: string[]) =>
  run(producerPerfTestCommand, [
    ...[
      '--topic',
      topic,
      ...args,
      '--producer-props',
      `bootstrap.servers=${broker.bootstrapServers}`,
      'acks=all',
    ],
  ])
const consume = (...args: string[]) =>
  run(consumerPerfTestCommand, ['--bootstrap-server', broker.bootstrapServers, ...args])

async function values(topic: string, options = {}): Promise<string[]> {
  const consumer = new Consumer({
    bootstrapServers: broker.bootstrapServers,
    valueDeserializer: 'string',
    ...options,
  })
  consumer.assign([{ topic, partition: 0, offset: 0 }])
  const seen: string[] = []
  for (
    let records = await consumer.poll();
    records.length > 0;
    records = await consumer.poll({ timeoutMs: 200 })
  ) {
    seen.push(...records.map(({ value }) => String(value)))
  }
  await consumer.close()
  return seen
}

test('as many records as asked for are written, of that size, and measured', async () => {
  await admin.createTopics([{ name: 'sized', partitions: 1 }])
  const { exitCode, stdout, stderr } = await produce(
    'sized',
    ...['--num-records', '3000', '--record-size', '100', '--throughput', '-1'],
  )
  assert.deepEqual([exitCode, stderr], [0, ''])
  assert.equal(TOTAL.exec(stdout)?.[1], '3000')
  const seen = await values('sized')
  assert.equal(seen.length, 3000)
  assert.ok(seen.every((value) => /^[A-Z]{100}$/.test(value)))
  assert.ok(new Set(seen).size > 2900)
})

test('records may be numbers, or taken from a file', async () => {
  await admin.createTopics([
    { name: 'numbers', partitions: 1 },
    { name: 'lines', partitions: 1 },
  ])
  await produce('numbers', '--num-records', '3', '--payload-monotonic', '--throughput', '1000')
  assert.deepEqual(await values('numbers'), ['0', '1', '2'])
  const file = join(folder, 'payloads')
  writeFileSync(file, 'a;b;;')
  const { stdout } = await produce(
    'lines',
    ...['--num-records', '20', '--payload-file', file, '--payload-delimiter', ';', '--throughput', '-1'],
  )
  assert.ok(
    stdout.startsWith(`Reading payloads from: ${file}\nNumber of messages read: 2\n20 records sent, `),
    stdout,
  )
  const seen = await values('lines')
  assert.equal(seen.length, 20)
  assert.ok(seen.every((value) => value === 'a' || value === 'b'))
})

test('with an id, or a duration of transactions, records are written in transactions', async () => {
  await admin.createTopics([{ name: 'committed', partitions: 1 }])
  for (const args of [
    ['--transactional-id', 'perf'],
    ['--transaction-duration-ms', '1'],
  ]) {
    const { exitCode } = await produce(
      'committed',
      ...['--num-records', '1000', '--record-size', '10', '--throughput', '-1', ...args],
    )
    assert.equal(exitCode, 0)
  }
  assert.equal((await values('committed', { isolationLevel: 'read_committed' })).length, 2000)
  const ids = (await admin.listTransactions()).map(({ transactionalId }) => transactionalId)
  assert.equal(ids.length, 2)
  assert.ok(ids.includes('perf') && ids.some((id) => id.startsWith('performance-producer-')))
})

test('records that fail are not counted, and make the exit code 1', async () => {
  await admin.createTopics([{ name: 'denied', partitions: 1 }])
  const remove = broker.intercept('Produce', async (_, next) =>
    failWith(await next(), 'TOPIC_AUTHORIZATION_FAILED'),
  )
  const { exitCode, stdout, stderr } = await produce(
    'denied',
    ...['--num-records', '3', '--record-size', '10', '--throughput', '-1'],
  )
  remove()
  assert.deepEqual([exitCode, stdout.startsWith('0 records sent, 0.0 records/sec')], [1, true])
  assert.match(stderr, /^ERROR .*\nERROR 2 more records could not be sent\n$/)
})

test('records that are read are measured in one line', async () => {
  await admin.createTopics([{ name: 'read', partitions: 1 }])
  await produce('read', '--num-records', '1500', '--record-size', '1024', '--throughput', '-1')
  const { exitCode, stdout, stderr } = await consume('--topic', 'read', '--messages', '1500')
  assert.deepEqual([exitCode, stderr], [0, ''])
  const [header, line, ...rest] = stdout.split('\n')
  assert.equal(
    header,
    'start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec',
  )
  assert.deepEqual(rest, [''])
  const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}`
  assert.match(
    line!,
    new RegExp(
      `^${time}, ${time}, 1\\.4648, \\d+\\.\\d{4}, 1500, \\d+\\.\\d{4}, \\d+, \\d+, \\d+\\.\\d{4}, \\d+\\.\\d{4}$`,
    ),
  )
})

test('an interval has its line where that is asked for, and too few records a warning', async () => {
  const { exitCode, stdout } = await consume(
    ...['--topic', 'read', '--messages', '9999', '--timeout', '300', '--show-detailed-stats'],
    ...['--reporting-interval', '1', '--date-format', 'yyyy', '--group', 'perf-group'],
  )
  assert.equal(exitCode, 0)
  const lines = stdout.split('\n')
  assert.match(lines[0]!, /^time, threadId, data\.consumed/)
  assert.match(lines[1]!, /^\d{4}, 0, \d+\.\d{4}, /)
  assert.equal(
    lines.at(-2),
    'WARNING: Exiting before consuming the expected number of messages: timeout (300 ms) exceeded. You can use the --timeout option to increase the timeout.',
  )
})

test('what is asked for badly is one line of complaint', async () => {
  const all = ['--topic', 't', '--num-records', '1', '--throughput', '-1']
  const problems: [string[], string][] = [
    [all.slice(2), 'argument --topic is required'],
    [[...all.slice(0, 2), ...all.slice(4)], 'argument --num-records is required'],
    [all.slice(0, 4), 'argument --throughput is required'],
    [[...all.slice(0, 5), 'x'], "argument --throughput: could not convert 'x' to Double"],
    [all, 'one of the arguments --record-size --payload-file --payload-monotonic is required'],
    [[...all, '--record-size', '0'], "Cannot parse argument '0' of option record-size"],
    [[...all, '--record-size', '1'], 'Either --producer-props or --producer.config must be specified.'],
    [[...all, '--payload-file', join(folder, 'nothing'), '--bootstrap-server', 'x:1'], 'Cannot read '],
  ]
  for (const [args, problem] of problems) {
    const { exitCode, stderr } = await run(producerPerfTestCommand, args)
    assert.deepEqual([exitCode, stderr.split('\n').length], [1, 2], stderr)
    assert.ok(stderr.startsWith(problem), stderr)
  }
  const { exitCode, stderr } = await consume('--topic', 't')
  assert.deepEqual([exitCode, stderr], [1, 'Missing required argument "[messages]"\n'])
})
