/**
 * The metadata store's paths and payloads, as Apache Kafka 3.x lays them out in ZooKeeper: a Kafka broker, and every
 * tool that reads znodes, must find what it expects. One object for each kind of node: its path, what is written
 * (`encode`), how it is read (`decode`, of every version a 3.x cluster may hold).
 *
 * Keys stand in the order in which 3.9 writes them, so that a person comparing two clusters sees no difference.
 *
 * Decoding a payload that isn't what it should be throws ZnodeFormatError: someone else wrote it, and guessing
 * would destroy it.
 */
import { LONG_MAX } from '../protocol/schema.ts'
import { ZERO_UUID } from '../wire/text.ts'

export class ZnodeFormatError extends Error {
  override name = 'ZnodeFormatError'
  constructor(path: string, options?: ErrorOptions) {
    super(`The payload of ${path} is not what Kafka writes there`, options)
  }
}

/** Paths that exist before anything else is written, in the order of their creation. */
export const PERSISTENT_PATHS: readonly string[] = [
  '/consumers',
  '/brokers/ids',
  '/brokers/topics',
  '/config/changes',
  '/admin/delete_topics',
  '/brokers/seqid',
  '/isr_change_notification',
  '/latest_producer_id_block',
  '/log_dir_event_notification',
  '/config/topics',
  '/config/clients',
  '/config/users',
  '/config/brokers',
  '/config/ips',
]

export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

/** By their ids on the wire. */
export const SECURITY_PROTOCOLS: readonly SecurityProtocol[] = [
  'PLAINTEXT',
  'SSL',
  'SASL_PLAINTEXT',
  'SASL_SSL',
]

export interface BrokerEndpoint {
  readonly listenerName: string
  /** '' means: the address the client dialled (a wildcard listener that advertises nothing). */
  readonly host: string
  readonly port: number
  readonly securityProtocol: SecurityProtocol
}

export interface BrokerInfo {
  readonly id: number
  readonly endpoints: readonly BrokerEndpoint[]
  readonly rack: string | null
}

/** The replicas of a partition, preferred leader first. adding and removing are part of `replicas` (KIP-455). */
export interface ReplicaAssignment {
  readonly replicas: readonly number[]
  readonly addingReplicas: readonly number[]
  readonly removingReplicas: readonly number[]
}

export interface TopicAssignment {
  /** ZERO_UUID in a topic made before topic ids (KIP-516). */
  readonly topicId: string
  readonly partitions: ReadonlyMap<number, ReplicaAssignment>
}

export interface LeaderAndIsr {
  /** NO_LEADER where none could be elected. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly isr: readonly number[]
  /** 0 recovered; 1 recovering, after an unclean election (KIP-704). */
  readonly leaderRecoveryState: number
  /** The version of the state node. */
  readonly partitionEpoch: number
}

export interface LeaderIsrAndControllerEpoch extends LeaderAndIsr {
  readonly controllerEpoch: number
}

export const NO_LEADER = -1
/** Stands for the leader in UpdateMetadata and LeaderAndIsr while a topic is being deleted. */
export const LEADER_DURING_DELETE = -2

export const ControllerZnode = {
  path: '/controller',
  encode: (brokerId: number, timestampMs: number): string =>
    JSON.stringify({ version: 1, brokerid: brokerId, timestamp: String(timestampMs) }),
  /** The controller's broker id. Version 2 adds kraftControllerEpoch, which a ZooKeeper cluster leaves at -1. */
  decode: (data: Buffer): number => integer('/controller', parse('/controller', data).brokerid),
}

export const ControllerEpochZnode = {
  path: '/controller_epoch',
  encode: (epoch: number): string => String(epoch),
  decode: (data: Buffer): number => integer('/controller_epoch', Number(data.toString())),
}

export const ClusterIdZnode = {
  path: '/cluster/id',
  encode: (id: string): string => JSON.stringify({ version: '1', id }),
  decode: (data: Buffer): string => text('/cluster/id', parse('/cluster/id', data).id),
}

export const BrokerIdsZnode = { path: '/brokers/ids' }
/** Empty; each set of it gives the next generated broker id, by its version. */
export const BrokerSequenceZnode = { path: '/brokers/seqid' }

export const BrokerIdZnode = {
  path: (brokerId: number): string => `/brokers/ids/${brokerId}`,
  /** Version 5. host and port are the first PLAINTEXT listener's, for old clients; without one, null and -1. */
  encode(broker: BrokerInfo, timestampMs: number, jmxPort = -1): string {
    const plain = broker.endpoints.find((each) => each.securityProtocol === 'PLAINTEXT')
    const protocols = Object.fromEntries(broker.endpoints.map((e) => [e.listenerName, e.securityProtocol]))
    return JSON.stringify({
      features: {},
      listener_security_protocol_map: protocols,
      endpoints: broker.endpoints.map((e) => `${e.listenerName}://${bracketed(e.host)}:${e.port}`),
      ...(broker.rack === null ? {} : { rack: broker.rack }),
      jmx_port: jmxPort,
      port: plain?.port ?? -1,
      host: plain?.host ?? null,
      version: 5,
      timestamp: String(timestampMs),
    })
  },
  /** Versions 1 to 5. */
  decode(brokerId: number, data: Buffer): BrokerInfo {
    const path = BrokerIdZnode.path(brokerId)
    const json = parse(path, data)
    const rack = typeof json.rack === 'string' ? json.rack : null
    if (json.version === 1) {
      const host = text(path, json.host)
      const port = integer(path, json.port)
      const endpoint: BrokerEndpoint = {
        listenerName: 'PLAINTEXT',
        host,
        port,
        securityProtocol: 'PLAINTEXT',
      }
      return { id: brokerId, endpoints: [endpoint], rack }
    }
    if (!Array.isArray(json.endpoints)) throw new ZnodeFormatError(path)
    const protocols = isRecord(json.listener_security_protocol_map) ? json.listener_security_protocol_map : {}
    const endpoints = json.endpoints.map((each: unknown): BrokerEndpoint => {
      const match = /^(.+):\/\/\[?([^\]]*?)\]?:(-?\d+)$/.exec(text(path, each))
      if (match === null) throw new ZnodeFormatError(path)
      const listenerName = match[1]!
      const securityProtocol = SECURITY_PROTOCOLS.find((p) => p === (protocols[listenerName] ?? listenerName))
      if (securityProtocol === undefined) throw new ZnodeFormatError(path)
      return { listenerName, host: match[2]!, port: Number(match[3]), securityProtocol }
    })
    return { id: brokerId, endpoints, rack }
  },
}

export const TopicsZnode = { path: '/brokers/topics' }

export const TopicZnode = {
  path: (topic: string): string => `/brokers/topics/${topic}`,
  /** Version 3. */
  encode(assignment: TopicAssignment): string {
    const partitions: Record<string, readonly number[]> = {}
    const adding: Record<string, readonly number[]> = {}
    const removing: Record<string, readonly number[]> = {}
    for (const [partition, each] of assignment.partitions) {
      partitions[partition] = each.replicas
      if (each.addingReplicas.length > 0) adding[partition] = each.addingReplicas
      if (each.removingReplicas.length > 0) removing[partition] = each.removingReplicas
    }
    return JSON.stringify({
      partitions,
      ...(assignment.topicId === ZERO_UUID ? {} : { topic_id: assignment.topicId }),
      adding_replicas: adding,
      removing_replicas: removing,
      version: 3,
    })
  },
  /** Versions 1 to 3; 1 and 2 lack the topic id. */
  decode(topic: string, data: Buffer): TopicAssignment {
    const path = TopicZnode.path(topic)
    const json = parse(path, data)
    const partitions = new Map<number, ReplicaAssignment>()
    for (const [partition, replicas] of Object.entries(record(path, json.partitions))) {
      partitions.set(integer(path, Number(partition)), {
        replicas: integers(path, replicas),
        addingReplicas: integers(path, record(path, json.adding_replicas ?? {})[partition] ?? []),
        removingReplicas: integers(path, record(path, json.removing_replicas ?? {})[partition] ?? []),
      })
    }
    return { topicId: json.topic_id === undefined ? ZERO_UUID : text(path, json.topic_id), partitions }
  },
}

export const TopicPartitionsZnode = { path: (topic: string): string => `/brokers/topics/${topic}/partitions` }

export const TopicPartitionZnode = {
  path: (topic: string, partition: number): string => `/brokers/topics/${topic}/partitions/${partition}`,
}

export const TopicPartitionStateZnode = {
  path: (topic: string, partition: number): string =>
    `/brokers/topics/${topic}/partitions/${partition}/state`,
  encode(state: LeaderIsrAndControllerEpoch): string {
    return JSON.stringify({
      controller_epoch: state.controllerEpoch,
      leader: state.leader,
      version: 1,
      leader_epoch: state.leaderEpoch,
      isr: state.isr,
      ...(state.leaderRecoveryState === 0 ? {} : { leader_recovery_state: state.leaderRecoveryState }),
    })
  },
  /** `version` is the node's: the partition epoch. */
  decode(topic: string, partition: number, data: Buffer, version: number): LeaderIsrAndControllerEpoch {
    const path = TopicPartitionStateZnode.path(topic, partition)
    const json = parse(path, data)
    return {
      leader: integer(path, json.leader),
      leaderEpoch: integer(path, json.leader_epoch),
      isr: integers(path, json.isr),
      leaderRecoveryState: integer(path, json.leader_recovery_state ?? 0),
      partitionEpoch: version,
      controllerEpoch: integer(path, json.controller_epoch),
    }
  },
}

export const DeleteTopicsZnode = {
  path: '/admin/delete_topics',
  /** Empty; its presence asks for the deletion. */
  topicPath: (topic: string): string => `/admin/delete_topics/${topic}`,
}

export interface PartitionName {
  readonly topic: string
  readonly partition: number
}

export const PreferredReplicaElectionZnode = {
  path: '/admin/preferred_replica_election',
  encode: (partitions: readonly PartitionName[]): string => encodePartitions(partitions),
  decode: (data: Buffer): PartitionName[] => decodePartitions('/admin/preferred_replica_election', data),
}

export interface PartitionMove extends PartitionName {
  readonly replicas: readonly number[]
}

/** Orders of tools older than AlterPartitionReassignments (KIP-455); partitions leave it one by one, as they arrive. */
export const ReassignPartitionsZnode = {
  path: '/admin/reassign_partitions',
  encode: (moves: readonly PartitionMove[]): string =>
    JSON.stringify({
      version: 1,
      partitions: moves.map(({ topic, partition, replicas }) => ({ topic, partition, replicas })),
    }),
  decode(data: Buffer): PartitionMove[] {
    const path = '/admin/reassign_partitions'
    const { partitions } = parse(path, data)
    if (!Array.isArray(partitions)) throw new ZnodeFormatError(path)
    return partitions.map((each: unknown) => {
      const json = record(path, each)
      const replicas = integers(path, json.replicas)
      return { topic: text(path, json.topic), partition: integer(path, json.partition), replicas }
    })
  },
}

/** Sequential nodes by which a leader tells the controller that it changed the ISR itself (before AlterPartition). */
export const IsrChangeNotificationZnode = {
  path: '/isr_change_notification',
  prefix: '/isr_change_notification/isr_change_',
  encode: (partitions: readonly PartitionName[]): string => encodePartitions(partitions),
  decode: (data: Buffer): PartitionName[] => decodePartitions('/isr_change_notification', data),
}

/** Sequential nodes by which a broker tells the controller that one of its log directories failed. */
export const LogDirEventNotificationZnode = {
  path: '/log_dir_event_notification',
  prefix: '/log_dir_event_notification/log_dir_event_',
  encode: (brokerId: number): string => JSON.stringify({ version: 1, broker: brokerId, event: 1 }),
  decode: (data: Buffer): number =>
    integer('/log_dir_event_notification', parse('/log_dir_event_notification', data).broker),
}

/** The last two are folders that come with their first entity, as Kafka with ZooKeeper makes none for them. */
export type ConfigEntityType =
  | 'topics'
  | 'clients'
  | 'users'
  | 'brokers'
  | 'ips'
  | 'client-metrics'
  | 'groups'

export const ConfigZnode = {
  path: (type: ConfigEntityType): string => `/config/${type}`,
  entityPath: (type: ConfigEntityType, name: string): string => `/config/${type}/${name}`,
  encode: (config: ReadonlyMap<string, string>): string =>
    JSON.stringify({ version: 1, config: Object.fromEntries(config) }),
  decode(path: string, data: Buffer): Map<string, string> {
    const config = new Map<string, string>()
    if (data.length === 0) return config
    for (const [key, value] of Object.entries(record(path, parse(path, data).config ?? {}))) {
      config.set(key, text(path, value))
    }
    return config
  },
}

/** Sequential nodes that tell every broker which config changed. */
export const ConfigChangeZnode = {
  path: '/config/changes',
  prefix: '/config/changes/config_change_',
  /** `entityPath` is `topics/foo`, `brokers/1`, ... */
  encode: (entityPath: string): string => JSON.stringify({ version: 2, entity_path: entityPath }),
  /** The entity path; version 1 had type and name instead. */
  decode(data: Buffer): string {
    const path = '/config/changes'
    const json = parse(path, data)
    if (json.version === 1) return `${text(path, json.entity_type)}/${text(path, json.entity_name)}`
    return text(path, json.entity_path)
  },
}

export interface ProducerIdBlock {
  readonly brokerId: number
  readonly firstProducerId: bigint
  /** Inclusive. */
  readonly lastProducerId: bigint
}

export const ProducerIdBlockZnode = {
  path: '/latest_producer_id_block',
  encode: (block: ProducerIdBlock): string =>
    JSON.stringify({
      version: 1,
      broker: block.brokerId,
      block_start: String(block.firstProducerId),
      block_end: String(block.lastProducerId),
    }),
  /** Undefined for an empty node: nobody has taken a block yet. */
  decode(data: Buffer): ProducerIdBlock | undefined {
    if (data.length === 0) return undefined
    const path = '/latest_producer_id_block'
    const json = parse(path, data)
    return {
      brokerId: integer(path, json.broker),
      firstProducerId: long(path, json.block_start),
      lastProducerId: long(path, json.block_end),
    }
  },
}

/** Offsets of consumers of Kafka 0.8, and of version 0 of OffsetCommit. */
export const ConsumerOffsetZnode = {
  path: (groupId: string, topic: string, partition: number): string =>
    `/consumers/${groupId}/offsets/${topic}/${partition}`,
  /** From 2^63 on it is the largest long. */
  encode: (offset: number): string => (offset >= LONG_MAX ? '9223372036854775807' : String(BigInt(offset))),
  decode(path: string, data: Buffer): number {
    const text = data.toString()
    if (!/^-?\d{1,19}$/.test(text)) throw new ZnodeFormatError(path)
    return Number(text)
  },
}

function encodePartitions(partitions: readonly PartitionName[]): string {
  return JSON.stringify({
    version: 1,
    partitions: partitions.map(({ topic, partition }) => ({ topic, partition })),
  })
}

function decodePartitions(path: string, data: Buffer): PartitionName[] {
  const { partitions } = parse(path, data)
  if (!Array.isArray(partitions)) throw new ZnodeFormatError(path)
  return partitions.map((each: unknown) => {
    const json = record(path, each)
    return { topic: text(path, json.topic), partition: integer(path, json.partition) }
  })
}

/** An IPv6 address needs brackets in front of a port. */
function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function parse(path: string, data: Buffer): Record<string, unknown> {
  let json: unknown
  try {
    json = JSON.parse(data.toString('utf8'))
  } catch (error) {
    throw new ZnodeFormatError(path, { cause: error })
  }
  return record(path, json)
}

function isRecord(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function record(path: string, json: unknown): Record<string, unknown> {
  if (!isRecord(json)) throw new ZnodeFormatError(path)
  return json
}

function text(path: string, json: unknown): string {
  if (typeof json !== 'string') throw new ZnodeFormatError(path)
  return json
}

function integer(path: string, json: unknown): number {
  if (typeof json !== 'number' || !Number.isSafeInteger(json)) throw new ZnodeFormatError(path)
  return json
}

function integers(path: string, json: unknown): number[] {
  if (!Array.isArray(json)) throw new ZnodeFormatError(path)
  return json.map((each: unknown) => integer(path, each))
}

function long(path: string, json: unknown): bigint {
  if (typeof json !== 'string' || !/^\d{1,19}$/.test(json)) throw new ZnodeFormatError(path)
  return BigInt(json)
}
