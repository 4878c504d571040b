/** The texts are what Apache Kafka 3.9.1 wrote to ZooKeeper (timestamps, ids and ports included). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ZERO_UUID } from '../wire/text.ts'
import {
  BrokerIdZnode,
  type BrokerInfo,
  ClusterIdZnode,
  ConfigChangeZnode,
  ConfigZnode,
  ControllerZnode,
  ProducerIdBlockZnode,
  TopicPartitionStateZnode,
  TopicZnode,
  ZnodeFormatError,
} from './znodes.ts'

const BROKER =
  '{"features":{},"listener_security_protocol_map":{"PLAINTEXT":"PLAINTEXT"},"endpoints":["PLAINTEXT://127.0.0.1:31092"],' +
  '"rack":"RACK1","jmx_port":-1,"port":31092,"host":"127.0.0.1","version":5,"timestamp":"1795262354000"}'
const TOPIC =
  '{"partitions":{"0":[1],"1":[1],"2":[1]},"topic_id":"webgjok2RnKh5GpmyIZFpw","adding_replicas":{},"removing_replicas":{},"version":3}'
const STATE = '{"controller_epoch":1,"leader":1,"version":1,"leader_epoch":0,"isr":[1]}'
const CONFIG = '{"version":1,"config":{"segment.bytes":"100000","retention.ms":"1000"}}'
const CLUSTER = '{"version":"1","id":"9IVurYa_S3yWbPC8hL_DmA"}'

test('what Apache Kafka wrote is read and written back byte for byte', () => {
  const broker = BrokerIdZnode.decode(1, Buffer.from(BROKER))
  assert.deepEqual(broker, {
    id: 1,
    rack: 'RACK1',
    endpoints: [{ listenerName: 'PLAINTEXT', host: '127.0.0.1', port: 31092, securityProtocol: 'PLAINTEXT' }],
  })
  assert.equal(BrokerIdZnode.encode(broker, 1795262354000), BROKER)
  const topic = TopicZnode.decode('t1', Buffer.from(TOPIC))
  assert.equal(topic.topicId, 'webgjok2RnKh5GpmyIZFpw')
  assert.equal(TopicZnode.encode(topic), TOPIC)
  const state = TopicPartitionStateZnode.decode('t1', 0, Buffer.from(STATE), 4)
  assert.equal(state.partitionEpoch, 4)
  assert.equal(TopicPartitionStateZnode.encode(state), STATE)
  assert.equal(ConfigZnode.encode(ConfigZnode.decode('/config/topics/t1', Buffer.from(CONFIG))), CONFIG)
  assert.equal(ClusterIdZnode.encode(ClusterIdZnode.decode(Buffer.from(CLUSTER))), CLUSTER)
})

test('the controller node is written as version 1 and read in both versions', () => {
  assert.equal(
    ControllerZnode.encode(1, 1555230730096),
    '{"version":1,"brokerid":1,"timestamp":"1555230730096"}',
  )
  const newer = '{"version":2,"brokerid":7,"timestamp":"1795262354106","kraftControllerEpoch":-1}'
  assert.equal(ControllerZnode.decode(Buffer.from(newer)), 7)
})

test('a broker keeps several listeners, IPv6 hosts, and the host that stands for the dialled address', () => {
  const broker: BrokerInfo = {
    id: 3,
    rack: null,
    endpoints: [
      { listenerName: 'CLIENT', host: '', port: 9092, securityProtocol: 'PLAINTEXT' },
      { listenerName: 'REPLICATION', host: '::1', port: 9093, securityProtocol: 'SSL' },
    ],
  }
  const text = BrokerIdZnode.encode(broker, 0)
  assert.deepEqual(JSON.parse(text).endpoints, ['CLIENT://:9092', 'REPLICATION://[::1]:9093'])
  assert.deepEqual(BrokerIdZnode.decode(3, Buffer.from(text)), broker)
})

test('registrations and topics of older versions are read', () => {
  const old = '{"version":1,"host":"h","port":9092,"jmx_port":-1,"timestamp":"0"}'
  assert.deepEqual(BrokerIdZnode.decode(1, Buffer.from(old)).endpoints, [
    { listenerName: 'PLAINTEXT', host: 'h', port: 9092, securityProtocol: 'PLAINTEXT' },
  ])
  const topic = TopicZnode.decode('t', Buffer.from('{"version":1,"partitions":{"0":[1,2]}}'))
  assert.equal(topic.topicId, ZERO_UUID)
  assert.deepEqual(topic.partitions.get(0), { replicas: [1, 2], addingReplicas: [], removingReplicas: [] })
  assert.equal(
    ConfigChangeZnode.decode(Buffer.from('{"version":1,"entity_type":"topics","entity_name":"t"}')),
    'topics/t',
  )
  assert.equal(
    ConfigChangeZnode.decode(Buffer.from('{"version":2,"entity_path":"users/u/clients/c"}')),
    'users/u/clients/c',
  )
})

test('a reassignment and an unfinished unclean recovery survive the round trip', () => {
  const topic = {
    topicId: 'webgjok2RnKh5GpmyIZFpw',
    partitions: new Map([[0, { replicas: [1, 2, 3], addingReplicas: [3], removingReplicas: [1] }]]),
  }
  assert.deepEqual(TopicZnode.decode('t', Buffer.from(TopicZnode.encode(topic))), topic)
  const state = {
    leader: 1,
    leaderEpoch: 2,
    isr: [1],
    leaderRecoveryState: 1,
    partitionEpoch: 5,
    controllerEpoch: 3,
  }
  const text = TopicPartitionStateZnode.encode(state)
  assert.deepEqual(TopicPartitionStateZnode.decode('t', 0, Buffer.from(text), 5), state)
})

test('the producer id block holds its bounds as texts', () => {
  const block = { brokerId: 1, firstProducerId: 2000n, lastProducerId: 2999n }
  const text = '{"version":1,"broker":1,"block_start":"2000","block_end":"2999"}'
  assert.equal(ProducerIdBlockZnode.encode(block), text)
  assert.deepEqual(ProducerIdBlockZnode.decode(Buffer.from(text)), block)
  assert.equal(ProducerIdBlockZnode.decode(Buffer.alloc(0)), undefined)
})

test('a payload that is something else is refused by name', () => {
  for (const text of ['', 'null', '[]', '{', '{"partitions":{"0":"x"}}', '{"partitions":{"zero":[1]}}']) {
    assert.throws(
      () => TopicZnode.decode('t', Buffer.from(text)),
      (error) => {
        return error instanceof ZnodeFormatError && error.message.includes('/brokers/topics/t')
      },
    )
  }
})
