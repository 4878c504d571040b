import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MemberAssignment, MemberState } from './consumer-group-member.ts'
import { reconcile } from './reconciliation.ts'
import type { TopicPartitions } from './topic-partitions.ts'

/** Of one topic. */
function partitions(...numbers: number[]): TopicPartitions {
  return new Map(numbers.length === 0 ? [] : [['t', numbers]])
}

function member(state: MemberState, memberEpoch: number, assigned: number[], pending: number[] = []) {
  return {
    state,
    memberEpoch,
    previousMemberEpoch: memberEpoch - 1,
    assigned: partitions(...assigned),
    pendingRevocation: partitions(...pending),
  }
}

/** `state epoch/previous assigned-pending`. */
function shown(assignment: MemberAssignment | 'fenced'): string {
  if (assignment === 'fenced') return assignment
  const { state, memberEpoch, previousMemberEpoch, assigned, pendingRevocation } = assignment
  const list = (of: TopicPartitions): string => (of.get('t') ?? []).join('+') || 'none'
  return `${state} ${memberEpoch}/${previousMemberEpoch} ${list(assigned)} revoking ${list(pendingRevocation)}`
}

function next(
  current: MemberAssignment,
  target: { epoch: number; partitions: number[] },
  options: { held?: number[]; owned?: number[] | null } = {},
): string {
  const { held = [], owned = null } = options
  return shown(
    reconcile(current, {
      target: { epoch: target.epoch, partitions: partitions(...target.partitions) },
      isFree: (_, partition) => !held.includes(partition),
      owned: owned === null ? null : partitions(...owned),
    }),
  )
}

test('a member that has reached the target stays as it is', () => {
  const current = member('STABLE', 3, [0])
  assert.equal(
    reconcile(current, {
      target: { epoch: 3, partitions: partitions(0, 1) },
      isFree: () => true,
      owned: partitions(),
    }),
    current,
  )
})

test('what is to be given up goes first, in the old epoch, unless the member holds none of it any more', () => {
  const current = member('STABLE', 1, [0, 1])
  const target = { epoch: 2, partitions: [0, 2] }
  assert.equal(next(current, target), 'UNREVOKED_PARTITIONS 1/1 0 revoking 1')
  assert.equal(next(current, target, { owned: [0, 1] }), 'UNREVOKED_PARTITIONS 1/1 0 revoking 1')
  assert.equal(next(current, target, { owned: [0] }), 'STABLE 2/1 0+2 revoking none')
})

test('a member that is to give something up waits until it says that it does not hold it', () => {
  const current = member('UNREVOKED_PARTITIONS', 1, [0], [1])
  const target = { epoch: 3, partitions: [0, 2] }
  assert.equal(next(current, target), 'UNREVOKED_PARTITIONS 1/0 0 revoking 1')
  assert.equal(next(current, target, { owned: [0, 1] }), 'UNREVOKED_PARTITIONS 1/0 0 revoking 1')
  assert.equal(next(current, target, { owned: [0] }), 'STABLE 3/1 0+2 revoking none')
})

test('a target that changed meanwhile may ask for more: the member has gone one epoch on', () => {
  const current = member('UNREVOKED_PARTITIONS', 1, [0, 3], [1])
  const given = next(current, { epoch: 5, partitions: [3] }, { owned: [0, 3] })
  assert.equal(given, 'UNREVOKED_PARTITIONS 2/1 3 revoking 0')
})

test('a member gets what is free, and waits for what others hold', () => {
  const current = member('STABLE', 1, [0])
  const target = { epoch: 2, partitions: [0, 1, 2] }
  assert.equal(next(current, target, { held: [1] }), 'UNRELEASED_PARTITIONS 2/1 0+2 revoking none')
  const waiting = member('UNRELEASED_PARTITIONS', 2, [0, 2])
  assert.equal(next(waiting, target, { held: [1] }), 'UNRELEASED_PARTITIONS 2/2 0+2 revoking none')
  assert.equal(next(waiting, target), 'STABLE 2/2 0+1+2 revoking none')
})

test('a member in a state of a later version begins anew, with nothing', () => {
  const current = member('UNKNOWN', 1, [0, 1])
  const target = { epoch: 4, partitions: [1] }
  assert.equal(next(current, target), 'fenced')
  assert.equal(next(current, target, { owned: [0] }), 'fenced')
  assert.equal(next(current, target, { owned: [] }), 'STABLE 4/1 1 revoking none')
})
