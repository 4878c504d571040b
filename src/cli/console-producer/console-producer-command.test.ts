import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, before, test } from 'node:test'
import { Admin, Consumer } from '../../client/index.ts'
import { failWith, startBroker, type TestBroker } from '../../testing/index.ts'
import { type RunOptions, run } from '../command/command.test.kit.ts'
import { consoleProducerCommand } from './console-producer-command.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-console-'))
let broker: TestBroker
before(async () => {
  broker = await startBroker({ properties: { 'auto.create.topics.enable': false } })
})
after(async () => {
  await broker.close()
  rmSync(folder, { recursive: true })
})

let topicCount = 0
async function newTopic(): Promise<string> {
  const admin = new Admin({ bootstrapServers: broker.bootstrapServers })
  const name = `topic-${topicCount++}`
  await admin.createTopics([{ name, partitions: 1 }])
  await admin.close()
  return name
}

const produce = (topic: string, args: readonly string[], options: RunOptions) =>
  run(
    consoleProducerCommand,
    ['--bootstrap-server', broker.bootstrapServers, '--topic', topic, '--timeout', '0', ...args],
    options,
  )

async function read(topic: string): Promise<string[]> {
  const consumer = new Consumer({
    bootstrapServers: broker.bootstrapServers,
    keyDeserializer: 'string',
    valueDeserializer: 'string',
  })
  consumer.assign([{ topic, partition: 0, offset: 0 }])
  const [{ offset: end } = { offset: 0 }] = await consumer.endOffsets([{ topic, partition: 0 }])
  const seen: string[] = []
  const records = end === 0 ? [] : consumer
  for await (const record of records) {
    const headers = Object.entries(record.headers).map(([key, value]) => `${key}=${value}`)
    seen.push([...headers, record.key, record.value].join(' '))
    if (record.offset >= end - 1) break
  }
  await consumer.close()
  return seen
}

test('each line of a file becomes a record, and nothing is printed', async () => {
  const topic = await newTopic()
  const result = await produce(topic, [], { input: 'hello kafka\nchaoge niubi\n\nend' })
  assert.deepEqual(result, { exitCode: 0, stdout: '', stderr: '' })
  assert.deepEqual(await read(topic), [' hello kafka', ' chaoge niubi', ' ', ' end'])
})

test('who types sees a prompt before each line, and each line is written when it ends', async () => {
  const topic = await newTopic()
  const { stdout } = await produce(topic, ['--sync'], { input: 'test1\ntest2\n', isTerminal: true })
  assert.equal(stdout, '>>>')
  assert.deepEqual(await read(topic), [' test1', ' test2'])
})

test('properties say what lines are made of, from the command line before the file', async () => {
  const topic = await newTopic()
  const config = join(folder, 'reader.properties')
  writeFileSync(config, 'parse.key=true\nparse.headers=true\nkey.separator=!\n')
  const args = [
    '--reader-config',
    config,
    '--property',
    'key.separator= ',
    '--reader-property',
    'null.marker=-',
  ]
  const { exitCode } = await produce(topic, args, { input: 'a:1,b:2\tk v\nc:3\t- -\n' })
  assert.equal(exitCode, 0)
  assert.deepEqual(await read(topic), ['a=1 b=2 k v', 'c=3  '])
})

test('options of the producer win over its properties, and these over the file', async () => {
  const topic = await newTopic()
  const config = join(folder, 'producer.properties')
  writeFileSync(config, 'acks=7\nmax.request.size=150\nkey.serializer=some.Class\n')
  const { exitCode, stderr } = await produce(
    topic,
    ['--producer.config', config, '--producer-property', 'acks=0', '--request-required-acks', '1'],
    { input: `${'x'.repeat(200)}\nshort\n` },
  )
  assert.equal(exitCode, 1)
  assert.match(
    stderr,
    /^ERROR Error when sending message to topic topic-\d with key: null, value: 200 bytes with error: The message is \d+ bytes when serialized which is larger than 150,/,
  )
  assert.deepEqual(await read(topic), [' short'])
})

test('the codec is gzip where none is named, and what the broker got is compressed', async () => {
  for (const [args, codec] of [
    [['--compression-codec', 'lz4'], 3],
    [['--compression-codec'], 1],
    [['--producer-property', 'compression.type=zstd'], 4],
  ] as const) {
    const topic = await newTopic()
    let seen = -1
    const remove = broker.intercept('Produce', ({ request }) => {
      const { topicData } = request as { topicData: { partitionData: { records: Buffer }[] }[] }
      seen = topicData[0]!.partitionData[0]!.records.readUInt16BE(21) & 7
      return undefined
    })
    await produce(topic, args, { input: 'x'.repeat(1000) })
    remove()
    assert.equal(seen, codec)
  }
})

test('a bad line ends it with one line of complaint, after the lines before it are written', async () => {
  const topic = await newTopic()
  const { exitCode, stderr } = await produce(topic, ['--property', 'parse.key=true'], {
    input: 'k\tv\nbad\nk\tw\n',
  })
  assert.deepEqual([exitCode, stderr], [1, "No key separator found on line number 2: 'bad'\n"])
  assert.deepEqual(await read(topic), ['k v'])
})

test('a topic that does not exist is told once, with how many more records failed', async () => {
  const { exitCode, stderr } = await produce('nowhere', ['--max-block-ms', '300'], { input: 'a\nb\nc\n' })
  assert.equal(exitCode, 1)
  assert.match(
    stderr,
    /^ERROR Error when sending message to topic nowhere with key: null, value: 1 bytes with error: [^\n]*\nERROR 2 more records could not be sent\n$/,
  )
})

test('with --sync the first failure is the end', async () => {
  const topic = await newTopic()
  const remove = broker.intercept('Produce', async (_, next) =>
    failWith(await next(), 'TOPIC_AUTHORIZATION_FAILED'),
  )
  const { exitCode, stderr } = await produce(topic, ['--sync'], { input: 'a\nb\n' })
  remove()
  assert.equal(exitCode, 1)
  assert.equal(stderr.split('\n').length, 2, stderr)
})

test('to be stopped writes what was typed so far', async () => {
  const topic = await newTopic()
  const input = new PassThrough()
  const stop = new AbortController()
  const onOutput = (): void => void (prompts++ === 1 && stop.abort())
  let prompts = 0
  input.write('last words\n')
  const { exitCode } = await produce(topic, [], { input, isTerminal: true, stopped: stop.signal, onOutput })
  assert.equal(exitCode, 0)
  assert.deepEqual(await read(topic), [' last words'])
})

test('what is asked for badly is one line of complaint', async () => {
  const server = ['--bootstrap-server', broker.bootstrapServers]
  const problems: [string[], string][] = [
    [server, 'Missing required argument "[topic]"'],
    [['--topic', 't'], 'Missing required argument "[bootstrap-server]"'],
    [[...server, '--topic', 't', '--timeout', 'x'], "Cannot parse argument 'x' of option timeout"],
    [[...server, '--topic', 't', '--compression-codec', 'zip'], 'compression.type must be one of'],
    [[...server, '--topic', 't', '--line-reader', 'a.B'], 'The reader a.B is not known'],
    [[...server, '--topic', 't', '--property', 'x'], '"x" does not read as name=value'],
    [['--broker-list', '127.0.0.1', '--topic', 't'], 'bootstrap.servers must be host:port'],
  ]
  for (const [args, problem] of problems) {
    const { exitCode, stdout, stderr } = await run(consoleProducerCommand, args)
    assert.deepEqual([exitCode, stdout, stderr.split('\n').length], [1, '', 2], args.join(' '))
    assert.ok(stderr.startsWith(problem), stderr)
  }
})
