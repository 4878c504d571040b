/**
 * Creates, deletes and grows topics on the broker that is the controller: checks the request, writes the metadata
 * store, and (given a timeout) waits until the change has gone through the controller to this broker's metadata cache,
 * or the time is up (REQUEST_TIMED_OUT; the change goes on). Auto-creation comes through here too.
 *
 * The store's nodes are the orders: the controller acts on its watches, not on these calls, so an order survives the
 * controller that took it.
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { type Random, randomUuid } from '../base/random.ts'
import { isStoreError, type MetadataStore, type Operation } from '../coordination/metadata-store.ts'
import type { MetadataCache } from '../metadata/metadata-cache.ts'
import { CLUSTER_METADATA_TOPIC } from '../metadata/topic-names.ts'
import {
  ConfigZnode,
  ControllerEpochZnode,
  DeleteTopicsZnode,
  NO_LEADER,
  type TopicAssignment,
  TopicsZnode,
  TopicZnode,
} from '../metadata/znodes.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { ZERO_UUID } from '../wire/text.ts'
import type { KafkaController } from './kafka-controller.ts'
import { waitForMetadata } from './metadata-wait.ts'
import type { MutationQuota } from './mutation-quota.ts'
import { assignedTo } from './replica-reassignment.ts'
import {
  type CreatablePartitions,
  type CreatableTopic,
  checkPartitionsPerRequest,
  checkTopicName,
  type PlanContext,
  planPartitions,
  planTopic,
  requestedPartitions,
  type TopicError,
  topicError,
} from './topic-plan.ts'

export interface TopicAdminOptions {
  readonly store: MetadataStore
  readonly controller: KafkaController
  readonly metadataCache: MetadataCache
  readonly clock: Pick<Clock, 'after'>
  readonly random: Random
  readonly logger: Logger
  /** num.partitions and default.replication.factor. */
  readonly defaults: { readonly numPartitions: number; readonly replicationFactor: number }
  readonly deleteTopicEnable: boolean
  /** Undefined if the configs are fine for a topic. */
  readonly validateConfigs: (
    configs: ReadonlyMap<string, string>,
  ) => { readonly errorCode: number; readonly message: string } | undefined
}

export interface CreateTopicResult {
  readonly name: string
  readonly errorCode: number
  readonly errorMessage: string | null
  /** ZERO_UUID with validateOnly, and on an error other than REQUEST_TIMED_OUT. */
  readonly topicId: string
  /** -1 on an error, as the next. */
  readonly numPartitions: number
  readonly replicationFactor: number
}

export interface DeleteTopicResult {
  readonly name: string | null
  readonly topicId: string
  readonly errorCode: number
  readonly errorMessage: string | null
}

export interface CreatePartitionsResult {
  readonly name: string
  readonly errorCode: number
  readonly errorMessage: string | null
}

export type { CreatablePartitions, CreatableTopic } from './topic-plan.ts'

export interface RequestOptions {
  /** How long the answer waits for the change to be seen; undefined: not at all, the order is enough. */
  readonly timeoutMs?: number
  readonly validateOnly?: boolean
  /** Of whoever asks; THROTTLING_QUOTA_EXCEEDED (89) for what is beyond it. */
  readonly mutationQuota?: MutationQuota | undefined
}

type Created = {
  readonly ok: true
  readonly topicId: string
  readonly partitions: ReadonlyMap<number, readonly number[]>
}

export class TopicAdmin {
  readonly #options: TopicAdminOptions

  constructor(options: TopicAdminOptions) {
    this.#options = options
  }

  /** One result for each topic, in the order of the request. NOT_CONTROLLER (41) for all on another broker. */
  async createTopics(
    topics: readonly CreatableTopic[],
    options: RequestOptions,
  ): Promise<CreateTopicResult[]> {
    const { defaults } = this.#options
    const excess = checkPartitionsPerRequest(topics.map((topic) => requestedPartitions(topic, defaults)))
    const timesNamed = countNames(topics)
    return await Promise.all(
      topics.map(async (topic) => {
        const { name } = topic
        let outcome: Created | TopicError | undefined = excess
        if (timesNamed.get(name)! > 1) {
          outcome = topicError(ErrorCode.INVALID_REQUEST, 'Found multiple entries for this topic.')
        }
        outcome ??= await this.#refusing(() => this.#createTopic(topic, options))
        if (!outcome.ok) {
          const { errorCode, errorMessage, topicId } = outcome
          return {
            name,
            errorCode,
            errorMessage,
            topicId: topicId ?? ZERO_UUID,
            numPartitions: -1,
            replicationFactor: -1,
          }
        }
        const { topicId, partitions } = outcome
        const counts = { numPartitions: partitions.size, replicationFactor: partitions.get(0)?.length ?? -1 }
        return { name, errorCode: ErrorCode.NONE, errorMessage: null, topicId, ...counts }
      }),
    )
  }

  /**
   * By name or by id. TOPIC_DELETION_DISABLED (73) if delete.topic.enable is off (requests below version 3 call that
   * INVALID_REQUEST); UNKNOWN_TOPIC_ID (100), UNKNOWN_TOPIC_OR_PARTITION (3).
   */
  async deleteTopics(
    topics: readonly { readonly name: string | null; readonly topicId: string }[],
    options: RequestOptions,
  ): Promise<DeleteTopicResult[]> {
    return await Promise.all(
      topics.map(async ({ name, topicId }) => {
        const known = name ?? this.#options.controller.topicName(topicId) ?? null
        const outcome = await this.#refusing(() => this.#deleteTopic(name, topicId, known, options))
        const error = outcome.ok ? { errorCode: ErrorCode.NONE, errorMessage: null } : outcome
        return { name: known, topicId, errorCode: error.errorCode, errorMessage: error.errorMessage }
      }),
    )
  }

  /** One result for each topic that is named, in the order of the request. */
  async createPartitions(
    topics: readonly CreatablePartitions[],
    options: RequestOptions,
  ): Promise<CreatePartitionsResult[]> {
    const excess = checkPartitionsPerRequest(topics.map((request) => this.#addedPartitions(request)))
    const timesNamed = countNames(topics)
    // A topic that is named twice is told so once.
    const distinct = [...new Map(topics.map((request) => [request.name, request])).values()]
    return await Promise.all(
      distinct.map(async (request) => {
        let outcome: { readonly ok: true } | TopicError | undefined = excess
        if (timesNamed.get(request.name)! > 1) {
          outcome = topicError(ErrorCode.INVALID_REQUEST, 'Duplicate topic in request.')
        }
        outcome ??= await this.#refusing(() => this.#createPartitions(request, options))
        const error = outcome.ok ? { errorCode: ErrorCode.NONE, errorMessage: null } : outcome
        return { name: request.name, errorCode: error.errorCode, errorMessage: error.errorMessage }
      }),
    )
  }

  async #createTopic(
    topic: CreatableTopic,
    { timeoutMs, validateOnly, mutationQuota }: RequestOptions,
  ): Promise<Created | TopicError> {
    const { store, metadataCache, logger, random } = this.#options
    const { name } = topic
    if (name === CLUSTER_METADATA_TOPIC) {
      return topicError(ErrorCode.INVALID_REQUEST, `Creation of internal topic ${name} is prohibited.`)
    }
    if (metadataCache.topic(name) !== undefined) {
      return topicError(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
    }
    const withoutValue = topic.configs.filter((each) => each.value === null).map((each) => each.name)
    if (withoutValue.length > 0) {
      const message = `Null value not supported for topic configs: ${withoutValue.join(',')}`
      return topicError(ErrorCode.INVALID_CONFIG, message)
    }
    const plan = planTopic(topic, this.#planContext())
    if (!plan.ok) return plan
    const malformed = checkTopicName(name, [])
    if (malformed !== undefined) return malformed
    const existing = (await store.children(TopicsZnode.path)) ?? []
    if ((await store.exists(DeleteTopicsZnode.topicPath(name))) !== undefined) {
      return topicError(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' is marked for deletion.`)
    }
    const nameProblem = checkTopicName(name, existing)
    if (nameProblem !== undefined) return nameProblem
    const configs = new Map(topic.configs.map((each) => [each.name, each.value ?? '']))
    const configProblem = this.#options.validateConfigs(configs)
    if (configProblem !== undefined) return topicError(configProblem.errorCode, configProblem.message)
    if (validateOnly === true) return { ok: true, topicId: ZERO_UUID, partitions: plan.partitions }
    if (mutationQuota?.take(plan.partitions.size) === false) return quotaExceeded()

    const topicId = randomUuid(random)
    const partitions = new Map(
      [...plan.partitions].map(([partition, replicas]) => [partition, assignedTo(replicas)]),
    )
    logger.info(`Creating topic ${name} with ${partitions.size} partitions, topic id ${topicId}`)
    if (!(await this.#writeTopic(name, { topicId, partitions }, configs))) {
      return topicError(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
    }
    const done = await this.#waitUntil(timeoutMs, () => this.#hasLeaders(name, partitions.size))
    // Late, but it comes to be: its id is told.
    return done
      ? { ok: true, topicId, partitions: plan.partitions }
      : { ...topicError(ErrorCode.REQUEST_TIMED_OUT), topicId }
  }

  async #deleteTopic(
    name: string | null,
    topicId: string,
    known: string | null,
    { timeoutMs, mutationQuota }: RequestOptions,
  ): Promise<{ ok: true } | TopicError> {
    const { store, metadataCache, controller, deleteTopicEnable } = this.#options
    if (!deleteTopicEnable) return topicError(ErrorCode.TOPIC_DELETION_DISABLED)
    if (name !== null && topicId !== ZERO_UUID) {
      return topicError(ErrorCode.INVALID_REQUEST, 'Topic name and topic ID can not both be specified.')
    }
    if (known === null) return topicError(ErrorCode.UNKNOWN_TOPIC_ID)
    // A name with a slash or dots would reach another node; no such topic can exist.
    const exists =
      checkTopicName(known, []) === undefined && (await store.exists(TopicZnode.path(known))) !== undefined
    if (!exists) return topicError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
    const partitionCount = metadataCache.topic(known)?.partitions.size ?? 0
    if (mutationQuota?.take(partitionCount) === false) return quotaExceeded()
    // Set before the order is given; wakes the wait when the last node of the topic goes.
    let wake = (): void => {}
    await store.exists(TopicZnode.path(known), () => wake())
    try {
      await this.#write([{ type: 'create', path: DeleteTopicsZnode.topicPath(known), data: '' }])
    } catch (error) {
      if (!isStoreError(error, 'NodeExists')) throw error
    }
    const hidden = (): boolean => metadataCache.topic(known) === undefined
    const gone = (): boolean => hidden() && !controller.isTopicQueuedForDeletion(known)
    await this.#waitUntil(timeoutMs, gone, (check) => {
      // The controller drops the topic from its context in the turns after the node has gone.
      wake = () => void controller.idle().then(check)
    })
    // Apache Kafka is content with this: a dead replica may keep the nodes for long.
    return timeoutMs === undefined || hidden() ? { ok: true } : topicError(ErrorCode.REQUEST_TIMED_OUT)
  }

  async #createPartitions(
    request: CreatablePartitions,
    { timeoutMs, validateOnly, mutationQuota }: RequestOptions,
  ): Promise<{ ok: true } | TopicError> {
    const { store, controller, logger } = this.#options
    const { name } = request
    if (controller.isTopicQueuedForDeletion(name)) {
      return topicError(ErrorCode.INVALID_TOPIC_EXCEPTION, 'The topic is queued for deletion.')
    }
    let isPaidFor = false
    for (;;) {
      const node = checkTopicName(name, []) === undefined ? await store.get(TopicZnode.path(name)) : undefined
      if (node === undefined) {
        return topicError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `The topic '${name}' does not exist.`)
      }
      const existing = TopicZnode.decode(name, node.data)
      const plan = planPartitions(request, existing, this.#planContext())
      if (!plan.ok) return plan
      if (validateOnly === true) return { ok: true }
      if (!isPaidFor && mutationQuota?.take(plan.partitions.size) === false) return quotaExceeded()
      isPaidFor = true
      const partitions = new Map(existing.partitions)
      for (const [partition, replicas] of plan.partitions) partitions.set(partition, assignedTo(replicas))
      logger.info(`Creating ${plan.partitions.size} partitions for '${name}'`)
      const data = TopicZnode.encode({ topicId: existing.topicId, partitions })
      const path = TopicZnode.path(name)
      try {
        await this.#write([{ type: 'set', path, data, expectedVersion: node.stat.version }])
      } catch (error) {
        if (isStoreError(error, 'BadVersion') && error.path === path) continue
        throw error
      }
      const done = await this.#waitUntil(timeoutMs, () => this.#hasLeaders(name, partitions.size))
      return done ? { ok: true } : topicError(ErrorCode.REQUEST_TIMED_OUT)
    }
  }

  /** Topic and config in one write; false if the topic exists by now. */
  async #writeTopic(
    topic: string,
    assignment: TopicAssignment,
    configs: ReadonlyMap<string, string>,
  ): Promise<boolean> {
    const path = ConfigZnode.entityPath('topics', topic)
    const data = ConfigZnode.encode(configs)
    for (;;) {
      // A config may be left over, or have been set before the topic was made.
      const exists = (await this.#options.store.exists(path)) !== undefined
      const writeConfig: Operation = exists
        ? { type: 'set', path, data, expectedVersion: -1 }
        : { type: 'create', path, data }
      const create: Operation = {
        type: 'create',
        path: TopicZnode.path(topic),
        data: TopicZnode.encode(assignment),
      }
      try {
        await this.#write([create, writeConfig])
        return true
      } catch (error) {
        if (isStoreError(error, 'NodeExists') && error.path === create.path) return false
        if (!isStoreError(error) || error.path !== path) throw error
      }
    }
  }

  /** A write that only the controller may do. */
  async #write(operations: readonly Operation[]): Promise<void> {
    const fence = this.#options.controller.fence()
    if (fence === undefined) throw new NotController()
    await this.#options.store.multi([fence, ...operations])
  }

  async #refusing<Outcome>(work: () => Promise<Outcome>): Promise<Outcome | TopicError> {
    if (!this.#options.controller.isActive) return topicError(ErrorCode.NOT_CONTROLLER)
    try {
      return await work()
    } catch (error) {
      const fenced = isStoreError(error, 'BadVersion') && error.path === ControllerEpochZnode.path
      if (error instanceof NotController || fenced) return topicError(ErrorCode.NOT_CONTROLLER)
      if (!isStoreError(error)) throw error
      this.#options.logger.error('A topic could not be changed', error)
      return topicError(ErrorCode.UNKNOWN_SERVER_ERROR)
    }
  }

  /** Beyond what this broker knows the topic to have, or beyond nothing. */
  #addedPartitions({ name, count }: CreatablePartitions): number {
    return count - (this.#options.metadataCache.topic(name)?.partitions.size ?? 0)
  }

  #planContext(): PlanContext {
    const { defaults, random, controller } = this.#options
    const brokers = [...(controller.active?.context.liveBrokers.values() ?? [])]
      .map(({ info }) => ({ id: info.id, rack: info.rack }))
      .sort((a, b) => a.id - b.id)
    return { brokers, defaults, random }
  }

  #hasLeaders(topic: string, partitionCount: number): boolean {
    const partitions = this.#options.metadataCache.topic(topic)?.partitions
    if (partitions === undefined || partitions.size < partitionCount) return false
    for (const { leader } of partitions.values()) if (leader === NO_LEADER) return false
    return true
  }

  #waitUntil(
    timeoutMs: number | undefined,
    check: () => boolean,
    also?: (recheck: () => void) => void,
  ): Promise<boolean> {
    if (timeoutMs === undefined) return Promise.resolve(true)
    return waitForMetadata(this.#options, timeoutMs, check, also)
  }
}

function quotaExceeded(): TopicError {
  return topicError(ErrorCode.THROTTLING_QUOTA_EXCEEDED)
}

class NotController extends Error {}

/** How often each name is in a request. */
function countNames(topics: readonly { readonly name: string }[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { name } of topics) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
