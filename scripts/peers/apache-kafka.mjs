/**
 * Apache Kafka from its jars alone: the command lines of its tools, and a broker of one node.
 *
 * The distribution's shell scripts are not in Maven Central, so each tool is its main class on the class path.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createWriteStream, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tied } from './children.mjs'
import { waitUntilServing } from './probe.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))

/** Main classes by tool: 3.9's, then 4.1's where it moved. */
const mainClasses = {
  'kafka-acls': ['kafka.admin.AclCommand', 'org.apache.kafka.tools.AclCommand'],
  'kafka-broker-api-versions': [
    'kafka.admin.BrokerApiVersionsCommand',
    'org.apache.kafka.tools.BrokerApiVersionsCommand',
  ],
  'kafka-client-metrics': ['org.apache.kafka.tools.ClientMetricsCommand'],
  'kafka-configs': ['kafka.admin.ConfigCommand'],
  'kafka-console-consumer': ['org.apache.kafka.tools.consumer.ConsoleConsumer'],
  'kafka-console-producer': ['kafka.tools.ConsoleProducer', 'org.apache.kafka.tools.ConsoleProducer'],
  'kafka-consumer-groups': ['org.apache.kafka.tools.consumer.group.ConsumerGroupCommand'],
  'kafka-consumer-perf-test': ['org.apache.kafka.tools.ConsumerPerformance'],
  'kafka-cluster': ['kafka.tools.ClusterTool', 'org.apache.kafka.tools.ClusterTool'],
  'kafka-delete-records': ['org.apache.kafka.tools.DeleteRecordsCommand'],
  'kafka-dump-log': ['kafka.tools.DumpLogSegments'],
  'kafka-features': ['org.apache.kafka.tools.FeatureCommand'],
  'kafka-get-offsets': ['org.apache.kafka.tools.GetOffsetShell'],
  'kafka-leader-election': ['org.apache.kafka.tools.LeaderElectionCommand'],
  'kafka-log-dirs': ['org.apache.kafka.tools.LogDirsCommand'],
  'kafka-metadata-quorum': ['org.apache.kafka.tools.MetadataQuorumCommand'],
  'kafka-producer-perf-test': ['org.apache.kafka.tools.ProducerPerformance'],
  'kafka-reassign-partitions': ['org.apache.kafka.tools.reassign.ReassignPartitionsCommand'],
  'kafka-server-start': ['kafka.Kafka'],
  'kafka-storage': ['kafka.tools.StorageTool'],
  'kafka-topics': ['org.apache.kafka.tools.TopicCommand'],
  'kafka-transactions': ['org.apache.kafka.tools.TransactionsCommand'],
  'kafka-transactional-copier': ['org.apache.kafka.tools.TransactionalMessageCopier'],
  'kafka-verifiable-consumer': ['org.apache.kafka.tools.VerifiableConsumer'],
  'kafka-verifiable-producer': ['org.apache.kafka.tools.VerifiableProducer'],
}

/** @typedef {keyof typeof mainClasses} Tool */

/**
 * The command line of a tool.
 * @param {string} home a folder with libs/
 * @param {Tool} tool
 * @param {string[]} args
 * @returns {[string, string[]]}
 */
export function toolCommand(home, tool, args) {
  return javaCommand(home, toolClass(home, tool), args)
}

/**
 * The main class of a tool.
 * @param {string} home a folder with libs/
 * @param {Tool} tool
 */
export function toolClass(home, tool) {
  const classes = mainClasses[tool]
  return String(home.includes('kafka-4') ? classes.at(-1) : classes[0])
}

/**
 * The command line of a class. Its JVM is small and compiles little: most runs last two seconds.
 * @param {string} home a folder with libs/
 * @param {string} mainClass
 * @param {string[]} args
 * @param {string} [classFolder] where the class is, if not in libs/
 * @returns {[string, string[]]}
 */
export function javaCommand(home, mainClass, args, classFolder) {
  return [
    'java',
    [
      `-Xmx${process.env.HEAP ?? '512m'}`,
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Xshare:auto',
      '-Dfile.encoding=UTF-8',
      '-Djava.awt.headless=true',
      `-Dlog4j.configuration=file:${here}log4j.properties`,
      `-Dlog4j2.configurationFile=${here}log4j2.properties`,
      '-cp',
      classFolder ? `${classFolder}:${home}/libs/*` : `${home}/libs/*`,
      mainClass,
      ...args,
    ],
  ]
}

/** The properties of a KRaft node that is broker and controller in one. */
const singleNode = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '3',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '3',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
  // A node that was killed registers again only after its old session, of 9 s by default, has ended.
  'broker.session.timeout.ms': '1000',
  'broker.heartbeat.interval.ms': '200',
}

/**
 * Starts one Apache Kafka node on 127.0.0.1 and waits until it answers Metadata. Starting again on the same
 * folder keeps its data. Its JVM has a small heap, unless `jvmOptions` says what else it has.
 * @param {{home: string, folder: string, port: number, controllerPort: number, advertisedPort?: number,
 *   overrides?: Record<string, string>, jvmOptions?: string[]}} options
 * @returns {Promise<import('../../interop/lib/broker.mjs').RunningBroker>}
 */
export async function startApacheKafka(options) {
  const {
    home,
    folder,
    port,
    controllerPort,
    advertisedPort = port,
    overrides = {},
    jvmOptions = [],
  } = options
  mkdirSync(folder, { recursive: true })
  const propertiesFile = join(folder, 'server.properties')
  const dataFolder = join(folder, 'data')
  const properties = {
    ...singleNode,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${advertisedPort}`,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'log.dirs': dataFolder,
    ...overrides,
  }
  writeFileSync(
    propertiesFile,
    Object.entries(properties)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  )
  if (!existsSync(join(dataFolder, 'meta.properties'))) {
    const clusterId = 'c2x1aWNlLWludGVyb3AtMQ'
    const [command, args] = toolCommand(home, 'kafka-storage', [
      'format',
      '-t',
      clusterId,
      '-c',
      propertiesFile,
    ])
    const formatted = spawnSync(command, args, { encoding: 'utf8' })
    if (formatted.status !== 0) throw new Error(`kafka-storage format: ${formatted.stderr}`)
  }
  const [command, args] = toolCommand(home, 'kafka-server-start', [propertiesFile])
  const serverArgs = args.filter((arg) => !arg.startsWith('-XX:'))
  // Of two heaps a JVM takes the last one.
  serverArgs.splice(1, 0, ...jvmOptions)
  const startedAtMs = performance.now()
  const child = tied(spawn(command, serverArgs, { stdio: ['ignore', 'pipe', 'pipe'] }))
  const output = createWriteStream(join(folder, 'broker.out'), { flags: 'a' })
  child.stdout.pipe(output)
  child.stderr.pipe(output)
  const exited = new Promise((resolve) => child.once('exit', resolve))
  try {
    await waitUntilServing({ port, timeoutMs: 60_000, isAlive: () => child.exitCode === null })
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  return {
    port,
    pid: child.pid ?? 0,
    folder,
    dataFolder,
    readyMs: performance.now() - startedAtMs,
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal)
      await exited
    },
  }
}
