/**
 * The controller's way to the broker in its own process: the control requests go straight to the rooms that they are
 * about, as they would after a trip over the network.
 */
import type { BrokerChannel, ControlApis } from '../controller/broker-channel.ts'
import type { GroupOffsets } from '../coordinator/group/offsets/group-offsets.ts'
import type { ConfigRepository } from '../metadata/config-repository.ts'
import type { MetadataCache } from '../metadata/metadata-cache.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { ReplicaManager } from '../replica/replica-manager.ts'

type Request<Key extends keyof ControlApis> = ControlApis[Key]['request']
type Response<Key extends keyof ControlApis> = ControlApis[Key]['response']

export class LocalBrokerChannel implements BrokerChannel {
  readonly #replicaManager: ReplicaManager
  readonly #metadataCache: MetadataCache
  readonly #configRepository: ConfigRepository
  readonly #groupOffsets: GroupOffsets

  readonly #answers: {
    [Key in keyof ControlApis]: (request: Request<Key>) => Response<Key> | Promise<Response<Key>>
  } = {
    4: (update) => this.#leaderAndIsr(update),
    5: (stop) => this.#stopReplica(stop),
    6: (update) => this.#updateMetadata(update),
  }

  constructor(options: {
    replicaManager: ReplicaManager
    metadataCache: MetadataCache
    configRepository: ConfigRepository
    groupOffsets: GroupOffsets
  }) {
    this.#replicaManager = options.replicaManager
    this.#metadataCache = options.metadataCache
    this.#configRepository = options.configRepository
    this.#groupOffsets = options.groupOffsets
  }

  async send<Key extends keyof ControlApis>(
    _brokerId: number,
    apiKey: Key,
    request: Request<Key>,
  ): Promise<Response<Key>> {
    return await this.#answers[apiKey](request)
  }

  async #leaderAndIsr(request: Request<4>): Promise<Response<4>> {
    // The settings of a new topic are written together with it, without a notification: its logs need them now.
    await Promise.all(
      request.topicStates.map(({ topicName }) => this.#configRepository.read('topics', topicName)),
    )
    const { errorCode, topics } = await this.#replicaManager.becomeLeaderOrFollower(request)
    return {
      errorCode,
      topics: topics.map((partitionErrors, i) => ({
        topicId: request.topicStates[i]!.topicId,
        partitionErrors: [...partitionErrors],
      })),
    }
  }

  async #stopReplica(request: Request<5>): Promise<Response<5>> {
    const { errorCode, topics } = await this.#replicaManager.stopReplicas(request)
    const partitionErrors = topics.flatMap((errors, i) => {
      const { topicName } = request.topicStates[i]!
      return errors.map((error) => ({ topicName, ...error }))
    })
    return { errorCode, partitionErrors }
  }

  #updateMetadata(request: Request<6>): Response<6> {
    const deleted = this.#metadataCache.update(request)
    if (deleted === 'stale') return { errorCode: ErrorCode.STALE_CONTROLLER_EPOCH }
    // Not waited for: groups may be many.
    void this.#groupOffsets.onPartitionsDeleted(deleted)
    return { errorCode: ErrorCode.NONE }
  }
}
