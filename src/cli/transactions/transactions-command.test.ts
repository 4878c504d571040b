import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Admin, Consumer, Producer } from '../../client/index.ts'
import { startBroker, type TestBroker } from '../../testing/index.ts'
import { type CommandResult, run } from '../command/command.test.kit.ts'
import { transactionsCommand } from './transactions-command.ts'

let broker: TestBroker
before(async () => {
  broker = await startBroker()
  const admin = new Admin({ bootstrapServers: broker.bootstrapServers })
  await admin.createTopics([{ name: 'orders' }])
  await admin.close()
})
after(() => broker.close())

const transactions = (...args: string[]): Promise<CommandResult> =>
  run(transactionsCommand, ['--bootstrap-server', broker.bootstrapServers, ...args])
/** The rows below the header, by its names. */
const rows = ({ stdout }: CommandResult): Record<string, string>[] => {
  const [header = [], ...cells] = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t').map((cell) => cell.trim()))
  return cells.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ''])))
}

test('an open transaction is listed and described, by its coordinator and by the partition', async () => {
  const { bootstrapServers } = broker
  const producer = new Producer({ bootstrapServers, transactionalId: 'mover' })
  await producer.beginTransaction()
  await producer.send({ topic: 'orders', value: 'x' })
  try {
    const [listed] = rows(await transactions('list'))
    assert.deepEqual(
      [listed!.TransactionalId, listed!.Coordinator, listed!.TransactionState],
      ['mover', '1', 'Ongoing'],
    )
    const [described] = rows(await transactions('describe', '--transactional-id', 'mover'))
    assert.deepEqual([described!.TopicPartitions, described!.TransactionTimeoutMs], ['orders-0', '60000'])
    const [producing] = rows(
      await transactions('describe-producers', '--topic', 'orders', '--partition', '0'),
    )
    assert.equal(producing!.ProducerId, described!.ProducerId)
    assert.equal(producing!.CurrentTransactionStartOffset, '0')
    const json = JSON.parse((await transactions('list', '--json')).stdout)
    assert.equal(json[0].transactionalId, 'mover')
    assert.deepEqual(rows(await transactions('list', '--duration-filter', '3600000')), [])
    // It is old enough only where any age is, and its coordinator still counts the partition.
    const search = ['find-hanging', '--topic', 'orders', '--max-transaction-timeout', '0']
    assert.deepEqual(rows(await transactions(...search)), [])
  } finally {
    await producer.abortTransaction()
    await producer.close()
  }
})

test('abort ends what a partition holds open, so that readers of committed records go on', async () => {
  const { bootstrapServers } = broker
  const producer = new Producer({ bootstrapServers, transactionalId: 'stuck' })
  await producer.beginTransaction()
  const { offset } = await producer.send({ topic: 'orders', value: 'never' })
  const where = ['--topic', 'orders', '--partition', '0']
  const missing = await transactions('abort', ...where, '--start-offset', '12345')
  assert.equal(missing.exitCode, 1)
  assert.equal(
    missing.stderr,
    'Could not find any open transactions starting at offset 12345 on partition orders-0\n',
  )
  assert.equal((await transactions('abort', ...where, '--start-offset', String(offset))).stderr, '')
  const after = rows(await transactions('describe-producers', ...where))
  assert.ok(after.every((row) => row.CurrentTransactionStartOffset === 'None'))

  const plain = new Producer({ bootstrapServers })
  await plain.send({ topic: 'orders', value: 'seen' })
  const consumer = new Consumer({
    bootstrapServers,
    isolationLevel: 'read_committed',
    autoOffsetReset: 'earliest',
  })
  consumer.assign([{ topic: 'orders', partition: 0 }])
  for await (const record of consumer) {
    assert.equal(record.value?.toString(), 'seen')
    break
  }
  await Promise.all([plain.close(), consumer.close(), producer.close()])
})

test('what is missing or unknown is one line, and exit code 1', async () => {
  const problems: [string[], RegExp][] = [
    [[], /^One of these is required: list, describe, /],
    [['dance'], /^invalid choice: 'dance' /],
    [['describe'], /^Missing required argument "\[transactional-id\]"/],
    [
      ['describe', '--transactional-id', 'nobody'],
      /^Failed to describe transaction state of transactional-id `nobody`: /,
    ],
    [['abort', '--topic', 'orders', '--partition', '0'], /must be identified either with --start-offset/],
    [['find-hanging'], /requires either --topic or --broker-id/],
    [
      ['describe-producers', '--topic', 'orders', '--partition', 'x'],
      /Cannot parse argument 'x' of option partition/,
    ],
  ]
  for (const [args, expected] of problems) {
    const { exitCode, stderr } = await transactions(...args)
    assert.equal(exitCode, 1)
    assert.match(stderr, expected)
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr)
  }
})
