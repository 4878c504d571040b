import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeToBuffer } from '../../../protocol/codec.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { ConsumerProtocolSubscription } from '../../../protocol/messages/consumer-protocol.ts'
import { SimClock } from '../../../simulator/sim-clock.ts'
import { ClassicGroup } from './classic-group.ts'
import { ClassicMember } from './classic-member.ts'

const { NONE, NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND, COORDINATOR_NOT_AVAILABLE, UNKNOWN_MEMBER_ID } = ErrorCode
const clock = new SimClock()
const nobody = { memberId: '', groupInstanceId: null, generationIdOrMemberEpoch: -1 }

function subscription(version: number, topics: string[]): Buffer {
  const prefix = Buffer.alloc(2)
  prefix.writeInt16BE(version)
  return Buffer.concat([prefix, encodeToBuffer(ConsumerProtocolSubscription, version, { topics })])
}

function member(memberId: string, metadata: Uint8Array): ClassicMember {
  return new ClassicMember({
    memberId,
    groupInstanceId: null,
    clientId: 'c',
    clientHost: '/127.0.0.1',
    rebalanceTimeoutMs: 1000,
    sessionTimeoutMs: 1000,
    protocols: [{ name: 'range', metadata }],
  })
}

/** In CompletingRebalance. */
function groupOf(metadata: readonly Uint8Array[], protocolType = 'consumer'): ClassicGroup {
  const group = new ClassicGroup('g', clock)
  group.transitionTo('PreparingRebalance')
  metadata.forEach((each, i) => void group.add(member(`m${i}`, each), protocolType))
  group.beginGeneration()
  return group
}

/** As the replay of its record makes it. */
function stable(group: ClassicGroup): ClassicGroup {
  group.restore(group.metadataWith(({ assignment }) => assignment))
  return group
}

describe('a classic group', () => {
  test('knows what its consumers subscribe to, in every version of their metadata', () => {
    const group = groupOf([subscription(0, ['t', 'u']), subscription(1, ['v']), subscription(3, [])])
    assert.deepEqual(
      ['t', 'u', 'v', 'w'].map((topic) => group.isSubscribedTo(topic)),
      [true, true, true, false],
    )
  })

  test('of consumers that can not be understood may be subscribed to anything', () => {
    for (const metadata of [Buffer.alloc(0), Buffer.alloc(1), Buffer.from('000000000005', 'hex')]) {
      const group = stable(groupOf([subscription(0, ['t']), metadata]))
      assert.equal(group.isSubscribedTo('anything'), true)
      assert.deepEqual(group.offsetExpiryBase, { kind: 'never' })
    }
  })

  test('of another protocol is subscribed to nothing', () => {
    const group = stable(groupOf([subscription(0, ['t'])], 'connect'))
    assert.equal(group.isSubscribedTo('t'), false)
    assert.deepEqual(group.offsetExpiryBase, { kind: 'never' })
    assert.equal(group.validateOffsetDelete(), NON_EMPTY_GROUP)
  })

  test('lets offsets expire since it became empty, or since their commit', () => {
    const simple = new ClassicGroup('simple', clock)
    assert.deepEqual(simple.offsetExpiryBase, { kind: 'commit' })
    const group = groupOf([subscription(0, ['t'])])
    assert.deepEqual(group.offsetExpiryBase, { kind: 'never' })
    assert.deepEqual(stable(group).offsetExpiryBase, { kind: 'commit' })
    group.transitionTo('PreparingRebalance')
    assert.deepEqual(group.offsetExpiryBase, { kind: 'never' })
    clock.advance(5000)
    group.restore(group.emptyMetadata())
    clock.advance(5000)
    assert.deepEqual(group.offsetExpiryBase, { kind: 'since', timestampMs: clock.nowMs() - 5000 })
    group.restore({ ...group.emptyMetadata(), currentStateTimestamp: -1 })
    assert.deepEqual(group.offsetExpiryBase, { kind: 'commit' })
  })

  test('can be deleted when it is empty, and its offsets also while consumers are in it', () => {
    const group = groupOf([subscription(0, ['t'])])
    assert.deepEqual([group.validateDelete(), group.validateOffsetDelete()], [NON_EMPTY_GROUP, NONE])
    group.transitionTo('PreparingRebalance')
    group.restore(group.emptyMetadata())
    assert.deepEqual([group.validateDelete(), group.validateOffsetDelete()], [NONE, NONE])
    group.end(ErrorCode.NOT_COORDINATOR)
    assert.deepEqual(
      [group.validateDelete(), group.validateOffsetDelete(), group.validateOffsetFetch()],
      [GROUP_ID_NOT_FOUND, GROUP_ID_NOT_FOUND, GROUP_ID_NOT_FOUND],
    )
    assert.equal(group.validateOffsetCommit(nobody, { isTransactional: false }), COORDINATOR_NOT_AVAILABLE)
  })

  test('takes commits of transactions from clients that name no member', () => {
    const group = groupOf([subscription(0, ['t'])])
    assert.equal(group.validateOffsetCommit(nobody, { isTransactional: true }), NONE)
    assert.equal(group.validateOffsetCommit(nobody, { isTransactional: false }), UNKNOWN_MEMBER_ID)
    const known = { ...nobody, memberId: 'm0', generationIdOrMemberEpoch: 1 }
    assert.equal(group.validateOffsetCommit(known, { isTransactional: true }), NONE)
    const stale = { ...known, generationIdOrMemberEpoch: 0 }
    assert.equal(group.validateOffsetCommit(stale, { isTransactional: true }), ErrorCode.ILLEGAL_GENERATION)
  })

  test('goes from state to state only as the states allow', () => {
    const group = new ClassicGroup('g', clock)
    for (const state of ['Stable', 'CompletingRebalance', 'Empty'] as const) {
      assert.throws(() => group.transitionTo(state), /can't go from Empty/)
    }
  })
})
