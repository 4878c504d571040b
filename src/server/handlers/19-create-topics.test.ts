import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { CreateTopicsRequest, CreateTopicsResponse } from '../../protocol/messages/19-create-topics.ts'
import { ZERO_UUID } from '../../wire/text.ts'
import { createTopic, startTestBroker } from './handlers.test.kit.ts'

const client = await startTestBroker()
await createTopic(client, 'taken')
await createTopic(client, 'dotted.name')

interface Spec {
  readonly name: string
  readonly numPartitions?: number
  readonly replicationFactor?: number
  readonly assignments?: readonly (readonly [number, readonly number[]])[]
  readonly configs?: Readonly<Record<string, string | null>>
}

async function create(
  specs: readonly Spec[],
  { version = 7, validateOnly = false, timeoutMs = 10_000 } = {},
) {
  const { topics } = await client.call(CreateTopicsRequest, CreateTopicsResponse, version, {
    topics: specs.map((spec) => ({
      name: spec.name,
      numPartitions: spec.numPartitions ?? (spec.assignments ? -1 : 1),
      replicationFactor: spec.replicationFactor ?? (spec.assignments ? -1 : 1),
      assignments: (spec.assignments ?? []).map(([partitionIndex, brokerIds]) => ({
        partitionIndex,
        brokerIds,
      })),
      configs: Object.entries(spec.configs ?? {}).map(([name, value]) => ({ name, value })),
    })),
    timeoutMs,
    ...(version >= 1 ? { validateOnly } : {}),
  })
  return topics
}

async function codeOf(spec: Spec): Promise<number> {
  return (await create([spec], { validateOnly: true }))[0]!.errorCode
}

test('every version creates, and refuses what exists', async () => {
  for (let version = 0; version <= 7; version++) {
    const name = `version-${version}`
    const [created] = await create([{ name, numPartitions: 3 }], { version })
    assert.equal(created!.errorCode, 0)
    if (version >= 5) assert.deepEqual([created!.numPartitions, created!.replicationFactor], [3, 1])
    if (version >= 5)
      assert.equal(created!.configs?.find((config) => config.name === 'cleanup.policy')?.value, 'delete')
    if (version >= 7) assert.notEqual(created!.topicId, ZERO_UUID)
    assert.equal((await create([{ name }], { version }))[0]!.errorCode, ErrorCode.TOPIC_ALREADY_EXISTS)
  }
})

test('validateOnly creates nothing', async () => {
  assert.equal((await create([{ name: 'imagined' }], { validateOnly: true }))[0]!.topicId, ZERO_UUID)
  assert.equal(await codeOf({ name: 'imagined' }), 0)
})

test('bad names, counts, factors, assignments and settings have their codes', async () => {
  const codes = ErrorCode
  const cases: [Spec, number][] = [
    ...['', '.', '..', 'a b', 'a/b', 'é', 'x'.repeat(250), 'dotted_name'].map((name): [Spec, number] => [
      { name },
      codes.INVALID_TOPIC_EXCEPTION,
    ]),
    [{ name: '__cluster_metadata' }, codes.INVALID_REQUEST],
    [{ name: 'taken' }, codes.TOPIC_ALREADY_EXISTS],
    [{ name: 'n', numPartitions: 0 }, codes.INVALID_PARTITIONS],
    [{ name: 'n', numPartitions: -2 }, codes.INVALID_PARTITIONS],
    [{ name: 'n', replicationFactor: 0 }, codes.INVALID_REPLICATION_FACTOR],
    [{ name: 'n', replicationFactor: 2 }, codes.INVALID_REPLICATION_FACTOR],
    [{ name: 'n', assignments: [[0, [1]]], numPartitions: 1 }, codes.INVALID_REQUEST],
    [
      {
        name: 'n',
        assignments: [
          [0, [1]],
          [2, [1]],
        ],
      },
      codes.INVALID_REPLICA_ASSIGNMENT,
    ],
    [{ name: 'n', assignments: [[0, [1, 1]]] }, codes.INVALID_REPLICA_ASSIGNMENT],
    [{ name: 'n', assignments: [[0, [7]]] }, codes.INVALID_REPLICA_ASSIGNMENT],
    [{ name: 'n', assignments: [[0, []]] }, codes.INVALID_REPLICA_ASSIGNMENT],
    [{ name: 'n', assignments: [[-1, [1]]] }, codes.INVALID_REPLICA_ASSIGNMENT],
    [{ name: 'n', configs: { 'no.such.setting': '1' } }, codes.INVALID_CONFIG],
    [{ name: 'n', configs: { 'retention.ms': 'soon' } }, codes.INVALID_CONFIG],
    [{ name: 'n', configs: { 'retention.ms': null } }, codes.INVALID_CONFIG],
    [{ name: 'n', configs: { 'cleanup.policy': 'keep' } }, codes.INVALID_CONFIG],
    [{ name: 'n', numPartitions: -1, replicationFactor: -1 }, codes.NONE],
    [
      {
        name: 'n',
        assignments: [
          [0, [1]],
          [1, [1]],
        ],
      },
      codes.NONE,
    ],
  ]
  for (const [spec, expected] of cases) assert.equal(await codeOf(spec), expected, JSON.stringify(spec))
})

test('a name that is twice in a request is refused, the others are created', async () => {
  const results = await create([{ name: 'twice' }, { name: 'twice' }, { name: 'once' }])
  const { INVALID_REQUEST, NONE } = ErrorCode
  assert.deepEqual(
    results.map(({ errorCode }) => errorCode),
    [INVALID_REQUEST, INVALID_REQUEST, NONE],
  )
})

test('more than 10,000 partitions in a request are POLICY_VIOLATION for all of it, however they are asked for', async () => {
  const manual = Array.from({ length: 10_001 }, (_, index) => [index, [1]] as const)
  for (const specs of [
    [{ name: 'many', numPartitions: 10_001 }],
    [
      { name: 'many', numPartitions: 0x7fffffff },
      { name: 'negative', numPartitions: -0x7fffffff },
    ],
    [{ name: 'many', numPartitions: 10_000 }, { name: 'one' }],
    [{ name: 'many', assignments: manual }],
  ] satisfies Spec[][]) {
    for (const { errorCode, errorMessage } of await create(specs, { validateOnly: true })) {
      assert.equal(errorCode, ErrorCode.POLICY_VIOLATION)
      assert.equal(errorMessage, 'Excessively large number of partitions per request.')
    }
  }
  assert.equal(await codeOf({ name: 'many', numPartitions: 10_000 }), 0)
})

test('without time to wait the answer is REQUEST_TIMED_OUT with the id of the topic that comes', async () => {
  const [hasty] = await create([{ name: 'hasty' }], { timeoutMs: 0 })
  assert.equal(hasty!.errorCode, ErrorCode.REQUEST_TIMED_OUT)
  assert.notEqual(hasty!.topicId, ZERO_UUID)
  assert.equal(await codeOf({ name: 'hasty' }), ErrorCode.TOPIC_ALREADY_EXISTS)
})
