/** What the group coordinator does for consumer groups (KIP-848): heartbeats of their members, and descriptions. */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { ConsumerGroupHeartbeatRequest } from '../../../protocol/messages/68-consumer-group-heartbeat.ts'
import type { CoordinatorRuntime } from '../../runtime/coordinator-runtime.ts'
import type { GroupClient } from '../classic/group-client.ts'
import { metadataError } from '../classic/group-metadata-records.ts'
import type { GroupConfig } from '../group-config.ts'
import type { GroupShard } from '../group-shard.ts'
import type { DescribedConsumerGroup } from './consumer-group-description.ts'
import type { HeartbeatResponse } from './consumer-group-heartbeat.ts'

export interface ConsumerMembershipOptions {
  readonly config: GroupConfig
  readonly runtime: CoordinatorRuntime<GroupShard>
  /** The partition of __consumer_offsets that a group belongs to. */
  readonly partitionOf: (groupId: string) => number
}

export class ConsumerMembership {
  readonly #runtime: CoordinatorRuntime<GroupShard>
  readonly #partitionOf: (groupId: string) => number
  readonly #isEnabled: boolean

  constructor({ config, runtime, partitionOf }: ConsumerMembershipOptions) {
    this.#runtime = runtime
    this.#partitionOf = partitionOf
    this.#isEnabled = config.groupCoordinatorRebalanceProtocols.includes('consumer')
  }

  heartbeat(request: ConsumerGroupHeartbeatRequest, client: GroupClient): Promise<HeartbeatResponse> {
    if (!this.#isEnabled) return Promise.resolve({ errorCode: ErrorCode.UNSUPPORTED_VERSION })
    return this.#runtime.write(
      this.#partitionOf(request.groupId),
      ({ consumer }) => consumer.heartbeat(request, client),
      (errorCode): HeartbeatResponse => ({ errorCode: metadataError(errorCode) }),
    )
  }

  /** GROUP_ID_NOT_FOUND for a group that is not there or is not a consumer group. */
  describe(groupId: string): Promise<DescribedConsumerGroup> {
    const refuse = (errorCode: number): DescribedConsumerGroup => ({ groupId, errorCode })
    if (!this.#isEnabled) return Promise.resolve(refuse(ErrorCode.UNSUPPORTED_VERSION))
    if (groupId === '') return Promise.resolve(refuse(ErrorCode.INVALID_GROUP_ID))
    return this.#runtime.read(
      this.#partitionOf(groupId),
      ({ consumer, groups }) => {
        const described = consumer.describe(groupId)
        if (described !== undefined) return described
        const why = groups.get(groupId) === undefined ? 'not found' : 'is not a consumer group'
        return { ...refuse(ErrorCode.GROUP_ID_NOT_FOUND), errorMessage: `Group ${groupId} ${why}.` }
      },
      refuse,
    )
  }
}
