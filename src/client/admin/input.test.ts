/** What callers may not give, and how they are told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
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
    [
      () => admin.deleteTopics(['a'], { timeoutMs: 'soon' as never }),
      /^timeoutMs must be a number, not "soon"$/,
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
