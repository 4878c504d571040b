/**
 * kafka-configs of both releases: what it alters of topics, brokers, all brokers, loggers, groups and client metrics, it
 * then describes, and deletes again. The two work side by side, on topics and configs of their own.
 */
import { toolCommand } from '../../scripts/peers/apache-kafka.mjs'
import { apacheKafka } from '../../scripts/peers/peers.mjs'
import { runProgram } from '../lib/processes.mjs'
import { expect } from '../lib/report.mjs'

/** Dynamic configs of brokers that nothing else in a run goes by. */
const ownKeys = {
  3.9: { broker: 'compression.zstd.level', all: 'log.cleaner.io.buffer.size', value: '7' },
  4.1: { broker: 'compression.gzip.level', all: 'log.cleaner.backoff.ms', value: '8' },
}

/** @param {import('../lib/context.mjs').Context} context */
export async function checkConfigs(context) {
  await Promise.all(
    /** @type {const} */ (['3.9', '4.1']).map(async (line) => {
      const peer = await apacheKafka(line)
      if ('missing' in peer) context.report.skip(`kafka-configs ${line}`, peer.missing)
      else await checkTool(context, peer.path, line)
    }),
  )
}

/**
 * @param {import('../lib/context.mjs').Context} context
 * @param {string} home
 * @param {'3.9' | '4.1'} line
 */
async function checkTool({ report, bootstrap, brokerKind, createTopic }, home, line) {
  const topic = `configs-${line}`
  if (!(await createTopic(topic, 1))) return

  /**
   * @param {string} args
   * @param {RegExp[]} wanted
   * @param {{unwanted?: RegExp, okCodes?: number[]}} [look]
   */
  const step = (args, wanted, { unwanted, okCodes = [0] } = {}) =>
    report.check(`kafka-configs ${line}: ${args}`, async () => {
      const command = toolCommand(home, 'kafka-configs', [
        '--bootstrap-server',
        bootstrap,
        ...args.split(' '),
      ])
      const { stdout, stderr } = await runProgram(command, { okCodes })
      const said = `${stdout}\n${stderr}`
      for (const pattern of wanted) expect(pattern.test(said), `no ${pattern} in: ${said.slice(0, 400)}`)
      if (unwanted) expect(!unwanted.test(said), `${unwanted} in: ${said.slice(0, 400)}`)
    })
  const refused = { okCodes: [1] }

  const ofTopic = `--entity-type topics --entity-name ${topic}`
  await step(`--alter ${ofTopic} --add-config retention.ms=5000,cleanup.policy=[compact,delete]`, [
    new RegExp(`Completed updating config for topic ${topic}\\.`),
  ])
  await step(`--describe ${ofTopic}`, [
    /retention\.ms=5000 sensitive=false synonyms=\{DYNAMIC_TOPIC_CONFIG:retention\.ms=5000\}/,
    /cleanup\.policy=compact,delete sensitive=false synonyms=\{DYNAMIC_TOPIC_CONFIG:cleanup\.policy=compact,delete/,
  ])
  await step(
    `--alter ${ofTopic} --add-config retention.ms=x`,
    [/Invalid value x for configuration retention\.ms: Not a number of type LONG/],
    refused,
  )
  await step(`--alter ${ofTopic} --add-config no.such=1`, [/Unknown topic config name: no\.such/], refused)
  await step(`--alter ${ofTopic} --delete-config retention.ms`, [/Completed updating config/])
  await step(`--describe ${ofTopic}`, [/cleanup\.policy=compact,delete/], { unwanted: /retention\.ms/ })
  await step(
    `--alter --entity-type topics --entity-name ${topic}-absent --add-config retention.ms=1`,
    [/UnknownTopicOrPartitionException/],
    refused,
  )

  const { broker, all, value } = ownKeys[line]
  const ofBroker = '--entity-type brokers --entity-name 1'
  await step(`--alter ${ofBroker} --add-config ${broker}=${value}`, [
    /Completed updating config for broker 1\./,
  ])
  await step(`--describe ${ofBroker}`, [
    new RegExp(`${broker}=${value} sensitive=false synonyms=\\{DYNAMIC_BROKER_CONFIG:${broker}=${value}, `),
  ])
  await step(`--describe --all ${ofTopic}`, [new RegExp(`DYNAMIC_BROKER_CONFIG:${broker}=${value}`)])
  await step(
    `--alter ${ofBroker} --add-config num.partitions=2`,
    [/Cannot update these configs dynamically: Set\(num\.partitions\)/],
    refused,
  )
  await step(`--alter ${ofBroker} --delete-config ${broker}`, [/Completed updating config/])
  await step(`--describe ${ofBroker}`, [/Dynamic configs for broker 1 are:/], {
    unwanted: new RegExp(`DYNAMIC_BROKER_CONFIG:${broker}`),
  })

  const ofAll = '--entity-type brokers --entity-default'
  await step(`--alter ${ofAll} --add-config ${all}=100000${value}`, [
    /Completed updating default config for brokers in the cluster\./,
  ])
  await step(`--describe ${ofAll}`, [new RegExp(`${all}=100000${value} sensitive=false`)])
  await step(`--describe --all ${ofBroker}`, [
    new RegExp(`DYNAMIC_DEFAULT_BROKER_CONFIG:${all}=100000${value}`),
  ])
  await step(`--alter ${ofAll} --delete-config ${all}`, [/Completed updating default config/])

  const ofLoggers = '--entity-type broker-loggers --entity-name 1'
  const logger = line === '3.9' ? 'kafka.server.KafkaApis' : 'kafka.log.LogManager'
  await step(`--alter ${ofLoggers} --add-config ${logger}=ERROR`, [
    /Completed updating config for broker-logger 1\./,
  ])
  await step(`--describe ${ofLoggers}`, [new RegExp(`${logger}=ERROR sensitive=false`)])
  await step(`--alter ${ofLoggers} --delete-config ${logger}`, [/Completed updating config/])

  const subscription = `metrics-${line}`
  const ofMetrics = `--entity-type client-metrics --entity-name ${subscription}`
  await step(`--alter ${ofMetrics} --add-config interval.ms=1000,metrics=[org.apache.kafka.]`, [
    new RegExp(`Completed updating config for client-metric ${subscription}\\.`),
  ])
  await step('--describe --entity-type client-metrics', [new RegExp(subscription), /interval\.ms=1000/])
  await step(`--alter ${ofMetrics} --delete-config interval.ms,metrics`, [/Completed updating config/])

  if (line === '3.9' || brokerKind === 'apache-3.9') return
  const group = `configs-group-${line}`
  const ofGroup = `--entity-type groups --entity-name ${group}`
  await step(`--alter ${ofGroup} --add-config consumer.session.timeout.ms=50000`, [
    new RegExp(`Completed updating config for group ${group}\\.`),
  ])
  await step(`--describe ${ofGroup}`, [/consumer\.session\.timeout\.ms=50000 sensitive=false/])
  await step(
    `--alter ${ofGroup} --add-config consumer.session.timeout.ms=100`,
    [/must be greater than or equal to group\.consumer\.min\.session\.timeout\.ms/],
    refused,
  )
  await step(`--alter ${ofGroup} --delete-config consumer.session.timeout.ms`, [/Completed updating config/])
}
