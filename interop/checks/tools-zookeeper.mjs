/**
 * The old option --zookeeper, with a ZooKeeper that answers: our commands find Apache Kafka 3.9 there, and say what those of
 * Kafka 2 said.
 */
import { join } from 'node:path'
import { expect } from '../lib/report.mjs'
import { runTool } from '../lib/run-tool.mjs'
import { startZookeeperMode } from '../lib/zookeeper-mode.mjs'

/** @type {readonly [tool: string, args: readonly string[], stdout: string][]} */
const steps = [
  [
    'kafka-topics',
    ['--create', '--partitions', '2', '--replication-factor', '1', '--topic', 'm44'],
    'Created topic "m44".\n',
  ],
  [
    'kafka-topics',
    ['--alter', '--topic', 'm44', '--partitions', '3'],
    'WARNING: If partitions are increased for a topic that has a key, the partition logic or ordering of the messages will be affected\nAdding partitions succeeded!\n',
  ],
  [
    'kafka-topics',
    ['--describe', '--topic', 'm44'],
    `Topic:m44\tPartitionCount:3\tReplicationFactor:1\tConfigs:\n${[0, 1, 2]
      .map((partition) => `\tTopic: m44\tPartition: ${partition}\tLeader: 1\tReplicas: 1\tIsr: 1\n`)
      .join('')}`,
  ],
  [
    'kafka-configs',
    ['--entity-type', 'topics', '--entity-name', 'm44', '--alter', '--add-config', 'retention.ms=1000'],
    "Completed Updating config for entity: topic 'm44'.\n",
  ],
  [
    'kafka-configs',
    ['--entity-type', 'topics', '--entity-name', 'm44', '--describe'],
    "Configs for topic 'm44' are retention.ms=1000\n",
  ],
  ['kafka-topics', ['--list'], 'm44\n'],
  [
    'kafka-topics',
    ['--delete', '--topic', 'm44'],
    'Topic m44 is marked for deletion.\nNote: This will have no impact if delete.topic.enable is not set to true.\n',
  ],
]

/** @param {import('../lib/context.mjs').Context} context */
export async function checkZookeeperTools({ report, folder }) {
  /** @type {Awaited<ReturnType<typeof startZookeeperMode>> | undefined} */
  let cluster
  try {
    await report.check('--zookeeper: a ZooKeeper, and Apache Kafka 3.9 in it', async () => {
      cluster = await startZookeeperMode(join(folder, 'zookeeper-mode'), '/kafka/blink')
    })
    if (cluster === undefined) return
    for (const [tool, args, stdout] of steps) {
      await report.check(`--zookeeper: ${tool} ${args.slice(0, 1)} ${args.at(-1)}`, async () => {
        const result = await runTool(tool, ['--zookeeper', cluster?.zookeeper ?? '', ...args])
        expect(
          result.exitCode === 0 && result.stderr === '' && result.stdout === stdout,
          JSON.stringify(result),
        )
      })
    }
  } finally {
    cluster?.stop()
  }
}
