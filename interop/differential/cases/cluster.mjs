/** What a broker tells of itself and the cluster: ApiVersions, Metadata, DescribeCluster, DescribeConfigs, ... */
import {
  API_VERSIONS,
  createTopic,
  DESCRIBE_CLUSTER,
  DESCRIBE_CONFIGS,
  DESCRIBE_LOG_DIRS,
  DESCRIBE_TOPIC_PARTITIONS,
  FIND_COORDINATOR,
  fill,
  METADATA,
  strangeUuid,
  zeroUuid,
} from './kit.mjs'

/** @type {import('./kit.mjs').Case[]} */
export const cases = [
  { name: 'empty cluster', run: emptyCluster },
  { name: 'api versions', run: apiVersions },
  { name: 'metadata', run: metadata },
  { name: 'describe cluster', run: describeCluster },
  { name: 'find coordinator', run: findCoordinator },
  { name: 'describe configs', run: describeConfigs },
  { name: 'describe log dirs', run: describeLogDirs },
  { name: 'describe topic partitions', references: ['kraft'], run: describeTopicPartitions },
]

/** @param {import('./kit.mjs').Probe} probe */
async function emptyCluster(probe) {
  for (const version of probe.versions(METADATA)) {
    await probe.ask('all topics', METADATA, version, { topics: version === 0 ? [] : null })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function apiVersions(probe) {
  for (const version of probe.versions(API_VERSIONS)) {
    const ask = async (/** @type {string} */ label, /** @type {object} */ request) => {
      const outcome = await probe.peer.call(API_VERSIONS, version, request)
      // Which keys there are differs, and is no business of this program; what stands around them is.
      if ('response' in outcome) outcome.response.apiKeys = outcome.response.apiKeys.length > 0
      probe.note(`${label} v${version}`, outcome)
    }
    await ask('plain', { clientSoftwareName: 'differential', clientSoftwareVersion: '1.0' })
    if (version < 3) continue
    await ask('no name', { clientSoftwareName: '', clientSoftwareVersion: '1.0' })
    await ask('no version', { clientSoftwareName: 'a', clientSoftwareVersion: '' })
    await ask('odd name', { clientSoftwareName: '-a', clientSoftwareVersion: '1' })
    await ask('name with spaces', { clientSoftwareName: 'a b', clientSoftwareVersion: '1' })
    await ask('name with dots', { clientSoftwareName: 'a.b-c', clientSoftwareVersion: 'v1.0-SNAPSHOT' })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function metadata(probe) {
  const topicId = await createTopic(probe, 'shown', { partitions: 2 })
  for (const version of probe.versions(METADATA)) {
    const ask = (
      /** @type {string} */ label,
      /** @type {object[] | null} */ topics,
      /** @type {object} */ options = {},
    ) =>
      probe.ask(label, METADATA, version, {
        topics,
        ...(version >= 4 ? { allowAutoTopicCreation: false } : {}),
        ...options,
      })
    await ask('one', [{ name: 'shown' }])
    await ask('twice', [{ name: 'shown' }, { name: 'shown' }])
    if (version >= 1) await ask('none', [])
    for (const name of ['', '.', 'a b', 'x'.repeat(250)])
      await ask(`bad name "${name.slice(0, 5)}"`, [{ name }])
    if (version >= 4) await ask('unknown', [{ name: 'nowhere' }, { name: 'shown' }])
    if (version >= 4) await ask('unknown internal', [{ name: '__transaction_state' }])
    if (version >= 8) {
      await ask('topic operations', [{ name: 'shown' }], { includeTopicAuthorizedOperations: true })
      await ask('topic operations of unknown', [{ name: 'nowhere' }], {
        includeTopicAuthorizedOperations: true,
      })
      if (version <= 10) await ask('cluster operations', [], { includeClusterAuthorizedOperations: true })
    }
    if (version >= 10) {
      await ask('by id', [{ name: null, topicId }])
      await ask('by id and name', [{ name: 'shown', topicId }])
      await ask('by id and wrong name', [{ name: 'other', topicId }])
      await ask('unknown id', [{ name: null, topicId: strangeUuid }])
      await ask('neither', [{ name: null, topicId: zeroUuid }])
      await ask('unknown id and operations', [{ name: null, topicId: strangeUuid }], {
        includeTopicAuthorizedOperations: true,
      })
      await ask('id of one, name of another', [{ name: null, topicId }, { name: 'nowhere' }])
    }
    await probe.ask('creates', METADATA, version, { topics: [{ name: `auto-${version}` }] })
    if (version === 0) continue
    await probe.ask('creates, bad name', METADATA, version, { topics: [{ name: 'not good' }] })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function describeCluster(probe) {
  for (const version of probe.versions(DESCRIBE_CLUSTER)) {
    await probe.ask('plain', DESCRIBE_CLUSTER, version, {})
    await probe.ask('with operations', DESCRIBE_CLUSTER, version, {
      includeClusterAuthorizedOperations: true,
    })
    if (version < 1) continue
    for (const endpointType of [0, 1, 2, 3, -1]) {
      await probe.ask(`endpoints of type ${endpointType}`, DESCRIBE_CLUSTER, version, { endpointType })
    }
    if (version >= 2)
      await probe.ask('fenced brokers', DESCRIBE_CLUSTER, version, { includeFencedBrokers: true })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function findCoordinator(probe) {
  // The topics are made on the way: nothing is compared until they serve.
  for (const keyType of [0, 1]) {
    for (let attempt = 0; attempt < 200; attempt++) {
      const { errorCode } = await probe.quietly(FIND_COORDINATOR, 1, { key: 'g', keyType })
      if (errorCode === 0) break
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  for (const version of probe.versions(FIND_COORDINATOR)) {
    const ask = (/** @type {string} */ label, /** @type {string[]} */ keys, /** @type {number} */ keyType) =>
      probe.ask(label, FIND_COORDINATOR, version, {
        ...(version >= 4 ? { coordinatorKeys: keys } : { key: keys[0] }),
        ...(version >= 1 ? { keyType } : {}),
      })
    for (const keyType of version === 0 ? [0] : [0, 1, 2, 3, -1]) {
      await ask(`type ${keyType}`, ['a'], keyType)
      await ask(`type ${keyType}, empty key`, [''], keyType)
      if (version < 4) continue
      await ask(`type ${keyType}, three keys`, ['a', 'b', 'Grüße'], keyType)
      await ask(`type ${keyType}, one key twice`, ['a', 'a'], keyType)
      await ask(`type ${keyType}, no keys`, [], keyType)
    }
    if (version >= 6) await ask('share group key', ['group:AAAAAAAAAAAAAAAAAAAAAQ:0'], 2)
  }
  await probe.ask('the topics', METADATA, 8, {
    topics: [{ name: '__consumer_offsets' }, { name: '__transaction_state' }],
  })
}

/** @param {import('./kit.mjs').Probe} probe */
async function describeConfigs(probe) {
  await createTopic(probe, 'described', { configs: { 'retention.ms': '5000', 'cleanup.policy': 'compact' } })
  for (const version of probe.versions(DESCRIBE_CONFIGS)) {
    const ask = (
      /** @type {string} */ label,
      /** @type {number} */ resourceType,
      /** @type {string} */ resourceName,
      /** @type {string[] | null} */ configurationKeys = null,
      options = {},
    ) =>
      probe.ask(label, DESCRIBE_CONFIGS, version, {
        resources: [{ resourceType, resourceName, configurationKeys }],
        ...options,
      })
    const synonyms = version >= 1 ? { includeSynonyms: true } : {}
    await ask('topic', 2, 'described')
    await ask('topic with synonyms', 2, 'described', null, synonyms)
    await ask('topic, two keys', 2, 'described', ['retention.ms', 'segment.bytes'], synonyms)
    await ask('topic, unknown key', 2, 'described', ['no.such.setting'])
    await ask('topic, no keys', 2, 'described', [])
    await ask('unknown topic', 2, 'nowhere')
    await ask('bad topic', 2, 'a b')
    await ask('empty topic', 2, '')
    await ask('broker', 4, '1')
    await ask('broker with synonyms', 4, '1', null, synonyms)
    await ask('broker, two keys', 4, '1', ['num.partitions', 'log.retention.ms'], synonyms)
    await ask('broker default', 4, '')
    await ask('other broker', 4, '2')
    await ask('negative broker', 4, '-1')
    await ask('no number', 4, 'one')
    for (const type of [0, 1, 3, 16, 32, 99, -1]) await ask(`type ${type}`, type, 'x')
    await ask('broker logger', 8, '2')
    await ask('client metrics', 16, 'nothing')
    await probe.ask('none', DESCRIBE_CONFIGS, version, { resources: [] })
    await probe.ask('topic twice', DESCRIBE_CONFIGS, version, {
      resources: [
        { resourceType: 2, resourceName: 'described', configurationKeys: ['retention.ms'] },
        { resourceType: 2, resourceName: 'described', configurationKeys: ['retention.bytes'] },
      ],
    })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function describeLogDirs(probe) {
  await createTopic(probe, 'on-disk', { partitions: 2 })
  await fill(probe, 'on-disk')
  for (const version of probe.versions(DESCRIBE_LOG_DIRS)) {
    await probe.ask('one topic', DESCRIBE_LOG_DIRS, version, {
      topics: [{ topic: 'on-disk', partitions: [0, 1] }],
    })
    await probe.ask('one partition', DESCRIBE_LOG_DIRS, version, {
      topics: [{ topic: 'on-disk', partitions: [1] }],
    })
    await probe.ask('unknown partition', DESCRIBE_LOG_DIRS, version, {
      topics: [{ topic: 'on-disk', partitions: [9] }],
    })
    await probe.ask('unknown topic', DESCRIBE_LOG_DIRS, version, {
      topics: [{ topic: 'nowhere', partitions: [0] }],
    })
    await probe.ask('no topics', DESCRIBE_LOG_DIRS, version, { topics: [] })
    const all = await probe.quietly(DESCRIBE_LOG_DIRS, version, { topics: null })
    const names = all.results.flatMap((/** @type {any} */ dir) =>
      dir.topics.map((/** @type {any} */ topic) => topic.name),
    )
    probe.note(`all topics v${version}`, names.includes('on-disk'))
  }
}

/** Apache Kafka has it with KRaft only. @param {import('./kit.mjs').Probe} probe */
async function describeTopicPartitions(probe) {
  for (const name of ['paged-a', 'paged-b', 'paged-c']) await createTopic(probe, name, { partitions: 3 })
  const names = ['paged-c', 'paged-a', 'paged-b']
  const ask = (
    /** @type {string} */ label,
    /** @type {string[]} */ topics,
    /** @type {object} */ options = {},
  ) =>
    probe.ask(label, DESCRIBE_TOPIC_PARTITIONS, 0, {
      topics: topics.map((name) => ({ name })),
      responsePartitionLimit: 2000,
      ...options,
    })
  const cursor = (/** @type {string} */ topicName, /** @type {number} */ partitionIndex) => ({
    cursor: { topicName, partitionIndex },
  })
  await ask('three', names)
  await ask('twice', ['paged-a', 'paged-a'])
  for (const limit of [1, 2, 3, 4, 6, 8, 9, 10, 0, -1])
    await ask(`limit ${limit}`, names, { responsePartitionLimit: limit })
  await ask('from the middle', names, cursor('paged-b', 1))
  await ask('from the middle, limit 2', names, { ...cursor('paged-b', 1), responsePartitionLimit: 2 })
  await ask('from behind the last partition', names, cursor('paged-b', 3))
  await ask('from far behind', names, cursor('paged-b', 99))
  await ask('from -1', names, cursor('paged-b', -1))
  await ask('from a topic not asked for', ['paged-a', 'paged-c'], cursor('paged-b', 1))
  await ask('from a topic that is gone', ['paged-a', 'paged-c'], cursor('paged-bb', 1))
  await ask('from behind all', names, cursor('z', 0))
  await ask('unknown', ['nowhere', 'paged-a'])
  await ask('unknown, limit 1', ['nowhere', 'paged-a', 'paged-z'], { responsePartitionLimit: 1 })
  await ask('bad name', ['a b'])
  await ask('empty name', [''])
  await ask('all from a cursor', [], cursor('paged-c', 2))
}
