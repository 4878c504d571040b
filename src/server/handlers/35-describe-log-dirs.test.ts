import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DescribeLogDirsRequest,
  DescribeLogDirsResponse,
} from '../../protocol/messages/35-describe-log-dirs.ts'
import { batch, createTopic, produce, startTestBroker } from './handlers.test.kit.ts'

const client = await startTestBroker()
await createTopic(client, 'sized', { partitions: 2 })
await createTopic(client, 'other')
const bytes = batch(3)
await produce(client, 'sized', bytes, { partition: 1 })

async function describe(topics: { topic: string; partitions: number[] }[] | null, version = 4) {
  const { results } = await client.call(DescribeLogDirsRequest, DescribeLogDirsResponse, version, { topics })
  assert.equal(results.length, 1)
  const [dir] = results
  const sizes = dir!.topics.flatMap(({ name, partitions }) =>
    partitions.map(
      ({ partitionIndex, partitionSize }) => [`${name}-${partitionIndex}`, partitionSize] as const,
    ),
  )
  return { dir: dir!, sizes: Object.fromEntries(sizes) }
}

test('every version tells the sizes of the partitions asked for', async () => {
  for (let version = 0; version <= 4; version++) {
    const { sizes } = await describe(
      [
        { topic: 'sized', partitions: [0, 1, 9] },
        { topic: 'nowhere', partitions: [0] },
      ],
      version,
    )
    assert.deepEqual(sizes, { 'sized-0': 0, 'sized-1': bytes.length })
  }
})

test('null asks for all partitions, an empty list for none', async () => {
  assert.deepEqual(Object.keys((await describe(null)).sizes).sort(), ['other-0', 'sized-0', 'sized-1'])
  assert.deepEqual((await describe([])).sizes, {})
})

test('version 4 tells the size of the volume', async () => {
  const { dir } = await describe([])
  assert.ok(dir.totalBytes > 0 && dir.usableBytes >= 0 && dir.usableBytes <= dir.totalBytes)
})
