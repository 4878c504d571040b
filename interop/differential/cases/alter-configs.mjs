/**
 * AlterConfigs, IncrementalAlterConfigs and what DescribeConfigs and ListConfigResources show afterwards. Compared with
 * KRaft: with ZooKeeper the texts of errors are others. Groups have configs from 4.0 on, and those of client metrics are
 * described in full from then on.
 */
import {
  ALTER_CONFIGS,
  createTopic,
  DESCRIBE_CONFIGS,
  delay,
  INCREMENTAL_ALTER_CONFIGS,
  LIST_CONFIG_RESOURCES,
} from './kit.mjs'

/** @typedef {import('./kit.mjs').Probe} Probe */

/** @type {import('./kit.mjs').Reference[]} */
const references = ['kraft', 'kraft-4.1']
const [TOPIC, BROKER, LOGGER, CLIENT_METRICS, GROUP] = [2, 4, 8, 16, 32]
const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3]
/** What is seen of a change at once may be in force a moment later. */
const settleMs = 50
/** A name of client metrics that no case is about. */
const marker = 'seen'
let markerValue = 1000

/** A change reaches a broker of KRaft a little after it was answered: once a later one is seen, so are all before it. @param {Probe} probe */
async function settled(probe) {
  const value = String(++markerValue)
  await probe.quietly(INCREMENTAL_ALTER_CONFIGS, 1, {
    resources: [incremental(CLIENT_METRICS, marker, [[SET, 'interval.ms', value]])],
    validateOnly: false,
  })
  for (;;) {
    const { results } = await probe.quietly(DESCRIBE_CONFIGS, 4, {
      resources: [{ resourceType: CLIENT_METRICS, resourceName: marker, configurationKeys: null }],
    })
    if (results[0].configs.some((/** @type {any} */ config) => config.value === value)) break
    await delay(settleMs)
  }
  await delay(settleMs)
}

/** @type {import('./kit.mjs').Case[]} */
export const cases = [
  { name: 'alter topic configs', references, run: topicConfigs },
  { name: 'alter topic lists', references, run: topicLists },
  { name: 'alter broker configs', references, run: brokerConfigs },
  { name: 'alter broker loggers', references, run: brokerLoggers },
  { name: 'alter group configs', references: ['kraft-4.1'], run: groupConfigs },
  { name: 'alter client metrics', references: ['kraft-4.1'], run: clientMetrics },
  { name: 'alter odd configs', references, run: oddRequests },
  { name: 'replace configs', references, run: replaceConfigs },
  { name: 'replace other configs', references: ['kraft-4.1'], run: replaceOtherConfigs },
  { name: 'list client metrics', references: ['kraft'], run: listClientMetrics },
  { name: 'list config resources', references: ['kraft-4.1'], run: listResources },
]

/** @typedef {[number, string, string | null]} Op operation, name, value */

/** @param {Probe} probe */
function changer(probe) {
  return {
    /** @param {string} label @param {number} resourceType @param {string} resourceName @param {Op[]} ops */
    async alter(label, resourceType, resourceName, ops, { version = 1, validateOnly = false } = {}) {
      await probe.ask(label, INCREMENTAL_ALTER_CONFIGS, version, {
        resources: [incremental(resourceType, resourceName, ops)],
        validateOnly,
      })
    },
    /** @param {string} label @param {number} resourceType @param {string} resourceName @param {[string, string | null][]} configs */
    async replace(label, resourceType, resourceName, configs, { version = 2, validateOnly = false } = {}) {
      await probe.ask(label, ALTER_CONFIGS, version, {
        resources: [
          { resourceType, resourceName, configs: configs.map(([name, value]) => ({ name, value })) },
        ],
        validateOnly,
      })
    },
    /** @param {string} label @param {number} resourceType @param {string} resourceName @param {string[] | null} configurationKeys */
    async show(label, resourceType, resourceName, configurationKeys) {
      await settled(probe)
      await probe.ask(label, DESCRIBE_CONFIGS, 4, {
        resources: [{ resourceType, resourceName, configurationKeys }],
        includeSynonyms: true,
      })
    },
  }
}

/** @param {number} resourceType @param {string} resourceName @param {Op[]} ops */
function incremental(resourceType, resourceName, ops) {
  const configs = ops.map(([configOperation, name, value]) => ({ name, configOperation, value }))
  return { resourceType, resourceName, configs }
}

/** @param {Probe} probe */
async function topicConfigs(probe) {
  const { alter, show } = changer(probe)
  await createTopic(probe, 'altered', { configs: { 'retention.ms': '5000' } })
  const shown = ['retention.ms', 'segment.bytes', 'cleanup.policy', 'min.insync.replicas']
  for (const version of probe.versions(INCREMENTAL_ALTER_CONFIGS)) {
    const at = { version }
    await alter(
      'two',
      TOPIC,
      'altered',
      [
        [SET, 'segment.bytes', '1048576'],
        [DELETE, 'retention.ms', null],
      ],
      at,
    )
    await show(`two, shown ${version}`, TOPIC, 'altered', shown)
    await alter(
      'back',
      TOPIC,
      'altered',
      [
        [SET, 'retention.ms', '7000'],
        [DELETE, 'segment.bytes', 'x'],
      ],
      at,
    )
    await show(`back, shown ${version}`, TOPIC, 'altered', shown)
  }
  await alter('only looked at', TOPIC, 'altered', [[SET, 'retention.ms', '1']], { validateOnly: true })
  await alter('only looked at, bad', TOPIC, 'altered', [[SET, 'retention.ms', 'x']], { validateOnly: true })
  await alter('nothing', TOPIC, 'altered', [])
  await alter('delete what is not set', TOPIC, 'altered', [[DELETE, 'segment.ms', null]])
  await alter('delete unknown', TOPIC, 'altered', [[DELETE, 'no.such.setting', null]])
  await alter('unknown', TOPIC, 'altered', [[SET, 'no.such.setting', '1']])
  await alter('unknown and a good one', TOPIC, 'altered', [
    [SET, 'no.such.setting', '1'],
    [SET, 'retention.ms', '9'],
  ])
  await alter('no number', TOPIC, 'altered', [[SET, 'segment.bytes', 'much']])
  await alter('too small', TOPIC, 'altered', [[SET, 'segment.bytes', '1']])
  await alter('too large', TOPIC, 'altered', [[SET, 'min.cleanable.dirty.ratio', '2']])
  await alter('no such choice', TOPIC, 'altered', [[SET, 'compression.type', 'best']])
  await alter('no such choice in a list', TOPIC, 'altered', [[SET, 'cleanup.policy', 'compact,fold']])
  await alter('no boolean', TOPIC, 'altered', [[SET, 'preallocate', 'maybe']])
  await alter('null', TOPIC, 'altered', [[SET, 'retention.ms', null]])
  await alter('two nulls', TOPIC, 'altered', [
    [SET, 'retention.ms', null],
    [APPEND, 'cleanup.policy', null],
  ])
  await alter('empty', TOPIC, 'altered', [[SET, 'retention.ms', '']])
  await alter('conflicting lags', TOPIC, 'altered', [
    [SET, 'min.compaction.lag.ms', '100'],
    [SET, 'max.compaction.lag.ms', '10'],
  ])
  await alter('tiered', TOPIC, 'altered', [[SET, 'remote.storage.enable', 'true']])
  await alter('one key twice', TOPIC, 'altered', [
    [SET, 'retention.ms', '1'],
    [DELETE, 'retention.ms', null],
  ])
  await alter('unknown operation', TOPIC, 'altered', [[9, 'retention.ms', '1']])
  await alter('unknown topic', TOPIC, 'nowhere', [[SET, 'retention.ms', '1']])
  await alter('unknown topic, bad value', TOPIC, 'nowhere', [[SET, 'retention.ms', 'x']])
  await alter('bad topic', TOPIC, 'a b', [[SET, 'retention.ms', '1']])
  await alter('empty topic', TOPIC, '', [[SET, 'retention.ms', '1']])
  await show('in the end', TOPIC, 'altered', null)
}

/** @param {Probe} probe */
async function topicLists(probe) {
  const { alter, show } = changer(probe)
  await createTopic(probe, 'lists')
  const shown = ['cleanup.policy', 'leader.replication.throttled.replicas']
  const step = async (/** @type {string} */ label, /** @type {Op[]} */ ops) => {
    await alter(label, TOPIC, 'lists', ops)
    await show(`${label}, shown`, TOPIC, 'lists', shown)
  }
  await step('append to the default', [[APPEND, 'cleanup.policy', 'compact']])
  await step('append what is there', [[APPEND, 'cleanup.policy', 'compact']])
  await step('subtract', [[SUBTRACT, 'cleanup.policy', 'delete']])
  await step('subtract what is not there', [[SUBTRACT, 'cleanup.policy', 'delete']])
  await step('append two', [[APPEND, 'leader.replication.throttled.replicas', '0:1,1:1']])
  await step('subtract one', [[SUBTRACT, 'leader.replication.throttled.replicas', '0:1']])
  await step('subtract all', [[SUBTRACT, 'leader.replication.throttled.replicas', '1:1,5:5']])
  await step('append a bad one', [[APPEND, 'leader.replication.throttled.replicas', 'x']])
  await step('append a bad policy', [[APPEND, 'cleanup.policy', 'fold']])
  await alter('append to a number', TOPIC, 'lists', [[APPEND, 'retention.ms', '1']])
  await alter('subtract from a number', TOPIC, 'lists', [[SUBTRACT, 'retention.ms', '1']])
  await alter('append to unknown', TOPIC, 'lists', [[APPEND, 'no.such.setting', '1']])
  await step('append nothing', [[APPEND, 'cleanup.policy', '']])
}

/** @param {Probe} probe */
async function brokerConfigs(probe) {
  const { alter, show } = changer(probe)
  await createTopic(probe, 'below-brokers')
  const shown = [
    'log.retention.ms',
    'log.retention.hours',
    'message.max.bytes',
    'log.cleaner.threads',
    'max.connections',
  ]
  const both = async (/** @type {string} */ label) => {
    await show(`${label}: broker`, BROKER, '1', shown)
    await show(`${label}: default`, BROKER, '', null)
    await show(`${label}: topic`, TOPIC, 'below-brokers', ['retention.ms', 'max.message.bytes'])
  }
  for (const version of probe.versions(INCREMENTAL_ALTER_CONFIGS)) {
    const at = { version }
    await alter(
      'broker',
      BROKER,
      '1',
      [
        [SET, 'message.max.bytes', '2000000'],
        [SET, 'log.retention.ms', '90000000'],
      ],
      at,
    )
    await alter(
      'default',
      BROKER,
      '',
      [
        [SET, 'message.max.bytes', '3000000'],
        [SET, 'log.cleaner.threads', '2'],
      ],
      at,
    )
    await both(`after both ${version}`)
    await alter(
      'broker back',
      BROKER,
      '1',
      [
        [DELETE, 'message.max.bytes', null],
        [DELETE, 'log.retention.ms', null],
      ],
      at,
    )
    await both(`after the broker's were deleted ${version}`)
    await alter(
      'default back',
      BROKER,
      '',
      [
        [DELETE, 'message.max.bytes', null],
        [DELETE, 'log.cleaner.threads', null],
      ],
      at,
    )
  }
  await both('back again')
  await alter('read-only', BROKER, '1', [[SET, 'broker.id', '7']])
  await alter('read-only default', BROKER, '', [[SET, 'num.partitions', '7']])
  await alter('two read-only', BROKER, '1', [
    [SET, 'num.partitions', '7'],
    [SET, 'log.dirs', '/x'],
  ])
  await alter('per broker at the default', BROKER, '', [
    [SET, 'listener.security.protocol.map', 'PLAINTEXT:PLAINTEXT'],
  ])
  await alter('advertised listeners', BROKER, '1', [
    [SET, 'advertised.listeners', 'PLAINTEXT://example.org:1'],
  ])
  await alter('security without a listener', BROKER, '1', [[SET, 'ssl.keystore.location', '/x']])
  await alter('no number', BROKER, '1', [[SET, 'message.max.bytes', 'much']])
  await alter('too small', BROKER, '1', [[SET, 'message.max.bytes', '-1']])
  await alter('null', BROKER, '1', [[SET, 'message.max.bytes', null]])
  await alter('too many threads', BROKER, '1', [[SET, 'num.io.threads', '100']])
  await alter('too few threads', BROKER, '1', [[SET, 'num.io.threads', '1']])
  await alter('too many cleaners', BROKER, '1', [[SET, 'log.cleaner.threads', '10']])
  await alter('no cleaners', BROKER, '1', [[SET, 'log.cleaner.threads', '0']])
  await alter('too many network threads', BROKER, '', [[SET, 'num.network.threads', '100']])
  await alter('zero per ip', BROKER, '1', [[SET, 'max.connections.per.ip', '0']])
  await alter('bad overrides', BROKER, '1', [[SET, 'max.connections.per.ip.overrides', 'a']])
  await alter('no such class', BROKER, '1', [[SET, 'metric.reporters', 'com.example.Nothing']])
  await alter('bad retention', BROKER, '1', [[SET, 'log.retention.ms', '0']])
  await alter('append to a list', BROKER, '1', [[APPEND, 'log.cleanup.policy', 'compact']], {
    validateOnly: true,
  })
  await alter('append to a number', BROKER, '1', [[APPEND, 'message.max.bytes', '1']])
  await alter('subtract from a number', BROKER, '1', [[SUBTRACT, 'message.max.bytes', '1']])
  await alter('append to unknown', BROKER, '1', [[APPEND, 'no.such.setting', '1']])
  await alter('unknown operation', BROKER, '1', [[9, 'message.max.bytes', '1']])
  await alter('delete what is not set', BROKER, '1', [[DELETE, 'message.max.bytes', null]])
  await alter('other broker', BROKER, '2', [[SET, 'message.max.bytes', '1000']])
  await alter('negative broker', BROKER, '-1', [[SET, 'message.max.bytes', '1000']])
  await alter('no number for a broker', BROKER, 'one', [[SET, 'message.max.bytes', '1000']])
  await alter('replication throttles', BROKER, '1', [[SET, 'leader.replication.throttled.rate', '1000']])
  await alter('bad replication throttle', BROKER, '1', [[SET, 'follower.replication.throttled.rate', '-1']])
  await show('throttles', BROKER, '1', ['leader.replication.throttled.rate'])
  await alter('throttles back', BROKER, '1', [[DELETE, 'leader.replication.throttled.rate', null]])
  await alter('unknown', BROKER, '1', [[SET, 'no.such.setting', 'secret']])
  await show('unknown', BROKER, '1', ['no.such.setting'])
  await alter('unknown back', BROKER, '1', [[DELETE, 'no.such.setting', null]])
  await alter('default hours', BROKER, '', [[SET, 'log.retention.hours', '1']])
  await show('in the end', BROKER, '1', [
    ...shown,
    'num.io.threads',
    'log.cleanup.policy',
    'max.connections.per.ip',
  ])
}

/** @param {Probe} probe */
async function brokerLoggers(probe) {
  const { alter, replace, show } = changer(probe)
  const name = 'kafka.server.KafkaApis'
  await alter('the root', LOGGER, '1', [[SET, 'root', 'WARN']])
  for (const version of probe.versions(INCREMENTAL_ALTER_CONFIGS)) {
    await alter('set', LOGGER, '1', [[SET, name, 'ERROR']], { version })
    await show(`set, shown ${version}`, LOGGER, '1', [name])
    await alter('unset', LOGGER, '1', [[DELETE, name, null]], { version })
    await show(`unset, shown ${version}`, LOGGER, '1', [name])
  }
  await alter('only looked at', LOGGER, '1', [[SET, name, 'ERROR']], { validateOnly: true })
  await show('only looked at, shown', LOGGER, '1', [name])
  for (const level of ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'OFF', 'info', '', 'LOUD'])
    await alter(`level ${level}`, LOGGER, '1', [[SET, name, level]])
  await alter('unset again', LOGGER, '1', [[DELETE, name, null]])
  await alter('unknown logger', LOGGER, '1', [[SET, 'no.such.Logger', 'INFO']])
  await alter('delete an unknown logger', LOGGER, '1', [[DELETE, 'no.such.Logger', null]])
  await alter('delete the root', LOGGER, '1', [[DELETE, 'root', null]])
  await alter('set the root', LOGGER, '1', [[SET, 'root', 'INFO']])
  await alter('append', LOGGER, '1', [[APPEND, name, 'INFO']])
  await alter('subtract', LOGGER, '1', [[SUBTRACT, name, 'INFO']])
  await alter('unknown operation', LOGGER, '1', [[9, name, 'INFO']])
  await alter('null', LOGGER, '1', [[SET, name, null]])
  await alter('other broker', LOGGER, '2', [[SET, name, 'INFO']])
  await alter('no number', LOGGER, 'one', [[SET, name, 'INFO']])
  await alter('no name', LOGGER, '', [[SET, name, 'INFO']])
  await replace('replaced', LOGGER, '1', [[name, 'INFO']])
  await show('other broker', LOGGER, '2', [])
  await show('no name', LOGGER, '', [])
  await show('no number', LOGGER, 'one', [])
}

/** @param {Probe} probe */
async function groupConfigs(probe) {
  const { alter, show } = changer(probe)
  const [session, heartbeat] = ['consumer.session.timeout.ms', 'consumer.heartbeat.interval.ms']
  const group = 'a/b Grüße*'
  await show('without any', GROUP, group, [session, heartbeat])
  for (const version of probe.versions(INCREMENTAL_ALTER_CONFIGS)) {
    await alter(
      'two',
      GROUP,
      group,
      [
        [SET, session, '50000'],
        [SET, heartbeat, '6000'],
      ],
      { version },
    )
    await show(`two, shown ${version}`, GROUP, group, [session, heartbeat])
    await alter('one back', GROUP, group, [[DELETE, session, null]], { version })
    await show(`one back, shown ${version}`, GROUP, group, [session, heartbeat])
    await alter(
      'both back',
      GROUP,
      group,
      [
        [DELETE, session, null],
        [DELETE, heartbeat, null],
      ],
      { version },
    )
  }
  await alter('only looked at', GROUP, group, [[SET, session, '50000']], { validateOnly: true })
  await alter('unknown', GROUP, group, [[SET, 'no.such.setting', '1']])
  await alter('no number', GROUP, group, [[SET, session, 'long']])
  await alter('zero', GROUP, group, [[SET, session, '0']])
  await alter('session too short', GROUP, group, [[SET, session, '100']])
  await alter('session too long', GROUP, group, [[SET, session, '100000']])
  await alter('heartbeat too short', GROUP, group, [[SET, heartbeat, '100']])
  await alter('heartbeat too long', GROUP, group, [[SET, heartbeat, '100000']])
  await alter('null', GROUP, group, [[SET, session, null]])
  await alter('append', GROUP, group, [[APPEND, session, '1']])
  await alter('no name', GROUP, '', [[SET, session, '50000']])
  await show('no name', GROUP, '', null)
  await show('in the end', GROUP, group, [session, heartbeat])
}

/** @param {Probe} probe */
async function clientMetrics(probe) {
  const { alter, show } = changer(probe)
  const name = 'sub/one Grüße'
  await show('without any', CLIENT_METRICS, name, null)
  for (const version of probe.versions(INCREMENTAL_ALTER_CONFIGS)) {
    await alter(
      'three',
      CLIENT_METRICS,
      name,
      [
        [SET, 'interval.ms', '1000'],
        [SET, 'metrics', 'org.apache.kafka.producer.,org.apache.kafka.consumer.'],
        [SET, 'match', 'client_id=a.*,client_software_name=Java'],
      ],
      { version },
    )
    await show(`three, shown ${version}`, CLIENT_METRICS, name, null)
    await show(`three, one shown ${version}`, CLIENT_METRICS, name, ['match'])
    await alter('append', CLIENT_METRICS, name, [[APPEND, 'metrics', 'x.y']], { version })
    await alter('subtract', CLIENT_METRICS, name, [[SUBTRACT, 'metrics', 'org.apache.kafka.producer.']], {
      version,
    })
    await show(`lists, shown ${version}`, CLIENT_METRICS, name, null)
    await alter(
      'all back',
      CLIENT_METRICS,
      name,
      [
        [DELETE, 'interval.ms', null],
        [DELETE, 'metrics', null],
        [DELETE, 'match', null],
      ],
      { version },
    )
    await show(`all back, shown ${version}`, CLIENT_METRICS, name, null)
  }
  await alter('unknown', CLIENT_METRICS, name, [[SET, 'no.such.setting', '1']])
  await alter('no number', CLIENT_METRICS, name, [[SET, 'interval.ms', 'often']])
  await alter('too often', CLIENT_METRICS, name, [[SET, 'interval.ms', '99']])
  await alter('too seldom', CLIENT_METRICS, name, [[SET, 'interval.ms', '3600001']])
  await alter('bad match', CLIENT_METRICS, name, [[SET, 'match', 'client_id']])
  await alter('unknown match', CLIENT_METRICS, name, [[SET, 'match', 'colour=red']])
  await alter('bad pattern', CLIENT_METRICS, name, [[SET, 'match', 'client_id=(']])
  await alter('match twice', CLIENT_METRICS, name, [[SET, 'match', 'client_id=a=b']])
  await alter('null', CLIENT_METRICS, name, [[SET, 'match', null]])
  await alter('append to a number', CLIENT_METRICS, name, [[APPEND, 'interval.ms', '1']])
  await alter('no name', CLIENT_METRICS, '', [[SET, 'interval.ms', '1000']])
  await show('no name', CLIENT_METRICS, '', null)
}

/** @param {Probe} probe */
async function oddRequests(probe) {
  await createTopic(probe, 'odd')
  const one = /** @type {Op[]} */ ([[SET, 'retention.ms', '1000000']])
  for (const [apiKey, strip] of /** @type {const} */ ([
    [INCREMENTAL_ALTER_CONFIGS, false],
    [ALTER_CONFIGS, true],
  ])) {
    for (const version of probe.versions(apiKey)) {
      const ask = (/** @type {string} */ label, /** @type {ReturnType<typeof incremental>[]} */ resources) =>
        probe.ask(`${apiKey}: ${label}`, apiKey, version, {
          resources: strip
            ? resources.map(({ configs, ...resource }) => ({
                ...resource,
                configs: configs.map(({ name, value }) => ({ name, value })),
              }))
            : resources,
          validateOnly: false,
        })
      await ask('nothing', [])
      await ask('one resource twice', [incremental(TOPIC, 'odd', one), incremental(TOPIC, 'odd', one)])
      await ask('twice and another', [
        incremental(TOPIC, 'odd', one),
        incremental(TOPIC, 'nowhere', one),
        incremental(TOPIC, 'odd', one),
      ])
      await ask('good and bad', [
        incremental(TOPIC, 'odd', one),
        incremental(TOPIC, 'nowhere', one),
        incremental(BROKER, '1', one),
      ])
      for (const type of [0, 1, 3, 64, 99, -1]) await ask(`type ${type}`, [incremental(type, 'x', one)])
    }
  }
}

/** @param {Probe} probe */
async function replaceConfigs(probe) {
  const { replace, show } = changer(probe)
  await createTopic(probe, 'replaced', { configs: { 'retention.ms': '5000', 'segment.bytes': '1048576' } })
  const shown = ['retention.ms', 'segment.bytes', 'cleanup.policy']
  for (const version of probe.versions(ALTER_CONFIGS)) {
    const at = { version }
    await replace(
      'topic',
      TOPIC,
      'replaced',
      [
        ['cleanup.policy', 'compact'],
        ['retention.ms', '8000'],
      ],
      at,
    )
    await show(`topic, shown ${version}`, TOPIC, 'replaced', shown)
    await replace('topic, nothing', TOPIC, 'replaced', [], at)
    await show(`topic, nothing, shown ${version}`, TOPIC, 'replaced', shown)
    await replace('broker', BROKER, '1', [['message.max.bytes', '2000000']], at)
    await replace('default', BROKER, '', [['message.max.bytes', '3000000']], at)
    await show(`broker, shown ${version}`, BROKER, '1', ['message.max.bytes'])
    await replace('broker, nothing', BROKER, '1', [], at)
    await show(`broker, nothing, shown ${version}`, BROKER, '1', ['message.max.bytes'])
    await replace('default, nothing', BROKER, '', [], at)
    await replace('null', TOPIC, 'replaced', [['retention.ms', null]], at)
    await replace('unknown', TOPIC, 'replaced', [['no.such.setting', '1']], at)
    await replace('bad', TOPIC, 'replaced', [['retention.ms', 'x']], at)
    await replace('unknown topic', TOPIC, 'nowhere', [['retention.ms', '1']], at)
    await replace('empty topic', TOPIC, '', [['retention.ms', '1']], at)
    await replace('read-only', BROKER, '1', [['broker.id', '7']], at)
    await replace('bad for a broker', BROKER, '1', [['message.max.bytes', 'x']], at)
    await replace('other broker', BROKER, '2', [['message.max.bytes', '1']], at)
    await replace(
      'twice',
      TOPIC,
      'replaced',
      [
        ['retention.ms', '1'],
        ['retention.ms', '2'],
      ],
      at,
    )
  }
  await replace('only looked at', TOPIC, 'replaced', [['retention.ms', '1']], { validateOnly: true })
  await show('in the end', TOPIC, 'replaced', shown)
}

/** @param {Probe} probe */
async function replaceOtherConfigs(probe) {
  const { replace, show } = changer(probe)
  for (const version of probe.versions(ALTER_CONFIGS)) {
    const at = { version }
    await replace('group', GROUP, 'g', [['consumer.session.timeout.ms', '50000']], at)
    await show(`group, shown ${version}`, GROUP, 'g', ['consumer.session.timeout.ms'])
    await replace('group, nothing', GROUP, 'g', [], at)
    await replace('client metrics', CLIENT_METRICS, 'm', [['interval.ms', '1000']], at)
    await show(`client metrics, shown ${version}`, CLIENT_METRICS, 'm', null)
    await replace('client metrics, nothing', CLIENT_METRICS, 'm', [], at)
  }
}

/** @param {Probe} probe */
async function listClientMetrics(probe) {
  const { alter } = changer(probe)
  await alter('set', CLIENT_METRICS, 'listed-metrics', [[SET, 'interval.ms', '1000']])
  await settled(probe)
  await probe.ask('one', LIST_CONFIG_RESOURCES, 0, {})
  await alter('deleted', CLIENT_METRICS, 'listed-metrics', [[DELETE, 'interval.ms', null]])
  await settled(probe)
  await probe.ask('none', LIST_CONFIG_RESOURCES, 0, {})
}

/** @param {Probe} probe */
async function listResources(probe) {
  const { alter } = changer(probe)
  await createTopic(probe, 'listed')
  await alter('group', GROUP, 'listed-group', [[SET, 'consumer.session.timeout.ms', '50000']])
  await alter('metrics', CLIENT_METRICS, 'listed-metrics', [[SET, 'interval.ms', '1000']])
  await settled(probe)
  for (const version of probe.versions(LIST_CONFIG_RESOURCES)) {
    if (version === 0) await probe.ask('client metrics', LIST_CONFIG_RESOURCES, 0, {})
    else
      for (const types of [
        [BROKER],
        [LOGGER],
        [CLIENT_METRICS],
        [GROUP],
        [GROUP, CLIENT_METRICS],
        [0],
        [99],
        [BROKER, 1],
      ])
        await probe.ask(`types ${types}`, LIST_CONFIG_RESOURCES, version, { resourceTypes: types })
  }
  await alter('group back', GROUP, 'listed-group', [[DELETE, 'consumer.session.timeout.ms', null]])
  await alter('metrics back', CLIENT_METRICS, 'listed-metrics', [[DELETE, 'interval.ms', null]])
  await settled(probe)
  for (const version of probe.versions(LIST_CONFIG_RESOURCES))
    await probe.ask(
      'afterwards',
      LIST_CONFIG_RESOURCES,
      version,
      version === 0 ? {} : { resourceTypes: [GROUP, CLIENT_METRICS] },
    )
}
