import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerConfig } from './broker-config.ts'
import { ConfigError } from './config-def.ts'
import { parseProperties } from './properties-file.ts'

function parse(text: string): ReturnType<typeof BrokerConfig.parse> {
  return BrokerConfig.parse(parseProperties(text))
}

test('no configuration at all is a valid one', () => {
  const { config, warnings } = parse('')
  assert.deepEqual(warnings, [])
  assert.equal(config.brokerId, -1)
  assert.deepEqual(config.logDirs, ['/tmp/kafka-logs'])
  assert.equal(config.metadataLogDir, '/tmp/kafka-logs')
  assert.deepEqual(config.listeners, [
    { listenerName: 'PLAINTEXT', securityProtocol: 'PLAINTEXT', host: undefined, port: 9092 },
  ])
  assert.equal(config.socketRequestMaxBytes, 104_857_600)
  assert.equal(config.logFlushIntervalMs, 2 ** 63)
})

test('an unknown key warns by name and a listener key does not', () => {
  const { warnings } = parse('foo=1\nlistener.name.internal.ssl.key.password=x\nlistener.name.internal.foo=1')
  assert.deepEqual(warnings, [
    "These configurations '[foo]' were supplied but are not used yet.",
    "These configurations '[listener.name.internal.foo]' were supplied but are not used yet.",
  ])
})

test("the settings of the log cleaner have Kafka's defaults, and each thread needs a megabyte for its offset map", () => {
  assert.deepEqual(parse('').config.logCleaner, {
    threads: 1,
    dedupeBufferBytes: 134_217_728,
    dedupeBufferLoadFactor: 0.9,
    ioBufferBytes: 524_288,
    ioBytesPerSecondMax: Number.MAX_VALUE,
    backoffMs: 15_000,
  })
  assert.equal(parse('log.cleaner.enable=false').config.logCleanerEnable, false)
  const tooSmall = 'log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.'
  assert.throws(
    () => parse('log.cleaner.threads=128'),
    (error: unknown) => error instanceof ConfigError && error.message === tooSmall,
  )
  assert.equal(parse('log.cleaner.threads=127').config.logCleaner.threads, 127)
})

test('a bad value is refused with its key and value in one line', () => {
  assert.throws(
    () => parse('log.segment.bytes=1G'),
    (error: unknown) =>
      error instanceof ConfigError &&
      error.message === 'Invalid value 1G for configuration log.segment.bytes: Not a number of type INT',
  )
})

test('a comment behind a value belongs to the value, as in Java', () => {
  assert.throws(() => parse('num.partitions=1 #one'), /Invalid value 1 #one for configuration num.partitions/)
})

test('retention in milliseconds wins over minutes, and minutes over hours; negative is unlimited', () => {
  assert.equal(parse('log.retention.hours=1').config.logRetentionMs, 3_600_000)
  assert.equal(parse('log.retention.hours=1\nlog.retention.minutes=2').config.logRetentionMs, 120_000)
  const all = 'log.retention.hours=1\nlog.retention.minutes=2\nlog.retention.ms=3'
  assert.equal(parse(all).config.logRetentionMs, 3)
  assert.equal(parse('log.retention.hours=-5').config.logRetentionMs, -1)
  assert.throws(() => parse('log.retention.ms=0'), /log.retention.ms must be unlimited/)
})

test('what topics could not inherit is refused, and any negative retention is unlimited to them', () => {
  assert.throws(() => parse('log.flush.interval.ms=-5'), /Invalid value -5 for configuration flush.ms/)
  assert.equal(parse('log.retention.ms=-5').config.topicDefaults.get('retention.ms'), '-1')
  assert.equal(parse('log.retention.minutes=-5').config.topicDefaults.get('retention.ms'), '-1')
})

test('log.dirs wins over log.dir and may hold several', () => {
  assert.deepEqual(parse('log.dir=/a\nlog.dirs=/b, /c d ,').config.logDirs, ['/b', '/c d'])
  assert.deepEqual(parse('log.dir=/a').config.logDirs, ['/a'])
  assert.throws(() => parse('log.dirs=/b,/b'), /\/b is listed twice/)
})

test('zookeeper.connect is read, and a warning says that the broker is a cluster of its own', () => {
  assert.deepEqual(parse('zookeeper.connect=').warnings, [])
  const { config, warnings } = parse('zookeeper.connect=h1:2181,h2:2181/kafka')
  assert.equal(config.values.string('zookeeper.connect'), 'h1:2181,h2:2181/kafka')
  assert.deepEqual(warnings, [
    'zookeeper.connect=h1:2181,h2:2181/kafka has no effect: this broker keeps its metadata itself and is a cluster of its own',
  ])
})

test('node.id names the broker as broker.id does', () => {
  assert.equal(parse('node.id=7').config.brokerId, 7)
  assert.equal(parse('broker.id=7').config.values.number('node.id'), 7)
  assert.equal(parse('broker.id=7\nnode.id=7').config.brokerId, 7)
})

test('ids above reserved.broker.max.id are free where none are generated', () => {
  assert.throws(() => parse('broker.id=2000'), /reserved.broker.max.id/)
  assert.equal(parse('broker.id=2000\nbroker.id.generation.enable=false').config.brokerId, 2000)
  assert.throws(
    () => parse('broker.id.generation.enable=false'),
    /broker.id must be greater than or equal to 0/,
  )
})

test('a KRaft file starts one broker: its controller listener is left closed', () => {
  const { config, warnings } = parse(`
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@localhost:9093
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
inter.broker.listener.name=PLAINTEXT
advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL
log.dirs=/tmp/kraft-combined-logs`)
  assert.equal(config.brokerId, 1)
  assert.deepEqual(
    config.listeners.map(({ listenerName }) => listenerName),
    ['PLAINTEXT'],
  )
  assert.deepEqual(config.advertisedListeners, [
    { listenerName: 'PLAINTEXT', securityProtocol: 'PLAINTEXT', host: 'localhost', port: 9092 },
  ])
  assert.ok(
    warnings.some((warning) => warning.includes('controller.listener.names (CONTROLLER) are not opened')),
  )
  assert.ok(warnings.some((warning) => warning.startsWith('The configuration process.roles has no effect')))
})

test('a node with the controller role alone is refused', () => {
  assert.throws(
    () => parse('process.roles=controller'),
    /Invalid value controller for configuration process.roles/,
  )
})

test('keys of old releases warn, and those without an effect say why', () => {
  const { warnings } = parse('replica.lag.max.messages=4000\nbroker.list=a:9092,b:9092\nreplication.factor=2')
  assert.equal(warnings.length, 3)
  for (const [index, name] of ['replica.lag.max.messages', 'broker.list', 'replication.factor'].entries()) {
    assert.ok(warnings[index]?.startsWith(`The configuration ${name} has no effect: `), warnings[index])
  }
})

test('host.name and port stand in for listeners, their advertised forms for advertised.listeners', () => {
  const { config, warnings } = parse('host.name=10.0.0.7\nport=9000')
  assert.deepEqual(
    config.listeners.map(({ host, port }) => [host, port]),
    [['10.0.0.7', 9000]],
  )
  assert.deepEqual(config.advertisedListeners, config.listeners)
  assert.equal(warnings.length, 1)
  const advertised = parse('port=9000\nadvertised.host.name=example.org').config
  assert.deepEqual(
    advertised.listeners.map(({ host, port }) => [host, port]),
    [[undefined, 9000]],
  )
  assert.deepEqual(
    advertised.advertisedListeners.map(({ host, port }) => [host, port]),
    [['example.org', 9000]],
  )
})

test('listeners wins over host.name and port, with a warning', () => {
  const { config, warnings } = parse('listeners=PLAINTEXT://:9092\nport=9000')
  assert.equal(config.listeners[0]?.port, 9092)
  assert.deepEqual(warnings, ['The configuration port has no effect: listeners is set.'])
})

test('every setting that the guides name is accepted', () => {
  const { warnings } = parse(`
broker.id=1
listeners=PLAINTEXT://10.0.0.70:9092
num.network.threads=3
num.io.threads=8
socket.send.buffer.bytes=102400
socket.receive.buffer.bytes=102400
socket.request.max.bytes=104857600
log.dirs=/data/kafka
num.partitions=1
num.recovery.threads.per.data.dir=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.retention.hours=168
log.segment.bytes=1073741824
log.retention.check.interval.ms=300000
zookeeper.connect=
zookeeper.connection.timeout.ms=6000
group.initial.rebalance.delay.ms=0
delete.topic.enable=true
advertised.listeners=PLAINTEXT://10.0.0.70:9092
auto.create.topics.enable=false
log.flush.interval.messages=10000
log.flush.interval.ms=1000
log.retention.bytes=1073741824
log.cleanup.policy=delete
broker.id.generation.enable=true
reserved.broker.max.id=1000
message.max.bytes=1000000
min.insync.replicas=1
unclean.leader.election.enable=false
replica.lag.time.max.ms=10000`)
  assert.deepEqual(warnings, [])
})
