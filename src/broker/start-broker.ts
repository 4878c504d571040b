/**
 * The composition root: puts the rooms of one broker together, starts them from the disk upwards, and stops them in
 * the opposite order.
 *
 * Start: lock the log directories, take the ports (nobody is served yet), open the metadata store, load configs and
 * logs, register, elect a controller, which sends this broker its partitions; then serve. Each step puts its opposite
 * on a list (stop-steps.ts); a start that fails half-way and a shutdown both run that list from its end.
 */
import { resolve } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Disk } from '../base/disk.ts'
import type { Logger, LoggerFactory, LoggerLevels } from '../base/logger.ts'
import type { Network } from '../base/network.ts'
import { type Random, randomUuid } from '../base/random.ts'
import type { StartWorker } from '../base/worker.ts'
import { KafkaController } from '../controller/kafka-controller.ts'
import { PartitionAdmin } from '../controller/partition-admin.ts'
import { TopicAdmin } from '../controller/topic-admin.ts'
import { EmbeddedStore } from '../coordination/embedded-store.ts'
import { ensurePath, isStoreError, type MetadataStore } from '../coordination/metadata-store.ts'
import { ZnodeOffsets } from '../coordinator/group/offsets/znode-offsets.ts'
import { ProducerIdManager } from '../coordinator/transaction/producer-id-manager.ts'
import type { FromCleaner, ToCleaner } from '../log/cleaner/cleaner-messages.ts'
import { LogDirs } from '../log/log-dirs.ts'
import { LogManager } from '../log/log-manager.ts'
import { ensurePersistentPaths, generateBrokerId, registerBroker } from '../metadata/broker-registration.ts'
import type { BrokerConfig } from '../metadata/config/broker-config.ts'
import { effectiveTopicConfig, validateTopicConfig } from '../metadata/config/topic-config.ts'
import { ConfigAdmin } from '../metadata/config-admin.ts'
import { ConfigRepository } from '../metadata/config-repository.ts'
import { DynamicBrokerConfig } from '../metadata/dynamic-broker-config.ts'
import { MetadataCache } from '../metadata/metadata-cache.ts'
import { ClientQuotaAdmin } from '../metadata/quotas/client-quota-admin.ts'
import { DEFAULT_ENTITY } from '../metadata/sanitizer.ts'
import { ScramCredentialAdmin } from '../metadata/scram-credential-admin.ts'
import { type BrokerInfo, ClusterIdZnode, LogDirEventNotificationZnode } from '../metadata/znodes.ts'
import { ReplicaManager } from '../replica/replica-manager.ts'
import { AutoTopicCreation } from '../server/auto-topic-creation.ts'
import { Dispatcher, HandlerTable } from '../server/dispatch.ts'
import { FetchSessionCache } from '../server/fetch-session.ts'
import { FetchSessionManager } from '../server/fetch-session-manager.ts'
import type { AnyHandler } from '../server/handler.ts'
import { apiVersionsHandler } from '../server/handlers/18-api-versions.ts'
import { brokerHandlers } from '../server/handlers/index.ts'
import { QuotaManagers } from '../server/quotas/quota-managers.ts'
import { type BoundListener, SocketServer } from '../server/socket-server.ts'
import { adoptLogs } from './adopt-logs.ts'
import { applyDynamicConfig } from './apply-dynamic-config.ts'
import { Coordinators } from './coordinators.ts'
import { LocalBrokerChannel } from './local-broker-channel.ts'
import { startLogCleanerThread } from './start-log-cleaner-thread.ts'
import { StopSteps } from './stop-steps.ts'

/** What the broker needs of the machine it runs on. */
export interface Platform {
  readonly clock: Clock
  readonly random: Random
  readonly disk: Disk
  readonly network: Network
  readonly loggerFor: LoggerFactory
  /** What clients may ask of the loggers' levels, and change. */
  readonly loggerLevels?: LoggerLevels
  /** Nothing can be written any more (no log directory is left, or the metadata store failed): the process should end. */
  readonly onFatal: (message: string) => void
  /** The metadata store's engine in place of the embedded one, which brings its own files and threads: for simulations. */
  readonly openStore?: () => Promise<StoreEngine>
  /** Puts something around a handler of an API: for tests of clients. */
  readonly wrapHandler?: (handler: AnyHandler) => AnyHandler
  /** In place of threads of the system for the log cleaner: for simulations. */
  readonly startCleanerThread?: StartWorker<ToCleaner, FromCleaner>
}

/** What the broker needs of an engine of the metadata store. */
export interface StoreEngine {
  connect(): MetadataStore
  close(): Promise<void>
}

export interface RunningBroker {
  readonly brokerId: number
  readonly clusterId: string
  /** With the ports that were taken where 0 was asked for. */
  readonly listeners: readonly BoundListener[]
  /** Finishes what is in flight, flushes, and releases everything. Asked again, it is the same shutdown. */
  shutdown(): Promise<void>
}

/** Where the embedded store lives in its log directory: Apache Kafka passes over a folder of this name. */
const METADATA_STORE_PATH = '__cluster_metadata-0/store'
const STOP_TIMEOUT_MS = 30_000
const SERVER_LOGGER = 'kafka.server.KafkaServer'

/** Rejects with ConfigError, LogDirsError, StoreOpenError, NetworkError or BrokerIdInUseError, each one line to read. */
export async function startBroker(config: BrokerConfig, platform: Platform): Promise<RunningBroker> {
  const stopSteps = new StopSteps(platform.loggerFor(SERVER_LOGGER))
  try {
    return await start(config, platform, stopSteps)
  } catch (error) {
    await stopSteps.run()
    throw error
  }
}

async function start(config: BrokerConfig, platform: Platform, stopSteps: StopSteps): Promise<RunningBroker> {
  const { clock, random, disk, network, loggerFor } = platform
  const logger = loggerFor(SERVER_LOGGER)
  logger.info('starting')

  const logDirs = LogDirs.open({
    paths: config.logDirs.map((path) => resolve(path)),
    disk,
    clock,
    logger: loggerFor('kafka.log.LogManager'),
  })
  stopSteps.add(() => logDirs.release())
  logDirs.claim({ brokerId: config.brokerId < 0 ? undefined : config.brokerId, clusterId: undefined })

  const addressOf = (host: string) => network.addressOf(host)
  const quotas = new QuotaManagers({ clock, config, addressOf })
  const handlers = new HandlerTable()
  const socketServer = new SocketServer({
    network,
    clock,
    dispatcher: new Dispatcher(handlers, loggerFor('kafka.server.KafkaApis'), quotas.request),
    logger: loggerFor('kafka.network.SocketServer'),
    brokerId: config.brokerId,
    requestBytesMax: config.socketRequestMaxBytes,
    queuedRequestBytesMax: config.queuedMaxRequestBytes,
    connectionQuotas: quotas.connections,
    connectionsMaxIdleMs: config.connectionsMaxIdleMs,
    sendBufferBytes: config.socketSendBufferBytes,
    receiveBufferBytes: config.socketReceiveBufferBytes,
    backlogSize: config.socketListenBacklogSize,
  })
  let isServing = false
  stopSteps.add(async () => {
    if (!isServing) await socketServer.stop({ timeoutMs: 0 })
  })
  const listeners: BoundListener[] = []
  for (const { listenerName, host, port } of config.listeners) {
    listeners.push(await socketServer.listen({ name: listenerName, host, port }))
  }

  const engine = await (platform.openStore?.() ?? openEmbeddedStore(config, platform))
  stopSteps.add(() => engine.close())
  const store = engine.connect()
  stopSteps.add(() => store.close())

  await ensurePersistentPaths(store)
  const { clusterId, isNewStore } = await identifyCluster(store, logDirs, random)
  const brokerId = await identifyBroker(config, store, logDirs)
  logDirs.claim({ brokerId, clusterId })
  logger.info(`Cluster ID = ${clusterId}`)

  const configRepository = new ConfigRepository({
    store,
    logger: loggerFor('kafka.server.ConfigRepository'),
    nowMs: () => clock.nowMs(),
  })
  await configRepository.start()
  stopSteps.add(() => configRepository.stop())
  quotas.follow(configRepository)
  const brokerConfig = new DynamicBrokerConfig({
    config,
    brokerId,
    configRepository,
    logger: loggerFor('kafka.server.DynamicBrokerConfig'),
  })
  const liveConfig = brokerConfig.current
  const topicConfig = (topic: string) =>
    effectiveTopicConfig(configRepository.get('topics', topic), liveConfig)

  let replicaManager: ReplicaManager | undefined
  let coordinators: Coordinators | undefined
  const logManager = LogManager.start({
    logDirs,
    disk,
    clock,
    random,
    loggers: loggerFor,
    defaultConfig: effectiveTopicConfig(new Map(), liveConfig),
    topicConfig: (topic) =>
      configRepository.get('topics', topic).size === 0 ? undefined : topicConfig(topic),
    producerIdExpirationMs: () => liveConfig.producerIdExpirationMs,
    producerIdExpirationCheckIntervalMs: config.producerIdExpirationCheckIntervalMs,
    flushSchedulerIntervalMs: config.logFlushSchedulerIntervalMs,
    flushRecoveryOffsetCheckpointMs: config.logFlushOffsetCheckpointIntervalMs,
    flushStartOffsetCheckpointMs: config.logFlushStartOffsetCheckpointIntervalMs,
    retentionCheckMs: config.logRetentionCheckIntervalMs,
    initialTaskDelayMs: config.logInitialTaskDelayMs,
    moveBytesPerSecondMax: () => moveBytesPerSecondMax(configRepository, brokerId),
    ...(config.logCleanerEnable && {
      cleaner: {
        config: () => liveConfig.logCleaner,
        startWorker: platform.startCleanerThread ?? startLogCleanerThread,
      },
    }),
    onLogDirFailure: (_directory, partitions) => {
      replicaManager?.onLogDirFailure(partitions)
      void tellLogDirFailure(store, brokerId, logger)
    },
    onAllLogDirsFailed: (message) => platform.onFatal(message),
  })
  stopSteps.add(() => logManager.shutdown())
  replicaManager = new ReplicaManager({
    brokerId,
    logManager,
    disk,
    clock,
    logger: loggerFor('kafka.server.ReplicaManager'),
    highWatermarkCheckpointIntervalMs: config.replicaHighWatermarkCheckpointIntervalMs,
    onRoleChange: (partition) => coordinators?.onRoleChange(partition),
  })
  const replicas = replicaManager
  stopSteps.add(() => replicas.shutdown())
  configRepository.onChange((type, name) => {
    if (type === 'topics') logManager.updateTopicConfig(name, topicConfig(name))
  })
  applyDynamicConfig({
    brokerConfig,
    logManager,
    socketServer,
    connectionQuotas: quotas.connections,
  })
  if (isNewStore) {
    await adoptLogs({ store, logManager, brokerId, random, logger })
    // Last: a store with a cluster's id has all its topics.
    await ensurePath(store, ClusterIdZnode.path, ClusterIdZnode.encode(clusterId))
  }

  const metadataCache = new MetadataCache({
    clusterId,
    logger: loggerFor('kafka.server.metadata.ZkMetadataCache'),
  })
  const producerIds = new ProducerIdManager({
    store,
    brokerId,
    logger: loggerFor('kafka.coordinator.transaction.ProducerIdManager'),
  })
  const coordinating = new Coordinators({
    brokerId,
    config: liveConfig,
    configRepository,
    clock,
    random,
    loggerFor,
    metadataCache,
    replicaManager: replicas,
    producerIds,
  })
  coordinators = coordinating
  stopSteps.add(() => coordinating.shutdown())
  const self = brokerInfo(config, brokerId, listeners)
  const register = async (): Promise<void> => void (await registerBroker(store, self, clock.nowMs()))
  await register()
  const controller = new KafkaController({
    brokerId,
    store,
    channel: new LocalBrokerChannel({
      replicaManager: replicas,
      metadataCache,
      configRepository,
      groupOffsets: coordinating.group.offsets,
    }),
    clock,
    random,
    loggers: loggerFor,
    interBrokerListener: config.interBrokerListenerName,
    deleteTopicEnable: config.deleteTopicEnable,
    uncleanElectionAllowed: async (topic) => {
      await configRepository.read('topics', topic)
      return topicConfig(topic).uncleanLeaderElectionEnable
    },
    autoLeaderRebalance: config.autoLeaderRebalanceEnable
      ? {
          checkIntervalMs: config.leaderImbalanceCheckIntervalSeconds * 1000,
          imbalancePercentage: config.leaderImbalancePerBrokerPercentage,
        }
      : undefined,
    onNewSession: register,
  })
  stopSteps.add(() => controller.shutdown())
  configRepository.onChange((type, name) => {
    if (type === 'topics' && topicConfig(name).uncleanLeaderElectionEnable)
      controller.uncleanElectionEnabled(name)
  })
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
      const check = validateTopicConfig(entries, liveConfig)
      return check.ok ? undefined : check
    },
  })
  const wrap = platform.wrapHandler ?? ((handler: AnyHandler) => handler)
  for (const handler of brokerHandlers({
    brokerId,
    config: liveConfig,
    clock,
    logger: loggerFor('kafka.server.KafkaApis'),
    metadataCache,
    replicaManager: replicas,
    logManager,
    topicAdmin,
    partitionAdmin: new PartitionAdmin({ controller, metadataCache, clock }),
    autoTopicCreation: new AutoTopicCreation({ topicAdmin, config: liveConfig }),
    brokerConfig,
    configAdmin: new ConfigAdmin({
      brokerId,
      brokerConfig,
      configRepository,
      metadataCache,
      loggers: platform.loggerLevels,
      logger: loggerFor('kafka.server.ZkAdminManager'),
    }),
    clientQuotaAdmin: new ClientQuotaAdmin({
      configs: configRepository,
      logger: loggerFor('kafka.server.ZkAdminManager'),
      addressOf,
    }),
    scramCredentialAdmin: new ScramCredentialAdmin({
      configs: configRepository,
      logger: loggerFor('kafka.server.ZkAdminManager'),
    }),
    quotas,
    groupCoordinator: coordinating.group,
    transactionMarkers: coordinating.transactionMarkers,
    znodeOffsets: new ZnodeOffsets({ store, logger: loggerFor('kafka.server.KafkaApis') }),
    transactionCoordinator: coordinating.transaction,
    transactionVerifier: coordinating.transactionVerifier,
    fetchSessions: new FetchSessionManager(
      new FetchSessionCache({ clock, random, sessionsMax: config.maxIncrementalFetchSessionCacheSlots }),
    ),
  })) {
    handlers.add(wrap(handler))
  }
  handlers.add(wrap(apiVersionsHandler(handlers)))
  replicas.start()
  isServing = true
  stopSteps.add(() =>
    socketServer.stop({
      timeoutMs: STOP_TIMEOUT_MS,
      answerWaiting: () => {
        coordinating.shutdown()
        replicas.answerWaiting()
      },
    }),
  )
  socketServer.startProcessing()
  logger.info(`[KafkaServer id=${brokerId}] started`)

  let stopped: Promise<void> | undefined
  const shutdown = async (): Promise<void> => {
    logger.info(`[KafkaServer id=${brokerId}] shutting down`)
    await stopSteps.run()
    logger.info(`[KafkaServer id=${brokerId}] shut down completed`)
  }
  return { brokerId, clusterId, listeners, shutdown: () => (stopped ??= shutdown()) }
}

function openEmbeddedStore(config: BrokerConfig, { clock, onFatal }: Platform): Promise<StoreEngine> {
  return EmbeddedStore.open({
    directory: resolve(config.metadataLogDir, METADATA_STORE_PATH),
    clock,
    onFailure: (error) => onFatal(`The metadata store can't be written to: ${String(error)}`),
  })
}

/** A data folder that has lost its store, or comes from elsewhere, keeps its cluster's id; else the store tells it. */
async function identifyCluster(
  store: MetadataStore,
  logDirs: LogDirs,
  random: Random,
): Promise<{ clusterId: string; isNewStore: boolean }> {
  const node = await store.get(ClusterIdZnode.path)
  if (node !== undefined) return { clusterId: ClusterIdZnode.decode(node.data), isNewStore: false }
  return { clusterId: logDirs.storedClusterId ?? randomUuid(random), isNewStore: true }
}

async function identifyBroker(config: BrokerConfig, store: MetadataStore, logDirs: LogDirs): Promise<number> {
  if (config.brokerId >= 0) return config.brokerId
  return logDirs.storedBrokerId ?? (await generateBrokerId(store, config.reservedBrokerMaxId))
}

/** replica.alter.log.dirs.io.max.bytes.per.second: of this broker, or of all; it is dynamic only. */
function moveBytesPerSecondMax(configs: ConfigRepository, brokerId: number): number {
  const key = 'replica.alter.log.dirs.io.max.bytes.per.second'
  const text =
    configs.get('brokers', String(brokerId)).get(key) ?? configs.get('brokers', DEFAULT_ENTITY).get(key)
  const limit = Number(text)
  return Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit
}

/** The controller then asks which partitions are affected, and clients hear that they have no leader. */
async function tellLogDirFailure(store: MetadataStore, brokerId: number, logger: Logger): Promise<void> {
  const { prefix } = LogDirEventNotificationZnode
  try {
    await store.create(prefix, LogDirEventNotificationZnode.encode(brokerId), { sequential: true })
  } catch (error) {
    if (!isStoreError(error)) throw error
    logger.error('The controller could not be told of a failed log directory', error)
  }
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
