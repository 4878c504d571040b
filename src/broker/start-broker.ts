/**
 * The composition root: puts the rooms of one broker together, starts them from the disk upwards, and stops them in
 * the opposite order.
 *
 * Start: lock the log directories, take the ports (nobody is served yet), open the metadata store, load configs and
 * logs, register, elect a controller, which sends this broker its partitions; then serve. Whatever fails on the way
 * undoes what was there before it and reaches the caller as one error.
 */
import { resolve } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import type { LoggerFactory } from '../base/logger.ts'
import type { Network } from '../base/network.ts'
import type { Random } from '../base/random.ts'
import { KafkaController } from '../controller/kafka-controller.ts'
import { TopicAdmin } from '../controller/topic-admin.ts'
import { EmbeddedStore } from '../coordination/embedded-store.ts'
import { ensurePath, type MetadataStore } from '../coordination/metadata-store.ts'
import { ProducerIdManager } from '../coordinator/transaction/producer-id-manager.ts'
import { LogDirs } from '../log/log-dirs.ts'
import { LogManager } from '../log/log-manager.ts'
import { generateBrokerId, ensurePersistentPaths, getOrCreateClusterId, registerBroker } from '../metadata/broker-registration.ts'
import type { BrokerConfig } from '../metadata/config/broker-config.ts'
import { effectiveTopicConfig, validateTopicConfig } from '../metadata/config/topic-config.ts'
import { ConfigRepository } from '../metadata/config-repository.ts'
import { MetadataCache } from '../metadata/metadata-cache.ts'
import { type BrokerInfo, ClusterIdZnode } from '../metadata/znodes.ts'
import { ReplicaManager } from '../replica/replica-manager.ts'
import { AutoTopicCreation } from '../server/auto-topic-creation.ts'
import { Dispatcher, HandlerTable } from '../server/dispatch.ts'
import { FetchSessionCache } from '../server/fetch-session.ts'
import { FetchSessionManager } from '../server/fetch-session-manager.ts'
import { apiVersionsHandler } from '../server/handlers/18-api-versions.ts'
import { brokerHandlers } from '../server/handlers/index.ts'
import { type BoundListener, SocketServer } from '../server/socket-server.ts'
import { adoptLogs } from './adopt-logs.ts'
import { LocalBrokerChannel } from './local-broker-channel.ts'

/** What the broker needs of the machine it runs on. */
export interface Platform {
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
  readonly network: Network
  readonly loggerFor: LoggerFactory
  /** Nothing can be written any more (no log directory is left, or the metadata store failed): the process should end. */
  readonly onFatal: (message: string) => void
}

export interface RunningBroker {
  readonly brokerId: number
  readonly clusterId: string
  /** With the ports that were taken where 0 was asked for. */
  readonly listeners: readonly BoundListener[]
  /** Finishes what is in flight, flushes, and releases everything. */
  shutdown(): Promise<void>
}

/** Where the embedded store lives in its log directory: Apache Kafka passes over a folder of this name. */
const METADATA_STORE_PATH = '__cluster_metadata-0/store'
const STOP_TIMEOUT_MS = 30_000

/** Rejects with ConfigError, LogDirsError, StoreOpenError, NetworkError or BrokerIdInUseError, each one line to read. */
export async function startBroker(config: BrokerConfig, platform: Platform): Promise<RunningBroker> {
  const undo: (() => Promise<void> | void)[] = []
  try {
    return await start(config, platform, undo)
  } catch (error) {
    for (const step of undo.reverse()) await step()
    throw error
  }
}

async function start(
  config: BrokerConfig,
  platform: Platform,
  undo: (() => Promise<void> | void)[],
): Promise<RunningBroker> {
  const { clock, random, disk, network, loggerFor } = platform
  const logger = loggerFor('kafka.server.KafkaServer')
  logger.info('starting')

  const logDirs = LogDirs.open({
    paths: config.logDirs.map((path) => resolve(path)),
    disk,
    clock,
    logger: loggerFor('kafka.log.LogManager'),
  })
  undo.push(() => logDirs.release())
  logDirs.claim({ brokerId: config.brokerId < 0 ? undefined : config.brokerId, clusterId: undefined })

  const handlers = new HandlerTable()
  const socketServer = new SocketServer({
    network,
    clock,
    dispatcher: new Dispatcher(handlers, loggerFor('kafka.server.KafkaApis')),
    logger: loggerFor('kafka.network.SocketServer'),
    brokerId: config.brokerId,
    requestBytesMax: config.socketRequestMaxBytes,
    queuedRequestBytesMax: config.queuedMaxRequestBytes,
    connectionsMax: config.maxConnections,
    connectionsPerIpMax: config.maxConnectionsPerIp,
    connectionsMaxIdleMs: config.connectionsMaxIdleMs,
    sendBufferBytes: config.socketSendBufferBytes,
    receiveBufferBytes: config.socketReceiveBufferBytes,
  })
  undo.push(() => socketServer.stop({ timeoutMs: 0 }))
  const listeners: BoundListener[] = []
  for (const { listenerName, host, port } of config.listeners) {
    listeners.push(await socketServer.listen({ name: listenerName, host, port }))
  }

  const embedded = await EmbeddedStore.open({
    directory: resolve(config.metadataLogDir, METADATA_STORE_PATH),
    clock,
    onFailure: (error) => platform.onFatal(`The metadata store can't be written to: ${String(error)}`),
  })
  undo.push(() => embedded.close())
  const store: MetadataStore = embedded.connect()
  undo.push(() => store.close())

  const isNewStore = (await store.exists(ClusterIdZnode.path)) === undefined
  const { clusterId, brokerId } = await identify(config, store, logDirs, random)
  logDirs.claim({ brokerId, clusterId })
  logger.info(`Cluster ID = ${clusterId}`)

  const configRepository = new ConfigRepository({
    store,
    logger: loggerFor('kafka.server.ConfigRepository'),
    nowMs: () => clock.nowMs(),
  })
  await configRepository.start()
  undo.push(() => configRepository.stop())
  const topicConfig = (topic: string) => effectiveTopicConfig(configRepository.get('topics', topic), config)

  let replicaManager: ReplicaManager | undefined
  const logManager = LogManager.start({
    logDirs,
    disk,
    clock,
    random,
    loggers: loggerFor,
    defaultConfig: effectiveTopicConfig(new Map(), config),
    topicConfig,
    producerIdExpirationMs: config.producerIdExpirationMs,
    producerIdExpirationCheckIntervalMs: config.producerIdExpirationCheckIntervalMs,
    flushSchedulerIntervalMs: config.logFlushSchedulerIntervalMs,
    flushRecoveryOffsetCheckpointMs: config.logFlushOffsetCheckpointIntervalMs,
    flushStartOffsetCheckpointMs: config.logFlushStartOffsetCheckpointIntervalMs,
    retentionCheckMs: config.logRetentionCheckIntervalMs,
    initialTaskDelayMs: config.logInitialTaskDelayMs,
    onLogDirFailure: (_directory, partitions) => replicaManager?.onLogDirFailure(partitions),
    onAllLogDirsFailed: (message) => platform.onFatal(message),
  })
  undo.push(() => logManager.shutdown())
  replicaManager = new ReplicaManager({
    brokerId,
    logManager,
    disk,
    clock,
    logger: loggerFor('kafka.server.ReplicaManager'),
    highWatermarkCheckpointIntervalMs: config.replicaHighWatermarkCheckpointIntervalMs,
  })
  configRepository.onChange((type, name) => {
    if (type === 'topics') logManager.updateTopicConfig(name, topicConfig(name))
  })
  if (isNewStore) await adoptLogs({ store, logManager, brokerId, random, logger })

  const metadataCache = new MetadataCache({ clusterId, logger: loggerFor('kafka.server.metadata.ZkMetadataCache') })
  const self = brokerInfo(config, brokerId, listeners)
  const register = async (): Promise<void> => void (await registerBroker(store, self, clock.nowMs()))
  await register()
  const controller = new KafkaController({
    brokerId,
    store,
    channel: new LocalBrokerChannel({ replicaManager, metadataCache, configRepository }),
    clock,
    random,
    loggers: loggerFor,
    interBrokerListener: config.interBrokerListenerName,
    deleteTopicEnable: config.deleteTopicEnable,
    uncleanElectionAllowed: async (topic) => {
      await configRepository.read('topics', topic)
      return topicConfig(topic).uncleanLeaderElectionEnable
    },
    onNewSession: register,
  })
  undo.push(() => controller.shutdown())
  await controller.start()

  const topicAdmin = new TopicAdmin({
    store,
    controller,
    metadataCache,
    clock,
    random,
    logger: loggerFor('kafka.server.ZkAdminManager'),
    defaults: { numPartitions: config.numPartitions, replicationFactor: config.defaultReplicationFactor },
    deleteTopicEnable: config.deleteTopicEnable,
    validateConfigs: (entries) => {
      const check = validateTopicConfig(entries, config)
      return check.ok ? undefined : check
    },
  })
  for (const handler of brokerHandlers({
    brokerId,
    config,
    clock,
    logger: loggerFor('kafka.server.KafkaApis'),
    metadataCache,
    replicaManager,
    logManager,
    topicAdmin,
    autoTopicCreation: new AutoTopicCreation({ topicAdmin, config }),
    configRepository,
    producerIds: new ProducerIdManager({
      store,
      brokerId,
      logger: loggerFor('kafka.coordinator.transaction.ProducerIdManager'),
    }),
    fetchSessions: new FetchSessionManager(
      new FetchSessionCache({ clock, random, sessionsMax: config.maxIncrementalFetchSessionCacheSlots }),
    ),
  })) {
    handlers.add(handler)
  }
  handlers.add(apiVersionsHandler(handlers))
  replicaManager.start()
  socketServer.startProcessing()
  logger.info(`[KafkaServer id=${brokerId}] started`)

  const running = replicaManager
  return {
    brokerId,
    clusterId,
    listeners,
    async shutdown() {
      logger.info(`[KafkaServer id=${brokerId}] shutting down`)
      await socketServer.stop({ timeoutMs: STOP_TIMEOUT_MS, answerWaiting: () => running.answerWaiting() })
      await controller.shutdown()
      running.shutdown()
      await logManager.shutdown()
      configRepository.stop()
      await store.close()
      await embedded.close()
      logger.info(`[KafkaServer id=${brokerId}] shut down completed`)
    },
  }
}

/** The cluster's and the broker's ids, from where they were kept, or new ones. */
async function identify(
  config: BrokerConfig,
  store: MetadataStore,
  logDirs: LogDirs,
  random: Random,
): Promise<{ clusterId: string; brokerId: number }> {
  await ensurePersistentPaths(store)
  // A data folder that has lost its store, or comes from elsewhere, keeps its cluster's id.
  if (logDirs.storedClusterId !== undefined) await ensurePath(store, ClusterIdZnode.path, ClusterIdZnode.encode(logDirs.storedClusterId))
  const clusterId = await getOrCreateClusterId(store, random)
  if (config.brokerId >= 0) return { clusterId, brokerId: config.brokerId }
  const brokerId = logDirs.storedBrokerId ?? (await generateBrokerId(store, config.reservedBrokerMaxId))
  return { clusterId, brokerId }
}

function brokerInfo(config: BrokerConfig, id: number, bound: readonly BoundListener[]): BrokerInfo {
  const endpoints = config.advertisedListeners.map(({ listenerName, host, port, securityProtocol }) => ({
    listenerName,
    securityProtocol,
    host: host ?? '',
    port: port === 0 ? (bound.find(({ name }) => name === listenerName)?.port ?? 0) : port,
  }))
  return { id, endpoints, rack: config.rack ?? null }
}
