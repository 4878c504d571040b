import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import * as ListOffsets from '../../protocol/messages/02-list-offsets.ts'
import * as ListGroups from '../../protocol/messages/16-list-groups.ts'
import * as CreateTopics from '../../protocol/messages/19-create-topics.ts'
import * as DeleteTopics from '../../protocol/messages/20-delete-topics.ts'
import * as DeleteGroups from '../../protocol/messages/42-delete-groups.ts'
import { KafkaError } from '../kafka-error.ts'
import { BREAK, ScriptedCluster, SILENCE } from '../network/scripted-cluster.test.kit.ts'
import type { AdminOptions } from '../options/admin-options.ts'
import { Admin } from './admin.ts'

const LIST_OFFSETS = { request: ListOffsets.ListOffsetsRequest, response: ListOffsets.ListOffsetsResponse }
const CREATE_TOPICS = {
  request: CreateTopics.CreateTopicsRequest,
  response: CreateTopics.CreateTopicsResponse,
}
const DELETE_TOPICS = {
  request: DeleteTopics.DeleteTopicsRequest,
  response: DeleteTopics.DeleteTopicsResponse,
}
const DELETE_GROUPS = {
  request: DeleteGroups.DeleteGroupsRequest,
  response: DeleteGroups.DeleteGroupsResponse,
}
const LIST_GROUPS = { request: ListGroups.ListGroupsRequest, response: ListGroups.ListGroupsResponse }

function adminOf(cluster: ScriptedCluster, options: Partial<AdminOptions> = {}): Admin {
  return new Admin(
    { bootstrapServers: cluster.bootstrapServers, ...options } as AdminOptions,
    cluster.platform,
  )
}

/** `answer` of a partition at a broker: an offset, or an error code. */
function answerOffsets(
  cluster: ScriptedCluster,
  answer: (topic: string, partition: number, nodeId: number) => { offset?: number; errorCode?: number },
): void {
  cluster.answer(LIST_OFFSETS, [1, 11], ({ topics }: ListOffsets.ListOffsetsRequest, { nodeId }) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        ...answer(name, partitionIndex, nodeId),
      })),
    })),
  }))
}

function deletes(
  cluster: ScriptedCluster,
  errorOf: (name: string, nodeId: number) => number | typeof SILENCE | typeof BREAK,
): void {
  cluster.answer(DELETE_TOPICS, [1, 6], ({ topics }: DeleteTopics.DeleteTopicsRequest, { nodeId }) => {
    const errors = topics.map(({ name }) => errorOf(name!, nodeId))
    for (const error of errors) if (typeof error === 'symbol') return error
    return { responses: topics.map(({ name }, i) => ({ name, errorCode: errors[i] })) }
  })
}

async function failure(promise: Promise<unknown>): Promise<KafkaError> {
  const error = await promise.then(
    () => assert.fail('it did not fail'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof KafkaError, String(error))
  return error
}

const latest = (topic: string, partition: number) => ({ topic, partition, at: 'latest' as const })
const called = (cluster: ScriptedCluster, name: string) =>
  cluster.log.filter((line) => line.startsWith(name)).sort()

test('each broker gets one request with all that is its, and answers come in the order asked', async () => {
  const cluster = new ScriptedCluster([1, 2])
  cluster.topics = { a: [1, 2, 1], b: [2] }
  answerOffsets(cluster, (topic, partition, nodeId) => ({
    offset: (topic === 'a' ? 0 : 100) + 10 * partition + nodeId,
  }))
  const asked = [latest('b', 0), latest('a', 2), latest('a', 1), latest('a', 0)]
  const found = await cluster.settled(adminOf(cluster).listOffsets(asked))
  assert.deepEqual(
    found.map(({ topic, partition, offset }) => `${topic}-${partition}@${offset}`),
    ['b-0@102', 'a-2@21', 'a-1@12', 'a-0@1'],
  )
  assert.deepEqual(called(cluster, 'ListOffsets'), ['ListOffsets@1 v11', 'ListOffsets@2 v11'])
})

test('what a controller refuses as none goes to the next one', async () => {
  const cluster = new ScriptedCluster([1, 2])
  deletes(cluster, (_, nodeId) => (nodeId === 2 ? ErrorCode.NONE : ErrorCode.NOT_CONTROLLER))
  const admin = adminOf(cluster)
  const deleted = admin.deleteTopics(['a', 'b'])
  await new Promise<void>((resolve) => void setImmediate(resolve))
  cluster.controllerId = 2
  await cluster.settled(deleted)
  assert.deepEqual(called(cluster, 'DeleteTopics'), ['DeleteTopics@1 v6', 'DeleteTopics@2 v6'])
})

test('only what failed is asked for again, at the leader that there is by then', async () => {
  const cluster = new ScriptedCluster([1, 2])
  cluster.topics = { a: [1, 1] }
  const asked: string[] = []
  answerOffsets(cluster, (_, partition, nodeId) => {
    asked.push(`${partition}@${nodeId}`)
    if (partition === 0 || nodeId === 2) return { offset: 7 }
    cluster.topics = { a: [1, 2] }
    return { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER }
  })
  const found = await cluster.settled(adminOf(cluster).listOffsets([latest('a', 0), latest('a', 1)]))
  assert.deepEqual(
    found.map(({ offset }) => offset),
    [7, 7],
  )
  assert.deepEqual(asked, ['0@1', '1@1', '1@2'])
})

test('a coordinator that moved, and one that loads, are waited for', async () => {
  const cluster = new ScriptedCluster([1, 2])
  let loads = 2
  cluster.answer(DELETE_GROUPS, [0, 2], ({ groupsNames }: DeleteGroups.DeleteGroupsRequest, { nodeId }) => {
    const isLoading = nodeId === 2 && loads-- > 0
    const errorCode =
      nodeId === 1 ? ErrorCode.NOT_COORDINATOR : isLoading ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : 0
    if (nodeId === 1) cluster.coordinatorOf = () => 2
    return { results: groupsNames.map((groupId) => ({ groupId, errorCode })) }
  })
  await cluster.settled(adminOf(cluster).deleteGroups(['g', 'h']))
  assert.deepEqual(called(cluster, 'DeleteGroups'), [
    'DeleteGroups@1 v2',
    'DeleteGroups@2 v2',
    'DeleteGroups@2 v2',
    'DeleteGroups@2 v2',
  ])
})

test('many groups are looked up in one request, in several where the broker is too old for that', async () => {
  for (const [versions, lookups] of [
    [[0, 4], 1],
    [[0, 3], 3],
  ] as const) {
    const cluster = new ScriptedCluster([1])
    cluster.limit('FindCoordinator', versions)
    cluster.answer(DELETE_GROUPS, [0, 2], ({ groupsNames }: DeleteGroups.DeleteGroupsRequest) => ({
      results: groupsNames.map((groupId) => ({ groupId })),
    }))
    await cluster.settled(adminOf(cluster).deleteGroups(['a', 'b', 'c']))
    assert.equal(called(cluster, 'FindCoordinator').length, lookups)
    assert.equal(called(cluster, 'DeleteGroups').length, 1)
  }
})

test('a broker that dies before it answers is replaced by the next leader', async () => {
  const cluster = new ScriptedCluster([1, 2])
  cluster.topics = { a: [2] }
  answerOffsets(cluster, (_, __, nodeId) => {
    if (nodeId === 2) {
      cluster.topics = { a: [1] }
      cluster.stop(2)
    }
    return { offset: nodeId }
  })
  const [found] = await cluster.settled(adminOf(cluster).listOffsets([latest('a', 0)]))
  assert.equal(found!.offset, 1)
})

test('a topic that no broker knows is asked after a few times, as it may be new, and then is unknown', async () => {
  const cluster = new ScriptedCluster([1])
  answerOffsets(cluster, () => ({ offset: 1 }))
  const admin = adminOf(cluster)
  const startMs = cluster.clock.monotonicMs()
  const error = await failure(cluster.settled(admin.listOffsets([latest('nope', 0)])))
  assert.equal(error.code, 'UNKNOWN_TOPIC_OR_PARTITION')
  assert.ok(cluster.clock.monotonicMs() - startMs < 2000)

  const found = admin.listOffsets([latest('new', 0)])
  cluster.clock.after(150, () => {
    cluster.topics = { new: [1] }
  })
  assert.equal((await cluster.settled(found))[0]!.offset, 1)
})

test('one thing that fails rejects with its error; of several, PARTIAL says which failed and what the others gave', async () => {
  const cluster = new ScriptedCluster([1])
  cluster.topics = { a: [1, 1] }
  answerOffsets(cluster, (_, partition) =>
    partition === 0 ? { offset: 5 } : { errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED },
  )
  const admin = adminOf(cluster)
  const alone = await failure(cluster.settled(admin.listOffsets([latest('a', 1)])))
  assert.deepEqual([alone.code, alone.errno, alone.details], ['TOPIC_AUTHORIZATION_FAILED', 29, undefined])

  const partial = await failure(cluster.settled(admin.listOffsets([latest('a', 0), latest('a', 1)])))
  assert.equal(partial.code, 'PARTIAL')
  assert.match(partial.message, /^listOffsets: 1 of 2 failed: partition a-1: /)
  assert.deepEqual(
    [...partial.details!].map(([name, { code }]) => [name, code]),
    [['a-1', 'TOPIC_AUTHORIZATION_FAILED']],
  )
  const found = { topic: 'a', partition: 0, offset: 5, timestamp: -1, leaderEpoch: null }
  assert.deepEqual([...partial.results!], [['a-0', found]])
})

test('several things that fail each for its own reason are PARTIAL without results', async () => {
  const cluster = new ScriptedCluster([1])
  deletes(cluster, (name) =>
    name === 'a' ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.TOPIC_DELETION_DISABLED,
  )
  const error = await failure(cluster.settled(adminOf(cluster).deleteTopics(['a', 'b'])))
  assert.equal(error.code, 'PARTIAL')
  assert.deepEqual([...error.details!.keys()], ['a', 'b'])
  assert.equal(error.results!.size, 0)
})

test('when the time is over what is done stays done, and the rest is TIMEOUT with what stood in the way', async () => {
  const cluster = new ScriptedCluster([1])
  deletes(cluster, (name) => (name === 'a' ? ErrorCode.NONE : ErrorCode.NOT_CONTROLLER))
  const admin = adminOf(cluster)
  const error = await failure(cluster.settled(admin.deleteTopics(['a', 'b'], { timeoutMs: 3000 })))
  assert.equal(error.code, 'PARTIAL')
  assert.deepEqual([...error.results!.keys()], ['a'])
  const late = error.details!.get('b')!
  assert.equal(late.code, 'TIMEOUT')
  assert.match(late.message, /^deleteTopics \(b\) was not done within 3000 ms: topic b: /)
  assert.equal((late.cause as KafkaError).code, 'NOT_CONTROLLER')
})

test('a broker that says nothing is TIMEOUT in the time of the call, and its connection is left to others', async () => {
  const cluster = new ScriptedCluster([1])
  deletes(cluster, () => SILENCE)
  const admin = adminOf(cluster)
  const error = await failure(cluster.settled(admin.deleteTopics(['a', 'b'], { timeoutMs: 500 })))
  assert.deepEqual([error.code, error.retriable], ['TIMEOUT', true])
  assert.equal(cluster.clock.monotonicMs() < 600, true)
  // To the bootstrap server, and to the broker.
  assert.equal(cluster.openConnectionCount, 2)
})

test('a connection that breaks is tried again as long as there is time, and no more often than retries allows', async () => {
  const cluster = new ScriptedCluster([1])
  let breaks = 3
  deletes(cluster, () => (breaks-- > 0 ? BREAK : ErrorCode.NONE))
  await cluster.settled(adminOf(cluster).deleteTopics(['a']))
  assert.equal(called(cluster, 'DeleteTopics').length, 4)

  breaks = 3
  const error = await failure(cluster.settled(adminOf(cluster, { retries: 1 }).deleteTopics(['a'])))
  assert.equal(error.code, 'NETWORK')
  assert.equal(called(cluster, 'DeleteTopics').length, 6)
})

test('what the broker has no API for is PROTOCOL at once, once for all', async () => {
  const cluster = new ScriptedCluster([1])
  const error = await failure(cluster.settled(adminOf(cluster).deleteGroups(['a', 'b'])))
  assert.deepEqual([error.code, error.retriable], ['PROTOCOL', false])
  assert.match(error.message, /DeleteGroups.* the broker does not know it/)
})

test('an answer that passes over what was asked for is PROTOCOL', async () => {
  const cluster = new ScriptedCluster([1])
  cluster.answer(DELETE_GROUPS, [0, 2], () => ({ results: [] }))
  const error = await failure(cluster.settled(adminOf(cluster).deleteGroups(['a'])))
  assert.match(error.message, /said nothing of a/)
})

test('all brokers are asked; one that fails leaves what the others said readable', async () => {
  const cluster = new ScriptedCluster([1, 2])
  cluster.answer(LIST_GROUPS, [0, 5], (_, { nodeId }) =>
    nodeId === 1
      ? { groups: [{ groupId: 'g', groupState: 'Stable', groupType: 'Consumer' }] }
      : { errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED },
  )
  const error = await failure(cluster.settled(adminOf(cluster).listGroups()))
  assert.deepEqual([...error.details!.keys()], ['broker 2'])
  assert.deepEqual(error.results!.get('broker 1'), [
    { groupId: 'g', protocolType: '', state: 'Stable', type: 'consumer' },
  ])
})

test('closing ends what waits for another attempt, and what comes after', async () => {
  const cluster = new ScriptedCluster([1])
  deletes(cluster, () => ErrorCode.NOT_CONTROLLER)
  const admin = adminOf(cluster)
  const deleted = failure(cluster.settled(admin.deleteTopics(['a'])))
  cluster.clock.after(250, () => void admin.close())
  assert.equal((await deleted).code, 'CLOSED')
  assert.equal((await failure(admin.deleteTopics(['a']))).code, 'CLOSED')
})

test('createTopics resolves when the broker that answered knows every leader', async () => {
  const cluster = new ScriptedCluster([1])
  cluster.answer(CREATE_TOPICS, [0, 7], ({ topics }: CreateTopics.CreateTopicsRequest) => {
    cluster.topics = { a: [1, -1] }
    cluster.clock.after(300, () => {
      cluster.topics = { a: [1, 1] }
    })
    return { topics: topics.map(({ name }) => ({ name })) }
  })
  const admin = adminOf(cluster)
  await cluster.settled(admin.createTopics([{ name: 'a' }]))
  assert.ok(cluster.clock.monotonicMs() >= 300)
  assert.deepEqual(cluster.topics, { a: [1, 1] })
})

test('createTopics waits for no leader of a topic that was only looked at, and not for ever', async () => {
  const cluster = new ScriptedCluster([1])
  cluster.answer(CREATE_TOPICS, [0, 7], ({ topics }: CreateTopics.CreateTopicsRequest) => ({
    topics: topics.map(({ name }) => ({ name })),
  }))
  const admin = adminOf(cluster)
  await cluster.settled(admin.createTopics([{ name: 'a' }], { validateOnly: true }))
  const error = await failure(cluster.settled(admin.createTopics([{ name: 'a' }], { timeoutMs: 1000 })))
  assert.equal(error.code, 'TIMEOUT')
})

test('a controller that ran out of time is not asked again: the topic may be on its way', async () => {
  const cluster = new ScriptedCluster([1])
  cluster.answer(CREATE_TOPICS, [0, 7], ({ topics }: CreateTopics.CreateTopicsRequest) => ({
    topics: topics.map(({ name }) => ({ name, errorCode: ErrorCode.REQUEST_TIMED_OUT })),
  }))
  const error = await failure(cluster.settled(adminOf(cluster).createTopics([{ name: 'a' }])))
  assert.equal(error.code, 'REQUEST_TIMED_OUT')
  assert.equal(called(cluster, 'CreateTopics').length, 1)
})

test('nothing asked for is nothing done', async () => {
  const cluster = new ScriptedCluster([1])
  const admin = adminOf(cluster)
  assert.deepEqual(await admin.listOffsets([]), [])
  assert.deepEqual(await admin.describeGroups([]), [])
  await admin.deleteTopics([])
  assert.deepEqual(cluster.log, [])
})
