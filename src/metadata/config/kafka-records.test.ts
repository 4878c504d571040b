/** Compares this room with what Apache Kafka 3.9.1 was seen to do: test/fixtures/configs. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BrokerConfig } from './broker-config.ts'
import { type BrokerConfigLayers, brokerConfigSources } from './broker-config-sources.ts'
import {
  describeBrokerConfigs,
  describeDefaultBrokerConfigs,
  describeTopicConfigs,
} from './describe-configs.ts'
import type { DescribedConfig } from './described-config.ts'
import { validateTopicConfig } from './topic-config.ts'

function rowsOf(file: string): string[][] {
  const path = fileURLToPath(new URL(`../../../test/fixtures/configs/${file}`, import.meta.url))
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => line.split('\t'))
}

function settingsOf(text: string): Map<string, string> {
  return new Map(
    text.split(' ; ').map((setting) => {
      const at = setting.indexOf('=')
      return [setting.slice(0, at), setting.slice(at + 1)]
    }),
  )
}

/** Where this broker knowingly answers otherwise. */
const ownAnswers: Readonly<Record<string, RegExp>> = {
  'broker.id=1 ; node.id=2': /^You must set `node.id` to the same value as `broker.id`. /,
  'broker.id=-2': /^broker.id must be greater .* \(broker.id=-2, /,
  'broker.id=1001': /^broker.id must be greater .* \(broker.id=1001, /,
  // SSL cannot be served.
  'listeners=PLAINTEXT://127.0.0.1:9092,SSL://[::1]:9092': /SSL is not built yet/,
  // A wildcard address advertises what the client dialled.
  'listeners=PLAINTEXT://0.0.0.0:9092': /^OK/,
  'advertised.listeners=SSL://h:9092': /^advertised.listeners listener names must be/,
  'listener.security.protocol.map=INTERNAL': /listener.security.protocol.map.*INTERNAL is not of the form/,
  'max.connections.per.ip.overrides=a': /^Invalid value a for configuration max.connections.per.ip.overrides/,
  'listeners=PLAINTEXT://:-1': /port out of range: -1/,
  'listeners=PLAINTEXT://:99999': /port out of range: 99999/,
  'listeners=': /^There must be at least one broker advertised listener\./,
  'controller.quorum.voters=foo': /^Invalid value \[foo\] for configuration controller.quorum.voters/,
}

for (const [settings = '', theirs = ''] of rowsOf('broker-values.tsv')) {
  test(`the broker config ${settings} is read as Kafka reads it`, () => {
    const given = settingsOf(settings)
    const [name = ''] = given.keys()
    let ours: string
    try {
      const { value, text } = BrokerConfig.parse(given).config.values.get(name)
      ours = `OK ${Array.isArray(value) ? `[${value.join(', ')}]` : text}`
    } catch (error) {
      ours = (error as Error).message
    }
    const own = ownAnswers[settings]
    if (own === undefined) assert.equal(ours, theirs)
    else assert.match(ours, own)
  })
}

for (const [settings = '', theirs = ''] of rowsOf('topic-values.tsv')) {
  test(`the topic config ${settings} is read as Kafka reads it`, () => {
    const check = validateTopicConfig(settingsOf(settings), BrokerConfig.parse(new Map()).config)
    if (theirs.startsWith('OK')) assert.ok(check.ok)
    else assert.deepEqual(check, { ok: false, errorCode: 40, message: theirs })
  })
}

const recordedBroker = settingsOf(
  'broker.id=1 ; listeners=PLAINTEXT://127.0.0.1:39092 ; log.dirs=/tmp/cfg/data ; offsets.topic.replication.factor=1 ; foo.bar=baz ; my.password=secret ; log.retention.hours=24 ; log.roll.ms=1000000',
)

const types = 'UNKNOWN BOOLEAN STRING INT SHORT LONG DOUBLE LIST CLASS PASSWORD'.split(' ')
const sources =
  ' DYNAMIC_TOPIC_CONFIG DYNAMIC_BROKER_CONFIG DYNAMIC_DEFAULT_BROKER_CONFIG STATIC_BROKER_CONFIG DEFAULT_CONFIG'.split(
    ' ',
  )

function lineOf(entry: DescribedConfig): string {
  const synonyms = entry.synonyms.map(
    (synonym) => `${synonym.name}=${synonym.value}:${sources[synonym.source]}`,
  )
  return [
    entry.name,
    entry.value,
    types[entry.configType],
    sources[entry.configSource],
    `ro=${entry.readOnly}`,
    `s=${entry.isSensitive}`,
    `d=${entry.isDefault}`,
    `[${synonyms.join(', ')}]`,
  ].join('\t')
}

function describeAll(layers: BrokerConfigLayers): string[] {
  const broker = brokerConfigSources(layers)
  const options = { configurationKeys: null, includeSynonyms: true }
  const topic = settingsOf('retention.ms=12345 ; cleanup.policy=compact,delete')
  return [
    ...describeTopicConfigs(topic, broker, options),
    ...describeBrokerConfigs(broker, options),
    ...describeDefaultBrokerConfigs(broker, options),
  ].map(lineOf)
}

/** Fixture lines; String(null) and the one setting that cannot be the same are taken care of. */
function recorded(file: string): string[] {
  return rowsOf(file)
    .filter(([name]) => !name?.startsWith('##') && name !== 'zookeeper.connect')
    .map(([name, value, ...rest]) => [name, value === 'null' ? '' : value, ...rest].join('\t'))
}

const withoutZooKeeper = (line: string): boolean => !line.startsWith('zookeeper.connect\t')

test('DescribeConfigs lists every entry of a topic and a broker as Kafka 3.9.1 does', () => {
  const ours = describeAll({ static: BrokerConfig.parse(recordedBroker).config }).filter(withoutZooKeeper)
  assert.deepEqual(ours.sort(), recorded('describe-static.tsv').sort())
})

test('dynamic broker configs show as Kafka 3.9.1 shows them, hiding static synonyms', () => {
  const ours = describeAll({
    static: BrokerConfig.parse(recordedBroker).config,
    dynamicBroker: new Map([['log.retention.ms', '777777']]),
    dynamicDefault: new Map([['log.cleaner.threads', '2']]),
  })
  for (const line of recorded('describe-dynamic.tsv')) assert.ok(ours.includes(line), line)
})

test('DescribeConfigs can be narrowed to some keys, without synonyms', () => {
  const broker = brokerConfigSources({ static: BrokerConfig.parse(recordedBroker).config })
  const entries = describeBrokerConfigs(broker, {
    configurationKeys: ['log.retention.hours', 'none'],
    includeSynonyms: false,
  })
  assert.deepEqual(
    entries.map(({ name, value, synonyms }) => [name, value, synonyms.length]),
    [['log.retention.hours', '24', 0]],
  )
})
