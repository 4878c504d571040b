/**
 * Our administrator: every method of it, for what it must say and change. Apache Kafka has two brokers with an authorizer
 * here, so that partitions can move and ACLs be kept; what Sluice has no API for is skipped there.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Admin, KafkaError, Producer } from '../../dist/client/index.js'
import { startApacheCluster } from '../lib/apache-cluster.mjs'
import { startBroker } from '../lib/broker.mjs'
import { rawMembers } from '../lib/raw-members.mjs'
import { Skip } from '../lib/step-table.mjs'
import { waitUntil } from '../lib/wait.mjs'

const apacheOverrides = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
  'auto.create.topics.enable': 'false',
  'group.coordinator.rebalance.protocols': 'classic,consumer',
  'delegation.token.secret.key': 'a secret that both brokers have',
}
/** Two directories, as the first node of the cluster has them. @param {string} folder */
const sluiceOverrides = (folder) => ({
  'log.dirs': `${join(folder, 'node-1', 'data')},${join(folder, 'node-1', 'data-2')}`,
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'offsets.topic.num.partitions': '3',
  'group.initial.rebalance.delay.ms': '0',
  'auto.create.topics.enable': 'false',
})

/** @param {{kind: import('../lib/broker.mjs').BrokerKind, folder: string, steps: import('../lib/step-table.mjs').Steps}} run */
export async function checkClientAdmin({ kind, folder, steps }) {
  const isApache = kind !== 'sluice'
  const cluster = isApache
    ? await startApacheCluster({ kind, folder, overrides: apacheOverrides })
    : await startBroker({ kind, folder, overrides: sluiceOverrides(folder) }).then(({ port, stop }) => ({
        bootstrap: `127.0.0.1:${port}`,
        stop: () => stop(),
      }))
  const bootstrapServers = cluster.bootstrap
  const admin = new Admin({ bootstrapServers, 'default.api.timeout.ms': 30_000 })
  const members = rawMembers(bootstrapServers)
  /** @type {Producer[]} */
  const producers = []
  /** @param {object} [options] */
  const producerOf = (options = {}) => {
    const producer = new Producer({ bootstrapServers, ...options })
    producers.push(producer)
    return producer
  }
  /** Skipped where Sluice has no API for it, and nowhere else. @param {string} name @param {() => Promise<void>} step */
  const run = (name, step) =>
    steps.run(name, async () => {
      try {
        await step()
      } catch (error) {
        if (!isApache && error instanceof KafkaError && error.code === 'PROTOCOL')
          throw new Skip(error.message)
        throw error
      }
    })
  const context = { kind, isApache, admin, members, producerOf, run, folder }
  try {
    await checkTopics(context)
    await checkConfigs(context)
    await checkGroups(context)
    await checkTransactions(context)
    await checkCluster(context)
    await checkReplicas(context)
    await checkAccess(context)
  } finally {
    await Promise.all(producers.map((producer) => producer.close({ timeoutMs: 0 })))
    members.close()
    await admin.close()
    await cluster.stop()
  }
}

/**
 * @typedef {object} AdminContext
 * @property {import('../lib/broker.mjs').BrokerKind} kind
 * @property {boolean} isApache
 * @property {Admin} admin
 * @property {ReturnType<typeof rawMembers>} members
 * @property {(options?: object) => Producer} producerOf
 * @property {(name: string, step: () => Promise<void>) => Promise<boolean>} run
 * @property {string} folder
 */

/** @param {Promise<unknown>} promise @returns {Promise<KafkaError>} */
async function failure(promise) {
  const error = await promise.then(
    () => assert.fail('it did not fail'),
    (reason) => reason,
  )
  assert.ok(error instanceof KafkaError, String(error?.stack ?? error))
  return error
}

/** So often in a row must a change show: one broker may be asked before the other one knows. */
const timesShown = 4

/** What is changed shows on every broker a little later. @param {() => Promise<boolean>} condition */
async function settles(condition) {
  let inRow = 0
  const holds = async () => {
    inRow = (await condition()) ? inRow + 1 : 0
    return inRow === timesShown
  }
  await waitUntil(holds, 'change that shows')
}

/** @param {KafkaError} error */
const codes = (error) =>
  Object.fromEntries([...(error.details ?? [])].map(([name, { code }]) => [name, code]))

/** @param {AdminContext} context */
async function checkTopics({ admin, isApache, producerOf, run }) {
  await run('createTopics: the topic can be used at once, and its settings are told', async () => {
    const configs = { 'retention.ms': '60000' }
    const [made] = await admin.createTopics([
      { name: 'orders', partitions: 3, replicationFactor: 1, configs },
    ])
    assert.deepEqual([made?.partitions, made?.replicationFactor], [3, 1])
    assert.equal(made?.configs?.find(({ name }) => name === 'retention.ms')?.value, '60000')
    const [described] = await admin.describeTopics(['orders'])
    assert.equal(described?.topicId, made?.topicId)
    assert.ok(described?.partitions.every(({ leader }) => leader !== null))
  })
  await run(
    'createTopics: defaults, assignments, validateOnly, and what fails beside what does not',
    async () => {
      await admin.createTopics([{ name: 'by-default' }, { name: 'by-hand', assignments: [[1], [1]] }])
      await admin.createTopics([{ name: 'never' }], { validateOnly: true })
      const error = await failure(
        admin.createTopics([
          { name: 'orders' },
          { name: 'more' },
          { name: 'bad', configs: { 'retention.ms': 'x' } },
        ]),
      )
      assert.deepEqual(codes(error), { orders: 'TOPIC_ALREADY_EXISTS', bad: 'INVALID_CONFIG' })
      assert.deepEqual([...(error.results ?? []).keys()], ['more'])
    },
  )
  await run('listTopics: internal ones only when asked for', async () => {
    await admin.alterGroupOffsets('warm-up', [{ topic: 'orders', partition: 0, offset: 0 }])
    const names = (await admin.listTopics()).map(({ name }) => name)
    assert.ok(names.includes('orders') && !names.includes('never') && !names.includes('__consumer_offsets'))
    assert.ok((await admin.listTopics({ listInternal: true })).some(({ isInternal }) => isInternal))
  })
  await run('describeTopics, deleteTopics: by name and by id', async () => {
    const [byName] = await admin.describeTopics(['by-hand'], { includeAuthorizedOperations: true })
    assert.ok(byName?.authorizedOperations?.includes('alter-configs'))
    const topicId = String(byName?.topicId)
    assert.equal((await admin.describeTopics([{ topicId }]))[0]?.partitions.length, 2)
    await admin.deleteTopics([{ topicId }, 'more'])
    await settles(
      async () => (await failure(admin.describeTopics(['by-hand']))).code === 'UNKNOWN_TOPIC_OR_PARTITION',
    )
    assert.equal((await failure(admin.deleteTopics(['nope']))).code, 'UNKNOWN_TOPIC_OR_PARTITION')
    assert.equal((await failure(admin.deleteTopics([{ topicId }]))).code, 'UNKNOWN_TOPIC_ID')
  })
  await run('createPartitions', async () => {
    await admin.createPartitions([{ name: 'orders', partitions: 4 }])
    await settles(async () => (await admin.describeTopics(['orders']))[0]?.partitions.length === 4)
    assert.equal(
      (await failure(admin.createPartitions([{ name: 'orders', partitions: 2 }]))).code,
      'INVALID_PARTITIONS',
    )
  })
  await run('listOffsets: the ends, a time, the largest timestamp, on all leaders at once', async () => {
    const producer = producerOf()
    const stamps = [1000, 3000, 2000].map((each) => Date.now() - 10_000 + each)
    for (const timestamp of stamps)
      await producer.send({ topic: 'orders', partition: 0, value: 'v', timestamp })
    await producer.send({ topic: 'orders', partition: 3, value: 'v' })
    /** @param {import('../../dist/client/index.js').OffsetSpec} at */
    const find = async (at) => (await admin.listOffsets([{ topic: 'orders', partition: 0, at }]))[0]?.offset
    assert.deepEqual(
      [
        await find('earliest'),
        await find('latest'),
        await find('max-timestamp'),
        await find(Number(stamps[0]) + 1),
      ],
      [0, 3, 1, 1],
    )
    assert.equal(await find(Date.now() + 1e6), -1)
    const all = await admin.listOffsets(
      [3, 2, 1, 0].map((partition) => ({ topic: 'orders', partition, at: 'latest' })),
    )
    assert.deepEqual(
      all.map(({ partition, offset }) => [partition, offset]),
      [
        [3, 1],
        [2, 0],
        [1, 0],
        [0, 3],
      ],
    )
    if (isApache) assert.equal(await find('earliest-local'), 0)
    const error = await failure(admin.listOffsets([{ topic: 'nope', partition: 0, at: 'latest' }]))
    assert.equal(error.code, 'UNKNOWN_TOPIC_OR_PARTITION')
  })
  await run('deleteRecords', async () => {
    const deleted = await admin.deleteRecords([
      { topic: 'orders', partition: 3, offset: -1 },
      { topic: 'orders', partition: 0, offset: 2 },
    ])
    assert.deepEqual(
      deleted.map(({ partition, lowWatermark }) => [partition, lowWatermark]),
      [
        [3, 1],
        [0, 2],
      ],
    )
    const error = await failure(admin.deleteRecords([{ topic: 'orders', partition: 0, offset: 99 }]))
    assert.equal(error.code, 'OFFSET_OUT_OF_RANGE')
  })
}

/** @param {AdminContext} context */
async function checkConfigs({ admin, isApache, kind, run }) {
  await run('describeConfigs: topics and brokers, with synonyms and documentation', async () => {
    const [topic, broker] = await admin.describeConfigs(
      [
        { type: 'topic', name: 'orders', keys: ['retention.ms', 'segment.bytes'] },
        { type: 'broker', name: 1 },
      ],
      { includeSynonyms: true, includeDocumentation: true },
    )
    const retention = topic?.configs.find(({ name }) => name === 'retention.ms')
    assert.deepEqual(
      [retention?.value, retention?.source, retention?.type],
      ['60000', 'dynamic-topic', 'long'],
    )
    assert.deepEqual(retention?.synonyms[0], {
      name: 'retention.ms',
      value: '60000',
      source: 'dynamic-topic',
    })
    if (isApache) assert.match(String(retention?.documentation), /retention/)
    assert.equal(topic?.configs.length, 2)
    assert.ok(Number(broker?.configs.length) > 100)
    const error = await failure(
      admin.describeConfigs([
        { type: 'topic', name: 'nope' },
        { type: 'broker', name: 9 },
      ]),
    )
    assert.deepEqual(codes(error), {
      'topic nope': 'UNKNOWN_TOPIC_OR_PARTITION',
      'broker 9': 'BROKER_NOT_AVAILABLE',
    })
  })
  await run('alterConfigs: set, delete, append, subtract; of topics, brokers and all brokers', async () => {
    /** @param {string} key */
    const settingOf = async (key) =>
      (await admin.describeConfigs([{ type: 'topic', name: 'orders', keys: [key] }]))[0]?.configs[0]?.value
    await admin.alterConfigs([
      {
        type: 'topic',
        name: 'orders',
        set: { 'flush.ms': '7' },
        delete: ['retention.ms'],
        append: { 'cleanup.policy': 'compact' },
      },
      { type: 'broker', name: 1, set: { 'log.cleaner.threads': '2' } },
      { type: 'broker', name: '', set: { 'log.cleaner.backoff.ms': '14000' } },
    ])
    await settles(async () => (await settingOf('flush.ms')) === '7')
    assert.equal(await settingOf('cleanup.policy'), 'delete,compact')
    assert.equal(await settingOf('retention.ms'), '604800000')
    await admin.alterConfigs([{ type: 'topic', name: 'orders', subtract: { 'cleanup.policy': 'compact' } }])
    await settles(async () => (await settingOf('cleanup.policy')) === 'delete')
    await settles(async () => {
      const keys = ['log.cleaner.threads', 'log.cleaner.backoff.ms']
      const [broker] = await admin.describeConfigs([{ type: 'broker', name: 1, keys }])
      const sources = new Map(broker?.configs.map(({ name, source }) => [name, source]))
      return (
        sources.get('log.cleaner.threads') === 'dynamic-broker' &&
        sources.get('log.cleaner.backoff.ms') === 'dynamic-default-broker'
      )
    })
    const error = await failure(
      admin.alterConfigs([
        { type: 'topic', name: 'orders', set: { 'flush.ms': 'soon' } },
        { type: 'topic', name: 'by-default', set: { 'flush.ms': '8' } },
      ]),
    )
    assert.deepEqual(codes(error), { 'topic orders': 'INVALID_CONFIG' })
  })
  await run('configs of groups and of metrics of clients, and listConfigResources', async () => {
    await admin.alterConfigs([
      { type: 'client-metrics', name: 'all-clients', set: { 'interval.ms': '60000' } },
      ...(kind === 'apache-3.9'
        ? []
        : [
            {
              type: /** @type {const} */ ('group'),
              name: 'g',
              set: { 'consumer.session.timeout.ms': '50000' },
            },
          ]),
    ])
    await settles(async () =>
      (await admin.listConfigResources(['client-metrics'])).some(({ name }) => name === 'all-clients'),
    )
    if (kind === 'apache-3.9') return
    const [group] = await admin.describeConfigs([{ type: 'group', name: 'g' }])
    const timeout = group?.configs.find(({ name }) => name === 'consumer.session.timeout.ms')
    assert.deepEqual([timeout?.value, timeout?.source], ['50000', 'dynamic-group'])
    assert.deepEqual(
      (await admin.listConfigResources(['group'])).map(({ name }) => name),
      ['g'],
    )
  })
}

/** @param {AdminContext} context */
async function checkGroups({ admin, members, kind, isApache, run }) {
  await run('describeGroups: a classic group with its members, and one that is not there', async () => {
    const memberId = await members.joinClassic('classic', 'orders', 1)
    await members.joinClassic('static', 'orders', 2, 'instance')
    const error = await failure(
      admin.describeGroups(['classic', 'nobody', 'static'], { includeAuthorizedOperations: true }),
    )
    assert.deepEqual(codes(error), { nobody: 'GROUP_ID_NOT_FOUND' })
    const group = /** @type {import('../../dist/client/index.js').GroupDescription} */ (
      error.results?.get('classic')
    )
    assert.deepEqual(
      [group.type, group.state, group.protocolType, group.assignor],
      ['classic', 'Stable', 'consumer', 'range'],
    )
    if (isApache) assert.ok(group.authorizedOperations?.includes('read'))
    const [member] = group.members
    assert.deepEqual(
      [member?.memberId, member?.subscribedTopics, member?.assignment],
      [memberId, ['orders'], [{ topic: 'orders', partition: 1 }]],
    )
  })
  await run('describeGroups: a consumer group alike', async () => {
    if (kind === 'apache-3.9') throw new Skip('3.9 has no consumer groups unless its format is told so')
    const memberId = await members.joinConsumer('consumers', 'orders')
    const [group] = await admin.describeGroups(['consumers'])
    assert.deepEqual([group?.type, group?.protocolType, group?.assignor], ['consumer', 'consumer', 'uniform'])
    const [member] = group?.members ?? []
    assert.deepEqual([member?.memberId, member?.protocol, member?.memberEpoch], [memberId, 'consumer', 1])
    assert.equal(member?.targetAssignment?.length, 4)
    await admin.removeMembers('consumers', 'all')
    await settles(async () => (await admin.describeGroups(['consumers']))[0]?.state === 'Empty')
  })
  await run('listGroups: by states and types', async () => {
    const ids = (/** @type {{groupId: string}[]} */ groups) => groups.map(({ groupId }) => groupId)
    await admin.alterGroupOffsets('offsets-only', [{ topic: 'orders', partition: 0, offset: 1 }])
    const empty = ids(await admin.listGroups({ states: ['Empty'] }))
    assert.ok(empty.includes('offsets-only') && !empty.includes('classic'))
    const classic = ids(await admin.listGroups({ types: ['classic'] }))
    assert.ok(classic.includes('classic') && !classic.includes('consumers'))
    const found = (await admin.listGroups()).find(({ groupId }) => groupId === 'classic')
    assert.deepEqual(found, {
      groupId: 'classic',
      protocolType: 'consumer',
      state: 'Stable',
      type: 'classic',
    })
  })
  await run('offsets of groups: alter, list, delete', async () => {
    const at = (/** @type {number} */ partition) => ({ topic: 'orders', partition })
    await admin.alterGroupOffsets('keeps', [
      { ...at(2), offset: 7, metadata: 'seven', leaderEpoch: 0 },
      { ...at(0), offset: 5 },
    ])
    const [all, none] = await admin.listGroupOffsets(['keeps', { groupId: 'none', partitions: [at(1)] }], {
      requireStable: true,
    })
    assert.deepEqual(all?.offsets, [
      { ...at(0), offset: 5, leaderEpoch: null, metadata: '' },
      { ...at(2), offset: 7, leaderEpoch: 0, metadata: 'seven' },
    ])
    assert.deepEqual(none?.offsets, [{ ...at(1), offset: null, leaderEpoch: null, metadata: '' }])
    await admin.deleteGroupOffsets('keeps', [at(0)])
    assert.equal((await admin.listGroupOffsets(['keeps']))[0]?.offsets.length, 1)
    const error = await failure(
      admin.alterGroupOffsets('keeps', [
        { topic: 'nope', partition: 0, offset: 1 },
        { ...at(1), offset: 1 },
      ]),
    )
    assert.deepEqual(codes(error), { 'nope-0': 'UNKNOWN_TOPIC_OR_PARTITION' })
  })
  await run('groups with members: refused, until the members are removed', async () => {
    assert.equal((await failure(admin.deleteGroups(['classic']))).code, 'NON_EMPTY_GROUP')
    const at = [{ topic: 'orders', partition: 1 }]
    assert.equal((await failure(admin.deleteGroupOffsets('classic', at))).code, 'GROUP_SUBSCRIBED_TO_TOPIC')
    assert.equal(
      (await failure(admin.alterGroupOffsets('classic', [{ ...at[0], offset: 1 }]))).code,
      'UNKNOWN_MEMBER_ID',
    )
    await admin.removeMembers('classic', 'all', { reason: 'the end of a check' })
    await admin.removeMembers('static', [{ groupInstanceId: 'instance' }])
    const error = await failure(admin.deleteGroups(['classic', 'static', 'nobody']))
    assert.deepEqual(codes(error), { nobody: 'GROUP_ID_NOT_FOUND' })
  })
}

/** @param {AdminContext} context */
async function checkTransactions({ admin, producerOf, run, kind }) {
  const at = { topic: 'orders', partition: 2 }
  await run('transactions: listed, described, with their producers', async () => {
    const producer = producerOf({ transactionalId: 'tx-described', transactionTimeoutMs: 20_000 })
    await producer.beginTransaction()
    await producer.send({ ...at, value: 'v' })
    const [transaction] = await admin.describeTransactions(['tx-described'])
    assert.deepEqual(
      [transaction?.state, transaction?.transactionTimeoutMs, transaction?.partitions],
      ['Ongoing', 20_000, [at]],
    )
    assert.ok(Number(transaction?.startTimeMs) > 0)
    const listed = await admin.listTransactions({ states: ['Ongoing'], runningLongerThanMs: 0 })
    assert.deepEqual(
      listed.map(({ transactionalId, coordinator }) => [transactionalId, coordinator]),
      [['tx-described', transaction?.coordinator]],
    )
    if (kind !== 'apache-3.9') {
      assert.equal((await admin.listTransactions({ transactionalIdPattern: 'tx-.*' })).length, 1)
      assert.deepEqual(await admin.listTransactions({ transactionalIdPattern: 'x' }), [])
    }
    const [{ producers }] = await admin.describeProducers([at])
    const found = producers.find(({ producerId }) => producerId === transaction?.producerId)
    assert.deepEqual(
      [found?.producerEpoch, found?.lastSequence, found?.currentTransactionStartOffset],
      [transaction?.producerEpoch, 0, 0],
    )
    await producer.abortTransaction()
    assert.equal((await failure(admin.describeTransactions(['never']))).code, 'TRANSACTIONAL_ID_NOT_FOUND')
  })
  await run('fenceProducers: who was there can write no more', async () => {
    const producer = producerOf({ transactionalId: 'tx-fenced' })
    await producer.beginTransaction()
    await producer.send({ ...at, value: 'v' })
    const [before] = await admin.describeTransactions(['tx-fenced'])
    const [fenced] = await admin.fenceProducers(['tx-fenced'])
    assert.equal(fenced?.producerId, before?.producerId)
    assert.ok(Number(fenced?.producerEpoch) > Number(before?.producerEpoch))
    assert.equal((await failure(producer.commitTransaction())).fatal, true)
  })
  await run('abortTransaction: one that hangs lets readers of committed records go on', async () => {
    const hanging = { topic: 'by-default', partition: 0 }
    const producer = producerOf({ transactionalId: 'tx-hanging' })
    await producer.beginTransaction()
    await producer.send({ ...hanging, value: 'v' })
    const end = async () =>
      (await admin.listOffsets([{ ...hanging, at: 'latest' }], { isolationLevel: 'read_committed' }))[0]
        ?.offset
    assert.equal(await end(), 0)
    const [{ producers }] = await admin.describeProducers([hanging])
    await admin.abortTransaction({ ...hanging, ...producers[0] })
    await settles(async () => (await end()) === 2)
  })
}

/** @param {AdminContext} context */
async function checkCluster({ admin, isApache, run }) {
  await run('describeCluster', async () => {
    const cluster = await admin.describeCluster({ includeAuthorizedOperations: true })
    assert.deepEqual(cluster.brokers.map(({ nodeId }) => nodeId).sort(), isApache ? [1, 2] : [1])
    assert.ok(cluster.controllerId !== null && cluster.authorizedOperations?.includes('cluster-action'))
  })
  await run('describeFeatures, updateFeatures', async () => {
    const { supported, finalized } = await admin.describeFeatures()
    const name = isApache ? 'metadata.version' : 'transaction.version'
    assert.ok(Number(finalized[name]?.maxVersion) <= Number(supported[name]?.maxVersion))
    const tooHigh = Number(supported[name]?.maxVersion) + 1
    const error = await failure(
      admin.updateFeatures([{ feature: name, maxVersionLevel: tooHigh }], { validateOnly: true }),
    )
    if (error.code === 'PROTOCOL') throw error
    assert.equal(error.code, 'INVALID_UPDATE_VERSION')
  })
  await run('describeMetadataQuorum', async () => {
    const quorum = await admin.describeMetadataQuorum()
    assert.deepEqual([quorum.leaderId, quorum.voters.map(({ replicaId }) => replicaId)], [1, [1]])
    assert.ok(quorum.observers.some(({ replicaId }) => replicaId === 2) && quorum.highWatermark > 0)
  })
  await run(
    'addRaftVoter, removeRaftVoter, unregisterBroker: what is no voter and no broker is refused',
    async () => {
      const voter = { voterId: 7, directoryId: 'AAAAAAAAAAAAAAAAAAAAAQ' }
      const added = await failure(
        admin.addRaftVoter({ ...voter, endpoints: [{ listener: 'CONTROLLER', host: 'localhost', port: 1 }] }),
      )
      if (added.code === 'PROTOCOL') throw added
      // The quorum of this cluster is written down in its settings, and can't be changed.
      assert.equal(added.code, 'UNSUPPORTED_VERSION')
      assert.equal((await failure(admin.removeRaftVoter(voter))).code, 'UNSUPPORTED_VERSION')
      assert.equal((await failure(admin.unregisterBroker(77))).code, 'BROKER_ID_NOT_REGISTERED')
    },
  )
}

/** @param {AdminContext} context */
async function checkReplicas({ admin, isApache, run, folder }) {
  await run('describeLogDirs, describeReplicaLogDirs', async () => {
    const [first] = await admin.describeLogDirs([1])
    const dirs = first?.logDirs ?? []
    assert.ok(
      dirs.length > 0 && dirs.every(({ error, totalBytes }) => error === null && Number(totalBytes) > 0),
    )
    assert.equal((await admin.describeLogDirs()).length, isApache ? 2 : 1)
    const leader = (await admin.describeTopics(['orders']))[0]?.partitions[0]?.leader
    const [place] = await admin.describeReplicaLogDirs([
      { topic: 'orders', partition: 0, brokerId: Number(leader) },
    ])
    assert.ok(place?.current !== null && place?.future === null)
  })
  await run('alterReplicaLogDirs: a replica moves to the other directory', async () => {
    const logDir = join(folder, 'node-1', 'data-2')
    await admin.createTopics([{ name: 'moves', assignments: [[1]] }])
    const replica = { topic: 'moves', partition: 0, brokerId: 1 }
    const [before] = await admin.describeReplicaLogDirs([replica])
    const target = before?.current?.path === logDir ? join(folder, 'node-1', 'data') : logDir
    await admin.alterReplicaLogDirs([{ ...replica, logDir: target }])
    await settles(async () => (await admin.describeReplicaLogDirs([replica]))[0]?.current?.path === target)
    const error = await failure(admin.alterReplicaLogDirs([{ ...replica, logDir: '/nowhere' }]))
    assert.equal(error.code, 'LOG_DIR_NOT_FOUND')
  })
  await run(
    'alterPartitionReassignments, listPartitionReassignments: a partition moves to the other broker',
    async () => {
      const name = 'travels'
      await admin.createTopics([{ name, assignments: [[1], [1]] }])
      // Sluice is alone: there is nowhere to go.
      const replicas = isApache ? [2, 1] : [1]
      await admin.alterPartitionReassignments([{ topic: name, partition: 0, replicas }])
      const replicasOf = async () => (await admin.describeTopics([name]))[0]?.partitions[0]
      await settles(async () => (await replicasOf())?.isr.length === replicas.length)
      await settles(async () => (await admin.listPartitionReassignments()).length === 0)
      assert.deepEqual((await replicasOf())?.replicas, replicas)
      const error = await failure(
        admin.alterPartitionReassignments([
          { topic: name, partition: 0, replicas: null },
          { topic: name, partition: 1, replicas: [9] },
        ]),
      )
      assert.deepEqual(codes(error), {
        [`${name}-0`]: 'NO_REASSIGNMENT_IN_PROGRESS',
        [`${name}-1`]: 'INVALID_REPLICA_ASSIGNMENT',
      })
    },
  )
  await run('electLeaders: the preferred one leads, and where it does there is nothing to do', async () => {
    const partitions = [0, 1].map((partition) => ({ topic: 'travels', partition }))
    const elected = await admin.electLeaders('preferred', partitions)
    assert.deepEqual(
      elected.map(({ isElected }) => isElected),
      [isApache, false],
    )
    const leader = isApache ? 2 : 1
    await settles(async () => (await admin.describeTopics(['travels']))[0]?.partitions[0]?.leader === leader)
    assert.deepEqual(await admin.electLeaders('preferred'), [])
    const error = await failure(admin.electLeaders('unclean', [{ topic: 'nope', partition: 0 }]))
    assert.equal(error.code, 'UNKNOWN_TOPIC_OR_PARTITION')
  })
}

/** @param {AdminContext} context */
async function checkAccess({ admin, run }) {
  await run('ACLs: create, describe, delete', async () => {
    await admin.createAcls([
      { resourceType: 'topic', resourceName: 'orders', principal: 'User:alice', operation: 'read' },
      {
        resourceType: 'topic',
        resourceName: 'ord',
        patternType: 'prefixed',
        principal: 'User:bob',
        operation: 'write',
        permission: 'deny',
        host: '10.0.0.1',
      },
    ])
    const error = await failure(
      admin.createAcls([
        {
          resourceType: 'cluster',
          resourceName: 'kafka-cluster',
          principal: 'User:alice',
          operation: 'describe',
        },
        { resourceType: 'cluster', resourceName: 'another', principal: 'User:alice', operation: 'describe' },
      ]),
    )
    assert.deepEqual(codes(error), { 1: 'INVALID_REQUEST' })
    await settles(async () => (await admin.describeAcls()).length === 3)
    const matching = await admin.describeAcls({
      resourceType: 'topic',
      resourceName: 'orders',
      patternType: 'match',
    })
    assert.deepEqual(
      matching
        .map(({ principal, patternType, permission, operation, host }) => [
          principal,
          patternType,
          permission,
          operation,
          host,
        ])
        .sort(),
      [
        ['User:alice', 'literal', 'allow', 'read', '*'],
        ['User:bob', 'prefixed', 'deny', 'write', '10.0.0.1'],
      ],
    )
    const [first, second] = await admin.deleteAcls([{ principal: 'User:alice' }, { operation: 'create' }])
    assert.deepEqual([first?.length, second?.length], [2, 0])
  })
  await run('quotas: alter, describe, remove', async () => {
    await admin.alterClientQuotas([
      { entity: { user: 'alice', 'client-id': null }, quotas: { producer_byte_rate: 1024 } },
      { entity: { user: null }, quotas: { request_percentage: 50 } },
    ])
    await settles(async () => (await admin.describeClientQuotas()).length === 2)
    assert.deepEqual(await admin.describeClientQuotas({ user: 'alice', 'client-id': { any: true } }), [
      { entity: { user: 'alice', 'client-id': null }, quotas: { producer_byte_rate: 1024 } },
    ])
    const error = await failure(
      admin.alterClientQuotas([
        { entity: { user: null }, quotas: { request_percentage: null } },
        { entity: { user: 'bob' }, quotas: { nonsense: 1 } },
      ]),
    )
    assert.deepEqual(codes(error), { 'user=bob': 'INVALID_REQUEST' })
    await settles(
      async () => (await admin.describeClientQuotas({ user: null }, { strict: true })).length === 0,
    )
  })
  await run('SCRAM credentials: upsert, describe, delete', async () => {
    const alice = { user: 'alice', password: 'wonder' }
    await admin.alterUserScramCredentials([{ ...alice, mechanism: 'SCRAM-SHA-256' }])
    await admin.alterUserScramCredentials([{ ...alice, mechanism: 'SCRAM-SHA-512', iterations: 8192 }])
    await settles(async () => (await admin.describeUserScramCredentials())[0]?.credentials.length === 2)
    const [described] = await admin.describeUserScramCredentials(['alice'])
    const iterations = Object.fromEntries(
      (described?.credentials ?? []).map((each) => [each.mechanism, each.iterations]),
    )
    assert.deepEqual(iterations, { 'SCRAM-SHA-256': 4096, 'SCRAM-SHA-512': 8192 })
    const error = await failure(
      admin.alterUserScramCredentials([
        { user: 'alice', mechanism: 'SCRAM-SHA-256', password: null },
        { user: 'bob', mechanism: 'SCRAM-SHA-256', password: null },
        { user: 'carol', mechanism: 'SCRAM-SHA-256', password: 'x', iterations: 5 },
      ]),
    )
    assert.deepEqual(codes(error), { bob: 'RESOURCE_NOT_FOUND', carol: 'UNACCEPTABLE_CREDENTIAL' })
    assert.equal((await failure(admin.describeUserScramCredentials(['bob']))).code, 'RESOURCE_NOT_FOUND')
  })
  await run('delegation tokens: not over a connection that says not who it is', async () => {
    const error = await failure(admin.createDelegationToken({ renewers: [{ name: 'bob' }] }))
    if (error.code === 'PROTOCOL') throw error
    assert.equal(error.code, 'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED')
  })
}
