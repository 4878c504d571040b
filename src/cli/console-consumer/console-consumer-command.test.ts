import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Admin, Consumer, Producer, type ProducerRecord } from '../../client/index.ts'
import { startBroker, type TestBroker } from '../../testing/index.ts'
import { type RunOptions, run } from '../command/command.test.kit.ts'
import { consoleConsumerCommand } from './console-consumer-command.ts'

const TIME = 1_700_000_000_000
const folder = mkdtempSync(join(tmpdir(), 'sluice-console-'))
let broker: TestBroker
let admin: Admin
let producer: Producer
before(async () => {
  broker = await startBroker({ properties: { 'auto.create.topics.enable': false } })
  const { bootstrapServers } = broker
  admin = new Admin({ bootstrapServers })
  producer = new Producer({ bootstrapServers })
})
after(async () => {
  await Promise.all([admin.close(), producer.close()])
  await broker.close()
  rmSync(folder, { recursive: true })
})

let topicCount = 0
async function topicOf(...records: Omit<ProducerRecord, 'topic'>[]): Promise<string> {
  const topic = `topic-${topicCount++}`
  await admin.createTopics([{ name: topic, partitions: 2 }])
  await producer.send(records.map((record) => ({ partition: 0, timestamp: TIME, ...record, topic })))
  return topic
}

const consume = (args: readonly string[], options?: RunOptions) =>
  run(consoleConsumerCommand, ['--bootstrap-server', broker.bootstrapServers, ...args], options)
const ofStart = (topic: string): string[] => ['--topic', topic, '--partition', '0', '--offset', 'earliest']
const lines = (text: string): string[] => text.split('\n').slice(0, -1)
const properties = (...words: string[]): string[] => words.flatMap((word) => ['--property', word])

test('values are shown, a line each, and counted on stderr', async () => {
  const bytes = Buffer.from([0xff, 0xfe])
  const topic = await topicOf({ value: 'hello kafka' }, { value: null }, { value: '€' }, { value: bytes })
  const { exitCode, stdout, stderr } = await consume([
    '--topic',
    topic,
    '--from-beginning',
    '--max-messages',
    '4',
  ])
  assert.deepEqual([exitCode, stderr], [0, 'Processed a total of 4 messages\n'])
  assert.equal(stdout, 'hello kafka\nnull\n€\n\ufffd\ufffd\n')
})

test('what else is known stands before the value', async () => {
  const headers = [
    { key: 'b', value: '1' },
    { key: '7', value: null },
    { key: 'b', value: '2' },
  ]
  const topic = await topicOf({ key: 'k', value: 'v', headers }, { value: 'w' })
  const all = ['timestamp', 'partition', 'offset', 'epoch', 'headers', 'key', 'delivery']
  const shown = properties(...all.map((name) => `print.${name}=true`))
  const { stdout } = await consume([...ofStart(topic), '--max-messages', '2', ...shown])
  assert.deepEqual(lines(stdout), [
    `CreateTime:${TIME}\tPartition:0\tOffset:0\tDelivery:NOT_PRESENT\tEpoch:0\tb:1,7:null,b:2\tk\tv`,
    `CreateTime:${TIME}\tPartition:0\tOffset:1\tDelivery:NOT_PRESENT\tEpoch:0\tNO_HEADERS\tnull\tw`,
  ])
})

test('the time is said to be the broker\u2019s where it is', async () => {
  await admin.createTopics([
    { name: 'stamped', partitions: 1, configs: { 'message.timestamp.type': 'LogAppendTime' } },
  ])
  await producer.send({ topic: 'stamped', value: 'v' })
  const shown = properties('print.timestamp=true', 'print.value=false')
  const { stdout } = await consume([...ofStart('stamped'), '--max-messages', '1', ...shown])
  assert.match(stdout, /^LogAppendTime:\d+\n$/)
})

test('separators and what stands for null can be chosen, on the command line before the file', async () => {
  const topic = await topicOf({ key: null, value: 'v', headers: { a: '1', b: '2' } })
  const config = join(folder, 'formatter.properties')
  writeFileSync(config, 'print.key=true\nprint.headers=true\nnull.literal=nil\nkey.separator=!\n')
  const shown = properties('key.separator= | ', 'line.separator=;', 'headers.separator=&')
  const { stdout } = await consume([
    ...ofStart(topic),
    '--max-messages',
    '1',
    '--formatter-config',
    config,
    ...shown,
  ])
  assert.equal(stdout, 'a:1&b:2 | nil | v;')
})

test('numbers are shown by the names of Java\u2019s deserializers', async () => {
  const key = Buffer.alloc(8)
  key.writeBigInt64BE(-(2n ** 62n))
  const value = Buffer.alloc(8)
  value.writeDoubleBE(1e10)
  const topic = await topicOf({ key, value }, { key: null, value: 'text' })
  const names = ['--key-deserializer', 'Long', '--value-deserializer', 'Double'].map((word) =>
    word.startsWith('-') ? word : `org.apache.kafka.common.serialization.${word}Deserializer`,
  )
  const args = [...ofStart(topic), '--timeout-ms', '500', ...properties('print.key=true'), ...names]
  const strict = await consume(args)
  assert.equal(strict.stdout, '-4611686018427387904\t1.0E10\n')
  assert.deepEqual(lines(strict.stderr), [
    'Processed a total of 2 messages',
    `The record at offset 1 of ${topic}-0 can't be shown: Size of data received by Deserializer is not 8`,
  ])
  assert.equal(strict.exitCode, 1)
  const patient = await consume([...args, '--skip-message-on-error'])
  assert.equal(patient.exitCode, 0)
  assert.match(patient.stderr, /^ERROR Error processing message, skipping this message: Size of data /)
})

test('without --from-beginning only what comes later is shown, until it is stopped', async () => {
  const topic = await topicOf({ value: 'before' })
  const stop = new AbortController()
  const isWaiting = new Promise<void>((resolve) => {
    const remove = broker.intercept('Fetch', () => {
      remove()
      resolve()
    })
  })
  const done = consume(['--topic', topic, '--partition', '0', '--enable-systest-events'], {
    stopped: stop.signal,
    onOutput: () => stop.abort(),
  })
  await isWaiting
  await producer.send({ topic, partition: 0, value: 'after' })
  assert.deepEqual(await done, {
    exitCode: 0,
    stdout: 'after\nshutdown_complete\n',
    stderr: 'Processed a total of 1 messages\n',
  })
})

test('an offset of the partition is where it begins', async () => {
  const topic = await topicOf({ value: 'a' }, { value: 'b' }, { value: 'c' })
  const { stdout } = await consume([
    '--topic',
    topic,
    '--partition',
    '0',
    '--offset',
    '1',
    '--max-messages',
    '1',
  ])
  assert.equal(stdout, 'b\n')
})

test('a group goes on where it was, and what was not shown is not committed', async () => {
  const topic = await topicOf({ value: 'a' }, { value: 'b' }, { value: 'c' })
  const args = ['--topic', topic, '--group', 'readers', '--from-beginning', '--max-messages', '2']
  assert.equal((await consume(args)).stdout, 'a\nb\n')
  const rest = await consume([
    '--topic',
    topic,
    '--consumer-property',
    'group.id=readers',
    '--timeout-ms',
    '1500',
  ])
  assert.equal(rest.stdout, 'c\n')
  assert.equal(
    rest.stderr,
    'ERROR Error processing message, terminating consumer process: org.apache.kafka.common.errors.TimeoutException\n' +
      'Processed a total of 1 messages\n',
  )
  assert.equal(rest.exitCode, 0)
})

test('a pattern chooses topics by their whole names', async () => {
  const topic = await topicOf({ value: 'one' })
  const { stdout } = await consume([
    '--include',
    `topi.${topic.slice(5)}`,
    '--from-beginning',
    '--max-messages',
    '1',
  ])
  assert.equal(stdout, 'one\n')
  const part = await consume(['--whitelist', topic.slice(0, -1), '--from-beginning', '--timeout-ms', '1000'])
  assert.equal(part.stdout, '')
})

test('committed records alone are shown where that is asked for', async () => {
  const topic = await topicOf({ value: 'plain' })
  const { bootstrapServers } = broker
  const transactional = new Producer({ bootstrapServers, transactionalId: 'console' })
  await assert.rejects(
    transactional.transaction(async ({ send }) => {
      await send({ topic, partition: 0, value: 'aborted' })
      throw new Error('on purpose')
    }),
  )
  await transactional.close()
  await producer.send({ topic, partition: 0, value: 'last' })
  assert.equal((await consume([...ofStart(topic), '--max-messages', '3'])).stdout, 'plain\naborted\nlast\n')
  const committed = [...ofStart(topic), '--max-messages', '2', '--isolation-level', 'read_committed']
  assert.equal((await consume(committed)).stdout, 'plain\nlast\n')
  const state = await consume([
    ...ofStart('__transaction_state'),
    ...[
      '--timeout-ms',
      '500',
      '--formatter',
      'org.apache.kafka.tools.consumer.TransactionLogMessageFormatter',
    ],
  ])
  const [first] = lines(state.stdout).map((line) => JSON.parse(line))
  assert.deepEqual(first.key, { type: 0, data: { transactionalId: 'console' } })
  assert.equal(first.value.data.transactionTimeoutMs, 60_000)
})

test('offsets and groups are shown as JSON', async () => {
  const topic = await topicOf({ value: 'a' })
  const consumer = new Consumer({
    bootstrapServers: broker.bootstrapServers,
    groupId: 'json',
    autoOffsetReset: 'earliest',
  })
  await consumer.subscribe([topic])
  await consumer.poll({ timeoutMs: 10_000 })
  await consumer.commit()
  await consumer.close()
  const args = [...ofStart('__consumer_offsets'), '--timeout-ms', '500', '--formatter']
  const offsets = await consume([...args, 'org.apache.kafka.tools.consumer.OffsetsMessageFormatter'])
  const mine = lines(offsets.stdout).map((line) => JSON.parse(line))
  const [commit] = mine.filter(({ key }) => key.data.group === 'json')
  assert.deepEqual(commit.key, { type: 1, data: { group: 'json', topic, partition: 0 } })
  assert.deepEqual([commit.value.data.offset, commit.value.data.metadata], [1, ''])
  const groups = await consume([...args, 'org.apache.kafka.tools.consumer.GroupMetadataMessageFormatter'])
  const states = lines(groups.stdout).map((line) => JSON.parse(line))
  const [joined] = states.filter(
    ({ key, value }) => key.data.group === 'json' && value.data.members.length > 0,
  )
  assert.deepEqual(joined.key, { type: 2, data: { group: 'json' } })
  assert.equal(joined.value.data.protocolType, 'consumer')
})

test('the classes of Kafka up to 3.9 show them as text', async () => {
  const topic = await topicOf({ value: 'a' })
  const group = 'text'
  await admin.alterGroupOffsets(group, [{ topic, partition: 0, offset: 1, metadata: 'm' }])
  await admin.deleteGroups([group])
  const args = [...ofStart('__consumer_offsets'), '--timeout-ms', '500', '--formatter']
  const offsets = await consume([
    ...args,
    'kafka.coordinator.group.GroupMetadataManager$OffsetsMessageFormatter',
  ])
  const mine = lines(offsets.stdout).filter((line) => line.startsWith(`[${group},`))
  assert.match(
    mine[0]!,
    /::OffsetAndMetadata\(offset=1, leaderEpoch=Optional\.empty, metadata=m, commitTimestamp=\d+, expireTimestamp=None\)$/,
  )
  assert.equal(mine[1], `[${group},${topic},0]::NULL`)
  const groups = await consume([
    ...args,
    'kafka.coordinator.group.GroupMetadataManager$GroupMetadataMessageFormatter',
  ])
  assert.match(
    groups.stdout,
    /^json::GroupMetadata\(groupId=json, generation=1, protocolType=Some\(consumer\), currentState=Stable, members=HashMap\((\S+) -> MemberMetadata\(memberId=\1, groupInstanceId=None, clientId=sluice, clientHost=\/127\.0\.0\.1, sessionTimeoutMs=45000, rebalanceTimeoutMs=300000, supportedProtocols=List\(range\)\)\)\)$/m,
  )
  const transactions = await consume([
    ...ofStart('__transaction_state'),
    ...['--timeout-ms', '500', '--formatter'],
    'kafka.coordinator.transaction.TransactionLog$TransactionLogMessageFormatter',
  ])
  assert.match(
    lines(transactions.stdout)[0]!,
    /^console::TransactionMetadata\(transactionalId=console, producerId=\d+, producerEpoch=0, txnTimeoutMs=60000, state=Empty, pendingState=None, topicPartitions=HashSet\(\), txnStartTimestamp=-1, txnLastUpdateTimestamp=\d+\)$/,
  )
})

test('a topic that does not exist is waited for, and is the reason if nobody makes it', async () => {
  const { exitCode, stderr } = await consume(['--topic', 'nowhere', '--timeout-ms', '300'])
  assert.equal(exitCode, 1)
  assert.deepEqual(lines(stderr), [
    'WARN Error while fetching metadata: {nowhere=UNKNOWN_TOPIC_OR_PARTITION}',
    'ERROR Error processing message, terminating consumer process: Error while fetching metadata: {nowhere=UNKNOWN_TOPIC_OR_PARTITION}',
    'Processed a total of 0 messages',
  ])
})

test('what is asked for badly is one line of complaint', async () => {
  const topic = await topicOf({ value: 'a' })
  const problems: [string[], string][] = [
    [[], 'Exactly one of --include/--topic is required.'],
    [['--topic', 'a', '--include', 'b'], 'Exactly one of --include/--topic is required.'],
    [['--topic', 'a', '--offset', '1'], 'The partition is required when offset is specified.'],
    [['--include', 'a', '--partition', '1'], 'The topic is required when partition is specified.'],
    [['--topic', 'a', '--partition', '0', '--offset', '-3'], "The provided offset value '-3' is incorrect."],
    [
      ['--topic', 'a', '--partition', '0', '--offset', '1', '--from-beginning'],
      'Options from-beginning and offset cannot be specified together.',
    ],
    [['--topic', topic, '--partition', '2'], `Topic ${topic} has no partition 2, only 2 of them`],
    [
      ['--topic', 'a', '--partition', '0', '--group', 'g'],
      'Options group and partition cannot be specified together.',
    ],
    [
      ['--topic', 'a', '--group', 'g', '--consumer-property', 'group.id=h'],
      "The group ids provided in different places (directly using '--group', via '--consumer-property', or via '--consumer.config') do not match. Detected group ids: 'g', 'h'",
    ],
    [
      ['--topic', 'a', '--from-beginning', '--consumer-property', 'auto.offset.reset=latest'],
      "Can't simultaneously specify --from-beginning and 'auto.offset.reset=latest', please remove one option",
    ],
    [
      ['--topic', 'a', '--isolation-level', 'x'],
      'isolation.level must be one of read_uncommitted, read_committed',
    ],
    [['--topic', 'a', '--formatter', 'a.B'], 'The formatter a.B is not known'],
    [['--topic', 'a', '--value-deserializer', 'a.B'], 'Unable to instantiate a deserializer from a.B'],
    [['--include', '('], '( is an invalid regex.'],
  ]
  for (const [args, problem] of problems) {
    const { exitCode, stdout, stderr } = await consume(args)
    assert.deepEqual([exitCode, stdout, lines(stderr).length], [1, '', 1], stderr)
    assert.ok(stderr.startsWith(problem), stderr)
  }
})
