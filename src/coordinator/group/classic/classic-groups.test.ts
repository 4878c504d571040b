import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { silentLogger } from '../../../base/logger.ts'
import { BrokerConfig } from '../../../metadata/config/broker-config.ts'
import { MetadataCache } from '../../../metadata/metadata-cache.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { SimClock } from '../../../simulator/sim-clock.ts'
import { SimRandom } from '../../../simulator/sim-random.ts'
import { startRuntime } from '../../runtime/memory-log.test.kit.ts'
import { ClusterTopics } from '../consumer/cluster-topics.ts'
import { ConsumerGroup } from '../consumer/consumer-group.ts'
import { NO_METADATA } from '../consumer/consumer-group-member.ts'
import { GroupMembership } from '../group-membership.ts'
import { GroupShard } from '../group-shard.ts'
import { groupMetadataRecord } from './group-metadata-records.ts'

const { config } = BrokerConfig.parse(
  new Map([
    ['log.dirs', '/data'],
    ['group.initial.rebalance.delay.ms', '0'],
  ]),
)

async function start() {
  const clock = new SimClock()
  const topics = new ClusterTopics(new MetadataCache({ clusterId: 'c', logger: silentLogger }))
  const { runtime, log, loaded } = startRuntime({
    clock,
    random: new SimRandom(1),
    newShard: (context) => new GroupShard(context, { config, topics }),
  })
  await loaded()
  return { clock, runtime, log, membership: new GroupMembership({ config, runtime, partitionOf: () => 0 }) }
}

type World = Awaited<ReturnType<typeof start>>

function join({ membership }: World, protocols = [{ name: 'range', metadata: Buffer.alloc(0) }]) {
  const request = {
    groupId: 'g',
    memberId: '',
    groupInstanceId: null,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'consumer',
    protocols,
    reason: null,
  }
  return membership.joinGroup(request, { apiVersion: 3, clientId: 'c', clientHost: '/127.0.0.1' })
}

function putConsumerGroup({ runtime }: World, memberIds: string[]): void {
  const group = new ConsumerGroup('g')
  for (const memberId of memberIds) group.apply({ kind: 'member', memberId, metadata: NO_METADATA })
  runtime.peek(0, ({ groups }) => groups.put(group))
}

describe('a client of the classic protocol', () => {
  test('is let into the place of an empty consumer group, which the log forgets', async () => {
    const world = await start()
    putConsumerGroup(world, [])
    assert.equal((await join(world, [])).errorCode, ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    assert.equal(world.log.records().length, 0)
    const joining = join(world)
    world.clock.advance(0)
    assert.equal((await joining).errorCode, ErrorCode.NONE)
    assert.ok(world.log.records().every(({ value }) => value === null))
    assert.ok(world.log.records().length > 0)
    const type = world.runtime.peek(0, ({ groups }) => groups.get('g')!.type)
    assert.equal(type, 'classic')
  })

  test('is refused where a group of another kind has members', async () => {
    const world = await start()
    putConsumerGroup(world, ['m'])
    assert.equal((await join(world)).errorCode, ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
    assert.equal(world.log.records().length, 0)
  })
})

test('a group that a record makes while others are served has sessions at once', async () => {
  const { clock, runtime, log } = await start()
  const member = {
    memberId: 'm',
    groupInstanceId: null,
    clientId: 'c',
    clientHost: '/h',
    rebalanceTimeout: 5000,
    sessionTimeout: 5000,
    subscription: Buffer.alloc(0),
    assignment: Buffer.alloc(0),
  }
  const metadata = {
    protocolType: 'consumer',
    generation: 3,
    protocol: 'range',
    leader: 'm',
    currentStateTimestamp: 0,
  }
  const record = groupMetadataRecord('g', { ...metadata, members: [member] })
  void runtime.write(
    0,
    () => ({ records: [record], response: undefined }),
    () => undefined,
  )
  const state = () => runtime.peek(0, ({ groups }) => groups.get('g')!.stateName)
  clock.advance(4999)
  assert.equal(state(), 'Stable')
  clock.advance(1)
  assert.equal(state(), 'Empty')
  assert.equal(log.records().length, 2)
})
