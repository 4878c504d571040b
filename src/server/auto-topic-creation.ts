/**
 * Topics that come to be because someone asked for them: clients' topics through Metadata, internal ones through
 * FindCoordinator. What they create counts for their quota, but is never refused by it. Many may ask for the same topic at once; it is created once.
 */
import type { MutationQuota } from '../controller/mutation-quota.ts'
import type { RequestOptions, TopicAdmin } from '../controller/topic-admin.ts'
import type { CreatableTopic } from '../controller/topic-plan.ts'
import type { BrokerConfig } from '../metadata/config/broker-config.ts'
import { GROUP_METADATA_TOPIC, TRANSACTION_STATE_TOPIC } from '../metadata/topic-names.ts'
import { ErrorCode } from '../protocol/error-codes.ts'

/** How long FindCoordinator waits for an internal topic, before it says COORDINATOR_NOT_AVAILABLE. */
const INTERNAL_TOPIC_WAIT_MS = 1000

/** Answers to an order that was taken, perhaps from someone else. */
const ON_ITS_WAY: ReadonlySet<number> = new Set([
  ErrorCode.NONE,
  ErrorCode.TOPIC_ALREADY_EXISTS,
  ErrorCode.REQUEST_TIMED_OUT,
])

export class AutoTopicCreation {
  readonly #topicAdmin: TopicAdmin
  readonly #config: BrokerConfig
  readonly #inFlight = new Map<string, Promise<number>>()

  constructor(options: { topicAdmin: TopicAdmin; config: BrokerConfig }) {
    this.#topicAdmin = options.topicAdmin
    this.#config = options.config
  }

  /**
   * Orders topics for Metadata. @returns for each LEADER_NOT_AVAILABLE, with which the client asks again and finds it,
   * or the reason why it can't be created.
   */
  async order(names: readonly string[], quota?: MutationQuota): Promise<Map<string, number>> {
    const results = names.map(
      async (name) => [name, await this.#createOnce(name, { timeoutMs: 0, mutationQuota: quota })] as const,
    )
    return new Map(await Promise.all(results))
  }

  /** Creates an internal topic and waits a little until it serves; whether it does shows in the metadata. */
  async createInternal(name: string, quota?: MutationQuota): Promise<void> {
    await this.#createOnce(name, { timeoutMs: INTERNAL_TOPIC_WAIT_MS, mutationQuota: quota })
  }

  #createOnce(name: string, options: RequestOptions): Promise<number> {
    const running = this.#inFlight.get(name)
    if (running !== undefined) return running
    const creation = this.#create(name, options).finally(() => this.#inFlight.delete(name))
    this.#inFlight.set(name, creation)
    return creation
  }

  async #create(name: string, options: RequestOptions): Promise<number> {
    const [result] = await this.#topicAdmin.createTopics([this.#specOf(name)], options)
    const errorCode = result?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR
    return ON_ITS_WAY.has(errorCode) ? ErrorCode.LEADER_NOT_AVAILABLE : errorCode
  }

  /** Internal topics have settings of their own; all others take the broker's defaults. */
  #specOf(name: string): CreatableTopic {
    const config = this.#config
    switch (name) {
      case GROUP_METADATA_TOPIC:
        return topicSpec(name, config.offsetsTopicNumPartitions, config.offsetsTopicReplicationFactor, [
          ['cleanup.policy', 'compact'],
          ['segment.bytes', String(config.offsetsTopicSegmentBytes)],
          ['compression.type', 'producer'],
        ])
      case TRANSACTION_STATE_TOPIC:
        return topicSpec(
          name,
          config.transactionStateLogNumPartitions,
          config.transactionStateLogReplicationFactor,
          [
            ['cleanup.policy', 'compact'],
            ['segment.bytes', String(config.transactionStateLogSegmentBytes)],
            ['compression.type', 'uncompressed'],
            ['unclean.leader.election.enable', 'false'],
            ['min.insync.replicas', String(config.transactionStateLogMinIsr)],
          ],
        )
      default:
        return topicSpec(name, -1, -1, [])
    }
  }
}

function topicSpec(
  name: string,
  numPartitions: number,
  replicationFactor: number,
  configs: readonly (readonly [string, string])[],
): CreatableTopic {
  return {
    name,
    numPartitions,
    replicationFactor,
    assignments: [],
    configs: configs.map(([key, value]) => ({ name: key, value })),
  }
}
