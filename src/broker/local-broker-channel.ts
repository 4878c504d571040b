/**
 * The controller's way to the broker in its own process: the control requests go straight to the rooms that they are
 * about, as they would after a trip over the network.
 */
import type { BrokerChannel, ControlApis } from '../controller/broker-channel.ts'
import type { ConfigRepository } from '../metadata/config-repository.ts'
import type { MetadataCache } from '../metadata/metadata-cache.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { PartitionError, ReplicaManager } from '../replica/replica-manager.ts'

type Request<Key extends keyof ControlApis> = ControlApis[Key]['request']
type Response<Key extends keyof ControlApis> = ControlApis[Key]['response']

export class LocalBrokerChannel implements BrokerChannel {
  readonly #replicaManager: ReplicaManager
  readonly #metadataCache: MetadataCache
  readonly #configRepository: ConfigRepository

  constructor(options: {
    replicaManager: ReplicaManager
    metadataCache: MetadataCache
    configRepository: ConfigRepository
  }) {
    this.#replicaManager = options.replicaManager
    this.#metadataCache = options.metadataCache
    this.#configRepository = options.configRepository
  }

  async send<Key extends keyof ControlApis>(_brokerId: number, apiKey: Key, request: Request<Key>): Promise<Response<Key>> {
    const answers: { [K in keyof ControlApis]: (request: Request<K>) => Response<K> | Promise<Response<K>> } = {
      4: (update) => this.#leaderAndIsr(update),
      5: (stop) => this.#stopReplica(stop),
      6: (update) => this.#updateMetadata(update),
    }
    return await answers[apiKey](request)
  }

  async #leaderAndIsr(request: Request<4>): Promise<Response<4>> {
    // The settings of a new topic are written together with it, without a notification: its logs need them now.
    await Promise.all(request.topicStates.map(({ topicName }) => this.#configRepository.read('topics', topicName)))
    const { errorCode, partitions } = this.#replicaManager.becomeLeaderOrFollower(request)
    return {
      errorCode,
      topics: request.topicStates.map(({ topicName, topicId }) => ({
        topicId,
        partitionErrors: partitions.filter(({ topic }) => topic === topicName).map(partitionError),
      })),
    }
  }

  #stopReplica(request: Request<5>): Response<5> {
    const { errorCode, partitions } = this.#replicaManager.stopReplicas(request)
    const partitionErrors = partitions.map((each) => ({ topicName: each.topic, ...partitionError(each) }))
    return { errorCode, partitionErrors }
  }

  #updateMetadata(request: Request<6>): Response<6> {
    const isStale = this.#metadataCache.update(request) === 'stale'
    return { errorCode: isStale ? ErrorCode.STALE_CONTROLLER_EPOCH : ErrorCode.NONE }
  }
}

function partitionError({ index, errorCode }: PartitionError) {
  return { partitionIndex: index, errorCode }
}
