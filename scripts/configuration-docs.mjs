/**
 * Writes docs/configuration.md from the definitions of the broker's and the topics' configs, and says of each whether
 * it is obeyed.
 *
 *   node scripts/configuration-docs.mjs            writes the file; needs `npm run build`
 *   node scripts/configuration-docs.mjs --check    exits with 1 if the file is not what would be written
 *
 * Nobody keeps a list of what is obeyed. A config is obeyed if another value of it changes a typed setting
 * (`readSettings` of broker-config.ts and topic-config.ts) and some room outside of metadata/config reads that setting,
 * or, for the few that are only compared with, if the file named below reads the key. All others have a reason below;
 * a reason that is not needed any more is an error, as a missing one is.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BrokerConfig } from '../dist/metadata/config/broker-config.js'
import { brokerConfigKeys } from '../dist/metadata/config/broker-config-definitions.js'
import { ConfigError } from '../dist/metadata/config/config-def.js'
import { effectiveTopicConfig } from '../dist/metadata/config/topic-config.js'
import { topicConfigKeys } from '../dist/metadata/config/topic-config-definitions.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, 'docs/configuration.md')

/** Keys that only bound others, or decide at once: where they are read. */
/** @type {ReadonlyMap<string, readonly [file: string, text: string]>} */
const readElsewhere = new Map([
  [
    'broker.id.generation.enable',
    ['src/metadata/config/broker-config.ts', 'if (config.brokerIdGenerationEnable)'],
  ],
  [
    'group.consumer.max.heartbeat.interval.ms',
    ['src/metadata/config/group-configs.ts', 'broker.values.number(maxKey!)'],
  ],
  [
    'group.consumer.max.session.timeout.ms',
    ['src/metadata/config/group-configs.ts', 'broker.values.number(maxKey!)'],
  ],
  [
    'group.consumer.min.heartbeat.interval.ms',
    ['src/metadata/config/group-configs.ts', 'broker.values.number(minKey!)'],
  ],
  [
    'group.consumer.min.session.timeout.ms',
    ['src/metadata/config/group-configs.ts', 'broker.values.number(minKey!)'],
  ],
  ['listener.security.protocol.map', ['src/metadata/config/listeners.ts', 'readProtocolMap(values']],
  ['node.id', ['src/metadata/config/broker-config.ts', "properties.get('node.id')"]],
])

/** Other values of configs that no rule finds one for, with what goes with them. */
/** @type {ReadonlyMap<string, Record<string, string>>} */
const samples = new Map(
  Object.entries({
    'advertised.listeners': { 'advertised.listeners': 'PLAINTEXT://example.org:9092' },
    'broker.id': { 'broker.id': '7' },
    'broker.rack': { 'broker.rack': 'r1' },
    'cleanup.policy': { 'cleanup.policy': 'compact' },
    'compression.type': { 'compression.type': 'gzip' },
    'group.consumer.assignors': { 'group.consumer.assignors': 'range' },
    'group.consumer.migration.policy': { 'group.consumer.migration.policy': 'disabled' },
    'group.consumer.session.timeout.ms': { 'group.consumer.session.timeout.ms': '50000' },
    'group.consumer.heartbeat.interval.ms': { 'group.consumer.heartbeat.interval.ms': '6000' },
    'group.coordinator.rebalance.protocols': { 'group.coordinator.rebalance.protocols': 'classic' },
    'inter.broker.listener.name': {
      'inter.broker.listener.name': 'B',
      listeners: 'PLAINTEXT://:9092,B://:9093',
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,B:PLAINTEXT',
    },
    listeners: { listeners: 'PLAINTEXT://127.0.0.1:7' },
    'log.cleanup.policy': { 'log.cleanup.policy': 'compact' },
    'log.dir': { 'log.dir': '/a' },
    'log.dirs': { 'log.dirs': '/a,/b' },
    'log.message.timestamp.type': { 'log.message.timestamp.type': 'LogAppendTime' },
    'max.connections.per.ip.overrides': { 'max.connections.per.ip.overrides': '127.0.0.1:7' },
    'message.timestamp.type': { 'message.timestamp.type': 'LogAppendTime' },
    'metadata.log.dir': { 'metadata.log.dir': '/m' },
    'node.id': { 'broker.id': '7', 'node.id': '7' },
  }),
)

const noPeers = 'one broker makes the cluster: there is nobody to replicate with'
const noThreads = 'there are no pools of threads: one event loop reads, works and writes'
const noTiers = 'there is no tiered storage'
const noQuorum = 'there is no KRaft quorum'
const noZooKeeper = 'the broker keeps its metadata itself; the ZooKeeper engine is not built yet'
const noSecurity = 'TLS, SASL and authorization of the broker are not built yet'
const noJava = 'it names a Java class, and there is no JVM to load it'
const noShare = 'there are no share groups'
const noStreams = 'there are no streams groups'
const noReporters = 'there are no metrics reporters'
const noQuotas = 'there are no quotas of this kind'
const noPurge = 'what was answered leaves the purgatory at once: there is nothing to purge'

/** Why a config that is known and checked has no effect. The first that matches counts. */
/** @type {readonly (readonly [pattern: RegExp, reason: string])[]} */
const reasons = [
  [/^zookeeper\./, noZooKeeper],
  [/(policy\.class\.name|quota\.callback\.class)$/, noJava],
  [/^(ssl|sasl|security|password\.encoder|delegation\.token|principal|authorizer)\./, noSecurity],
  [
    /^(connections\.max\.reauth\.ms|connection\.failed\.authentication\.delay\.ms|early\.start\.listeners)$/,
    noSecurity,
  ],
  [/^(remote\.|local\.retention|log\.local\.retention)/, noTiers],
  [
    /^(controller\.(quorum|listener)|metadata\.(log|max)|process\.roles|broker\.(heartbeat|session)|initial\.broker)/,
    noQuorum,
  ],
  [/^(log\.dir\.failure\.timeout\.ms|eligible\.leader\.replicas\.enable)$/, noQuorum],
  [/^(group\.share|share)\./, noShare],
  [/^group\.streams\./, noStreams],
  [/(replication\.throttled\.replicas|quota\.window\.(num|size\.seconds))$/, noQuotas],
  [/^(metric\.reporters|metrics\.|kafka\.metrics|auto\.include\.jmx|telemetry\.)/, noReporters],
  [/purgatory\.purge\.interval\.requests$/, noPurge],
  [
    /^(replica\.|num\.replica\.fetchers|auto\.leader|leader\.imbalance|controlled\.|controller\.socket|control\.plane|socket\.connection)/,
    noPeers,
  ],
  [/^(background\.threads|num\..*threads.*|group\.coordinator\.threads)$/, noThreads],
  [/^queued\.max\.requests$/, 'requests are bounded by their bytes: queued.max.request.bytes'],
  [/^group\.coordinator\.append\.linger\.ms$/, 'what one turn of the event loop appends is written together'],
  [/^offsets\.commit\.required\.acks$/, 'a commit always waits for all replicas in sync'],
  [/^compression\.lz4\.level$/, 'the LZ4 library has one level'],
  [/preallocate$/, 'files grow as they are written'],
  [
    /message\.format\.version$|^inter\.broker\.protocol\.version$/,
    'there is one format, that of 3.0 and later',
  ],
  [/^transaction\.two\.phase\.commit\.enable$/, 'two-phase commit (KIP-939) is not built'],
]

/** @typedef {{name: string, type: string, defaultText: string | null, defaultText41: string | null, updateMode?: string,
 *   validator?: {description: string}, internal: boolean, releases: readonly string[], serverName?: string}} Key */

/** @type {Record<string, string>} */
const base = { 'broker.id': '1' }
const baseConfig = BrokerConfig.parse(new Map(Object.entries(base))).config

/** What a key could be set to instead, until one parses. @param {Key} key */
function* alternatives(key) {
  const sample = samples.get(key.name)
  if (sample !== undefined) {
    yield sample
    return
  }
  switch (key.type) {
    case 'boolean':
      yield { [key.name]: key.defaultText === 'true' ? 'false' : 'true' }
      return
    case 'int':
    case 'short':
    case 'long':
    case 'double': {
      const number = Number(key.defaultText ?? 0)
      for (const each of [number + 1, number - 1, 1, 2, 5, 100, 10_000]) {
        if (each !== number) yield { [key.name]: key.type === 'double' ? String(each / 2) : String(each) }
      }
    }
  }
}

/** @param {unknown} value */
const printed = (value) => JSON.stringify(value, (_, each) => (each instanceof Map ? [...each].sort() : each))

/**
 * Names of the typed settings that a key changes.
 * @param {Key} key
 * @param {(given: Record<string, string>) => Record<string, unknown>} read
 * @param {Record<string, unknown>} before
 */
function changedSettings(key, read, before) {
  for (const given of alternatives(key)) {
    try {
      const after = read(given)
      const changed = Object.keys(after).filter((name) => printed(after[name]) !== printed(before[name]))
      if (changed.length > 0) return changed
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
    }
  }
  return []
}

/** Sources of the rooms that could read a setting; not those that only declare and parse them. */
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !/\.(test|testing)\.|\.kit\.ts$/.test(file))
  .filter((file) => !/^(metadata\/config\/(?!group-configs)|client\/|cli\/|testing\/|simulator\/)/.test(file))
  .filter((file) => file !== 'log/log-config.ts')
  .map((file) => readFileSync(join(root, 'src', file), 'utf8'))

/** `config.NAME`, `{ NAME } = ...config`, or `{ NAME }: LogConfig` of a parameter. @param {string} name */
function isRead(name) {
  const direct = new RegExp(`onfig(\\(\\w*\\))?\\??\\s*\\.${name}\\b`)
  const taken = new RegExp(`\\{[^{}]*\\b${name}\\b[^{}]*\\}(: (Pick<)?\\w*Config\\b| = [^\\n]*onfig\\b)`)
  return sources.some((text) => direct.test(text) || taken.test(text))
}

/** @param {Key} key */
function isTopicConfigObeyed(key) {
  const read = (/** @type {Record<string, string>} */ given) => ({
    ...effectiveTopicConfig(new Map(Object.entries(given)), baseConfig),
  })
  return changedSettings(key, read, { ...effectiveTopicConfig(new Map(), baseConfig) }).some(isRead)
}

/** @param {Key} key */
function isBrokerConfigObeyed(key) {
  const [file, text = ''] = readElsewhere.get(key.name) ?? []
  if (file !== undefined) {
    if (!readFileSync(join(root, file), 'utf8').includes(text))
      throw new Error(`${file} does not read ${key.name}`)
    return true
  }
  const { [key.name]: _, ...others } = samples.get(key.name) ?? {}
  const read = (/** @type {Record<string, string>} */ given) => settingsOf({ ...base, ...given })
  const changed = changedSettings(key, read, settingsOf({ ...base, ...others }))
  const topics = changed
    .filter((name) => name.startsWith('topic:'))
    .map((name) => name.slice('topic:'.length))
  return (
    changed.some(isRead) ||
    topics.some((name) => isTopicConfigObeyed(/** @type {Key} */ (topicConfigKeys.get(name))))
  )
}

/** The settings of a broker, and with `topic:` those that it gives to topics. @param {Record<string, string>} given */
function settingsOf(given) {
  const properties = new Map(Object.entries(given))
  const { originals, values, topicDefaults, ...settings } = BrokerConfig.parse(properties).config
  const defaults = [...topicDefaults].map(([name, text]) => [`topic:${name}`, text])
  return { ...settings, ...Object.fromEntries(defaults) }
}

const usedReasons = new Set()
/** @type {string[]} */
const problems = []

/** @param {Key} key @param {boolean} isObeyed */
function effectOf({ name }, isObeyed) {
  const index = reasons.findIndex(([pattern]) => pattern.test(name))
  if (isObeyed) return 'obeyed'
  if (index < 0) {
    problems.push(`${name} has no effect, and no reason for that`)
    return ''
  }
  usedReasons.add(index)
  return `no effect: ${reasons[index]?.[1]}`
}

/** @param {string} text */
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** Kafka's notation; of a long list the ends. @param {Key} key */
function validOf({ validator }) {
  const { description = '' } = validator ?? {}
  const elements = description.split(', ')
  return elements.length > 20 ? `${elements[0]}, ..., ${elements.at(-1)}` : description
}

/** @param {Key} key */
function defaultOf({ defaultText, defaultText41 }) {
  const show = (/** @type {string | null} */ text) =>
    text === null ? 'none' : text === '' ? 'empty' : `\`${text}\``
  return defaultText === defaultText41
    ? show(defaultText)
    : `${show(defaultText)} (4.1: ${show(defaultText41)})`
}

/** @param {Key} key */
const nameOf = ({ name, releases }) =>
  releases.length === 1 ? `\`${name}\` (${releases[0]} only)` : `\`${name}\``

/** @param {readonly string[]} cells */
const row = (cells) => `| ${cells.map(cell).join(' | ')} |`

/** @param {ReadonlyMap<string, any>} keys @returns {Key[]} */
const listed = (keys) =>
  [...keys.values()].filter(({ internal }) => !internal).sort((a, b) => (a.name < b.name ? -1 : 1))

function document() {
  const topics = listed(topicConfigKeys).map((key) => {
    const server = key.serverName === undefined ? '' : `\`${key.serverName}\``
    return row([
      nameOf(key),
      key.type,
      defaultOf(key),
      validOf(key),
      server,
      effectOf(key, isTopicConfigObeyed(key)),
    ])
  })
  const brokers = listed(brokerConfigKeys).map((key) => {
    const effect = effectOf(key, isBrokerConfigObeyed(key))
    return row([nameOf(key), key.type, defaultOf(key), validOf(key), key.updateMode ?? '', effect])
  })
  const count = (/** @type {string[]} */ rows) => rows.filter((each) => each.endsWith('| obeyed |')).length
  return `# Configuration

Every config of Apache Kafka 3.9 is known, checked and listed with its default, and those that 4.1 added as well. This
page is written by \`npm run docs:configuration\` from the definitions in \`src/metadata/config/\`; whether a config is
obeyed is found out from who reads it.

A topic's own value wins; then come the values set on the broker while it runs, those set for all brokers, those of
\`server.properties\`, and the default. \`kafka-configs.sh --describe --all\` shows which one counts.

## Topics

${count(topics)} of ${topics.length} are obeyed. The broker's config is the default of topics that don't set their own.

| name | type | default | valid values | broker's config | effect |
|---|---|---|---|---|---|
${topics.join('\n')}

## Brokers

${count(brokers)} of ${brokers.length} are obeyed. Update mode: \`read-only\` takes a restart; \`per-broker\` can be set
on a broker that runs; \`cluster-wide\` also for all brokers at once.

| name | type | default | valid values | update mode | effect |
|---|---|---|---|---|---|
${brokers.join('\n')}

Three more exist while they are set on a broker that runs, for reassignments: \`leader.replication.throttled.rate\` and
\`follower.replication.throttled.rate\` (no effect: ${noPeers}), and
\`replica.alter.log.dirs.io.max.bytes.per.second\`, which is obeyed.

## Groups

Set with \`kafka-configs.sh --entity-type groups\`, within the bounds of the broker's \`group.consumer.min.\` and
\`group.consumer.max.\` configs: \`consumer.session.timeout.ms\`, \`consumer.heartbeat.interval.ms\`. Both are obeyed from
the member's next heartbeat on.

## Client metrics

Set with \`kafka-configs.sh --entity-type client-metrics\`: \`interval.ms\`, \`metrics\`, \`match\`. They are kept and shown.
There is no receiver of metrics, so, as in Apache Kafka without one, clients are not asked for any.
`
}

const text = document()
reasons.forEach(([pattern], index) => {
  if (!usedReasons.has(index)) problems.push(`the reason for ${pattern} is not needed`)
})
if (problems.length > 0) {
  console.error(problems.join('\n'))
  process.exitCode = 1
} else if (!process.argv.includes('--check')) {
  writeFileSync(target, text)
} else if (readFileSync(target, 'utf8') !== text) {
  console.error(
    'docs/configuration.md is not what the definitions give: npm run build && npm run docs:configuration',
  )
  process.exitCode = 1
}
