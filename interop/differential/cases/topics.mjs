/** CreateTopics, CreatePartitions, DeleteTopics: everything a request can get wrong. */
import {
  CREATE_PARTITIONS,
  CREATE_TOPICS,
  createTopic,
  DELETE_TOPICS,
  METADATA,
  strangeUuid,
  zeroUuid,
} from './kit.mjs'

/** @type {import('./kit.mjs').Case[]} */
export const cases = [
  { name: 'create topics', run: createTopics },
  { name: 'create topics, settings', run: createWithSettings },
  { name: 'create partitions', run: createPartitions },
  { name: 'delete topics', run: deleteTopics },
  { name: 'many partitions', references: ['kraft'], run: manyPartitions },
]

const timeoutMs = 2000
/** For topics that can't get a leader, which Apache Kafka waits for all the same. */
const hopelessMs = 100

/** @param {import('./kit.mjs').Probe} probe */
async function createTopics(probe) {
  await createTopic(probe, 'taken')
  await createTopic(probe, 'dotted.name')
  for (const version of probe.versions(CREATE_TOPICS)) {
    const topic = (/** @type {string} */ name, /** @type {object} */ fields = {}) => ({
      name,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
      ...fields,
    })
    const create = (/** @type {string} */ label, /** @type {object[]} */ topics, options = {}) =>
      probe.ask(label, CREATE_TOPICS, version, { topics, timeoutMs, ...options })
    const manual = (/** @type {[number, number[]][]} */ list) => ({
      numPartitions: -1,
      replicationFactor: -1,
      assignments: list.map(([partitionIndex, brokerIds]) => ({ partitionIndex, brokerIds })),
    })
    const good = `created-${version}`
    await create('one', [topic(good, { numPartitions: 3 })])
    await create('again', [topic(good)])
    await create('taken', [topic('taken')])
    await create('taken, and wrong otherwise', [topic('taken', { numPartitions: 0, replicationFactor: 9 })])
    await create('none', [])
    for (const name of [
      '',
      '.',
      '..',
      'a b',
      'a/b',
      'é',
      'x'.repeat(249),
      'x'.repeat(250),
      'dotted_name',
      '__cluster_metadata',
    ]) {
      await create(
        `name ${name.length > 20 ? `of ${name.length}` : `"${name}"`}`,
        [topic(name)],
        version >= 1 ? { validateOnly: true } : {},
      )
      if (version === 0) await probe.quietly(DELETE_TOPICS, 1, { topicNames: [name], timeoutMs })
    }
    for (const count of [0, -1, -2])
      await create(`${count} partitions`, [topic(`n${version}-partitions${count}`, { numPartitions: count })])
    for (const factor of [0, -1, -2, 2, 32767])
      await create(`factor ${factor}`, [topic(`n${version}-factor${factor}`, { replicationFactor: factor })])
    await create('both defaults', [
      topic(`n${version}-defaults`, { numPartitions: -1, replicationFactor: -1 }),
    ])
    await create('manual', [
      topic(
        `n${version}-manual`,
        manual([
          [0, [1]],
          [1, [1]],
        ]),
      ),
    ])
    const wrong = /** @type {[string, object][]} */ ([
      ['count and assignment', { ...manual([[0, [1]]]), numPartitions: 1 }],
      ['factor and assignment', { ...manual([[0, [1]]]), replicationFactor: 1 }],
      [
        'gap',
        manual([
          [0, [1]],
          [2, [1]],
        ]),
      ],
      ['from 1', manual([[1, [1]]])],
      ['negative', manual([[-1, [1]]])],
      [
        'twice',
        manual([
          [0, [1]],
          [0, [1]],
        ]),
      ],
      ['broker twice', manual([[0, [1, 1]]])],
      ['unknown broker', manual([[0, [7]]])],
      ['no brokers', manual([[0, []]])],
      [
        'uneven',
        manual([
          [0, [1]],
          [1, [1, 2]],
        ]),
      ],
      ['negative broker', manual([[0, [-3]]])],
    ])
    for (const [label, fields] of wrong)
      await create(`assignment: ${label}`, [topic(`n${version}-${label.replaceAll(' ', '-')}`, fields)], {
        timeoutMs: /broker/.test(label) ? hopelessMs : timeoutMs,
      })
    await create('name twice', [
      topic(`n${version}-twice`),
      topic(`n${version}-twice`),
      topic(`n${version}-beside`),
    ])
    await create('several', [
      topic(`n${version}-s1`),
      topic('a b'),
      topic('taken'),
      topic(`n${version}-s2`, { numPartitions: 2 }),
    ])
    await create('no timeout', [topic(`n${version}-hasty`)], { timeoutMs: 0 })
    await create('negative timeout', [topic(`n${version}-hastier`)], { timeoutMs: -1 })
    if (version >= 1) {
      await create('only validated', [topic(`n${version}-validated`, { numPartitions: 4 })], {
        validateOnly: true,
      })
      await create('only validated, taken', [topic('taken')], { validateOnly: true })
      await create('only validated, no timeout', [topic(`n${version}-validated`)], {
        validateOnly: true,
        timeoutMs: 0,
      })
    }
    await probe.ask(`seen after ${version}`, METADATA, 8, {
      topics: [{ name: good }, { name: `n${version}-manual` }, { name: `n${version}-s2` }],
      allowAutoTopicCreation: false,
    })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function createWithSettings(probe) {
  for (const version of probe.versions(CREATE_TOPICS)) {
    const create = (/** @type {string} */ label, /** @type {[string, string | null][]} */ configs) =>
      probe.ask(label, CREATE_TOPICS, version, {
        topics: [
          {
            name: `settings-${version}-${label.replaceAll(/[^a-z0-9]+/gi, '-')}`,
            numPartitions: 1,
            replicationFactor: 1,
            assignments: [],
            configs: configs.map(([name, value]) => ({ name, value })),
          },
        ],
        timeoutMs,
      })
    await create('good', [
      ['cleanup.policy', 'compact,delete'],
      ['retention.ms', '1000'],
      ['min.insync.replicas', '1'],
    ])
    await create('spaces', [['retention.ms', ' 1000 ']])
    await create('unknown key', [['no.such.setting', '1']])
    await create('null value', [['retention.ms', null]])
    await create('empty value', [['retention.ms', '']])
    await create('no number', [['retention.ms', 'soon']])
    await create('too low', [['segment.bytes', '1']])
    await create('too high', [['min.cleanable.dirty.ratio', '2']])
    await create('beyond long', [['retention.ms', '9223372036854775808']])
    await create('bad choice', [['compression.type', 'brotli']])
    await create('bad list', [['cleanup.policy', 'keep']])
    await create('empty list', [['cleanup.policy', '']])
    await create('bad boolean', [['preallocate', 'yes']])
    await create('key twice', [
      ['retention.ms', '1'],
      ['retention.ms', '2'],
    ])
    await create('deprecated', [['message.format.version', '2.8']])
    await create('bad version', [['message.format.version', '99']])
    await create('throttled replicas', [
      ['leader.replication.throttled.replicas', '*'],
      ['follower.replication.throttled.replicas', '0:1,1:2'],
    ])
    await create('bad throttled replicas', [['leader.replication.throttled.replicas', 'none at all']])
    await create('levels', [
      ['compression.gzip.level', '1'],
      ['compression.lz4.level', '9'],
      ['compression.zstd.level', '-7'],
    ])
    await create('bad level', [['compression.gzip.level', '10']])
    await create('gzip level 0', [['compression.gzip.level', '0']])
    await create('lag above', [
      ['min.compaction.lag.ms', '10'],
      ['max.compaction.lag.ms', '5'],
    ])
    await create('remote storage', [['remote.storage.enable', 'true']])
    await create('local retention above', [
      ['local.retention.ms', '100'],
      ['retention.ms', '10'],
    ])
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function createPartitions(probe) {
  for (const version of probe.versions(CREATE_PARTITIONS)) {
    const topic = `grown-${version}`
    await createTopic(probe, topic, { partitions: 2 })
    const grow = (/** @type {string} */ label, /** @type {object[]} */ topics, options = {}) =>
      probe.ask(label, CREATE_PARTITIONS, version, {
        timeoutMs,
        validateOnly: false,
        ...options,
        topics: topics.map((each) => ({ name: topic, assignments: null, ...each })),
      })
    await grow('only validated', [{ count: 3 }], { validateOnly: true })
    await grow('to 3', [{ count: 3 }])
    await grow('to 3 again', [{ count: 3 }])
    await grow('to 1', [{ count: 1 }])
    await grow('to 0', [{ count: 0 }])
    await grow('to -1', [{ count: -1 }])
    await grow('to -5, only validated', [{ count: -5 }], { validateOnly: true })
    await grow('unknown topic', [{ name: 'nowhere', count: 3 }])
    await grow('bad name', [{ name: 'a b', count: 3 }])
    await grow('empty name', [{ name: '', count: 3 }])
    await grow('none', [])
    await grow('twice', [{ count: 5 }, { count: 6 }])
    const assigned = (/** @type {number[][]} */ lists) => lists.map((brokerIds) => ({ brokerIds }))
    await grow('assigned', [{ count: 5, assignments: assigned([[1], [1]]) }])
    await grow('too few assigned', [{ count: 7, assignments: assigned([[1]]) }])
    await grow('too many assigned', [{ count: 6, assignments: assigned([[1], [1]]) }])
    await grow('none assigned', [{ count: 6, assignments: [] }])
    await grow('unknown broker', [{ count: 6, assignments: assigned([[9]]) }])
    await grow('broker twice', [{ count: 6, assignments: assigned([[1, 1]]) }])
    await grow('no broker', [{ count: 6, assignments: assigned([[]]) }])
    await grow('wrong factor', [{ count: 6, assignments: assigned([[1, 2]]) }])
    await probe.ask(`seen after ${version}`, METADATA, 8, {
      topics: [{ name: topic }],
      allowAutoTopicCreation: false,
    })
    await grow('no timeout', [{ count: 6 }], { timeoutMs: 0 })
    await grow('only validated, no timeout', [{ count: 9 }], { timeoutMs: 0, validateOnly: true })
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function deleteTopics(probe) {
  for (const version of probe.versions(DELETE_TOPICS)) {
    const ids = [
      await createTopic(probe, `gone-${version}-a`),
      await createTopic(probe, `gone-${version}-b`),
      await createTopic(probe, `gone-${version}-c`),
    ]
    const remove = (/** @type {string} */ label, /** @type {string[]} */ names, time = timeoutMs) =>
      probe.ask(
        label,
        DELETE_TOPICS,
        version,
        version >= 6
          ? { topics: names.map((name) => ({ name, topicId: zeroUuid })), timeoutMs: time }
          : { topicNames: names, timeoutMs: time },
      )
    await remove('one', [`gone-${version}-a`])
    await remove('again', [`gone-${version}-a`])
    await remove('unknown', ['nowhere'])
    await remove('bad names', ['', 'a b', 'a/b'])
    await remove('none', [])
    await remove('good and unknown', [`gone-${version}-b`, 'nowhere'])
    if (version < 6) {
      await remove('twice', [`gone-${version}-c`, `gone-${version}-c`])
      continue
    }
    const byId = (
      /** @type {string} */ label,
      /** @type {{name: string | null, topicId: string}[]} */ topics,
    ) => probe.ask(label, DELETE_TOPICS, version, { topics, timeoutMs })
    await byId('unknown id', [{ name: null, topicId: strangeUuid }])
    await byId('neither', [{ name: null, topicId: zeroUuid }])
    await byId('both', [{ name: `gone-${version}-c`, topicId: ids[2] ?? '' }])
    await byId('id twice', [
      { name: null, topicId: ids[2] ?? '' },
      { name: null, topicId: ids[2] ?? '' },
    ])
    await byId('by id', [{ name: null, topicId: ids[2] ?? '' }])
    await byId('name twice', [
      { name: 'nowhere', topicId: zeroUuid },
      { name: 'nowhere', topicId: zeroUuid },
    ])
    await probe.ask(`seen after ${version}`, METADATA, 8, {
      topics: [{ name: `gone-${version}-a` }],
      allowAutoTopicCreation: false,
    })
  }
}

/** Bounds of KRaft's controller, which 3.9 with ZooKeeper does not have. @param {import('./kit.mjs').Probe} probe */
async function manyPartitions(probe) {
  const version = probe.latest(CREATE_TOPICS)
  const topic = (/** @type {string} */ name, /** @type {number} */ numPartitions) => ({
    name,
    numPartitions,
    replicationFactor: 1,
    assignments: [],
    configs: [],
  })
  const create = (/** @type {string} */ label, /** @type {object[]} */ topics) =>
    probe.ask(label, CREATE_TOPICS, version, { topics, timeoutMs, validateOnly: true })
  await create('10,001', [topic('many', 10_001)])
  await create('10,001 in two', [topic('many', 10_000), topic('one', 1)])
  await create('2^31-1', [topic('many', 0x7fffffff)])
  await create('10,001 beside another', [topic('fine', 1), topic('many', 10_001)])
  await createTopic(probe, 'few')
  const grow = (/** @type {string} */ label, /** @type {number} */ count) =>
    probe.ask(label, CREATE_PARTITIONS, probe.latest(CREATE_PARTITIONS), {
      topics: [{ name: 'few', count, assignments: null }],
      timeoutMs,
      validateOnly: true,
    })
  await grow('by 10,000', 10_001)
  await grow('by 10,001', 10_002)
  await grow('to 2^31-1', 0x7fffffff)
}
