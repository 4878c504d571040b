/**
 * Apache Kafka's own tools, of both releases: topics, offsets, configs, deleted records, log folders. Each step
 * looks for what the tool must say; the two releases work side by side on topics of their own.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toolCommand } from '../../scripts/peers/apache-kafka.mjs'
import { apacheKafka } from '../../scripts/peers/peers.mjs'
import { runProgram } from '../lib/processes.mjs'
import { expect } from '../lib/report.mjs'

/** @param {import('../lib/context.mjs').Context} context */
export async function checkAdmin(context) {
  await Promise.all(
    /** @type {const} */ (['3.9', '4.1']).map(async (line) => {
      const peer = await apacheKafka(line)
      if ('missing' in peer) context.report.skip(`tools of ${line}`, peer.missing)
      else await checkTools(context, peer.path, line)
    }),
  )
}

/**
 * @param {import('../lib/context.mjs').Context} context
 * @param {string} home
 * @param {string} line
 */
async function checkTools({ report, bootstrap, folder }, home, line) {
  const topic = `admin-${line}`
  const server = ['--bootstrap-server', bootstrap]

  /**
   * One run of a tool that must print `wanted` (and must not print `unwanted`).
   * @param {string} what
   * @param {import('../../scripts/peers/apache-kafka.mjs').Tool} tool
   * @param {string[]} args
   * @param {{wanted?: RegExp[], unwanted?: RegExp, okCodes?: number[], input?: string}} look
   */
  const step = (what, tool, args, { wanted = [], unwanted, okCodes = [0], input }) =>
    report.check(`${tool} ${line}: ${what}`, async () => {
      const { stdout, stderr } = await runProgram(toolCommand(home, tool, args), {
        okCodes,
        ...(input === undefined ? {} : { input }),
      })
      const said = `${stdout}\n${stderr}`
      for (const pattern of wanted) expect(pattern.test(said), `no ${pattern} in: ${said.slice(0, 400)}`)
      if (unwanted) expect(!unwanted.test(said), `${unwanted} in: ${said.slice(0, 400)}`)
    })

  await step('lists the APIs of the broker', 'kafka-broker-api-versions', server, {
    wanted: [
      /Produce\(0\): .*usable/,
      /Fetch\(1\): .*usable/,
      /DescribeTopicPartitions\(75\)|DescribeCluster\(60\)/,
    ],
    unwanted: /Exception/,
  })
  await step(
    '--create',
    'kafka-topics',
    [
      ...server,
      '--create',
      '--topic',
      topic,
      '--partitions',
      '2',
      '--replication-factor',
      '1',
      '--config',
      'retention.ms=86400000',
    ],
    { wanted: [new RegExp(`Created topic ${topic}\\.`)] },
  )
  await step(
    '--create again says that it exists',
    'kafka-topics',
    [...server, '--create', '--topic', topic, '--partitions', '2'],
    { wanted: [/already exists/], okCodes: [1] },
  )
  await step(
    'two replicas on one broker are refused',
    'kafka-topics',
    [...server, '--create', '--topic', `${topic}-two`, '--replication-factor', '2'],
    { wanted: [/InvalidReplicationFactorException|replication factor/i], okCodes: [1] },
  )
  await step('--list', 'kafka-topics', [...server, '--list'], {
    wanted: [new RegExp(`^${topic.replace('.', '\\.')}$`, 'm')],
  })
  await step(
    '--alter --partitions',
    'kafka-topics',
    [...server, '--alter', '--topic', topic, '--partitions', '4'],
    {
      unwanted: /Error|Exception/,
    },
  )
  await step('--describe', 'kafka-topics', [...server, '--describe', '--topic', topic], {
    wanted: [
      /PartitionCount: 4\s+ReplicationFactor: 1\s+Configs: .*retention\.ms=86400000/,
      ...[0, 1, 2, 3].map(
        (partition) => new RegExp(`Partition: ${partition}\\s+Leader: 1\\s+Replicas: 1\\s+Isr: 1`),
      ),
    ],
  })
  await step(
    '--describe of a topic that is not there',
    'kafka-topics',
    [...server, '--describe', '--topic', 'absent'],
    {
      wanted: [/does not exist as expected/],
      okCodes: [1],
    },
  )
  await step('--describe of a topic', 'kafka-configs', [...server, '--describe', '--topic', topic, '--all'], {
    wanted: [
      /retention\.ms=86400000 .*DYNAMIC_TOPIC_CONFIG/,
      /cleanup\.policy=delete .*DEFAULT_CONFIG/,
      /segment\.bytes=/,
    ],
  })
  await step(
    '--describe of the broker',
    'kafka-configs',
    [...server, '--describe', '--broker', '1', '--all'],
    {
      wanted: [/log\.dirs=.*STATIC_BROKER_CONFIG/, /num\.partitions=/],
    },
  )
  await step(
    'writes 100 records',
    'kafka-verifiable-producer',
    [...server, '--topic', topic, '--max-messages', '100', '--throughput', '-1'],
    { wanted: [/"sent":100|"acked":100/], unwanted: /producer_send_error/ },
  )
  await report.check(`kafka-get-offsets ${line}: the latest offsets add up to 100`, async () => {
    const { stdout } = await runProgram(toolCommand(home, 'kafka-get-offsets', [...server, '--topic', topic]))
    const sum = [...stdout.matchAll(/:\d+:(\d+)/g)].reduce((total, match) => total + Number(match[1]), 0)
    expect(sum === 100, `${sum}: ${stdout}`)
  })
  const file = join(folder, `delete-records-${line}.json`)
  const partitions = [0, 1, 2, 3].map((partition) => ({ topic, partition, offset: -1 }))
  writeFileSync(file, JSON.stringify({ version: 1, partitions }))
  await step('up to the high watermark', 'kafka-delete-records', [...server, '--offset-json-file', file], {
    wanted: [new RegExp(`partition: ${topic.replace('.', '\\.')}-0\\s+low_watermark: \\d+`)],
    unwanted: /error/i,
  })
  await report.check(`kafka-get-offsets ${line}: after that, earliest is latest`, async () => {
    /** @param {string} time */
    const offsetsAt = async (time) => {
      const args = [...server, '--topic', topic, '--time', time]
      return (await runProgram(toolCommand(home, 'kafka-get-offsets', args))).stdout
    }
    const [earliest, latest] = [await offsetsAt('-2'), await offsetsAt('-1')]
    expect(earliest === latest && earliest !== '', `${earliest} and ${latest}`)
  })
  await step('--describe', 'kafka-log-dirs', [...server, '--describe', '--topic-list', topic], {
    wanted: [/"logDirs":\[\{/, new RegExp(`"partition":"${topic.replace('.', '\\.')}-3"`)],
    unwanted: /"error":"/,
  })
  await step('--delete', 'kafka-topics', [...server, '--delete', '--topic', topic], {
    unwanted: /Error|Exception/,
  })
  await step('the deleted topic is gone', 'kafka-topics', [...server, '--list'], {
    unwanted: new RegExp(`^${topic.replace('.', '\\.')}$`, 'm'),
  })
}
