/**
 * Partitions of __consumer_offsets as Apache Kafka wrote them, taken over: group g has a static member, one that waits
 * for nothing, and one of the classic protocol that waits for a partition; r (4.1 only) is subscribed with an expression;
 * the member of gone has left; the static member of s has left for a while.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { readRecords } from '../../../records/record.ts'
import * as RecordBatch from '../../../records/record-batch.ts'
import type { CoordinatorRecord } from '../../runtime/coordinator-record.ts'
import type { ConsumerGroupChange } from './consumer-group-change.ts'
import { changeOf, isConsumerGroupRecord, recordOf } from './consumer-group-records.ts'
import { GroupBench } from './group-bench.test.kit.ts'
import { shownPartitions } from './transcript-changes.test.kit.ts'

type Release = '3.9' | '4.1'

/** As they are, base offsets and all. */
function batchesOf(release: Release): Buffer[] {
  const url = new URL(`../../../../test/fixtures/consumer-groups/apache-${release}.segment`, import.meta.url)
  const bytes = readFileSync(url)
  const batches: Buffer[] = []
  for (let at = 0; at < bytes.length; at += RecordBatch.sizeInBytes(bytes, at)) {
    batches.push(bytes.subarray(at, at + RecordBatch.sizeInBytes(bytes, at)))
  }
  return batches
}

function recordsOf(release: Release): CoordinatorRecord[] {
  return batchesOf(release)
    .flatMap((batch) => readRecords(batch))
    .map(({ key, value }) => ({ key: key!, value }))
    .filter(({ key }) => isConsumerGroupRecord(key.readInt16BE(0)))
}

/** A coordinator over that log, in a cluster with the topics that the members hold partitions of. */
async function takenOver(release: Release): Promise<GroupBench> {
  const bench = await GroupBench.start()
  bench.log.batches.push(...batchesOf(release))
  const held = recordsOf(release).flatMap((record) => {
    const { change } = changeOf(record)
    return change.kind === 'target' ? [...(change.partitions?.keys() ?? [])] : []
  })
  const partitionCounts = partitionCountsOf(release, new Set(held))
  for (const [topicId, partitionCount] of partitionCounts) {
    bench.setTopic(partitionCount === 3 ? 'a' : 'b', partitionCount, topicId)
  }
  await bench.restart()
  return bench
}

/** Topic a has three partitions, b one. */
function partitionCountsOf(release: Release, topicIds: ReadonlySet<string>): Map<string, number> {
  const counts = new Map([...topicIds].map((topicId) => [topicId, 1]))
  for (const record of recordsOf(release)) {
    const { change } = changeOf(record)
    if (change.kind !== 'target') continue
    for (const [topicId, partitions] of change.partitions ?? []) {
      if (partitions.some((partition) => partition > 0)) counts.set(topicId, 3)
    }
  }
  return counts
}

async function described(bench: GroupBench, groupId: string): Promise<string[]> {
  const group = await bench.answered(bench.consumer.describe(groupId))
  const members = (group.members ?? []).map(
    ({ memberId, memberEpoch, memberType, assignment, targetAssignment }) =>
      `${memberType === 0 ? 'classic' : memberId} epoch=${memberEpoch} ` +
      `has=${shownPartitions(assignment?.topicPartitions, bench)} ` +
      `target=${shownPartitions(targetAssignment?.topicPartitions, bench)}`,
  )
  return [`${group.groupState} ${group.groupEpoch}/${group.assignmentEpoch}`, ...members.sort()]
}

async function beat(bench: GroupBench, groupId: string, memberId: string, memberEpoch: number) {
  const request = {
    groupId,
    memberId,
    memberEpoch,
    instanceId: null,
    rackId: null,
    rebalanceTimeoutMs: -1,
    subscribedTopicNames: null,
    subscribedTopicRegex: null,
    serverAssignor: null,
    topicPartitions: null,
  }
  // As those who wrote the fixtures, so that nothing about the member is new.
  const client = { apiVersion: 1, clientId: 'exp', clientHost: '/127.0.0.1' }
  return await bench.answered(bench.consumer.heartbeat(request, client))
}

for (const release of ['3.9', '4.1'] as const) {
  test(`every record of Kafka ${release} is understood, and written again as it was`, () => {
    const kinds = new Set<string>()
    for (const record of recordsOf(release)) {
      const { groupId, change } = changeOf(record)
      kinds.add(change.kind)
      const written = recordOf(groupId, change)
      assert.deepEqual(written.key, record.key)
      assert.deepEqual(changeOf(written), { groupId, change })
      if (!isWrittenOtherwise(release, change)) assert.deepEqual(written.value, record.value)
    }
    const expected = ['assignment', 'groupEpoch', 'member', 'target', 'targetEpoch']
    const own = release === '3.9' ? 'subscriptionMetadata' : 'regex'
    assert.deepEqual([...kinds].sort(), [...expected, own].sort())
  })
}

/**
 * To the same effect: Kafka writes subscriptions in the order of hash sets, and that there is no classic metadata; 4.1
 * adds a hash of the topics to the epoch, and the version of its metadata to an expression.
 */
function isWrittenOtherwise(release: Release, { kind }: ConsumerGroupChange): boolean {
  return kind === 'member' || (release === '4.1' && (kind === 'groupEpoch' || kind === 'regex'))
}

test('a log of Kafka 3.9 is taken over, and its groups go on without a rebalance', async () => {
  const bench = await takenOver('3.9')
  assert.deepEqual(await described(bench, 'g'), [
    'Reconciling 3/3',
    'classic epoch=3 has=none target=a:0',
    'm1 epoch=2 has=a:0+2 target=a:2',
    'm2 epoch=2 has=a:1,b:0 target=a:1,b:0',
  ])
  assert.deepEqual(await described(bench, 'gone'), ['Empty 2/1'])
  assert.deepEqual(await described(bench, 's'), ['Reconciling 1/1', 's1 epoch=-2 has=a:0-2 target=a:0-2'])
  const response = await beat(bench, 'g', 'm2', 2)
  assert.deepEqual([response.errorCode, response.memberEpoch, response.assignment], [undefined, 3, null])
  assert.equal((await described(bench, 'g'))[0], 'Reconciling 3/3')
  await bench.check()
})

test('a log of Kafka 4.1 is taken over, and its groups keep what they have in the next epoch', async () => {
  const bench = await takenOver('4.1')
  assert.deepEqual(await described(bench, 'g'), [
    'Reconciling 3/3',
    'classic epoch=3 has=none target=a:2',
    'm1 epoch=1 has=a:0-1 target=a:0-1',
    'm2 epoch=2 has=b:0 target=b:0',
  ])
  assert.deepEqual(await described(bench, 'r'), ['Stable 2/2', 'r1 epoch=2 has=a:0-2,b:0 target=a:0-2,b:0'])
  const response = await beat(bench, 'r', 'r1', 2)
  assert.equal(response.errorCode ?? ErrorCode.NONE, ErrorCode.NONE)
  assert.deepEqual(await described(bench, 'r'), ['Stable 3/3', 'r1 epoch=3 has=a:0-2,b:0 target=a:0-2,b:0'])
  await bench.check()
})
