import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from '../../protocol/messages/23-offset-for-leader-epoch.ts'
import { batch, createTopic, produce, startTestBroker } from './handlers.test.kit.ts'

const client = await startTestBroker()
await createTopic(client, 'epochs')
await produce(client, 'epochs', batch(3))

async function ask(
  version: number,
  leaderEpoch: number,
  more: { topic?: string; currentLeaderEpoch?: number } = {},
) {
  const { topic = 'epochs', ...rest } = more
  const request = { topics: [{ topic, partitions: [{ partition: 0, leaderEpoch, ...rest }] }] }
  const { topics } = await client.call(
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    version,
    request,
  )
  const { errorCode, leaderEpoch: epoch, endOffset } = topics[0]!.partitions[0]!
  return [errorCode, epoch, endOffset]
}

test('the epoch of the leader ends where the log ends, in every version', async () => {
  for (let version = 0; version <= 4; version++) {
    assert.deepEqual(await ask(version, 0), [0, version >= 1 ? 0 : -1, 3])
  }
})

test('epochs to come, unknown topics and wrong current epochs say so', async () => {
  assert.deepEqual(await ask(4, 5), [0, -1, -1])
  assert.deepEqual(await ask(4, 0, { topic: 'nowhere' }), [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1, -1])
  assert.deepEqual(await ask(4, 0, { currentLeaderEpoch: 1 }), [ErrorCode.UNKNOWN_LEADER_EPOCH, -1, -1])
  assert.deepEqual(await ask(4, 0, { currentLeaderEpoch: -2 }), [ErrorCode.FENCED_LEADER_EPOCH, -1, -1])
})
