/** Who may do what: what is asked of brokers, and what is made of their answers. */
import assert from 'node:assert/strict'
import { pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import * as DescribeAcls from '../../protocol/messages/29-describe-acls.ts'
import * as CreateAcls from '../../protocol/messages/30-create-acls.ts'
import * as DeleteAcls from '../../protocol/messages/31-delete-acls.ts'
import * as CreateToken from '../../protocol/messages/38-create-delegation-token.ts'
import * as DescribeQuotas from '../../protocol/messages/48-describe-client-quotas.ts'
import * as AlterQuotas from '../../protocol/messages/49-alter-client-quotas.ts'
import * as DescribeScram from '../../protocol/messages/50-describe-user-scram-credentials.ts'
import * as AlterScram from '../../protocol/messages/51-alter-user-scram-credentials.ts'
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
        { user: 'carol', mechanism: 'SCRAM-SHA-512', password: 'pencil', iterations: 5000 },
        { user: 'bob', mechanism: 'SCRAM-SHA-256', password: null },
      ]),
    ),
  )
  assert.equal(error.details!.get('bob')!.code, 'RESOURCE_NOT_FOUND')
  assert.deepEqual([...error.results!.keys()], ['alice', 'carol'])
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
