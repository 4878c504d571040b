import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  AlterReplicaLogDirsRequest,
  AlterReplicaLogDirsResponse,
} from '../../protocol/messages/34-alter-replica-log-dirs.ts'
import {
  DescribeLogDirsRequest,
  DescribeLogDirsResponse,
} from '../../protocol/messages/35-describe-log-dirs.ts'
import { batch, createTopic, fetch, produce, startTestBroker } from './handlers.test.kit.ts'

const { INVALID_TOPIC_EXCEPTION, LOG_DIR_NOT_FOUND, UNKNOWN_TOPIC_OR_PARTITION } = ErrorCode
const folder = mkdtempSync(join(tmpdir(), 'sluice-dirs-'))
const dirs = ['a', 'b'].map((name) => join(folder, name))
const client = await startTestBroker({ 'log.dirs': dirs.join(',') })
after(() => rmSync(folder, { recursive: true, force: true }))
await createTopic(client, 'placed', { partitions: 2 })

async function alter(version: number, ...places: [path: string, topic: string, partitions: number[]][]) {
  const { results } = await client.call(AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse, version, {
    dirs: places.map(([path, name, partitions]) => ({ path, topics: [{ name, partitions }] })),
  })
  return results.flatMap(({ topicName, partitions }) =>
    partitions.map(({ partitionIndex, errorCode }) => [`${topicName}-${partitionIndex}`, errorCode]),
  )
}

/** The directory of a partition, once no move is under way. */
async function dirOf(topic: string, partition = 0): Promise<string | undefined> {
  for (;;) {
    const { results } = await client.call(DescribeLogDirsRequest, DescribeLogDirsResponse, 4, {
      topics: [{ topic, partitions: [partition] }],
    })
    const replicas = results.flatMap(({ logDir, topics }) =>
      topics.flatMap(({ partitions }) => partitions.map((each) => ({ logDir, ...each }))),
    )
    if (!replicas.some(({ isFutureKey }) => isFutureKey)) return replicas[0]?.logDir
    assert.ok(replicas.every(({ offsetLag }) => offsetLag >= 0))
  }
}

test('every version moves a replica with its records', async () => {
  for (let version = 0; version <= 2; version++) {
    await produce(client, 'placed', batch(3))
    const home = await dirOf('placed')
    const to = dirs.find((each) => each !== home)!
    assert.deepEqual(await alter(version, [to, 'placed', [0]]), [['placed-0', 0]])
    assert.equal(await dirOf('placed'), to)
    assert.equal((await fetch(client, 'placed')).highWatermark, 3 * (version + 1))
  }
})

test('what can not be moved says why', async () => {
  assert.deepEqual(await alter(2), [])
  assert.deepEqual(await alter(2, ['/no/such', 'placed', [0]]), [['placed-0', LOG_DIR_NOT_FOUND]])
  assert.deepEqual(await alter(2, ['a', 'placed', [0]]), [['placed-0', LOG_DIR_NOT_FOUND]])
  assert.deepEqual(await alter(2, [dirs[0]!, 'x'.repeat(249), [0]]), [
    [`${'x'.repeat(249)}-0`, INVALID_TOPIC_EXCEPTION],
  ])
  assert.deepEqual(await alter(2, [dirs[0]!, 'placed', [7, -1]]), [
    ['placed-7', UNKNOWN_TOPIC_OR_PARTITION],
    ['placed--1', UNKNOWN_TOPIC_OR_PARTITION],
  ])
})

test('a topic that comes later lies where it was asked for, the last time', async () => {
  for (const [index, dir] of [dirs[1]!, dirs[0]!].entries()) {
    const topic = `later-${index}`
    const other = dirs[index]!
    assert.deepEqual(await alter(2, [other, topic, [0]], [dir, topic, [0]]), [
      [`${topic}-0`, UNKNOWN_TOPIC_OR_PARTITION],
    ])
    await createTopic(client, topic)
    assert.equal(await dirOf(topic), dir)
  }
})
