/** What administrators ask of replicas: leaders, moves to other brokers and log directories; and of features. */
import {
  ALTER_PARTITION_REASSIGNMENTS,
  ALTER_REPLICA_LOG_DIRS,
  createTopic,
  DESCRIBE_LOG_DIRS,
  ELECT_LEADERS,
  fill,
  LIST_PARTITION_REASSIGNMENTS,
  METADATA,
  UPDATE_FEATURES,
} from './kit.mjs'

/** @type {import('./kit.mjs').Reference[]} */
const both = ['zookeeper', 'kraft-4.1']

/** @type {import('./kit.mjs').Case[]} */
export const cases = [
  { name: 'elect leaders', references: both, run: electLeaders },
  { name: 'reassignments', references: both, run: reassignments },
  { name: 'alter log dirs', references: both, run: alterLogDirs },
  { name: 'update features', references: both, run: updateFeatures },
]

/** @param {import('./kit.mjs').Probe} probe */
async function electLeaders(probe) {
  await createTopic(probe, 'led', { partitions: 2 })
  for (const version of probe.versions(ELECT_LEADERS)) {
    const ask = (
      /** @type {string} */ label,
      /** @type {[string, number[]][] | null} */ topics,
      /** @type {number} */ electionType,
      timeoutMs = 5000,
    ) =>
      probe.ask(label, ELECT_LEADERS, version, {
        topicPartitions: topics?.map(([topic, partitions]) => ({ topic, partitions })) ?? null,
        timeoutMs,
        ...(version >= 1 ? { electionType } : {}),
      })
    for (const type of version === 0 ? [0] : [0, 1]) {
      await ask(`type ${type}, one`, [['led', [0]]], type)
      await ask(`type ${type}, two`, [['led', [0, 1]]], type)
      await ask(`type ${type}, one twice`, [['led', [0, 0]]], type)
      await ask(`type ${type}, no partitions`, [['led', []]], type)
      await ask(`type ${type}, none`, [], type)
      await ask(`type ${type}, all`, null, type)
      await ask(`type ${type}, unknown partition`, [['led', [0, 7, -1]]], type)
      await ask(`type ${type}, unknown topic`, [['nowhere', [0]]], type)
      await ask(`type ${type}, no name`, [['', [0]]], type)
      await ask(`type ${type}, bad name`, [['a b', [0]]], type)
      await ask(`type ${type}, no time`, [['led', [0]]], type, 0)
    }
    if (version === 0) continue
    for (const type of [2, 7, -1]) await ask(`type ${type}`, [['led', [0]]], type)
    await ask('type 7, all', null, 7)
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function reassignments(probe) {
  await createTopic(probe, 'placed', { partitions: 2 })
  await fill(probe, 'placed')
  for (const version of probe.versions(ALTER_PARTITION_REASSIGNMENTS)) {
    const ask = (
      /** @type {string} */ label,
      /** @type {[string, [number, number[] | null][]][]} */ topics,
      options = {},
    ) =>
      probe.ask(label, ALTER_PARTITION_REASSIGNMENTS, version, {
        timeoutMs: 5000,
        topics: topics.map(([name, partitions]) => ({
          name,
          partitions: partitions.map(([partitionIndex, replicas]) => ({ partitionIndex, replicas })),
        })),
        ...options,
      })
    await ask('none', [])
    await ask('no partitions', [['placed', []]])
    await ask('where it is', [['placed', [[0, [1]]]]])
    await ask('cancel nothing', [['placed', [[0, null]]]])
    await ask('cancel, unknown partition', [['placed', [[9, null]]]])
    await ask('cancel, unknown topic', [['nowhere', [[0, null]]]])
    await ask('no replicas', [['placed', [[0, []]]]])
    await ask('twice the same', [['placed', [[0, [1, 1]]]]])
    await ask('negative', [['placed', [[0, [-1]]]]])
    await ask('negative, and one', [['placed', [[0, [1, -3]]]]])
    await ask('not alive', [['placed', [[0, [2]]]]])
    await ask('one of two not alive', [['placed', [[0, [1, 2]]]]])
    await ask('unknown partition', [['placed', [[9, [1]]]]])
    await ask('negative partition', [['placed', [[-1, [1]]]]])
    await ask('unknown topic', [['nowhere', [[0, [1]]]]])
    await ask('unknown topic, not alive', [['nowhere', [[0, [2]]]]])
    await ask('bad name', [['a b', [[0, [1]]]]])
    await ask('some good, some bad', [
      [
        'placed',
        [
          [0, [1]],
          [1, [5]],
        ],
      ],
    ])
    if (version < 1) continue
    await ask('factor kept', [['placed', [[0, [1]]]]], { allowReplicationFactorChange: false })
    await ask('factor raised', [['placed', [[0, [1, 2]]]]], { allowReplicationFactorChange: false })
    await ask('factor and cancel', [['placed', [[0, null]]]], { allowReplicationFactorChange: false })
  }
  for (const version of probe.versions(LIST_PARTITION_REASSIGNMENTS)) {
    const ask = (/** @type {string} */ label, /** @type {[string, number[]][] | null} */ topics) =>
      probe.ask(`list ${label}`, LIST_PARTITION_REASSIGNMENTS, version, {
        timeoutMs: 5000,
        topics: topics?.map(([name, partitionIndexes]) => ({ name, partitionIndexes })) ?? null,
      })
    await ask('all', null)
    await ask('none', [])
    await ask('one', [['placed', [0]]])
    await ask('unknown', [
      ['placed', [9, -1]],
      ['nowhere', [0]],
    ])
  }
  await probe.ask('as it is then', METADATA, 8, {
    topics: [{ name: 'placed' }],
    allowAutoTopicCreation: false,
  })
}

/** @param {import('./kit.mjs').Probe} probe */
async function alterLogDirs(probe) {
  await createTopic(probe, 'lying', { partitions: 2 })
  await fill(probe, 'lying')
  const { results } = await probe.quietly(DESCRIBE_LOG_DIRS, 1, { topics: [] })
  const home = results[0].logDir
  const long = 'x'.repeat(249)
  for (const version of probe.versions(ALTER_REPLICA_LOG_DIRS)) {
    const ask = (/** @type {string} */ label, /** @type {[string, [string, number[]][]][]} */ dirs) =>
      probe.ask(label, ALTER_REPLICA_LOG_DIRS, version, {
        dirs: dirs.map(([path, topics]) => ({
          path,
          topics: topics.map(([name, partitions]) => ({ name, partitions })),
        })),
      })
    await ask('nothing', [])
    await ask('no topics', [[home, []]])
    await ask('no partitions', [[home, [['lying', []]]]])
    await ask('where it is', [[home, [['lying', [0]]]]])
    await ask('both where they are', [[home, [['lying', [0, 1]]]]])
    await ask('no such directory', [['/no/such/dir', [['lying', [0]]]]])
    await ask('a relative directory', [['data', [['lying', [0]]]]])
    await ask('no directory', [['', [['lying', [0]]]]])
    await ask('unknown partition', [[home, [['lying', [7]]]]])
    await ask('negative partition', [[home, [['lying', [-1]]]]])
    await ask('unknown topic', [[home, [['later', [0]]]]])
    await ask('unknown topic, no such directory', [['/no/such/dir', [['later', [0]]]]])
    await ask('long name', [[home, [[long, [0]]]]])
    await ask('bad name', [[home, [['a b', [0]]]]])
    await ask('two directories', [
      [home, [['lying', [0]]]],
      ['/no/such/dir', [['lying', [1]]]],
    ])
  }
  await createTopic(probe, 'later')
  for (const version of probe.versions(DESCRIBE_LOG_DIRS)) {
    await probe.ask('as they lie then', DESCRIBE_LOG_DIRS, version, {
      topics: [
        { topic: 'lying', partitions: [0, 1] },
        { topic: 'later', partitions: [0] },
      ],
    })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function updateFeatures(probe) {
  for (const version of probe.versions(UPDATE_FEATURES)) {
    const ask = (
      /** @type {string} */ label,
      /** @type {[string, number, number][]} */ updates,
      options = {},
    ) =>
      probe.ask(label, UPDATE_FEATURES, version, {
        timeoutMs: 5000,
        featureUpdates: updates.map(([feature, maxVersionLevel, upgradeType]) => ({
          feature,
          maxVersionLevel,
          ...(version === 0 ? { allowDowngrade: upgradeType > 1 } : { upgradeType }),
        })),
        ...options,
      })
    await ask('none', [])
    await ask('no name', [['', 1, 1]])
    await ask('unknown', [['strange', 1, 1]])
    await ask('unknown, deleted', [['strange', 0, 2]])
    await ask('unknown, level 0', [['strange', 0, 1]])
    await ask('unknown, negative', [['strange', -1, 1]])
    if (version < 1) continue
    await ask('unknown type', [['strange', 1, 9]])
    await ask('unsafe', [['strange', 1, 3]])
    await ask('only looked at', [['strange', 1, 1]], { validateOnly: true })
  }
}
