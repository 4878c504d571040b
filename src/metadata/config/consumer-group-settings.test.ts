import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerConfig } from './broker-config.ts'
import { ConfigError } from './config-def.ts'

function parse(properties: Readonly<Record<string, string>>) {
  return BrokerConfig.parse(new Map([['log.dirs', '/data'], ...Object.entries(properties)])).config
}

test('without settings consumer groups are as in Kafka 4.1: on, uniform first, both ways of migration', () => {
  const config = parse({})
  assert.deepEqual(config.groupConsumerAssignors, ['uniform', 'range'])
  assert.ok(config.groupCoordinatorRebalanceProtocols.includes('consumer'))
  assert.ok(config.groupCoordinatorRebalanceProtocols.includes('classic'))
  assert.equal(config.groupConsumerMigrationPolicy, 'bidirectional')
  assert.equal(config.groupConsumerHeartbeatIntervalMs, 5000)
  assert.equal(config.groupConsumerSessionTimeoutMs, 45_000)
  assert.equal(config.groupConsumerMaxSize, 2_147_483_647)
})

test('assignors are named as 4.x names them, or by class as 3.9 does', () => {
  const assignors = (text: string) => parse({ 'group.consumer.assignors': text }).groupConsumerAssignors
  assert.deepEqual(assignors('range'), ['range'])
  const prefix = 'org.apache.kafka.coordinator.group.assignor.'
  assert.deepEqual(assignors(`${prefix}RangeAssignor,${prefix}UniformAssignor,range`), ['range', 'uniform'])
  assert.throws(() => assignors('uniform,com.example.Best'), /there is no assignor com\.example\.Best/)
  assert.throws(() => assignors(''), /it must name an assignor/)
})

test('the protocols and the policy are what is given', () => {
  const classic = parse({ 'group.coordinator.rebalance.protocols': 'classic' })
  assert.deepEqual(classic.groupCoordinatorRebalanceProtocols, ['classic'])
  const upgrade = parse({ 'group.consumer.migration.policy': 'UPGRADE' })
  assert.equal(upgrade.groupConsumerMigrationPolicy, 'upgrade')
})

test('times outside of their bounds are refused', () => {
  const refused = (properties: Record<string, string>, message: RegExp) =>
    assert.throws(
      () => parse(properties),
      (error) => error instanceof ConfigError && message.test(error.message),
    )
  refused(
    { 'group.consumer.session.timeout.ms': '10000' },
    /session\.timeout\.ms must be greater than or equal to group\.consumer\.min\.session\.timeout\.ms/,
  )
  refused(
    { 'group.consumer.heartbeat.interval.ms': '20000' },
    /heartbeat\.interval\.ms must be less than or equal to group\.consumer\.max\.heartbeat\.interval\.ms/,
  )
  refused(
    { 'group.consumer.min.session.timeout.ms': '70000' },
    /max\.session\.timeout\.ms must be greater than or equal to group\.consumer\.min\.session\.timeout\.ms/,
  )
})
