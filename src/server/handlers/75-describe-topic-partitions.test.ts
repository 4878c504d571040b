import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
} from '../../protocol/messages/75-describe-topic-partitions.ts'
import { createTopic, startTestBroker } from './handlers.test.kit.ts'

const client = await startTestBroker()
for (const name of ['a', 'b', 'c']) await createTopic(client, name, { partitions: 3 })

interface Cursor {
  readonly topicName: string
  readonly partitionIndex: number
}

async function page(names: readonly string[], responsePartitionLimit: number, cursor: Cursor | null = null) {
  const request = { topics: names.map((name) => ({ name })), responsePartitionLimit, cursor }
  const response = await client.call(
    DescribeTopicPartitionsRequest,
    DescribeTopicPartitionsResponse,
    0,
    request,
  )
  const seen = response.topics.map(
    ({ name, partitions }) => `${name}:${partitions.map((each) => each.partitionIndex).join('')}`,
  )
  return { seen, next: response.nextCursor, codes: response.topics.map(({ errorCode }) => errorCode) }
}

test('topics come in the order of their names, page by page', async () => {
  for (const names of [['c', 'a', 'b'], []]) {
    const first = await page(names, 4)
    assert.deepEqual(first.seen, ['a:012', 'b:0'])
    assert.deepEqual(first.next, { topicName: 'b', partitionIndex: 1 })
    const second = await page(names, 4, first.next)
    assert.deepEqual(second.seen, ['b:12', 'c:01'])
    const third = await page(names, 4, second.next)
    assert.deepEqual([third.seen, third.next], [['c:2'], null])
  }
})

test('unknown topics and bad names have their codes and take no room on the page', async () => {
  const { codes, seen } = await page(['a b', 'a', 'nowhere'], 3)
  assert.deepEqual(seen, ['a:012', 'a b:', 'nowhere:'])
  assert.deepEqual(codes, [
    ErrorCode.NONE,
    ErrorCode.INVALID_TOPIC_EXCEPTION,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ])
})

test('a cursor that points nowhere is INVALID_REQUEST', async () => {
  for (const cursor of [
    { topicName: 'b', partitionIndex: -1 },
    { topicName: 'z', partitionIndex: 0 },
  ]) {
    assert.deepEqual((await page(['a', 'b'], 4, cursor)).codes, [
      ErrorCode.INVALID_REQUEST,
      ErrorCode.INVALID_REQUEST,
    ])
  }
})
