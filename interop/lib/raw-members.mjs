/** Members of groups as a coordinator sees them, kept alive by nobody: for a look at groups that have some. */
import { encodeAssignment, encodeSubscription } from '../../dist/client/consumer/group/consumer-protocol.js'
import { defineApi } from '../../dist/client/network/api.js'
import { openCluster } from '../../dist/client/network/open-cluster.js'
import { COMMON_OPTIONS } from '../../dist/client/options/common-options.js'
import { parseOptions } from '../../dist/client/options/option.js'
import { SystemClock } from '../../dist/os/clock.js'
import { SystemConnector } from '../../dist/os/connector.js'
import { SystemRandom } from '../../dist/os/random.js'
import { JoinGroupRequest, JoinGroupResponse } from '../../dist/protocol/messages/11-join-group.js'
import { SyncGroupRequest, SyncGroupResponse } from '../../dist/protocol/messages/14-sync-group.js'
import {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../dist/protocol/messages/68-consumer-group-heartbeat.js'
import { expect } from './report.mjs'

const joinGroup = defineApi(JoinGroupRequest, JoinGroupResponse)
const syncGroup = defineApi(SyncGroupRequest, SyncGroupResponse)
const heartbeat = defineApi(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse)
const timeoutMs = 30_000

/** @param {string} bootstrap */
export function rawMembers(bootstrap) {
  const platform = { clock: new SystemClock(), random: new SystemRandom(), connector: new SystemConnector() }
  const cluster = openCluster(parseOptions(COMMON_OPTIONS, {}, { bootstrapServers: bootstrap }), platform)

  /** Until it has a coordinator that answers. @param {() => Promise<{errorCode: number}>} call */
  const patient = async (call) => {
    for (let attempt = 0; ; attempt++) {
      const answer = await call().catch((error) => ({ errorCode: error.errno ?? -1 }))
      if (![14, 15, 16].includes(answer.errorCode) || attempt > 100) return answer
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  return {
    close: () => cluster.close(),
    /** @param {string} groupId @param {string} topic @param {number} partition @param {string | null} groupInstanceId */
    async joinClassic(groupId, topic, partition, groupInstanceId = null) {
      const metadata = encodeSubscription({
        topics: [topic],
        ownedPartitions: [],
        generationId: -1,
        rackId: undefined,
        userData: null,
      })
      const body = {
        groupId,
        groupInstanceId,
        sessionTimeoutMs: timeoutMs,
        rebalanceTimeoutMs: timeoutMs,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata }],
      }
      const call = (/** @type {string} */ memberId) => () =>
        cluster.callCoordinator('group', groupId, joinGroup, { ...body, memberId })
      let joined = /** @type {any} */ (await patient(call('')))
      if (joined.errorCode === 79) joined = await patient(call(joined.memberId))
      expect(joined.errorCode === 0, `JoinGroup: ${joined.errorCode}`)
      const { generationId, memberId } = joined
      const { errorCode } = await cluster.callCoordinator('group', groupId, syncGroup, {
        groupId,
        groupInstanceId,
        generationId,
        memberId,
        protocolType: 'consumer',
        protocolName: 'range',
        assignments: [{ memberId, assignment: encodeAssignment([{ topic, partition }]) }],
      })
      expect(errorCode === 0, `SyncGroup: ${errorCode}`)
      return memberId
    },
    /** @param {string} groupId @param {string} topic */
    async joinConsumer(groupId, topic) {
      const memberId = 'AAAAAAAAAAAAAAAAAAAAAQ'
      const { errorCode } = await patient(() =>
        cluster.callCoordinator('group', groupId, heartbeat, {
          groupId,
          memberId,
          memberEpoch: 0,
          rebalanceTimeoutMs: timeoutMs,
          subscribedTopicNames: [topic],
          topicPartitions: [],
        }),
      )
      expect(errorCode === 0, `ConsumerGroupHeartbeat: ${errorCode}`)
      return memberId
    },
  }
}
