/** What a client knows of the cluster: brokers, topics, leaders. Replaced part by part as answers to Metadata come. */
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { MetadataResponse } from '../../protocol/messages/03-metadata.ts'
import { ZERO_UUID } from '../../wire/text.ts'

export interface BrokerNode {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export interface PartitionInfo {
  readonly partition: number
  /** -1: none. */
  readonly leader: number
  /** -1: not known. */
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly offlineReplicas: readonly number[]
}

export interface TopicInfo {
  readonly name: string
  /** ZERO_UUID: not known. */
  readonly topicId: string
  readonly isInternal: boolean
  /** By number, from 0 on without gaps. */
  readonly partitions: readonly PartitionInfo[]
  /** When this was learned, in monotonic time. */
  readonly learnedMs: number
}

export class ClusterMetadata {
  clusterId: string | null = null
  controllerId = -1
  #brokers = new Map<number, BrokerNode>()
  readonly #topics = new Map<string, TopicInfo>()
  readonly #topicNames = new Map<string, string>()
  readonly #topicErrors = new Map<string, number>()

  brokers(): BrokerNode[] {
    return [...this.#brokers.values()]
  }

  broker(nodeId: number): BrokerNode | undefined {
    return this.#brokers.get(nodeId)
  }

  topic(name: string): TopicInfo | undefined {
    return this.#topics.get(name)
  }

  topicName(topicId: string): string | undefined {
    return this.#topicNames.get(topicId)
  }

  topics(): Iterable<TopicInfo> {
    return this.#topics.values()
  }

  /** What the cluster said last of a topic that can't be had; undefined: nothing of the kind. */
  topicError(topic: string): number | undefined {
    return this.#topicErrors.get(topic)
  }

  forget(topic: string): void {
    const known = this.#topics.get(topic)
    if (known !== undefined) this.#topicNames.delete(known.topicId)
    this.#topics.delete(topic)
  }

  /**
   * Takes an answer in. A leader of an older epoch than the one that is known is not believed (KIP-320). `isOfAll`: it is
   * about all topics, and those that it does not name are gone.
   */
  update(response: MetadataResponse, nowMs: number, isOfAll = false): void {
    if (response.brokers.length > 0) {
      this.#brokers = new Map(
        response.brokers.map(({ nodeId, host, port, rack }) => [nodeId, { nodeId, host, port, rack }]),
      )
    }
    this.clusterId = response.clusterId ?? this.clusterId
    this.controllerId = response.controllerId
    if (isOfAll) {
      const names = new Set(response.topics.map(({ name }) => name))
      for (const { name } of [...this.#topics.values()]) if (!names.has(name)) this.forget(name)
      this.#topicErrors.clear()
    }
    for (const topic of response.topics) {
      if (topic.name === null) continue
      if (topic.errorCode === ErrorCode.NONE) this.#topicErrors.delete(topic.name)
      else this.#topicErrors.set(topic.name, topic.errorCode)
      if (topic.errorCode !== ErrorCode.NONE && topic.errorCode !== ErrorCode.LEADER_NOT_AVAILABLE) {
        this.forget(topic.name)
        continue
      }
      this.#put(topic.name, topic, nowMs)
    }
  }

  /** What another answer said of a leader on its way (KIP-951). */
  updateLeader(topic: string, partition: number, leader: number, leaderEpoch: number): void {
    const info = this.#topics.get(topic)
    const known = info?.partitions[partition]
    if (info === undefined || known === undefined || leader < 0 || leaderEpoch <= known.leaderEpoch) return
    const partitions = [...info.partitions]
    partitions[partition] = { ...known, leader, leaderEpoch }
    this.#topics.set(topic, { ...info, partitions })
  }

  #put(name: string, topic: MetadataResponse['topics'][number], nowMs: number): void {
    const former = this.#topics.get(name)
    const isSame = former !== undefined && (former.topicId === topic.topicId || topic.topicId === ZERO_UUID)
    if (former !== undefined && !isSame) this.#topicNames.delete(former.topicId)
    const partitions = [...topic.partitions]
      .sort((a, b) => a.partitionIndex - b.partitionIndex)
      .map((each) => {
        const before = isSame ? former.partitions[each.partitionIndex] : undefined
        if (before !== undefined && each.leaderEpoch >= 0 && each.leaderEpoch < before.leaderEpoch)
          return before
        return {
          partition: each.partitionIndex,
          leader: each.leaderId,
          leaderEpoch: each.leaderEpoch,
          replicas: each.replicaNodes,
          isr: each.isrNodes,
          offlineReplicas: each.offlineReplicas,
        }
      })
    this.#topics.set(name, {
      name,
      topicId: topic.topicId,
      isInternal: topic.isInternal,
      partitions,
      learnedMs: nowMs,
    })
    if (topic.topicId !== ZERO_UUID) this.#topicNames.set(topic.topicId, name)
  }
}
