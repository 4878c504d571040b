import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Admin } from '../../client/index.ts'
import { failWith, startBroker, type TestBroker } from '../../testing/index.ts'
import { type RunOptions, run } from '../command/command.test.kit.ts'
import { verifiableConsumerCommand } from './verifiable-consumer-command.ts'
import { verifiableProducerCommand } from './verifiable-producer-command.ts'

let broker: TestBroker
let admin: Admin
before(async () => {
  broker = await startBroker()
  admin = new Admin({ bootstrapServers: broker.bootstrapServers })
})
after(async () => {
  await admin.close()
  await broker.close()
})

/** The events without their times, as text: the order of fields counts. */
async function events(result: ReturnType<typeof run>): Promise<string[]> {
  const { exitCode, stdout, stderr } = await result
  assert.deepEqual([exitCode, stderr], [0, ''])
  const time = /^\{"timestamp":\d{13},/
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      assert.match(line, time)
      return line.replace(time, '{')
    })
}

const produce = (topic: string, args: readonly string[], options?: RunOptions) =>
  run(
    verifiableProducerCommand,
    ['--bootstrap-server', broker.bootstrapServers, '--topic', topic, ...args],
    options,
  )
const consume = (topic: string, args: readonly string[], options?: RunOptions) =>
  run(
    verifiableConsumerCommand,
    [
      '--bootstrap-server',
      broker.bootstrapServers,
      '--topic',
      topic,
      '--group-id',
      `${topic}-group`,
      ...args,
    ],
    options,
  )

test('each record that is written is told of, with its place, and a summary at the end', async () => {
  await admin.createTopics([{ name: 'v', partitions: 1 }])
  const said = await events(
    produce('v', ['--max-messages', '3', '--value-prefix', '7', '--repeating-keys', '2']),
  )
  const sent = (key: string, value: string, offset: number): string =>
    `{"name":"producer_send_success","key":"${key}","value":"${value}","offset":${offset},"topic":"v","partition":0}`
  assert.deepEqual(said.slice(0, -1), [
    '{"name":"startup_complete"}',
    sent('0', '7.0', 0),
    sent('1', '7.1', 1),
    sent('0', '7.2', 2),
    '{"name":"shutdown_complete"}',
  ])
  assert.match(
    said.at(-1)!,
    /^\{"name":"tool_data","sent":3,"acked":3,"target_throughput":-1,"avg_throughput":\d+\.\d+(?:E\d+)?\}$/,
  )
})

test('a member tells what it is assigned, reads and commits', async () => {
  assert.deepEqual(await events(consume('v', ['--max-messages', '3', '--verbose'])), [
    '{"name":"startup_complete"}',
    '{"name":"partitions_assigned","partitions":[{"topic":"v","partition":0}]}',
    '{"name":"record_data","key":"0","value":"7.0","topic":"v","partition":0,"offset":0}',
    '{"name":"record_data","key":"1","value":"7.1","topic":"v","partition":0,"offset":1}',
    '{"name":"record_data","key":"0","value":"7.2","topic":"v","partition":0,"offset":2}',
    '{"name":"records_consumed","count":3,"partitions":[{"topic":"v","partition":0,"count":3,"minOffset":0,"maxOffset":2}]}',
    '{"name":"offsets_committed","offsets":[{"topic":"v","partition":0,"offset":3}],"success":true}',
    '{"name":"partitions_revoked","partitions":[{"topic":"v","partition":0}]}',
    '{"name":"shutdown_complete"}',
  ])
})

test('a record that fails is told of with the name of Java\u2019s exception', async () => {
  await admin.createTopics([{ name: 'denied', partitions: 1 }])
  const remove = broker.intercept('Produce', async (_, next) =>
    failWith(await next(), 'TOPIC_AUTHORIZATION_FAILED'),
  )
  const said = await events(produce('denied', ['--max-messages', '1']))
  remove()
  assert.match(
    said[1]!,
    /^\{"name":"producer_send_error","key":null,"value":"0","exception":"class org\.apache\.kafka\.common\.errors\.TopicAuthorizationFailedException","message":".*","topic":"denied"\}$/,
  )
  assert.match(said.at(-1)!, /"sent":1,"acked":0,"target_throughput":-1,"avg_throughput":0\.0\}$/)
})

test('without a number of messages both go on until they are stopped, and tidy up', async () => {
  await admin.createTopics([{ name: 'endless', partitions: 1 }])
  const stopProducer = new AbortController()
  const onOutput = (text: string): void => {
    if (text.includes('producer_send_success')) stopProducer.abort()
  }
  const produced = await events(
    produce('endless', ['--throughput', '1000', '--message-create-time', '1000'], {
      stopped: stopProducer.signal,
      onOutput,
    }),
  )
  const acked = produced.filter((line) => line.includes('producer_send_success')).length
  assert.match(produced.at(-1)!, new RegExp(`"sent":${acked},"acked":${acked},"target_throughput":1000,`))
  const stopConsumer = new AbortController()
  const consumed = await events(
    consume('endless', ['--enable-autocommit', '--group-protocol', 'consumer'], {
      stopped: stopConsumer.signal,
      onOutput: (text) => {
        if (text.includes('records_consumed')) stopConsumer.abort()
      },
    }),
  )
  assert.ok(!consumed.some((line) => line.includes('offsets_committed')))
  assert.equal(consumed.at(-1), '{"name":"shutdown_complete"}')
  const [group] = await admin.listGroupOffsets(['endless-group'])
  assert.deepEqual(
    group?.offsets.map(({ topic, offset }) => [topic, (offset ?? 0) > 0]),
    [['endless', true]],
  )
})

test('what is asked for badly is one line of complaint', async () => {
  const server = ['--bootstrap-server', broker.bootstrapServers]
  for (const [command, args, problem] of [
    [verifiableProducerCommand, server, 'argument --topic is required\n'],
    [verifiableProducerCommand, ['--topic', 't'], 'argument --bootstrap-server is required\n'],
    [
      verifiableProducerCommand,
      [...server, '--topic', 't', '--acks', '2'],
      "argument --acks: invalid choice: '2' (choose from {0,1,-1})\n",
    ],
    [verifiableConsumerCommand, [...server, '--topic', 't'], 'argument --group-id is required\n'],
  ] as const) {
    const { exitCode, stdout, stderr } = await run(command, args)
    assert.deepEqual([exitCode, stdout, stderr], [1, '', problem])
  }
})
