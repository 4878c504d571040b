/**
 * What the golden capture makes clients do: enough to see every API that the broker answers, and the group and
 * transaction APIs that come later.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** @typedef {[tool: import('./apache-kafka.mjs').Tool, args: string[], input?: string]} ToolStep */
/** @typedef {[client: string, command: string, args: string[], input?: string]} ClientStep */

const keyed = 'h1:v1\tkey-1\tvalue one\nh1:v1,h2:v2\tkey-2\tNULL\nNULL\tNULL\tno key, no headers\n'
const keyedProperties = ['parse.headers=true', 'parse.key=true', 'null.marker=NULL'].flatMap((property) => [
  '--property',
  property,
])

/**
 * The run of one release of Apache Kafka's own tools.
 * @param {string} bootstrap
 * @param {string} folder for files that a tool reads
 * @returns {ToolStep[]}
 */
export function toolScenario(bootstrap, folder) {
  const b = ['--bootstrap-server', bootstrap]
  const deleteRecordsFile = join(folder, 'delete-records.json')
  writeFileSync(
    deleteRecordsFile,
    '{"version":1,"partitions":[{"topic":"golden","partition":0,"offset":1},{"topic":"golden","partition":1,"offset":90000}]}',
  )
  /** @param {string} codec @param {string} acks @returns {ToolStep} */
  const produce = (codec, acks) => [
    'kafka-console-producer',
    [
      ...b,
      '--topic',
      'golden',
      '--compression-codec',
      codec,
      '--request-required-acks',
      acks,
      ...keyedProperties,
    ],
    keyed,
  ]
  /** @param {string[]} args @returns {ToolStep} */
  const consume = (...args) => [
    'kafka-console-consumer',
    [...b, '--topic', 'golden', '--timeout-ms', '3000', ...args],
  ]
  return [
    ['kafka-broker-api-versions', b],
    ['kafka-cluster', ['cluster-id', ...b]],
    [
      'kafka-topics',
      [...b, '--create', '--topic', 'golden', '--partitions', '2', '--config', 'retention.ms=86400000'],
    ],
    ['kafka-topics', [...b, '--create', '--topic', 'manual', '--replica-assignment', '1,1']],
    ['kafka-topics', [...b, '--create', '--topic', 'bad name!', '--partitions', '1']],
    ['kafka-topics', [...b, '--list']],
    ['kafka-topics', [...b, '--alter', '--topic', 'golden', '--partitions', '3']],
    [
      'kafka-configs',
      [
        ...b,
        '--alter',
        '--entity-type',
        'topics',
        '--entity-name',
        'golden',
        '--add-config',
        'segment.bytes=1048576',
      ],
    ],
    ['kafka-configs', [...b, '--describe', '--entity-type', 'topics', '--entity-name', 'golden']],
    produce('none', 'all'),
    produce('gzip', '1'),
    produce('zstd', '0'),
    ['kafka-verifiable-producer', [...b, '--topic', 'manual', '--max-messages', '20', '--throughput', '50']],
    ['kafka-topics', [...b, '--describe']],
    consume('--partition', '0', '--offset', 'earliest', '--max-messages', '1'),
    consume(
      '--group',
      'golden-group',
      '--from-beginning',
      '--consumer-property',
      'isolation.level=read_committed',
    ),
    consume('--group', 'golden-group', '--consumer-property', 'group.instance.id=static-1'),
    consume(
      '--group',
      'golden-new-group',
      '--consumer-property',
      'group.protocol=consumer',
      '--from-beginning',
    ),
    ['kafka-get-offsets', [...b, '--topic', 'golden', '--time', '-1']],
    ['kafka-get-offsets', [...b, '--topic', 'golden', '--time', '-3']],
    ['kafka-get-offsets', [...b, '--topic', 'golden', '--time', '1000']],
    ['kafka-consumer-groups', [...b, '--list', '--state']],
    ['kafka-consumer-groups', [...b, '--describe', '--group', 'golden-group']],
    ['kafka-consumer-groups', [...b, '--describe', '--group', 'golden-new-group', '--members']],
    ['kafka-consumer-groups', [...b, '--delete-offsets', '--group', 'golden-group', '--topic', 'golden:0']],
    [
      'kafka-consumer-groups',
      [...b, '--reset-offsets', '--group', 'golden-group', '--topic', 'golden', '--to-earliest', '--execute'],
    ],
    ['kafka-consumer-groups', [...b, '--delete', '--group', 'golden-group']],
    [
      'kafka-transactional-copier',
      [
        '--broker-list',
        bootstrap,
        '--input-topic',
        'golden',
        '--input-partition',
        '0',
        '--output-topic',
        'manual',
        '--max-messages',
        '1',
        '--consumer-group',
        'copier',
        '--transactional-id',
        'copier-1',
        '--transaction-size',
        '1',
      ],
    ],
    ['kafka-transactions', [...b, 'list']],
    ['kafka-transactions', [...b, 'describe', '--transactional-id', 'copier-1']],
    ['kafka-transactions', [...b, 'describe-producers', '--topic', 'manual', '--partition', '0']],
    ['kafka-delete-records', [...b, '--offset-json-file', deleteRecordsFile]],
    ['kafka-log-dirs', [...b, '--describe', '--topic-list', 'golden,manual']],
    ['kafka-topics', [...b, '--delete', '--topic', 'manual']],
  ]
}

/** Writes and reads through kafka-python, pinned to the protocol of one old release. */
const pythonProgram = `
import sys
from kafka import KafkaProducer, KafkaConsumer, KafkaAdminClient, TopicPartition
from kafka.admin import NewTopic, NewPartitions
bootstrap, release = sys.argv[1], sys.argv[2]
version = tuple(int(n) for n in release.split('.')) if release != 'auto' else None
headers = [('h', b'v')] if version is None or version >= (0, 11) else None
topic = 'python-' + release.replace('.', '-')
producer = KafkaProducer(bootstrap_servers=bootstrap, api_version=version, acks='all')
for key, value in ((b'k', b'v'), (b'k', None), (None, b'')):
    producer.send(topic, key=key, value=value, partition=0, headers=headers or []).get(20)
producer.close()
producer = KafkaProducer(bootstrap_servers=bootstrap, api_version=version, acks=1, compression_type='gzip')
producer.send(topic, key=b'k', value=b'compressed', partition=0).get(20)
producer.close()
part = TopicPartition(topic, 0)
consumer = KafkaConsumer(bootstrap_servers=bootstrap, api_version=version, consumer_timeout_ms=2000)
consumer.assign([part])
consumer.seek_to_beginning(part)
print([(m.offset, m.key, m.value) for m in consumer], consumer.end_offsets([part]) if version is None or version >= (0, 10) else '')
consumer.close()
if version is None or version >= (0, 10):
    admin = KafkaAdminClient(bootstrap_servers=bootstrap, api_version=version or (1, 0))
    admin.create_topics([NewTopic(topic + '-made', 2, 1)])
    admin.create_partitions({topic + '-made': NewPartitions(3)})
    from kafka.admin import ConfigResource, ConfigResourceType
    admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic + '-made')])
    admin.delete_topics([topic + '-made'])
    admin.close()
`

const kafkajsProgram = `
const { Kafka, logLevel } = require('kafkajs')
const kafka = new Kafka({ clientId: 'kafkajs', brokers: [process.argv[1]], logLevel: logLevel.NOTHING })
const main = async () => {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: 'kafkajs', numPartitions: 2, configEntries: [{ name: 'retention.ms', value: '9999' }] }] })
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()
  await producer.send({ topic: 'kafkajs', messages: [{ key: 'k', value: 'v', headers: { h: 'v' } }, { key: 'k', value: null }] })
  await producer.disconnect()
  await admin.fetchTopicMetadata()
  await admin.alterConfigs({ resources: [{ type: 2, name: 'kafkajs', configEntries: [{ name: 'retention.ms', value: '99999' }] }] })
  await new Promise((resolve) => setTimeout(resolve, 1000))
  await admin.fetchTopicOffsets('kafkajs')
  await admin.fetchTopicOffsetsByTimestamp('kafkajs', 5)
  await admin.describeCluster()
  await admin.describeConfigs({ resources: [{ type: 2, name: 'kafkajs' }] })
  await admin.deleteTopicRecords({ topic: 'kafkajs', partitions: [{ partition: 0, offset: '0' }] })
  await admin.createPartitions({ topicPartitions: [{ topic: 'kafkajs', count: 4 }] })
  const consumer = kafka.consumer({ groupId: 'kafkajs-group' })
  await consumer.connect()
  await consumer.subscribe({ topic: 'kafkajs', fromBeginning: true })
  let seen = 0
  await new Promise((resolve) => consumer.run({ eachMessage: async () => { if (++seen === 2) resolve() } }))
  await consumer.disconnect()
  await admin.deleteTopics({ topics: ['kafkajs'] })
  await admin.disconnect()
}
main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1) })
`

const platformaticProgram = `
import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka'
const common = { clientId: 'platformatic', bootstrapBrokers: [process.argv[1]] }
const admin = new Admin(common)
await admin.createTopics({ topics: ['platformatic'], partitions: 2, replicas: 1 })
await admin.listTopics()
const producer = new Producer({ ...common, serializers: stringSerializers, idempotent: true })
await producer.send({ messages: [{ topic: 'platformatic', key: 'k', value: 'v', headers: { h: 'v' } }], compression: 'zstd' })
await producer.close()
const consumer = new Consumer({ ...common, groupId: 'platformatic-group', deserializers: stringDeserializers })
const stream = await consumer.consume({ topics: ['platformatic'], mode: 'earliest', maxWaitTime: 500 })
for await (const message of stream) break
await consumer.close(true)
await admin.deleteTopics({ topics: ['platformatic'] })
await admin.close()
process.exit(0)
`

/**
 * Clients of other languages, each by the label it gets in the fixtures. Those this machine lacks are left out.
 * @param {string} bootstrap
 * @param {string | undefined} newNode a Node executable of 24 or later, which @platformatic/kafka needs
 * @returns {ClientStep[]}
 */
export function captureClients(bootstrap, newNode) {
  const interop = fileURLToPath(new URL('../../interop/', import.meta.url))
  /** @type {ClientStep[]} */
  const steps = []
  if (existsSync('/usr/bin/kcat')) {
    /** @param {string[]} args @param {string} [input] */
    const kcat = (args, input) => steps.push(['librdkafka-2.0', 'kcat', ['-b', bootstrap, ...args], input])
    kcat(['-L'])
    kcat(['-P', '-t', 'kcat', '-K:', '-H', 'h=v', '-X', 'enable.idempotence=true'], 'k1:v1\nk2:v2\n')
    kcat(['-P', '-t', 'kcat', '-z', 'lz4'], 'a line\nanother\n')
    kcat(['-C', '-t', 'kcat', '-p', '0', '-o', 'beginning', '-e'])
    kcat(['-Q', '-t', 'kcat:0:-1'])
    kcat(['-G', 'kcat-group', '-o', 'beginning', '-e', 'kcat'])
    kcat(
      ['-P', '-t', 'kcat-old', '-X', 'api.version.request=false', '-X', 'broker.version.fallback=0.9.0'],
      'old\n',
    )
    kcat([
      '-C',
      '-t',
      'kcat-old',
      '-p',
      '0',
      '-e',
      '-X',
      'api.version.request=false',
      '-X',
      'broker.version.fallback=0.9.0',
    ])
  }
  if (existsSync('/usr/lib/python3/dist-packages/kafka/__init__.py')) {
    for (const release of ['0.8.2', '0.9', '0.10', '0.11', 'auto']) {
      const label = release === 'auto' ? 'kafka-python-2.0' : `kafka-python-2.0-as-${release}`
      steps.push([label, '/usr/bin/python3', ['-c', pythonProgram, bootstrap, release]])
    }
  }
  const modules = join(interop, 'node_modules')
  if (existsSync(join(modules, 'kafkajs'))) {
    const program = kafkajsProgram.replace('kafkajs', join(modules, 'kafkajs'))
    steps.push(['kafkajs-2.2', process.execPath, ['-e', program, bootstrap]])
  }
  if (newNode && existsSync(join(modules, '@platformatic', 'kafka'))) {
    const program = platformaticProgram.replace(
      '@platformatic/kafka',
      join(modules, '@platformatic/kafka/dist/index.js'),
    )
    steps.push(['platformatic-2.12', newNode, ['--input-type=module', '-e', program, bootstrap]])
  }
  return steps
}
