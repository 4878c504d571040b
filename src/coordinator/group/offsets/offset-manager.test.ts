import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { OffsetCommitKey, OffsetCommitValue } from '../../../protocol/records/group-records.ts'
import { DecodeError } from '../../../wire/reader.ts'
import { encodeVersioned, recordVersion } from '../../runtime/coordinator-record.ts'
import { OffsetBench, offsetsOf } from './offset-bench.test.kit.ts'
import type { TransactionalOffsetCommit } from './offset-requests.ts'

const { NONE } = ErrorCode

test('a commit is told with its leader epoch and metadata, whatever number it is', () => {
  const bench = new OffsetBench()
  const codes = bench.commit('g', [
    { partition: 3, offset: 42, leaderEpoch: 6, metadata: 'note' },
    { partition: 1, offset: -7, metadata: null },
    { topic: 'u', offset: 2 ** 63 },
  ])
  assert.deepEqual(codes, [NONE, NONE, NONE])
  assert.equal(offsetsOf(bench.manager, 'g'), `t-1=-7 t-3=42@6(note) u-0=${2 ** 63}`)
  assert.equal(offsetsOf(bench.manager, 'other'), '')
})

test('the last commit of a partition counts, within one request as well', () => {
  const bench = new OffsetBench()
  bench.commit('g', [{ offset: 5, metadata: 'old' }])
  bench.commit('g', [{ offset: 9 }, { offset: 3 }])
  assert.equal(offsetsOf(bench.manager, 'g'), 't-0=3')
})

test('records have the versions of Kafka 3.9: value 3, or 1 with an expiry', () => {
  const bench = new OffsetBench()
  bench.commit('g', [{ offset: 1 }])
  bench.commit('g', [{ offset: 1 }], { apiVersion: 2, retentionTimeMs: 1000 })
  const versions = bench.log.map((entry) =>
    'record' in entry ? [recordVersion(entry.record.key), recordVersion(entry.record.value!)] : [],
  )
  assert.deepEqual(versions, [
    [1, 3],
    [1, 1],
  ])
})

test('metadata beyond the limit costs its partition, the others are committed', () => {
  const bench = new OffsetBench()
  const codes = bench.commit('g', [
    { partition: 0, offset: 1, metadata: 'x'.repeat(4097) },
    { partition: 1, offset: 2, metadata: 'x'.repeat(4096) },
  ])
  assert.deepEqual(codes, [ErrorCode.OFFSET_METADATA_TOO_LARGE, NONE])
  assert.equal(offsetsOf(bench.manager, 'g'), `t-1=2(${'x'.repeat(4096)})`)
})

test('a group id that no record can hold is refused', () => {
  const bench = new OffsetBench()
  assert.deepEqual(bench.commit('g'.repeat(40_000), [{}]), [ErrorCode.UNKNOWN_SERVER_ERROR])
  assert.equal(bench.log.length, 0)
})

test('from outside any group commits are taken, and make a group that holds offsets', () => {
  const bench = new OffsetBench()
  assert.deepEqual(bench.commit('g', [{ offset: 1 }]), [NONE])
  assert.ok(bench.groups.get('g'))
})

test('a generation of a group that is not there is refused, as the version knows it', () => {
  const bench = new OffsetBench()
  const commit = (apiVersion: number) =>
    bench.commit('g', [{}], { apiVersion, memberId: 'm', generationIdOrMemberEpoch: 1 })
  assert.deepEqual(commit(8), [ErrorCode.ILLEGAL_GENERATION])
  assert.deepEqual(commit(9), [ErrorCode.GROUP_ID_NOT_FOUND])
  assert.deepEqual(bench.commitTransactional('g', 5, [{}], { memberId: 'm', generationIdOrMemberEpoch: 1 }), [
    ErrorCode.ILLEGAL_GENERATION,
  ])
  assert.equal(bench.log.length, 0)
  assert.equal(bench.groups.get('g'), undefined)
})

test('the group decides who may commit, and a commit is a sign of life', () => {
  const bench = new OffsetBench()
  const group = bench.groups.getOrCreate('g')
  const member = { memberId: 'm', groupInstanceId: 'i', generationIdOrMemberEpoch: 4, apiVersion: 9 }
  assert.deepEqual(bench.commit('g', [{ offset: 1 }], member), [NONE])
  group.commitError = ErrorCode.STALE_MEMBER_EPOCH
  assert.deepEqual(bench.commit('g', [{}, {}], member), [
    ErrorCode.STALE_MEMBER_EPOCH,
    ErrorCode.STALE_MEMBER_EPOCH,
  ])
  assert.deepEqual(bench.commitTransactional('g', 5, [{}], member), [ErrorCode.ILLEGAL_GENERATION])
  assert.deepEqual(group.validated, [
    { ...member, isTransactional: false },
    { ...member, isTransactional: false },
    { ...member, isTransactional: true },
  ])
  assert.deepEqual(group.signsOfLife, ['m'])
  assert.equal(bench.log.length, 1)
})

test('a fetch names what is asked in its order, -1 where nothing is committed', () => {
  const bench = new OffsetBench()
  bench.commit('g', [{ partition: 1, offset: 5 }])
  const ask = (groupId: string) =>
    bench.manager
      .fetch({
        groupId,
        memberId: null,
        memberEpoch: -1,
        topics: [{ name: 't', partitionIndexes: [2, 1] }],
        requireStable: true,
      })
      .topics.flatMap(({ partitions }) => partitions)
      .map(({ partitionIndex, committedOffset, errorCode }) => [partitionIndex, committedOffset, errorCode])
  assert.deepEqual(ask('g'), [
    [2, -1, NONE],
    [1, 5, NONE],
  ])
  assert.deepEqual(ask('nobody'), [
    [2, -1, NONE],
    [1, -1, NONE],
  ])
})

test('the group decides who may fetch; one that is dead has no offsets', () => {
  const bench = new OffsetBench()
  bench.commit('g', [{ offset: 5 }])
  const group = bench.groups.getOrCreate('g')
  group.fetchError = ErrorCode.UNKNOWN_MEMBER_ID
  assert.equal(offsetsOf(bench.manager, 'g'), `!${ErrorCode.UNKNOWN_MEMBER_ID}`)
})

test('what a transaction wrote is seen when it commits, and never when it aborts', () => {
  const bench = new OffsetBench()
  bench.commit('g', [{ offset: 1 }])
  assert.deepEqual(bench.commitTransactional('g', 5, [{ offset: 2 }, { partition: 1, offset: 3 }]), [
    NONE,
    NONE,
  ])
  assert.equal(offsetsOf(bench.manager, 'g'), 't-0=1')
  assert.equal(offsetsOf(bench.manager, 'g', true), `t-0!${ErrorCode.UNSTABLE_OFFSET_COMMIT}`)
  bench.end(5, true)
  assert.equal(offsetsOf(bench.manager, 'g', true), 't-0=2 t-1=3')
  bench.commitTransactional('g', 5, [{ offset: 8 }])
  bench.end(5, false, 1)
  assert.equal(offsetsOf(bench.manager, 'g', true), 't-0=2 t-1=3')
})

test('a partition without an offset is unstable too while a transaction writes it', () => {
  const bench = new OffsetBench()
  bench.commitTransactional('g', 5, [{ offset: 2 }])
  const topics = [{ name: 't', partitionIndexes: [0, 1] }]
  const ask = { groupId: 'g', memberId: null, memberEpoch: -1, topics, requireStable: true }
  const codes = bench.manager.fetch(ask).topics[0]!.partitions.map(({ errorCode }) => errorCode)
  assert.deepEqual(codes, [ErrorCode.UNSTABLE_OFFSET_COMMIT, NONE])
})

test('a plain commit behind what a transaction wrote outlives its commit; one before does not', () => {
  const bench = new OffsetBench()
  bench.commit('g', [{ partition: 1, offset: 100 }])
  bench.commitTransactional('g', 5, [{ offset: 10 }, { partition: 1, offset: 11 }])
  bench.commit('g', [{ offset: 20 }])
  bench.end(5, true)
  assert.equal(offsetsOf(bench.manager, 'g'), 't-0=20 t-1=11')
})

test('of several transactions on one partition the later record counts, whichever commits first', () => {
  for (const order of [
    [5, 6],
    [6, 5],
  ]) {
    const bench = new OffsetBench()
    bench.commitTransactional('g', 5, [{ offset: 10 }])
    bench.commitTransactional('g', 6, [{ offset: 20 }])
    bench.end(order[0]!, true)
    assert.equal(offsetsOf(bench.manager, 'g', true), `t-0!${ErrorCode.UNSTABLE_OFFSET_COMMIT}`)
    bench.end(order[1]!, true)
    assert.equal(offsetsOf(bench.manager, 'g', true), 't-0=20')
  }
})

const LATE: TransactionalOffsetCommit = {
  groupId: 'g',
  committer: { memberId: '', groupInstanceId: null, generationIdOrMemberEpoch: -1 },
  apiVersion: 4,
  transactionalId: 't',
  producer: { producerId: 5, producerEpoch: 3 },
  offsets: [{ topic: 't', partition: 0, offset: 1, leaderEpoch: -1, metadata: null }],
}

test('a transaction that ended while its coordinator was asked takes no more offsets', () => {
  const bench = new OffsetBench()
  const commitAfterEnd = (apiVersion: number, ...markerEpochs: number[]) => {
    const request = { ...LATE, apiVersion }
    const guard = bench.manager.beginVerification(request)
    for (const epoch of markerEpochs) bench.end(5, false, epoch)
    const { records, response } = bench.manager.commitTransactional(request, { guard, errorCode: NONE })
    return [records.length, ...(response as number[])]
  }
  assert.deepEqual(commitAfterEnd(4), [1, NONE])
  assert.deepEqual(commitAfterEnd(4, 3), [0, ErrorCode.INVALID_TXN_STATE])
  // From version 5 on a marker of this epoch ended the transaction before.
  assert.deepEqual(commitAfterEnd(5, 3), [1, NONE])
  assert.deepEqual(commitAfterEnd(5, 3, 4), [0, ErrorCode.INVALID_TXN_STATE])
})

test('what its coordinator says against a transaction is answered', () => {
  const bench = new OffsetBench()
  const guard = bench.manager.beginVerification(LATE)
  const errorCode = ErrorCode.TRANSACTION_ABORTABLE
  const refused = bench.manager.commitTransactional(LATE, { guard, errorCode })
  assert.deepEqual([refused.records.length, refused.response], [0, [errorCode]])
})

test('a producer without an id or epoch is refused', () => {
  const bench = new OffsetBench()
  assert.deepEqual(bench.commitTransactional('g', -1, [{}]), [ErrorCode.INVALID_PRODUCER_ID_MAPPING])
  assert.deepEqual(bench.commitTransactional('g', 1, [{}], { producerEpoch: -1 }), [
    ErrorCode.INVALID_PRODUCER_EPOCH,
  ])
})

test('a deletion takes what is pending along, and answers each partition', () => {
  const bench = new OffsetBench()
  bench.commit('g', [{ offset: 1 }, { topic: 'u', offset: 2 }])
  bench.commitTransactional('g', 5, [{ offset: 3 }, { partition: 1, offset: 4 }])
  bench.groups.getOrCreate('g').subscription = new Set(['u'])
  const partitions = [
    { topic: 't', partition: 0 },
    { topic: 't', partition: 1 },
    { topic: 't', partition: 2 },
    { topic: 'u', partition: 0 },
  ]
  const { errorCode, partitionErrors } = bench.apply(bench.manager.delete({ groupId: 'g', partitions }))
  assert.deepEqual(
    [errorCode, partitionErrors],
    [NONE, [NONE, NONE, NONE, ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC]],
  )
  bench.end(5, true)
  assert.equal(offsetsOf(bench.manager, 'g', true), 'u-0=2')
})

test('a deletion needs a group, and one that allows it', () => {
  const bench = new OffsetBench()
  const remove = () =>
    bench.apply(bench.manager.delete({ groupId: 'g', partitions: [{ topic: 't', partition: 0 }] }))
  assert.deepEqual(remove(), { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, partitionErrors: [] })
  bench.commit('g', [{ offset: 1 }])
  bench.groups.getOrCreate('g').offsetDeleteError = ErrorCode.NON_EMPTY_GROUP
  assert.deepEqual(remove(), { errorCode: ErrorCode.NON_EMPTY_GROUP, partitionErrors: [] })
  assert.equal(offsetsOf(bench.manager, 'g'), 't-0=1')
})

test('with its group all offsets go, pending ones once each', () => {
  const bench = new OffsetBench()
  bench.commit('g', [{ offset: 1 }])
  bench.commit('h', [{ offset: 7 }])
  bench.commitTransactional('g', 5, [{ offset: 3 }, { partition: 1, offset: 4 }])
  const records = bench.manager.tombstonesOfGroup('g')
  assert.equal(records.length, 2)
  bench.apply({ records, response: undefined })
  bench.end(5, true)
  assert.equal(offsetsOf(bench.manager, 'g'), '')
  assert.equal(offsetsOf(bench.manager, 'h'), 't-0=7')
})

test('with their partitions offsets go in all groups, but not what is committed for a new topic', () => {
  const bench = new OffsetBench()
  bench.commit('g', [{ offset: 1 }, { partition: 1, offset: 2 }])
  bench.commit('h', [{ offset: 3 }, { topic: 'u', offset: 4 }])
  bench.commitTransactional('g', 5, [{ offset: 5 }])
  const { lastRecordOffset } = bench.manager
  bench.commit('h', [{ offset: 6 }])
  const gone = new Map([['t', new Set([0])]])
  const slice = () =>
    bench.apply({
      records: bench.manager.tombstonesOfPartitions(gone, { countMax: 1, lastRecordOffset }),
      response: undefined,
    })
  for (let i = 0; i < 5; i++) slice()
  bench.end(5, true)
  assert.equal(offsetsOf(bench.manager, 'g'), 't-1=2')
  assert.equal(offsetsOf(bench.manager, 'h'), 't-0=6 u-0=4')
})

test('values of every version are read', () => {
  for (const version of [0, 1, 2, 3, 4]) {
    const bench = new OffsetBench()
    const record = {
      key: encodeVersioned(OffsetCommitKey, version % 2, { group: 'g', topic: 't', partition: 2 }),
      value: encodeVersioned(OffsetCommitValue, version, {
        offset: 12,
        leaderEpoch: 3,
        metadata: 'm',
        commitTimestamp: 5,
        expireTimestamp: 6,
      }),
    }
    bench.apply({ records: [record], response: undefined })
    assert.equal(offsetsOf(bench.manager, 'g'), version < 3 ? 't-2=12(m)' : 't-2=12@3(m)')
  }
})

test('a record that is none changes nothing', () => {
  const bench = new OffsetBench()
  bench.commit('g', [{ offset: 1 }])
  const { record } = bench.log[0] as { record: { key: Buffer; value: Buffer } }
  for (const bad of [
    { key: record.key, value: record.value.subarray(0, 9) },
    { key: record.key, value: Buffer.from([0, 9, 0]) },
    { key: record.key.subarray(0, 5), value: null },
  ]) {
    assert.throws(() => bench.manager.replay(bad, { offset: 1, producer: undefined }), DecodeError)
  }
  assert.equal(offsetsOf(bench.manager, 'g'), 't-0=1')
})
