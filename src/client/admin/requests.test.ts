/** What is asked of brokers, and what is made of their answers, for what a broker of ours does not answer yet. */
import assert from 'node:assert/strict'
import { pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import * as DescribeAcls from '../../protocol/messages/29-describe-acls.ts'
import * as CreateAcls from '../../protocol/messages/30-create-acls.ts'
import * as DeleteAcls from '../../protocol/messages/31-delete-acls.ts'
import * as AlterReplicaLogDirs from '../../protocol/messages/34-alter-replica-log-dirs.ts'
import * as CreateToken from '../../protocol/messages/38-create-delegation-token.ts'
import * as ElectLeaders from '../../protocol/messages/43-elect-leaders.ts'
import * as IncrementalAlterConfigs from '../../protocol/messages/44-incremental-alter-configs.ts'
import * as AlterReassignments from '../../protocol/messages/45-alter-partition-reassignments.ts'
import * as ListReassignments from '../../protocol/messages/46-list-partition-reassignments.ts'
import * as DescribeQuotas from '../../protocol/messages/48-describe-client-quotas.ts'
import * as AlterQuotas from '../../protocol/messages/49-alter-client-quotas.ts'
import * as DescribeScram from '../../protocol/messages/50-describe-user-scram-credentials.ts'
import * as AlterScram from '../../protocol/messages/51-alter-user-scram-credentials.ts'
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

test('ACLs are created as most are meant, described by filters, deleted with what they were', async () => {
  const { cluster, admin } = clusterWithAdmin()
  let created: CreateAcls.CreateAclsRequest['creations'] = []
  cluster.answer(
    { request: CreateAcls.CreateAclsRequest, response: CreateAcls.CreateAclsResponse },
    [0, 3],
    ({ creations }: CreateAcls.CreateAclsRequest) => {
      created = creations
      return {
        results: creations.map(({ principal }) => ({
          errorCode: principal.includes(':') ? 0 : ErrorCode.INVALID_REQUEST,
        })),
      }
    },
  )
  const binding = {
    resourceType: 'topic',
    resourceName: 'a',
    patternType: 'literal',
    principal: 'User:alice',
    host: '*',
    operation: 'read',
    permission: 'allow',
  } as const
  const { patternType: _, host: __, permission: ___, ...short } = binding
  const error = await failure(cluster.settled(admin.createAcls([short, { ...short, principal: 'alice' }])))
  assert.deepEqual([...error.details!.keys()], ['1'])
  const { resourceType, resourcePatternType, host, operation, permissionType } = created[0]!
  assert.deepEqual([resourceType, resourcePatternType, host, operation, permissionType], [2, 3, '*', 3, 3])

  const acl = { principal: 'User:alice', host: '*', operation: 3, permissionType: 3 }
  const resource = { resourceType: 2, resourceName: 'a', patternType: 3 }
  cluster.answer(
    { request: DescribeAcls.DescribeAclsRequest, response: DescribeAcls.DescribeAclsResponse },
    [1, 3],
    ({ patternTypeFilter, resourceNameFilter, operation: asked }: DescribeAcls.DescribeAclsRequest) => {
      assert.deepEqual([patternTypeFilter, resourceNameFilter, asked], [2, 'a', 1])
      return { resources: [{ ...resource, acls: [acl] }] }
    },
  )
  const filter = { resourceName: 'a', patternType: 'match' } as const
  assert.deepEqual(await cluster.settled(admin.describeAcls(filter)), [binding])

  cluster.answer(
    { request: DeleteAcls.DeleteAclsRequest, response: DeleteAcls.DeleteAclsResponse },
    [1, 3],
    ({ filters }: DeleteAcls.DeleteAclsRequest) => ({
      filterResults: filters.map(({ principalFilter }) =>
        principalFilter === null
          ? { errorCode: ErrorCode.SECURITY_DISABLED, errorMessage: 'no authorizer' }
          : { matchingAcls: [{ ...resource, ...acl }] },
      ),
    }),
  )
  assert.deepEqual(
    await cluster.settled(admin.deleteAcls([{ principal: 'User:alice' }, { principal: 'x' }])),
    [[binding], [binding]],
  )
  const refused = await failure(cluster.settled(admin.deleteAcls([{}])))
  assert.deepEqual([refused.code, refused.message], ['SECURITY_DISABLED', 'filters[0]: no authorizer'])
})

test('quotas are matched by names, by the default and by any, and go by entities', async () => {
  const { cluster, admin } = clusterWithAdmin()
  let matched: unknown
  cluster.answer(
    {
      request: DescribeQuotas.DescribeClientQuotasRequest,
      response: DescribeQuotas.DescribeClientQuotasResponse,
    },
    [0, 1],
    ({ components, strict }: DescribeQuotas.DescribeClientQuotasRequest) => {
      matched = [...components.map((each) => `${each.entityType} ${each.matchType} ${each.match}`), strict]
      const entity = [{ entityType: 'user', entityName: null }]
      return { entries: [{ entity, values: [{ key: 'request_percentage', value: 12.5 }] }] }
    },
  )
  const described = admin.describeClientQuotas(
    { user: 'alice', 'client-id': null, ip: { any: true } },
    { strict: true },
  )
  assert.deepEqual(await cluster.settled(described), [
    { entity: { user: null }, quotas: { request_percentage: 12.5 } },
  ])
  assert.deepEqual(matched, ['user 0 alice', 'client-id 1 null', 'ip 2 null', true])

  let altered: AlterQuotas.AlterClientQuotasRequest['entries'] = []
  cluster.answer(
    { request: AlterQuotas.AlterClientQuotasRequest, response: AlterQuotas.AlterClientQuotasResponse },
    [0, 1],
    ({ entries }: AlterQuotas.AlterClientQuotasRequest) => {
      altered = entries
      return {
        entries: entries.map(({ entity }, i) => ({
          entity: [...entity].reverse(),
          errorCode: i === 0 ? 0 : ErrorCode.INVALID_REQUEST,
        })),
      }
    },
  )
  const error = await failure(
    cluster.settled(
      admin.alterClientQuotas([
        { entity: { 'client-id': 'c', user: 'alice' }, quotas: { producer_byte_rate: 5, x: null } },
        { entity: { user: null }, quotas: { nonsense: 1 } },
      ]),
    ),
  )
  assert.deepEqual([...error.details!.keys()], ['user=<default>'])
  assert.deepEqual([...error.results!.keys()], ['user=alice, client-id=c'])
  assert.deepEqual(altered[0]!.ops, [
    { key: 'producer_byte_rate', value: 5, remove: false },
    { key: 'x', value: 0, remove: true },
  ])
})

test('a password goes out salted and hashed, for both mechanisms, and null deletes it', async () => {
  const { cluster, admin } = clusterWithAdmin()
  let seen: AlterScram.AlterUserScramCredentialsRequest | undefined
  cluster.answer(
    {
      request: AlterScram.AlterUserScramCredentialsRequest,
      response: AlterScram.AlterUserScramCredentialsResponse,
    },
    [0, 0],
    (request: AlterScram.AlterUserScramCredentialsRequest) => {
      seen = request
      const users = new Set([...request.deletions, ...request.upsertions].map(({ name }) => name))
      return {
        results: [...users].map((user) => ({
          user,
          errorCode: user === 'bob' ? ErrorCode.RESOURCE_NOT_FOUND : 0,
        })),
      }
    },
  )
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
  const error = await failure(
    cluster.settled(
      admin.alterUserScramCredentials([
        { user: 'alice', mechanism: 'SCRAM-SHA-256', password: 'pencil', salt },
        { user: 'alice', mechanism: 'SCRAM-SHA-512', password: 'pencil', iterations: 5000 },
        { user: 'bob', mechanism: 'SCRAM-SHA-256', password: null },
      ]),
    ),
  )
  assert.equal(error.details!.get('bob')!.code, 'RESOURCE_NOT_FOUND')
  assert.deepEqual([...error.results!.keys()], ['alice'])
  const [first, second] = seen!.upsertions
  assert.deepEqual(first!.saltedPassword, pbkdf2Sync('pencil', salt, 4096, 32, 'sha256'))
  assert.deepEqual([first!.mechanism, first!.iterations], [1, 4096])
  assert.deepEqual(second!.saltedPassword, pbkdf2Sync('pencil', second!.salt, 5000, 64, 'sha512'))
  assert.deepEqual(
    seen!.deletions.map(({ name, mechanism }) => [name, mechanism]),
    [['bob', 1]],
  )
  assert.ok(!JSON.stringify(seen).includes('pencil'))
})

test('credentials are described of all users, or of those that are named', async () => {
  const { cluster, admin } = clusterWithAdmin()
  cluster.answer(
    {
      request: DescribeScram.DescribeUserScramCredentialsRequest,
      response: DescribeScram.DescribeUserScramCredentialsResponse,
    },
    [0, 0],
    ({ users }: DescribeScram.DescribeUserScramCredentialsRequest) => ({
      results: (users ?? [{ name: 'alice' }]).map(({ name: user }) =>
        user === 'alice'
          ? { user, credentialInfos: [{ mechanism: 2, iterations: 4096 }] }
          : { user, errorCode: ErrorCode.RESOURCE_NOT_FOUND },
      ),
    }),
  )
  const alice = { user: 'alice', credentials: [{ mechanism: 'SCRAM-SHA-512', iterations: 4096 }] }
  assert.deepEqual(await cluster.settled(admin.describeUserScramCredentials()), [alice])
  const error = await failure(cluster.settled(admin.describeUserScramCredentials(['alice', 'bob'])))
  assert.deepEqual([...error.details!.keys()], ['bob'])
  assert.deepEqual(error.results!.get('alice'), alice)
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

test('a token that was handed out names its owner, and who asked for it where the broker tells', async () => {
  const { cluster, admin } = clusterWithAdmin()
  cluster.answer(
    {
      request: CreateToken.CreateDelegationTokenRequest,
      response: CreateToken.CreateDelegationTokenResponse,
    },
    [0, 2],
    ({ renewers, maxLifetimeMs }: CreateToken.CreateDelegationTokenRequest) => ({
      principalType: 'User',
      principalName: renewers[0]!.principalName,
      issueTimestampMs: 1,
      expiryTimestampMs: 2,
      maxTimestampMs: maxLifetimeMs,
      tokenId: 't',
      hmac: Buffer.from('h'),
    }),
  )
  const renewers = [{ name: 'bob' }]
  const token = await cluster.settled(admin.createDelegationToken({ renewers, maxLifetimeMs: 3 }))
  assert.deepEqual(token, {
    tokenId: 't',
    hmac: Buffer.from('h'),
    owner: { type: 'User', name: 'bob' },
    requester: null,
    renewers: [{ type: 'User', name: 'bob' }],
    issueTimeMs: 1,
    expiryTimeMs: 2,
    maxTimeMs: 3,
  })
  const forOther = admin.createDelegationToken({ renewers, owner: { name: 'carol' } })
  assert.equal((await failure(cluster.settled(forOther))).code, 'PROTOCOL')
})

test('what can not be put into a request is refused by its name, before anything is asked', async () => {
  const { cluster, admin } = clusterWithAdmin()
  const wrong: [call: () => Promise<unknown>, message: RegExp][] = [
    [() => admin.createTopics('a' as never), /^topics must be an array, not "a"$/],
    [() => admin.createTopics([{ name: 5 as never }]), /^topics\[0\]\.name must be a text, not 5$/],
    [
      () => admin.createTopics([{ name: 'a', partitions: 1.5 }]),
      /^topic a: partitions must be a whole number/,
    ],
    [
      () => admin.createTopics([{ name: 'a', replicationFactor: 40_000 }]),
      /replicationFactor must be between -1 and 32767, not 40000/,
    ],
    [() => admin.createTopics([{ name: 'a', partitions: 1, assignments: [[1]] }]), /nothing else may/],
    [
      () => admin.createTopics([{ name: 'a', configs: { 'retention.ms': 5 as never } }]),
      /^topic a: config retention\.ms must be a text, not 5$/,
    ],
    [() => admin.createTopics([{ name: 'a' }, { name: 'a' }]), /^topics has a twice$/],
    [
      () => admin.createPartitions([{ name: 'a', partitions: '3' as never }]),
      /must be a whole number, not "3"/,
    ],
    [() => admin.deleteRecords([{ topic: 'a', partition: 0, offset: -2 }]), /a-0: offset must be between -1/],
    [() => admin.listOffsets([{ topic: 'a', partition: -1, at: 'latest' }]), /\.partition must be between 0/],
    [
      () => admin.listOffsets([{ topic: 'a', partition: 0, at: 'newest' as never }]),
      /^a-0: at must be one of latest, earliest, max-timestamp, .*, not "newest"$/,
    ],
    [
      () => admin.listOffsets([{ topic: 'a', partition: 0, at: new Date('never') }]),
      /a-0: at must be a whole/,
    ],
    [
      () => admin.describeConfigs([{ type: 'topics' as never, name: 'a' }]),
      /type must be one of topic, broker/,
    ],
    [() => admin.describeConfigs([{ type: 'broker', name: 'one' }]), /must be the id of a broker, not "one"/],
    [() => admin.alterConfigs([{ type: 'topic', name: 'a' }]), /^topic a: nothing is to be changed/],
    [
      () => admin.alterConfigs([{ type: 'topic', name: 'a', set: { x: '1' }, delete: ['x'] }]),
      /^topic a: config x is changed twice$/,
    ],
    [() => admin.removeMembers('g', [{} as never]), /members\[0\] must have either a memberId or/],
    [
      () => admin.alterGroupOffsets('g', [{ topic: 'a', partition: 0, offset: -1 }]),
      /offset must be between 0/,
    ],
    [
      () =>
        admin.createAcls([
          { resourceType: 'topic', resourceName: 'a', principal: 'User:a', operation: 'eat' as never },
        ]),
      /^acls\[0\]\.operation must be one of all, read, .*, not "eat"$/,
    ],
    [
      () => admin.alterClientQuotas([{ entity: {}, quotas: {} }]),
      /an entity has a user, a client-id or an ip/,
    ],
    [
      () =>
        admin.alterUserScramCredentials([{ user: 'a', mechanism: 'SCRAM-SHA-1' as never, password: 'x' }]),
      /mechanism must be one of SCRAM-SHA-256, SCRAM-SHA-512, not "SCRAM-SHA-1"/,
    ],
    [() => admin.electLeaders('best' as never), /type must be one of preferred, unclean/],
  ]
  for (const [call, message] of wrong) {
    const error = await failure(call())
    assert.equal(error.code, 'INVALID_REQUEST', error.message)
    assert.match(error.message, message)
  }
  assert.deepEqual(cluster.log, [])
})

test('options are those of an administrator: an unknown one, and times that contradict each other, are refused', () => {
  const { cluster } = clusterWithAdmin()
  const { bootstrapServers, platform } = cluster
  const make = (options: object) => () => new Admin({ bootstrapServers, ...options }, platform)
  assert.throws(make({ groupId: 'g' }), { code: 'INVALID_CONFIG', message: /unknown option groupId/ })
  assert.throws(make({ 'default.api.timeout.ms': 5, 'request.timeout.ms': '10' }), {
    code: 'INVALID_CONFIG',
    message: /must be no smaller than request\.timeout\.ms/,
  })
  assert.doesNotThrow(make({ requestTimeoutMs: 90_000 }))
  assert.throws(() => new Admin({}, platform), { message: /bootstrap\.servers is missing/ })
})
