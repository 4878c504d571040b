/** What is asked of brokers, and what is made of their answers, for what a broker of ours does not answer yet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import * as AlterReplicaLogDirs from '../../protocol/messages/34-alter-replica-log-dirs.ts'
import * as ElectLeaders from '../../protocol/messages/43-elect-leaders.ts'
import * as IncrementalAlterConfigs from '../../protocol/messages/44-incremental-alter-configs.ts'
import * as AlterReassignments from '../../protocol/messages/45-alter-partition-reassignments.ts'
import * as ListReassignments from '../../protocol/messages/46-list-partition-reassignments.ts'
import * as DescribeQuorum from '../../protocol/messages/55-describe-quorum.ts'
import * as UpdateFeatures from '../../protocol/messages/57-update-features.ts'
import * as ListConfigResources from '../../protocol/messages/74-list-config-resources.ts'
import { KafkaError } from '../kafka-error.ts'
import { ScriptedCluster } from '../network/scripted-cluster.test.kit.ts'
import { Admin } from './admin.ts'

function clusterWithAdmin(nodeIds: number[] = [1]): { cluster: ScriptedCluster; admin: Admin } {
  const cluster = new ScriptedCluster(nodeIds)
  return { cluster, admin: new Admin({ bootstrapServers: cluster.bootstrapServers }, cluster.platform) }
}

async function failure(promise: Promise<unknown>): Promise<KafkaError> {
  const error = await promise.then(
    () => assert.fail('it did not fail'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof KafkaError, String(error))
  return error
}

test('configs are set, deleted, appended and subtracted, those of a broker at the broker itself', async () => {
  const { cluster, admin } = clusterWithAdmin([1, 2])
  const seen: string[] = []
  cluster.answer(
    {
      request: IncrementalAlterConfigs.IncrementalAlterConfigsRequest,
      response: IncrementalAlterConfigs.IncrementalAlterConfigsResponse,
    },
    [0, 1],
    ({ resources }: IncrementalAlterConfigs.IncrementalAlterConfigsRequest, { nodeId }) => {
      for (const { resourceType, resourceName, configs } of resources) {
        const steps = configs.map(({ name, configOperation, value }) => `${configOperation} ${name}=${value}`)
        const where = resourceType === 4 ? `@${nodeId}` : ''
        seen.push(`${resourceType} ${resourceName}${where}: ${steps.join(' ')}`)
      }
      return { responses: resources }
    },
  )
  await cluster.settled(
    admin.alterConfigs([
      { type: 'topic', name: 'a', set: { x: '1' }, delete: ['y'], append: { l: 'a' }, subtract: { m: 'b' } },
      { type: 'broker', name: 2, set: { x: '2' } },
      { type: 'broker', name: '1', set: { x: '3' } },
      { type: 'group', name: 'g', set: { x: '4' } },
    ]),
  )
  assert.deepEqual(seen.sort(), [
    '2 a: 0 x=1 1 y=null 2 l=a 3 m=b',
    '32 g: 0 x=4',
    '4 1@1: 0 x=3',
    '4 2@2: 0 x=2',
  ])
})

test('partitions move, what moves is listed, and a move is called off', async () => {
  const { cluster, admin } = clusterWithAdmin()
  let seen: AlterReassignments.AlterPartitionReassignmentsRequest | undefined
  cluster.answer(
    {
      request: AlterReassignments.AlterPartitionReassignmentsRequest,
      response: AlterReassignments.AlterPartitionReassignmentsResponse,
    },
    [0, 1],
    (request: AlterReassignments.AlterPartitionReassignmentsRequest) => {
      seen = request
      const errorOf = (replicas: readonly number[] | null) =>
        replicas === null ? ErrorCode.NO_REASSIGNMENT_IN_PROGRESS : ErrorCode.NONE
      return {
        responses: request.topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex, replicas }) => ({
            partitionIndex,
            errorCode: errorOf(replicas),
          })),
        })),
      }
    },
  )
  const moves = [
    { topic: 'a', partition: 0, replicas: [2, 1] },
    { topic: 'a', partition: 1, replicas: null },
  ]
  const options = { allowReplicationFactorChange: false }
  const error = await failure(cluster.settled(admin.alterPartitionReassignments(moves, options)))
  assert.equal(error.details!.get('a-1')!.code, 'NO_REASSIGNMENT_IN_PROGRESS')
  assert.deepEqual([...error.results!.keys()], ['a-0'])
  assert.equal(seen!.allowReplicationFactorChange, false)
  assert.deepEqual(seen!.topics[0]!.partitions[0]!.replicas, [2, 1])

  cluster.answer(
    {
      request: ListReassignments.ListPartitionReassignmentsRequest,
      response: ListReassignments.ListPartitionReassignmentsResponse,
    },
    [0, 0],
    ({ topics }: ListReassignments.ListPartitionReassignmentsRequest) => ({
      topics: (topics ?? [{ name: 'a', partitionIndexes: [0] }]).map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => ({
          partitionIndex,
          replicas: [2, 1],
          addingReplicas: [2],
        })),
      })),
    }),
  )
  const moving = { topic: 'a', replicas: [2, 1], addingReplicas: [2], removingReplicas: [] }
  assert.deepEqual(await cluster.settled(admin.listPartitionReassignments()), [{ ...moving, partition: 0 }])
  assert.deepEqual(await cluster.settled(admin.listPartitionReassignments([{ topic: 'a', partition: 3 }])), [
    { ...moving, partition: 3 },
  ])
})

test('an election that was not needed is no failure', async () => {
  const { cluster, admin } = clusterWithAdmin()
  cluster.answer(
    { request: ElectLeaders.ElectLeadersRequest, response: ElectLeaders.ElectLeadersResponse },
    [0, 2],
    ({ topicPartitions, electionType }: ElectLeaders.ElectLeadersRequest) => ({
      replicaElectionResults: (topicPartitions ?? [{ topic: 'a', partitions: [0, 1] }]).map(
        ({ topic, partitions }) => ({
          topic,
          partitionResult: partitions.map((partitionId) => ({
            partitionId,
            errorCode:
              electionType === 1
                ? ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE
                : partitionId === 0
                  ? ErrorCode.NONE
                  : ErrorCode.ELECTION_NOT_NEEDED,
          })),
        }),
      ),
    }),
  )
  const elected = [
    { topic: 'a', partition: 0, isElected: true },
    { topic: 'a', partition: 1, isElected: false },
  ]
  const partitions = [
    { topic: 'a', partition: 0 },
    { topic: 'a', partition: 1 },
  ]
  assert.deepEqual(await cluster.settled(admin.electLeaders('preferred', partitions)), elected)
  assert.deepEqual(await cluster.settled(admin.electLeaders('preferred')), elected)
  const error = await failure(cluster.settled(admin.electLeaders('unclean')))
  assert.deepEqual([...error.details!.keys()], ['a-0', 'a-1'])
})

test('replicas move between directories, at the brokers that hold them', async () => {
  const { cluster, admin } = clusterWithAdmin([1, 2])
  const seen: string[] = []
  cluster.answer(
    {
      request: AlterReplicaLogDirs.AlterReplicaLogDirsRequest,
      response: AlterReplicaLogDirs.AlterReplicaLogDirsResponse,
    },
    [0, 2],
    ({ dirs }: AlterReplicaLogDirs.AlterReplicaLogDirsRequest, { nodeId }) => {
      for (const { path, topics } of dirs)
        for (const { name, partitions } of topics) seen.push(`${path}@${nodeId} ${name} ${partitions}`)
      const topics = dirs.flatMap((dir) => dir.topics)
      return {
        results: topics.map(({ name, partitions }) => ({
          topicName: name,
          partitions: partitions.map((partitionIndex) => ({
            partitionIndex,
            errorCode: nodeId === 2 ? ErrorCode.LOG_DIR_NOT_FOUND : ErrorCode.NONE,
          })),
        })),
      }
    },
  )
  const error = await failure(
    cluster.settled(
      admin.alterReplicaLogDirs([
        { topic: 'a', partition: 0, brokerId: 1, logDir: '/x' },
        { topic: 'a', partition: 1, brokerId: 1, logDir: '/x' },
        { topic: 'a', partition: 2, brokerId: 1, logDir: '/y' },
        { topic: 'a', partition: 0, brokerId: 2, logDir: '/z' },
      ]),
    ),
  )
  assert.deepEqual(seen.sort(), ['/x@1 a 0,1', '/y@1 a 2', '/z@2 a 0'])
  assert.equal(error.details!.get('a-0 on broker 2')!.code, 'LOG_DIR_NOT_FOUND')
  assert.equal(error.results!.size, 3)
})

test('the quorum is told with its voters; times that nobody knows are null', async () => {
  const { cluster, admin } = clusterWithAdmin()
  cluster.answer(
    { request: DescribeQuorum.DescribeQuorumRequest, response: DescribeQuorum.DescribeQuorumResponse },
    [0, 2],
    ({ topics }: DescribeQuorum.DescribeQuorumRequest) => ({
      topics: topics.map(({ topicName, partitions }) => ({
        topicName,
        partitions: partitions.map(({ partitionIndex }) => ({
          partitionIndex,
          leaderId: 1,
          leaderEpoch: 4,
          highWatermark: 99,
          currentVoters: [{ replicaId: 1, logEndOffset: 100 }],
        })),
      })),
      nodes: [{ nodeId: 1, listeners: [{ name: 'CONTROLLER', host: 'h', port: 9093 }] }],
    }),
  )
  assert.deepEqual(await cluster.settled(admin.describeMetadataQuorum()), {
    leaderId: 1,
    leaderEpoch: 4,
    highWatermark: 99,
    voters: [
      {
        replicaId: 1,
        directoryId: null,
        logEndOffset: 100,
        lastFetchTimestamp: null,
        lastCaughtUpTimestamp: null,
      },
    ],
    observers: [],
    nodes: [{ nodeId: 1, endpoints: [{ listener: 'CONTROLLER', host: 'h', port: 9093 }] }],
  })
})

test('features are updated together where the answer is one for all', async () => {
  const { cluster, admin } = clusterWithAdmin()
  let errorCode: number = ErrorCode.FEATURE_UPDATE_FAILED
  cluster.answer(
    { request: UpdateFeatures.UpdateFeaturesRequest, response: UpdateFeatures.UpdateFeaturesResponse },
    [0, 2],
    () => ({ errorCode, errorMessage: 'no such level' }),
  )
  const updates = ['f', 'g'].map((feature) => ({ feature, maxVersionLevel: 1 }))
  const error = await failure(cluster.settled(admin.updateFeatures(updates)))
  assert.deepEqual([error.code, error.message], ['FEATURE_UPDATE_FAILED', 'updateFeatures: no such level'])
  errorCode = ErrorCode.NONE
  await cluster.settled(admin.updateFeatures(updates))
})

test('resources with configs are listed by type, of old brokers metrics of clients alone', async () => {
  const { cluster, admin } = clusterWithAdmin()
  const answerIn = (versions: readonly [number, number]) =>
    cluster.answer(
      {
        request: ListConfigResources.ListConfigResourcesRequest,
        response: ListConfigResources.ListConfigResourcesResponse,
      },
      versions,
      ({ resourceTypes }: ListConfigResources.ListConfigResourcesRequest, { version }) => ({
        configResources: [
          { resourceName: 'm', ...(version > 0 ? { resourceType: resourceTypes[0] ?? 2 } : {}) },
        ],
      }),
    )
  answerIn([0, 1])
  assert.deepEqual(await cluster.settled(admin.listConfigResources(['group'])), [
    { type: 'group', name: 'm' },
  ])
  answerIn([0, 0])
  const old = new Admin({ bootstrapServers: cluster.bootstrapServers }, cluster.platform)
  assert.deepEqual(await cluster.settled(old.listConfigResources(['client-metrics'])), [
    { type: 'client-metrics', name: 'm' },
  ])
  assert.equal((await failure(cluster.settled(old.listConfigResources()))).code, 'PROTOCOL')
})
