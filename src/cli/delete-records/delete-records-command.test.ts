import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Admin, Producer } from '../../client/index.ts'
import { startBroker, type TestBroker } from '../../testing/index.ts'
import { run } from '../command/command.test.kit.ts'
import { deleteRecordsCommand } from './delete-records-command.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-delete-records-'))
let broker: TestBroker
before(async () => {
  broker = await startBroker()
  const { bootstrapServers } = broker
  await using admin = new Admin({ bootstrapServers })
  await admin.createTopics([{ name: 'orders', partitions: 2 }])
  const producer = new Producer({ bootstrapServers })
  for (let i = 0; i < 5; i++) await producer.send({ topic: 'orders', partition: 0, value: 'x' })
  await producer.close()
})
after(async () => {
  await broker.close()
  rmSync(folder, { recursive: true, force: true })
})

function deleteRecords(json: string) {
  const file = join(folder, 'offsets.json')
  writeFileSync(file, json)
  return run(deleteRecordsCommand, [
    '--bootstrap-server',
    broker.bootstrapServers,
    '--offset-json-file',
    file,
  ])
}

test('partitions begin where the file says, or at their ends', async () => {
  const partitions = [
    { topic: 'orders', partition: 0, offset: 3 },
    { topic: 'orders', partition: 1, offset: -1 },
  ]
  assert.deepEqual(await deleteRecords(JSON.stringify({ partitions, version: 1 })), {
    exitCode: 0,
    stdout:
      'Executing records delete operation\nRecords delete operation completed:\n' +
      'partition: orders-0\tlow_watermark: 3\npartition: orders-1\tlow_watermark: 0\n',
    stderr: '',
  })
})

test('a partition whose records are not deleted is told of, and the others are done', async () => {
  const partitions = [
    { topic: 'orders', partition: 0, offset: 50 },
    { topic: 'orders', partition: 1, offset: 0 },
  ]
  assert.deepEqual(await deleteRecords(JSON.stringify({ partitions })), {
    exitCode: 1,
    stdout:
      'Executing records delete operation\nRecords delete operation completed:\n' +
      'partition: orders-0\terror: org.apache.kafka.common.errors.OffsetOutOfRangeException: The offset is outside the range that the partition holds.\n' +
      'partition: orders-1\tlow_watermark: 0\n',
    stderr: 'The records of 1 of 2 partition(s) were not deleted\n',
  })
})

test('a file that makes no sense is refused before anything is asked', async () => {
  const twice = { topic: 'orders', partition: 0, offset: 0 }
  const problems: [string, string][] = [
    ['nonsense', 'The input string is not a valid JSON'],
    ['[]', 'The input string is not a valid JSON'],
    ['{"version":1}', 'No such field exists: `partitions`'],
    ['{"partitions":[],"version":2}', 'Not supported version field value 2'],
    ['{"partitions":[{"topic":"orders"}]}', 'No such field exists: `partition`'],
    ['{"partitions":[1]}', '`partitions` must be a list of objects'],
    [
      '{"partitions":[{"topic":"orders","partition":-1,"offset":0}]}',
      '`partition` must be the number of a partition, not -1',
    ],
    ['{"partitions":[{"topic":1,"partition":0,"offset":0}]}', '`topic` must be a text, not 1'],
    [
      '{"partitions":[{"topic":"orders","partition":0,"offset":0.5}]}',
      '`offset` must be a whole number, not 0.5',
    ],
    [
      JSON.stringify({ partitions: [twice, twice] }),
      'Offset json file contains duplicate topic partitions: orders-0',
    ],
  ]
  for (const [json, problem] of problems)
    assert.deepEqual(await deleteRecords(json), { exitCode: 1, stdout: '', stderr: `${problem}\n` }, json)
})
