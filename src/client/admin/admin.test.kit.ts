/** What tests of the administrator share: a whole broker, an administrator of it, topics, and members of groups. */
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { SystemClock } from '../../os/clock.ts'
import { SystemConnector } from '../../os/connector.ts'
import { SystemRandom } from '../../os/random.ts'
import { JoinGroupRequest, JoinGroupResponse } from '../../protocol/messages/11-join-group.ts'
import { SyncGroupRequest, SyncGroupResponse } from '../../protocol/messages/14-sync-group.ts'
import {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../protocol/messages/68-consumer-group-heartbeat.ts'
import { startBroker } from '../../testing/index.ts'
import { encodeAssignment, encodeSubscription } from '../consumer/group/consumer-protocol.ts'
import { Admin, KafkaError, Producer, type ProducerOptions } from '../index.ts'
import { defineApi } from '../network/api.ts'
import { openCluster } from '../network/open-cluster.ts'
import { COMMON_OPTIONS } from '../options/common-options.ts'
import { parseOptions } from '../options/option.ts'

const JOIN_GROUP = defineApi(JoinGroupRequest, JoinGroupResponse)
const SYNC_GROUP = defineApi(SyncGroupRequest, SyncGroupResponse)
const HEARTBEAT = defineApi(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse)

export const broker = await startBroker()
const { bootstrapServers } = broker
export const admin = new Admin({ bootstrapServers, 'retry.backoff.ms': 5 })
const platform = { clock: new SystemClock(), random: new SystemRandom(), connector: new SystemConnector() }
const cluster = openCluster(parseOptions(COMMON_OPTIONS, {}, { bootstrapServers }), platform)
let count = 0

/** For names that nobody else has. */
export function nextNumber(): number {
  return count++
}

after(async () => {
  cluster.close()
  await admin.close()
  await broker.close()
})

export async function newTopic(partitions = 1, configs: Record<string, string> = {}): Promise<string> {
  const name = `topic-${count++}`
  await admin.createTopics([{ name, partitions, replicationFactor: 1, configs }])
  return name
}

export function producerOf(options: Partial<ProducerOptions> = {}): Producer {
  const producer = new Producer({ bootstrapServers, 'retry.backoff.ms': 5, ...options } as ProducerOptions)
  after(() => producer.close({ timeoutMs: 0 }))
  return producer
}

export async function failure(promise: Promise<unknown>): Promise<KafkaError> {
  const error = await promise.then(
    () => assert.fail('it did not fail'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof KafkaError, String(error))
  return error
}

/** The only member of a classic group, with the partitions of the topic that it is given. */
export async function joinClassic(
  groupId: string,
  topic: string,
  partitions: number[],
  groupInstanceId: string | null = null,
) {
  const subscription = {
    topics: [topic],
    ownedPartitions: [],
    generationId: -1,
    rackId: undefined,
    userData: null,
  }
  const body = {
    groupId,
    sessionTimeoutMs: 30_000,
    rebalanceTimeoutMs: 30_000,
    groupInstanceId,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: encodeSubscription(subscription) }],
  }
  let joined = await cluster.callCoordinator('group', groupId, JOIN_GROUP, body)
  if (joined.errorCode !== 0)
    joined = await cluster.callCoordinator('group', groupId, JOIN_GROUP, {
      ...body,
      memberId: joined.memberId,
    })
  const { generationId, memberId } = joined
  const assignment = encodeAssignment(partitions.map((partition) => ({ topic, partition })))
  const synced = await cluster.callCoordinator('group', groupId, SYNC_GROUP, {
    groupId,
    generationId,
    memberId,
    groupInstanceId,
    protocolType: 'consumer',
    protocolName: 'range',
    assignments: [{ memberId, assignment }],
  })
  assert.equal(synced.errorCode, 0)
  return memberId
}

export async function joinConsumer(groupId: string, topic: string): Promise<string> {
  const memberId = `member-${count++}`
  const { errorCode, errorMessage } = await cluster.callCoordinator('group', groupId, HEARTBEAT, {
    groupId,
    memberId,
    memberEpoch: 0,
    rebalanceTimeoutMs: 30_000,
    subscribedTopicNames: [topic],
    topicPartitions: [],
  })
  assert.equal(errorCode, 0, errorMessage ?? '')
  return memberId
}
