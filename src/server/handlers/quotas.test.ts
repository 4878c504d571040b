import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ProduceRequest, ProduceResponse } from '../../protocol/messages/00-produce.ts'
import { FetchRequest, FetchResponse } from '../../protocol/messages/01-fetch.ts'
import { HeartbeatRequest, HeartbeatResponse } from '../../protocol/messages/12-heartbeat.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../protocol/messages/19-create-topics.ts'
import { DeleteTopicsRequest, DeleteTopicsResponse } from '../../protocol/messages/20-delete-topics.ts'
import {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
} from '../../protocol/messages/37-create-partitions.ts'
import {
  DescribeClientQuotasRequest,
  DescribeClientQuotasResponse,
} from '../../protocol/messages/48-describe-client-quotas.ts'
import {
  AlterClientQuotasRequest,
  AlterClientQuotasResponse,
} from '../../protocol/messages/49-alter-client-quotas.ts'
import {
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
} from '../../protocol/messages/50-describe-user-scram-credentials.ts'
import {
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse,
} from '../../protocol/messages/51-alter-user-scram-credentials.ts'
import {
  asBuffer,
  batch,
  createTopic,
  fetchRequest,
  produceRequest,
  startTestBroker,
  type TestClient,
} from './handlers.test.kit.ts'

const client = await startTestBroker()

/** Sets quotas of a client id; null takes one away. */
async function setQuotas(clientId: string, quotas: Readonly<Record<string, number | null>>, version = 1) {
  const entity = [{ entityType: 'client-id', entityName: clientId }]
  const ops = Object.entries(quotas).map(([key, value]) => ({
    key,
    value: value ?? 0,
    remove: value === null,
  }))
  const { entries } = await client.call(AlterClientQuotasRequest, AlterClientQuotasResponse, version, {
    entries: [{ entity, ops }],
    validateOnly: false,
  })
  assert.deepEqual(entries, [{ errorCode: 0, errorMessage: null, entity }])
}

/** On a connection of its own: a throttled one is not read from for a while. */
function produceBytes(byteCount: number, clientId: string, acks = 1, version = 9) {
  const connection: TestClient = client.another()
  const records = batch(1, {})
  const request = produceRequest('quotas', records, { acks })
  // The length of the transactional id is what the request is filled up with.
  return connection
    .call(
      ProduceRequest,
      ProduceResponse,
      version,
      { ...request, transactionalId: 'x'.repeat(byteCount) },
      clientId,
    )
    .finally(() => connection.close())
}

function fetchAll(clientId: string, request: Parameters<typeof fetchRequest>[1] = {}, version = 11) {
  const connection = client.another()
  return connection
    .call(FetchRequest, FetchResponse, version, fetchRequest('quotas', request), clientId)
    .finally(() => connection.close())
}

test('quotas and credentials are set and described in every version', async () => {
  const components = [{ entityType: 'client-id', matchType: 0, match: 'described' }]
  for (const version of [0, 1]) {
    await setQuotas('described', { producer_byte_rate: 5 + version, request_percentage: 12.5 }, version)
    const described = await client.call(DescribeClientQuotasRequest, DescribeClientQuotasResponse, version, {
      components,
      strict: true,
    })
    assert.equal(described.errorCode, 0)
    assert.deepEqual(described.entries, [
      {
        entity: [{ entityType: 'client-id', entityName: 'described' }],
        values: [
          { key: 'producer_byte_rate', value: 5 + version },
          { key: 'request_percentage', value: 12.5 },
        ],
      },
    ])
    const refused = await client.call(DescribeClientQuotasRequest, DescribeClientQuotasResponse, version, {
      components: [...components, ...components],
      strict: false,
    })
    assert.deepEqual([refused.errorCode, refused.entries], [ErrorCode.INVALID_REQUEST, null])
  }
  const upsertion = { name: 'alice', mechanism: 1, iterations: 4096 }
  const secret = { salt: Buffer.from('salt'), saltedPassword: Buffer.from('password') }
  const altered = await client.call(AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse, 0, {
    upsertions: [{ ...upsertion, ...secret }],
    deletions: [],
  })
  assert.deepEqual(altered.results, [{ user: 'alice', errorCode: 0, errorMessage: null }])
  const scram = await client.call(
    DescribeUserScramCredentialsRequest,
    DescribeUserScramCredentialsResponse,
    0,
    { users: null },
  )
  assert.deepEqual(scram.results, [
    {
      user: 'alice',
      errorCode: 0,
      errorMessage: '',
      credentialInfos: [{ mechanism: 1, iterations: 4096 }],
    },
  ])
})

test('an entity that is named twice is answered once', async () => {
  const entry = (value: number, names: readonly string[]) => ({
    entity: names.map((entityType) => ({ entityType, entityName: 'twice' })),
    ops: [{ key: 'producer_byte_rate', value, remove: false }],
  })
  const { entries } = await client.call(AlterClientQuotasRequest, AlterClientQuotasResponse, 1, {
    entries: [entry(0, ['user', 'client-id']), entry(7, ['client-id', 'user'])],
    validateOnly: true,
  })
  assert.deepEqual(
    entries.map(({ errorCode }) => errorCode),
    [0],
  )
})

test('a producer over its quota is answered at once, and told for how long to be quiet', async () => {
  await createTopic(client, 'quotas')
  assert.equal((await produceBytes(30_000, 'p')).throttleTimeMs, 0)
  await setQuotas('p', { producer_byte_rate: 1000 })
  assert.equal((await produceBytes(5000, 'p')).throttleTimeMs, 0)
  const over = await produceBytes(25_000, 'p', -1)
  assert.equal(over.responses[0]!.partitionResponses[0]!.errorCode, 0)
  // About 30 KB where 10 are free.
  assert.ok(over.throttleTimeMs > 15_000 && over.throttleTimeMs < 25_000, `${over.throttleTimeMs}`)
  assert.equal((await produceBytes(5000, 'other')).throttleTimeMs, 0)
  // No field in version 0, which is acted upon all the same.
  assert.equal((await produceBytes(10, 'p', 1, 3)).throttleTimeMs > 15_000, true)
  await setQuotas('p', { producer_byte_rate: null })
  assert.equal((await produceBytes(5000, 'p')).throttleTimeMs, 0)
})

test('what acks=0 sends counts, and the connection is not read from while it is throttled', async () => {
  await setQuotas('silent', { producer_byte_rate: 10 })
  const connection = client.another()
  const request = { ...produceRequest('quotas', batch(1), { acks: 0 }), transactionalId: 'x'.repeat(5000) }
  await connection.send(connection.frameOf(ProduceRequest, 9, request, 'silent'))
  await produceBytes(10, 'other')
  await connection.send(connection.frameOf(HeartbeatRequest, 0, { groupId: 'g', memberId: 'm' }, 'silent'))
  let isAnswered = false
  connection.next().then(() => {
    isAnswered = true
  }, assert.fail)
  // Whatever is asked later on other connections is answered meanwhile.
  for (let i = 0; i < 5; i++) await produceBytes(10, 'other')
  assert.ok((await produceBytes(10, 'silent')).throttleTimeMs > 100_000)
  assert.equal(isAnswered, false)
  connection.close()
})

test('a consumer over its quota gets an empty answer; what it did not get does not count', async () => {
  const all = await fetchAll('other')
  const byteCount = asBuffer(all.responses[0]!.partitions[0]!.records).length
  // Enough for it once in all windows, but not twice.
  await setQuotas('c', { consumer_byte_rate: Math.ceil(byteCount * 0.15) })
  const first = await fetchAll('c')
  assert.equal(first.throttleTimeMs, 0)
  assert.ok(asBuffer(first.responses[0]!.partitions[0]!.records).length > 0)
  const second = await fetchAll('c', { request: { sessionEpoch: 0 } })
  assert.ok(second.throttleTimeMs > 0)
  assert.deepEqual([second.errorCode, second.sessionId, second.responses], [0, 0, []])
  const third = await fetchAll('c')
  assert.ok(third.throttleTimeMs <= second.throttleTimeMs)
  const follower = await fetchAll('c', { request: { replicaId: 5 } })
  assert.equal(follower.throttleTimeMs, 0)
})

test('a throttled fetch leaves its session as it was', async () => {
  const connection = client.another()
  const opened = await connection.call(
    FetchRequest,
    FetchResponse,
    11,
    fetchRequest('quotas', { request: { sessionEpoch: 0 } }),
    's',
  )
  assert.ok(opened.sessionId > 0)
  await setQuotas('s', { consumer_byte_rate: 1 })
  const next = (sessionEpoch: number, clientId: string) =>
    client
      .another()
      .call(
        FetchRequest,
        FetchResponse,
        11,
        { maxWaitMs: 0, minBytes: 0, topics: [], sessionId: opened.sessionId, sessionEpoch },
        clientId,
      )
  const throttled = await next(1, 's')
  assert.ok(throttled.throttleTimeMs > 0)
  assert.deepEqual([throttled.errorCode, throttled.sessionId, throttled.responses], [0, opened.sessionId, []])
  const served = await next(2, 'other')
  assert.equal(served.errorCode, 0)
  assert.ok(asBuffer(served.responses[0]!.partitions[0]!.records).length > 0)
  connection.close()
})

test('request time throttles every API that says so, for a window at most', async () => {
  await setQuotas('r', { request_percentage: 1e-6 })
  const call = (version: number) => {
    const connection = client.another()
    return connection
      .call(HeartbeatRequest, HeartbeatResponse, version, { groupId: 'g', memberId: 'm' }, 'r')
      .finally(() => connection.close())
  }
  assert.equal((await call(4)).throttleTimeMs, 1000)
  assert.equal((await call(0)).throttleTimeMs, 0)
  const empty = await fetchAll('r')
  assert.deepEqual([empty.throttleTimeMs, empty.responses], [1000, []])
  await setQuotas('r', { request_percentage: null })
  assert.equal((await call(4)).throttleTimeMs, 0)
})

test('mutations beyond the quota are refused in versions that know how, and throttled in others', async () => {
  const quota = { controller_mutation_rate: 1 }
  const create = (name: string, numPartitions: number, version: number, clientId: string) => {
    const topic = { name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }
    const connection = client.another()
    return connection
      .call(
        CreateTopicsRequest,
        CreateTopicsResponse,
        version,
        { topics: [topic], timeoutMs: 10_000, validateOnly: false },
        clientId,
      )
      .finally(() => connection.close())
  }
  await setQuotas('strict', quota)
  const first = await create('m1', 15, 6, 'strict')
  assert.deepEqual([first.topics[0]!.errorCode, first.throttleTimeMs], [0, 0])
  const second = await create('m2', 1, 6, 'strict')
  assert.equal(second.topics[0]!.errorCode, ErrorCode.THROTTLING_QUOTA_EXCEEDED)
  assert.ok(second.throttleTimeMs > 2000 && second.throttleTimeMs <= 4000, `${second.throttleTimeMs}`)
  const grown = await client
    .another()
    .call(
      CreatePartitionsRequest,
      CreatePartitionsResponse,
      3,
      { topics: [{ name: 'm1', count: 16, assignments: null }], timeoutMs: 10_000, validateOnly: false },
      'strict',
    )
  assert.equal(grown.results[0]!.errorCode, ErrorCode.THROTTLING_QUOTA_EXCEEDED)
  const deleted = await client
    .another()
    .call(
      DeleteTopicsRequest,
      DeleteTopicsResponse,
      5,
      { topics: [], topicNames: ['m1'], timeoutMs: 10_000 },
      'strict',
    )
  assert.equal(deleted.responses[0]!.errorCode, ErrorCode.THROTTLING_QUOTA_EXCEEDED)
  const validated = await client
    .another()
    .call(
      CreatePartitionsRequest,
      CreatePartitionsResponse,
      3,
      { topics: [{ name: 'm1', count: 16, assignments: null }], timeoutMs: 10_000, validateOnly: true },
      'strict',
    )
  assert.equal(validated.results[0]!.errorCode, 0)
  await setQuotas('permissive', quota)
  const old = await create('m3', 15, 5, 'permissive')
  assert.equal(old.topics[0]!.errorCode, 0)
  assert.ok(old.throttleTimeMs > 2000 && old.throttleTimeMs <= 4000, `${old.throttleTimeMs}`)
})
