import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from '../../protocol/messages/10-find-coordinator.ts'
import {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '../../protocol/messages/44-incremental-alter-configs.ts'
import {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../protocol/messages/68-consumer-group-heartbeat.ts'
import {
  APPEND,
  alter,
  BROKER,
  BROKER_LOGGER,
  CLIENT_METRICS,
  configOf,
  DELETE,
  describe,
  GROUP,
  type Operation,
  type Resource,
  SET,
  SUBTRACT,
  set,
  TOPIC,
} from './configs.test.kit.ts'
import { batch, createTopic, produce, startTestBroker } from './handlers.test.kit.ts'

const client = await startTestBroker({ 'log.segment.bytes': '1000000' })
await createTopic(client, 'altered', { configs: { 'retention.ms': '5000' } })
const topic: Resource = [TOPIC, 'altered']
const broker: Resource = [BROKER, '1']
const allBrokers: Resource = [BROKER, '']
const [DYNAMIC_TOPIC, DYNAMIC_BROKER, DYNAMIC_DEFAULT, STATIC, DEFAULT] = [1, 2, 3, 4, 5]

/** Each row: operations, code, message. Nothing is changed. */
async function refused(
  resource: Resource,
  rows: readonly (readonly [readonly Operation[], number, RegExp])[],
): Promise<void> {
  const before = (await describe(client, resource)).configs
  for (const [operations, errorCode, message] of rows) {
    const [code, text] = await alter(client, resource, operations)
    assert.equal(code, errorCode, text ?? '')
    assert.match(text ?? '', message)
  }
  assert.deepEqual((await describe(client, resource)).configs, before)
}

test('configs of a topic are set and deleted in both versions, and in force once that is answered', async () => {
  for (const version of [0, 1]) {
    const operations: Operation[] = [
      [SET, 'max.message.bytes', '10'],
      [DELETE, 'retention.ms', null],
    ]
    assert.deepEqual(await alter(client, topic, operations, { version }), [0, null])
    assert.deepEqual(await configOf(client, topic, 'max.message.bytes'), ['10', DYNAMIC_TOPIC])
    assert.deepEqual(await configOf(client, topic, 'retention.ms'), ['-1', STATIC])
    assert.equal((await produce(client, 'altered', batch())).errorCode, ErrorCode.MESSAGE_TOO_LARGE)
    const back: Operation[] = [
      [DELETE, 'max.message.bytes', null],
      [SET, 'retention.ms', '7000'],
    ]
    assert.deepEqual(await alter(client, topic, back, { version }), [0, null])
    assert.equal((await produce(client, 'altered', batch())).errorCode, ErrorCode.NONE)
  }
})

test('what is only to be looked at changes nothing, and is refused like the real thing', async () => {
  const only = { validateOnly: true }
  assert.deepEqual(await alter(client, topic, [[SET, 'segment.ms', '1']], only), [0, null])
  assert.equal((await alter(client, topic, [[SET, 'segment.ms', '0']], only))[0], ErrorCode.INVALID_CONFIG)
  assert.deepEqual(await configOf(client, topic, 'segment.ms'), ['604800000', DEFAULT])
})

test('bad configs of a topic are refused in the words of Kafka', async () => {
  const { INVALID_CONFIG, INVALID_REQUEST } = ErrorCode
  await refused(topic, [
    [[[SET, 'no.such', '1']], INVALID_CONFIG, /^Unknown topic config name: no\.such$/],
    [
      [
        [SET, 'retention.ms', '9'],
        [SET, 'segment.bytes', '1'],
      ],
      INVALID_CONFIG,
      /^Invalid value 1 for configuration segment.bytes: Value must be at least 14$/,
    ],
    [[[SET, 'retention.ms', 'x']], INVALID_CONFIG, /^Invalid value x .* Not a number of type LONG$/],
    [[[SET, 'retention.ms', null]], INVALID_REQUEST, /^Null value not supported for : retention.ms$/],
    [
      [
        [SET, 'retention.ms', '1'],
        [DELETE, 'retention.ms', null],
      ],
      INVALID_REQUEST,
      /^Error due to duplicate config keys$/,
    ],
    [[[APPEND, 'retention.ms', '1']], INVALID_CONFIG, /^Can't APPEND to key retention.ms because/],
    [[[SUBTRACT, 'no.such', '1']], INVALID_CONFIG, /^Can't SUBTRACT to key no.such because/],
    [[[7, 'retention.ms', '1']], INVALID_REQUEST, /^Unknown operations type 7$/],
    [[[APPEND, 'cleanup.policy', 'fold']], INVALID_CONFIG, /^Invalid value fold for configuration cleanup/],
  ])
  const one: Operation[] = [[SET, 'retention.ms', '1']]
  assert.deepEqual(await alter(client, [TOPIC, 'nowhere'], one), [3, "The topic 'nowhere' does not exist."])
  assert.equal((await alter(client, [TOPIC, 'a b'], one))[0], ErrorCode.INVALID_TOPIC_EXCEPTION)
  assert.equal((await alter(client, [TOPIC, ''], one))[0], INVALID_REQUEST)
  assert.deepEqual(await alter(client, [99, 'x'], one), [INVALID_REQUEST, 'Unknown resource type 99'])
})

test('lists grow from their default and shrink to nothing', async () => {
  const steps: [Operation, string][] = [
    [[APPEND, 'cleanup.policy', 'compact'], 'delete,compact'],
    [[APPEND, 'cleanup.policy', 'compact,delete'], 'delete,compact'],
    [[SUBTRACT, 'cleanup.policy', 'delete,fold'], 'compact'],
    [[APPEND, 'leader.replication.throttled.replicas', '0:1,1:1'], '0:1,1:1'],
    [[SUBTRACT, 'leader.replication.throttled.replicas', '0:1,1:1'], ''],
  ]
  for (const [operation, value] of steps) {
    assert.deepEqual(await alter(client, topic, [operation]), [0, null])
    assert.deepEqual(await configOf(client, topic, operation[1]), [value, DYNAMIC_TOPIC])
  }
  const back = ['cleanup.policy', 'leader.replication.throttled.replicas'].map(
    (name): Operation => [DELETE, name, null],
  )
  assert.deepEqual(await alter(client, topic, back), [0, null])
})

test('a resource that is named twice is refused both times, others in the request are not', async () => {
  const resource = (resourceName: string) => ({ resourceType: TOPIC!, resourceName, configs: [] })
  const { responses } = await client.call(
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
    1,
    {
      resources: [resource('altered'), resource('nowhere'), resource('altered')],
      validateOnly: false,
    },
  )
  assert.deepEqual(
    responses.map(({ errorCode }) => errorCode),
    [ErrorCode.INVALID_REQUEST, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.INVALID_REQUEST],
  )
})

test('a topic wins over its broker, the broker over all brokers, and these over server.properties', async () => {
  await createTopic(client, 'inherits')
  const inherits: Resource = [TOPIC, 'inherits']
  const size = () => configOf(client, inherits, 'segment.bytes')
  assert.deepEqual(await size(), ['1000000', STATIC])
  await set(client, allBrokers, { 'log.segment.bytes': '2000000' })
  assert.deepEqual(await size(), ['2000000', DYNAMIC_DEFAULT])
  await set(client, broker, { 'log.segment.bytes': '3000000' })
  assert.deepEqual(await size(), ['3000000', DYNAMIC_BROKER])
  await set(client, inherits, { 'segment.bytes': '4000000' })
  const { configs } = await describe(client, inherits, ['segment.bytes'])
  assert.deepEqual(
    configs[0]!.synonyms.map(({ name, value, source }) => [name, value, source]),
    [
      ['segment.bytes', '4000000', DYNAMIC_TOPIC],
      ['log.segment.bytes', '3000000', DYNAMIC_BROKER],
      ['log.segment.bytes', '2000000', DYNAMIC_DEFAULT],
      ['log.segment.bytes', '1000000', STATIC],
      ['log.segment.bytes', '1073741824', DEFAULT],
    ],
  )
  assert.deepEqual((await describe(client, allBrokers)).configs.length, 1)
  const removal: Operation[] = [[DELETE, 'log.segment.bytes', null]]
  for (const level of [broker, allBrokers]) assert.deepEqual(await alter(client, level, removal), [0, null])
  assert.deepEqual(await alter(client, inherits, [[DELETE, 'segment.bytes', null]]), [0, null])
  assert.deepEqual(await size(), ['1000000', STATIC])
})

test('a dynamic default of the brokers is in force for topics that exist', async () => {
  await set(client, allBrokers, { 'message.max.bytes': '20' })
  assert.equal((await produce(client, 'altered', batch())).errorCode, ErrorCode.MESSAGE_TOO_LARGE)
  assert.deepEqual(await alter(client, allBrokers, [[DELETE, 'message.max.bytes', null]]), [0, null])
  assert.equal((await produce(client, 'altered', batch())).errorCode, ErrorCode.NONE)
})

test('a broker refuses what it can not change while it runs', async () => {
  const { INVALID_REQUEST, INVALID_CONFIG } = ErrorCode
  await refused(broker, [
    [
      [[SET, 'broker.id', '7']],
      INVALID_REQUEST,
      /^Cannot update these configs dynamically: Set\(broker.id\)$/,
    ],
    [[[SET, 'ssl.key.password', 'x']], INVALID_REQUEST, /only per-listener using the listener prefix/],
    [
      [[SET, 'message.max.bytes', 'x']],
      INVALID_REQUEST,
      /^Invalid value x for configuration message.max.bytes/,
    ],
    [[[SET, 'num.io.threads', '100']], INVALID_REQUEST, /not be greater than double the current value 8$/],
    [[[SET, 'log.cleaner.threads', '5']], INVALID_REQUEST, /Log cleaner threads cannot be increased/],
    [[[SET, 'log.retention.ms', '0']], INVALID_REQUEST, /log.retention.ms must be unlimited/],
    [[[SET, 'advertised.listeners', 'PLAINTEXT://x:1']], INVALID_REQUEST, /with a restart only/],
    [[[APPEND, 'message.max.bytes', '1']], INVALID_CONFIG, /message.max.bytes/],
    [[[SET, 'follower.replication.throttled.rate', '-1']], INVALID_REQUEST, /Value must be at least 0$/],
  ])
  await refused(allBrokers, [
    [[[SET, 'principal.builder.class', 'x']], INVALID_REQUEST, /broker id must be specified/],
    [[[SET, 'listener.name.a.ssl.key.password', 'x']], INVALID_REQUEST, /broker id must be specified/],
    [[[SET, 'log.dirs', '/x']], INVALID_REQUEST, /^Cannot update these configs dynamically/],
  ])
  const one: Operation[] = [[SET, 'message.max.bytes', '1']]
  assert.deepEqual(await alter(client, [BROKER, '2'], one), [
    42,
    'Unexpected broker id, expected 1, but received 2',
  ])
  assert.deepEqual(await alter(client, [BROKER, 'x'], one), [42, 'Node id must be an integer, but it is: x'])
})

test('secrets are kept and never shown, nor is what nobody knows', async () => {
  const secrets = { 'listener.name.plaintext.ssl.key.password': 'hush', 'com.example.token': 'hush' }
  await set(client, broker, secrets)
  const { configs } = await describe(client, broker)
  const shown = configs.filter(({ name }) => name in secrets)
  assert.equal(shown.length, 2)
  for (const { value, isSensitive, configSource, synonyms } of shown) {
    assert.deepEqual([value, isSensitive, configSource], [null, true, DYNAMIC_BROKER])
    assert.ok(synonyms.every((synonym) => synonym.value === null))
  }
  assert.ok(!JSON.stringify(configs).includes('hush'))
})

test('the throttles of reassignments exist while they are set', async () => {
  const name = 'leader.replication.throttled.rate'
  assert.equal(await configOf(client, broker, name), undefined)
  await set(client, broker, { [name]: '1000' })
  assert.deepEqual(await configOf(client, broker, name), ['1000', DYNAMIC_BROKER])
  assert.deepEqual(await alter(client, broker, [[DELETE, name, null]]), [0, null])
})

test('a group has times of its own within the bounds of the broker', async () => {
  const group: Resource = [GROUP, 'a/b Grüße*']
  const [session, heartbeat] = ['consumer.session.timeout.ms', 'consumer.heartbeat.interval.ms']
  assert.deepEqual(await configOf(client, group, session), ['45000', DEFAULT])
  await set(client, group, { [session]: '50000', [heartbeat]: '6000' })
  assert.deepEqual(await configOf(client, group, session), ['50000', 8])
  assert.deepEqual(await configOf(client, [GROUP, 'a'], session), ['45000', DEFAULT])
  const { INVALID_CONFIG } = ErrorCode
  await refused(group, [
    [[[SET, 'retention.ms', '1']], INVALID_CONFIG, /^Unknown group config name: retention.ms$/],
    [
      [[SET, session, '100']],
      INVALID_CONFIG,
      /greater than or equal to group.consumer.min.session.timeout.ms$/,
    ],
    [[[SET, heartbeat, '16000']], INVALID_CONFIG, /or equal to group.consumer.max.heartbeat.interval.ms$/],
    [[[APPEND, session, '1']], INVALID_CONFIG, /its type is not LIST/],
  ])
  assert.equal((await alter(client, [GROUP, ''], [[SET, session, '50000']]))[0], ErrorCode.INVALID_REQUEST)
  assert.equal((await describe(client, [GROUP, ''])).errorCode, ErrorCode.INVALID_REQUEST)
})

test('a subscription to client metrics is kept', async () => {
  const subscription: Resource = [CLIENT_METRICS, 'one']
  assert.deepEqual(await configOf(client, subscription, 'interval.ms'), ['300000', DEFAULT])
  await set(client, subscription, { metrics: 'org.apache.', 'interval.ms': '1000', match: 'client_id=a.*' })
  assert.deepEqual(await configOf(client, subscription, 'match'), ['client_id=a.*', 7])
  const { INVALID_CONFIG, INVALID_REQUEST } = ErrorCode
  await refused(subscription, [
    [[[SET, 'retention.ms', '1']], INVALID_REQUEST, /^Unknown client metrics configuration: retention.ms$/],
    [[[SET, 'interval.ms', '99']], INVALID_REQUEST, /interval must be between 100 and 3600000/],
    [[[SET, 'interval.ms', 'x']], INVALID_CONFIG, /Not a number of type INT$/],
    [[[SET, 'match', 'colour=red']], INVALID_CONFIG, /^Illegal client matching pattern: colour=red$/],
    [[[SET, 'match', 'client_id=(']], INVALID_CONFIG, /^Illegal client matching pattern/],
    [[[APPEND, 'metrics', 'x']], INVALID_CONFIG, /^Can't APPEND to key metrics/],
  ])
  assert.equal((await alter(client, [CLIENT_METRICS, ''], []))[0], INVALID_REQUEST)
})

test('a process without levels of its own has no loggers to alter', async () => {
  assert.deepEqual((await describe(client, [BROKER_LOGGER, '1'])).configs, [])
  const answer = await alter(client, [BROKER_LOGGER, '1'], [[SET, 'kafka', 'INFO']])
  assert.deepEqual(answer, [ErrorCode.INVALID_CONFIG, 'Logger kafka does not exist!'])
})

test('members of a group hear of its own heartbeat interval', async () => {
  await createTopic(client, 'heard')
  const heartbeat = async () => {
    for (;;) {
      const request = { groupId: 'timed', memberId: '', memberEpoch: 0, rebalanceTimeoutMs: 10_000 }
      const answer = await client.call(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, 0, {
        ...request,
        subscribedTopicNames: ['heard'],
        topicPartitions: [],
      })
      if (answer.errorCode === ErrorCode.NONE) return answer.heartbeatIntervalMs
      await client.call(FindCoordinatorRequest, FindCoordinatorResponse, 4, {
        keyType: 0,
        coordinatorKeys: ['timed'],
      })
    }
  }
  assert.equal(await heartbeat(), 5000)
  await set(client, [GROUP, 'timed'], { 'consumer.heartbeat.interval.ms': '6000' })
  assert.equal(await heartbeat(), 6000)
})
