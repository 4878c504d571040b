/** Brokers of old releases: what they have other APIs for is done with those, what they can't do is said so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import * as ListOffsets from '../../protocol/messages/02-list-offsets.ts'
import * as OffsetFetch from '../../protocol/messages/09-offset-fetch.ts'
import * as DescribeGroups from '../../protocol/messages/15-describe-groups.ts'
import * as ListGroups from '../../protocol/messages/16-list-groups.ts'
import * as CreateTopics from '../../protocol/messages/19-create-topics.ts'
import * as DeleteTopics from '../../protocol/messages/20-delete-topics.ts'
import * as DescribeAcls from '../../protocol/messages/29-describe-acls.ts'
import * as DescribeConfigs from '../../protocol/messages/32-describe-configs.ts'
import * as AlterConfigs from '../../protocol/messages/33-alter-configs.ts'
import * as UpdateFeatures from '../../protocol/messages/57-update-features.ts'
import { KafkaError } from '../kafka-error.ts'
import { ScriptedCluster } from '../network/scripted-cluster.test.kit.ts'
import { Admin } from './admin.ts'

function clusterWithAdmin(): { cluster: ScriptedCluster; admin: Admin } {
  const cluster = new ScriptedCluster([1])
  return { cluster, admin: new Admin({ bootstrapServers: cluster.bootstrapServers }, cluster.platform) }
}

async function failsWith(promise: Promise<unknown>, code: string, message?: RegExp): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof KafkaError, String(error))
    assert.equal(error.code, code, error.message)
    if (message !== undefined) assert.match(error.message, message)
    return true
  })
}

/** A broker that can only replace all configs. */
function keepsConfigs(
  cluster: ScriptedCluster,
  entries: () => { name: string; value: string | null; configSource?: number; isDefault?: boolean }[],
  describeVersions: readonly [number, number] = [0, 4],
): { replaced: AlterConfigs.AlterConfigsRequest['resources'] } {
  const seen: { replaced: AlterConfigs.AlterConfigsRequest['resources'] } = { replaced: [] }
  cluster.answer(
    { request: DescribeConfigs.DescribeConfigsRequest, response: DescribeConfigs.DescribeConfigsResponse },
    describeVersions,
    ({ resources }: DescribeConfigs.DescribeConfigsRequest) => ({
      results: resources.map(({ resourceType, resourceName }) => ({
        resourceType,
        resourceName,
        configs: entries(),
      })),
    }),
  )
  cluster.answer(
    { request: AlterConfigs.AlterConfigsRequest, response: AlterConfigs.AlterConfigsResponse },
    [0, 1],
    ({ resources }: AlterConfigs.AlterConfigsRequest) => {
      seen.replaced = resources
      return {
        responses: resources.map(({ resourceType, resourceName }) => ({ resourceType, resourceName })),
      }
    },
  )
  return seen
}

const TOPIC = 1
const STATIC = 4
const DEFAULT = 5

test('where configs can only be replaced, those that the topic has of its own are kept, changed and written back', async () => {
  const { cluster, admin } = clusterWithAdmin()
  const seen = keepsConfigs(cluster, () => [
    { name: 'retention.ms', value: '1000', configSource: TOPIC },
    { name: 'segment.bytes', value: '500', configSource: TOPIC },
    { name: 'cleanup.policy', value: 'delete', configSource: DEFAULT },
    { name: 'follower.replication.throttled.replicas', value: '0:1,1:2', configSource: TOPIC },
    { name: 'max.message.bytes', value: '77', configSource: STATIC },
  ])
  await cluster.settled(
    admin.alterConfigs([
      {
        type: 'topic',
        name: 'a',
        set: { 'min.insync.replicas': '2' },
        delete: ['segment.bytes', 'flush.ms'],
        append: { 'cleanup.policy': 'compact' },
        subtract: { 'follower.replication.throttled.replicas': '0:1' },
      },
    ]),
  )
  const [resource] = seen.replaced
  assert.deepEqual([resource!.resourceType, resource!.resourceName], [2, 'a'])
  assert.deepEqual(Object.fromEntries(resource!.configs.map(({ name, value }) => [name, value])), {
    'retention.ms': '1000',
    'follower.replication.throttled.replicas': '1:2',
    'min.insync.replicas': '2',
    'cleanup.policy': 'delete,compact',
  })
})

test('the oldest brokers tell of no sources: what is not the default is kept', async () => {
  const { cluster, admin } = clusterWithAdmin()
  const entries = () => [
    { name: 'retention.ms', value: '1000', isDefault: false },
    { name: 'segment.bytes', value: '500', isDefault: true },
  ]
  const seen = keepsConfigs(cluster, entries, [0, 0])
  await cluster.settled(admin.alterConfigs([{ type: 'topic', name: 'a', set: { 'flush.ms': '5' } }]))
  assert.deepEqual(
    seen.replaced[0]!.configs.map(({ name }) => name),
    ['retention.ms', 'flush.ms'],
  )
})

test('a resource with a secret is not replaced, as the secret would be lost', async () => {
  const { cluster, admin } = clusterWithAdmin()
  const seen = keepsConfigs(cluster, () => [
    { name: 'ssl.key.password', value: null, configSource: 2 },
    { name: 'log.retention.ms', value: '5', configSource: 3 },
  ])
  const change = { type: 'broker', name: 1, set: { 'log.cleaner.threads': '2' } } as const
  await failsWith(cluster.settled(admin.alterConfigs([change])), 'PROTOCOL', /the secret ssl\.key\.password/)
  assert.equal(seen.replaced.length, 0)
  // Given anew it need not be known.
  await cluster.settled(admin.alterConfigs([{ ...change, set: { 'ssl.key.password': 'x' } }]))
  assert.deepEqual(seen.replaced[0]!.configs, [{ name: 'ssl.key.password', value: 'x' }])
})

test('a broker that can change no configs at all is PROTOCOL', async () => {
  const { cluster, admin } = clusterWithAdmin()
  const change = { type: 'topic', name: 'a', set: { 'flush.ms': '5' } } as const
  await failsWith(cluster.settled(admin.alterConfigs([change])), 'PROTOCOL', /IncrementalAlterConfigs/)
})

test('the cluster is described by Metadata where there is nothing better', async () => {
  const { cluster, admin } = clusterWithAdmin()
  cluster.limit('Metadata', [1, 7])
  const { clusterId, controllerId, brokers, authorizedOperations } = await cluster.settled(
    admin.describeCluster(),
  )
  assert.deepEqual([clusterId, controllerId, authorizedOperations], ['scripted', 1, null])
  assert.deepEqual(brokers, [{ nodeId: 1, host: 'node-1', port: 9092, rack: null, isFenced: false }])
  await failsWith(
    cluster.settled(admin.describeCluster({ includeAuthorizedOperations: true })),
    'PROTOCOL',
    /includeClusterAuthorizedOperations/,
  )
})

test('topics are described by Metadata where there is nothing better, without a leader too', async () => {
  const { cluster, admin } = clusterWithAdmin()
  cluster.topics = { a: [1, -1] }
  const [topic] = await cluster.settled(admin.describeTopics(['a']))
  assert.deepEqual(
    topic!.partitions.map(({ partition, leader }) => [partition, leader]),
    [
      [0, 1],
      [1, null],
    ],
  )
})

test('a group that old brokers call dead is not there', async () => {
  const { cluster, admin } = clusterWithAdmin()
  cluster.answer(
    { request: DescribeGroups.DescribeGroupsRequest, response: DescribeGroups.DescribeGroupsResponse },
    [0, 5],
    ({ groups }: DescribeGroups.DescribeGroupsRequest) => ({
      groups: groups.map((groupId) => ({ groupId, groupState: groupId === 'g' ? 'Empty' : 'Dead' })),
    }),
  )
  const [group] = await cluster.settled(admin.describeGroups(['g']))
  assert.deepEqual([group!.type, group!.state, group!.members], ['classic', 'Empty', []])
  await failsWith(cluster.settled(admin.describeGroups(['x'])), 'GROUP_ID_NOT_FOUND')
})

test('offsets of several groups are asked for one by one where a request holds only one', async () => {
  const { cluster, admin } = clusterWithAdmin()
  cluster.answer(
    { request: OffsetFetch.OffsetFetchRequest, response: OffsetFetch.OffsetFetchResponse },
    [1, 6],
    ({ groupId, topics }: OffsetFetch.OffsetFetchRequest) => {
      if (groupId === 'bad') return { errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED }
      const committedOffset = groupId === 'g' ? 5 : -1
      const names = topics?.map(({ name }) => name) ?? ['b', 'a']
      return {
        topics: names.map((name) => ({
          name,
          partitions: [{ partitionIndex: 0, committedOffset, metadata: '' }],
        })),
      }
    },
  )
  const [g, h] = await cluster.settled(
    admin.listGroupOffsets(['g', { groupId: 'h', partitions: [{ topic: 'b', partition: 0 }] }]),
  )
  assert.deepEqual(
    g!.offsets.map(({ topic, offset }) => [topic, offset]),
    [
      ['a', 5],
      ['b', 5],
    ],
  )
  assert.deepEqual(h!.offsets, [{ topic: 'b', partition: 0, offset: null, leaderEpoch: null, metadata: '' }])
  await failsWith(cluster.settled(admin.listGroupOffsets(['bad'])), 'GROUP_AUTHORIZATION_FAILED')
  await failsWith(cluster.settled(admin.listGroupOffsets(['g'], { requireStable: true })), 'PROTOCOL')
})

test('groups of old brokers are all classic, and have no state to choose them by', async () => {
  const { cluster, admin } = clusterWithAdmin()
  cluster.answer(
    { request: ListGroups.ListGroupsRequest, response: ListGroups.ListGroupsResponse },
    [0, 3],
    () => ({ groups: [{ groupId: 'g', protocolType: 'consumer' }] }),
  )
  const all = [{ groupId: 'g', protocolType: 'consumer', state: null, type: null }]
  assert.deepEqual(await cluster.settled(admin.listGroups({ types: ['classic'] })), all)
  await failsWith(cluster.settled(admin.listGroups({ types: ['consumer'] })), 'PROTOCOL')
  await failsWith(cluster.settled(admin.listGroups({ states: ['Stable'] })), 'PROTOCOL')
})

test('a topic without a partition count needs a broker that has a default for it', async () => {
  const { cluster, admin } = clusterWithAdmin()
  let seen: CreateTopics.CreateTopicsRequest['topics'] = []
  cluster.answer(
    { request: CreateTopics.CreateTopicsRequest, response: CreateTopics.CreateTopicsResponse },
    [0, 3],
    ({ topics }: CreateTopics.CreateTopicsRequest) => {
      seen = topics
      for (const { name } of topics) cluster.topics[name] = [1]
      return { topics: topics.map(({ name }) => ({ name })) }
    },
  )
  await failsWith(cluster.settled(admin.createTopics([{ name: 'a' }])), 'PROTOCOL', /in version 4 to 7/)
  const [made] = await cluster.settled(
    admin.createTopics([{ name: 'a', partitions: 1, replicationFactor: 1 }]),
  )
  assert.deepEqual([made!.partitions, made!.replicationFactor, made!.configs], [null, null, null])
  await cluster.settled(admin.createTopics([{ name: 'b', assignments: [[1]] }]))
  assert.deepEqual(seen[0]!.assignments, [{ partitionIndex: 0, brokerIds: [1] }])
})

test('topics are deleted by their names everywhere, by their ids where these are known', async () => {
  const { cluster, admin } = clusterWithAdmin()
  cluster.answer(
    { request: DeleteTopics.DeleteTopicsRequest, response: DeleteTopics.DeleteTopicsResponse },
    [0, 5],
    ({ topicNames }: DeleteTopics.DeleteTopicsRequest) => ({
      responses: topicNames.map((name) => ({ name })),
    }),
  )
  await cluster.settled(admin.deleteTopics(['a', 'b']))
  await failsWith(
    cluster.settled(admin.deleteTopics([{ topicId: 'ISJHd3WKRAG61gy45o3Vyg' }])),
    'PROTOCOL',
    /in version 6 to 6/,
  )
})

test('a broker that would take max-timestamp for a time is not asked for it', async () => {
  const { cluster, admin } = clusterWithAdmin()
  cluster.topics = { a: [1] }
  cluster.answer(
    { request: ListOffsets.ListOffsetsRequest, response: ListOffsets.ListOffsetsResponse },
    [0, 6],
    () => ({ topics: [{ name: 'a', partitions: [{ partitionIndex: 0, offset: 3 }] }] }),
  )
  const at = (spec: 'latest' | 'max-timestamp') => [{ topic: 'a', partition: 0, at: spec }]
  assert.equal((await cluster.settled(admin.listOffsets(at('latest'))))[0]!.offset, 3)
  await failsWith(cluster.settled(admin.listOffsets(at('max-timestamp'))), 'PROTOCOL', /in version 7 to 11/)
  cluster.limit('ListOffsets', [0, 1])
  const oldest = new Admin({ bootstrapServers: cluster.bootstrapServers }, cluster.platform)
  const isolated = oldest.listOffsets(at('latest'), { isolationLevel: 'read_committed' })
  await failsWith(cluster.settled(isolated), 'PROTOCOL', /in version 2 to 11/)
})

test('where there are no patterns of names, a filter for all of them is one for names as they are', async () => {
  const { cluster, admin } = clusterWithAdmin()
  let seen: DescribeAcls.DescribeAclsRequest | undefined
  cluster.answer(
    { request: DescribeAcls.DescribeAclsRequest, response: DescribeAcls.DescribeAclsResponse },
    [0, 0],
    (request: DescribeAcls.DescribeAclsRequest) => {
      seen = request
      return {}
    },
  )
  assert.deepEqual(await cluster.settled(admin.describeAcls()), [])
  assert.deepEqual([seen!.resourceTypeFilter, seen!.patternTypeFilter, seen!.operation], [1, 3, 1])
  await failsWith(cluster.settled(admin.describeAcls({ patternType: 'prefixed' })), 'PROTOCOL')
})

test('a downgrade of a feature is said as each version of the API says it', async () => {
  const { cluster, admin } = clusterWithAdmin()
  let seen: UpdateFeatures.UpdateFeaturesRequest | undefined
  cluster.answer(
    { request: UpdateFeatures.UpdateFeaturesRequest, response: UpdateFeatures.UpdateFeaturesResponse },
    [0, 0],
    (request: UpdateFeatures.UpdateFeaturesRequest) => {
      seen = request
      return { results: request.featureUpdates.map(({ feature }) => ({ feature })) }
    },
  )
  await cluster.settled(
    admin.updateFeatures([{ feature: 'f', maxVersionLevel: 1, upgradeType: 'safe-downgrade' }]),
  )
  assert.equal(seen!.featureUpdates[0]!.allowDowngrade, true)
})
