import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../../../base/logger.ts'
import { BrokerConfig } from '../../../metadata/config/broker-config.ts'
import { MetadataCache } from '../../../metadata/metadata-cache.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { SimClock } from '../../../simulator/sim-clock.ts'
import { SimRandom } from '../../../simulator/sim-random.ts'
import { MemoryLog } from '../../runtime/memory-log.test.kit.ts'
import type { VerificationRequest } from '../../transaction/transaction-verifier.ts'
import { GroupCoordinator } from '../group-coordinator.ts'
import type { OffsetToCommit } from './offset-requests.ts'

const { NONE } = ErrorCode
const RETENTION_MS = 7 * 24 * 3_600_000

const { config } = BrokerConfig.parse(
  new Map([
    ['broker.id', '1'],
    ['log.dirs', '/data'],
    ['offsets.topic.num.partitions', '1'],
  ]),
)

class Coordinator {
  readonly clock = new SimClock()
  readonly log = new MemoryLog(this.clock)
  /** What the transaction coordinator was asked, and how it is answered. */
  readonly verifications: VerificationRequest[] = []
  verdict: () => Promise<number> = async () => NONE
  readonly group: GroupCoordinator

  constructor(overrides: Partial<BrokerConfig> = {}) {
    this.group = new GroupCoordinator({
      config: { ...config, ...overrides },
      metadataCache: new MetadataCache({ clusterId: 'c', logger: silentLogger }),
      clock: this.clock,
      random: new SimRandom(1),
      logger: silentLogger,
      compression: 'none',
      transactionVerifier: {
        verify: async (request) => {
          this.verifications.push(request)
          return [await this.verdict()]
        },
      },
    })
  }

  /** Leads the partition, and has loaded what is in the log. */
  async lead(): Promise<this> {
    this.group.onElection(0, this.log)
    for (let i = 0; i < 5; i++) {
      this.clock.advance(0)
      await turn()
    }
    return this
  }

  /** Lets appends become safe until the answer is there. */
  async answer<Response>(promise: Promise<Response>): Promise<Response> {
    let isAnswered = false
    void promise.finally(() => {
      isAnswered = true
    })
    for (let i = 0; i < 100 && !isAnswered; i++) {
      await turn()
      this.clock.tick()
    }
    return await promise
  }

  commit(groupId: string, ...offsets: Partial<OffsetToCommit>[]) {
    const request = {
      groupId,
      committer: NOBODY,
      apiVersion: 8,
      retentionTimeMs: -1,
      offsets: offsets.map(toCommit),
    }
    return this.answer(this.group.offsets.commit(request))
  }

  commitTransactional(groupId: string, producerId: number, offset: number, apiVersion = 3) {
    return this.group.offsets.commitTransactional({
      groupId,
      committer: NOBODY,
      apiVersion,
      transactionalId: 'tx',
      producer: { producerId, producerEpoch: 0 },
      offsets: [toCommit({ offset })],
    })
  }

  end(producerId: number, isCommit: boolean) {
    const marker = { producerId, producerEpoch: 0, coordinatorEpoch: 0, isCommit }
    return this.answer(this.group.completeTransaction(0, marker))
  }

  /** What is told of t-0 to t-2; the error of the whole if there is one. */
  async fetch(groupId: string, requireStable = false) {
    const { errorCode, topics } = await this.answer(
      this.group.offsets.fetch({
        groupId,
        memberId: null,
        memberEpoch: -1,
        topics: [{ name: 't', partitionIndexes: [0, 1, 2] }],
        requireStable,
      }),
    )
    if (errorCode !== NONE) return errorCode
    return topics[0]!.partitions.map((each) =>
      each.errorCode === NONE ? each.committedOffset : `!${each.errorCode}`,
    )
  }

  delete(groupId: string) {
    const partitions = [{ topic: 't', partition: 0 }]
    return this.answer(this.group.offsets.delete({ groupId, partitions }))
  }
}

const NOBODY = { memberId: '', groupInstanceId: null, generationIdOrMemberEpoch: -1 }

function toCommit(fields: Partial<OffsetToCommit>): OffsetToCommit {
  return {
    topic: 't',
    partition: 0,
    offset: 0,
    leaderEpoch: -1,
    metadata: '',
    ...fields,
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

test('commits are answered when they are safe, and told to whom asks later, also by the next leader', async () => {
  const coordinator = await new Coordinator().lead()
  assert.deepEqual(await coordinator.commit('g', { offset: 4 }, { partition: 2, offset: 5 }), [NONE, NONE])
  assert.deepEqual(await coordinator.fetch('g'), [4, -1, 5])
  coordinator.group.onResignation(0)
  assert.equal(await coordinator.fetch('g'), ErrorCode.NOT_COORDINATOR)
  await coordinator.lead()
  assert.deepEqual(await coordinator.fetch('g'), [4, -1, 5])
})

test('a group id may be empty, but not in transactions and deletions', async () => {
  const coordinator = await new Coordinator().lead()
  assert.deepEqual(await coordinator.commit('', { offset: 4 }), [NONE])
  assert.deepEqual(await coordinator.fetch(''), [4, -1, -1])
  assert.deepEqual(await coordinator.commitTransactional('', 1, 1), [ErrorCode.INVALID_GROUP_ID])
  assert.deepEqual(await coordinator.delete(''), {
    errorCode: ErrorCode.INVALID_GROUP_ID,
    partitionErrors: [],
  })
})

test('who asks a broker that is not the coordinator, or not yet, is told so', async () => {
  const coordinator = new Coordinator()
  const ask = async () => [
    (await coordinator.commit('g', {}, {})).join(),
    (await coordinator.commitTransactional('g', 1, 1)).join(),
    await coordinator.fetch('g'),
    (await coordinator.delete('g')).errorCode,
  ]
  assert.deepEqual(await ask(), ['16,16', '16', 16, 16])
  coordinator.log.read = () => new Promise(() => {})
  coordinator.log.batches.push((await filledLog()).batches[0]!)
  coordinator.group.onElection(0, coordinator.log)
  assert.deepEqual(await ask(), ['14,14', '14', 14, 14])
})

async function filledLog(): Promise<MemoryLog> {
  const { log, ...other } = await new Coordinator().lead()
  await Coordinator.prototype.commit.call(Object.assign(Object.create(Coordinator.prototype), other), 'g', {})
  return log
}

test('commits that the log does not take have changed nothing', async () => {
  const coordinator = await new Coordinator().lead()
  await coordinator.commit('g', { offset: 4 })
  const answerTo = async (refusal: number) => {
    coordinator.log.refusal = refusal
    return await coordinator.commit('g', { offset: 9 })
  }
  assert.deepEqual(await answerTo(ErrorCode.MESSAGE_TOO_LARGE), [ErrorCode.INVALID_COMMIT_OFFSET_SIZE])
  assert.deepEqual(await answerTo(ErrorCode.NOT_ENOUGH_REPLICAS), [ErrorCode.COORDINATOR_NOT_AVAILABLE])
  assert.deepEqual(await answerTo(ErrorCode.NOT_LEADER_OR_FOLLOWER), [ErrorCode.NOT_COORDINATOR])
  coordinator.log.refusal = NONE
  coordinator.log.batchBytesMax = 3 * 4096
  const metadata = 'm'.repeat(4096)
  const offsets = [0, 1, 2, 3].map((partition) => ({ partition, metadata }))
  const codes = await coordinator.commit('g', ...offsets)
  assert.deepEqual(codes, Array(4).fill(ErrorCode.INVALID_COMMIT_OFFSET_SIZE))
  assert.deepEqual(await coordinator.fetch('g'), [4, -1, -1])
})

test('a fetch behind a commit that is not known to be replicated is to be tried elsewhere', async () => {
  const coordinator = await new Coordinator().lead()
  coordinator.log.holds = true
  const commit = coordinator.commit('g', { offset: 4 })
  const fetch = coordinator.fetch('g')
  await turn()
  coordinator.log.settle(ErrorCode.REQUEST_TIMED_OUT)
  assert.deepEqual(await commit, [ErrorCode.COORDINATOR_NOT_AVAILABLE])
  assert.equal(await fetch, ErrorCode.NOT_COORDINATOR)
})

test('a transaction is verified, by what the version knows', async () => {
  const coordinator = await new Coordinator().lead()
  for (const version of [3, 4, 5]) {
    assert.deepEqual(await coordinator.answer(coordinator.commitTransactional('g', 7, 1, version)), [NONE])
  }
  const common = { transactionalId: 'tx', producerId: 7, producerEpoch: 0 }
  const partitions = [{ topic: '__consumer_offsets', partition: 0 }]
  assert.deepEqual(coordinator.verifications, [
    { ...common, partitions, addsPartitions: false, knowsAbortable: false },
    { ...common, partitions, addsPartitions: false, knowsAbortable: true },
    { ...common, partitions, addsPartitions: true, knowsAbortable: true },
  ])
})

test('where verification is switched off only those that add their partition are asked about', async () => {
  const coordinator = await new Coordinator({ transactionPartitionVerificationEnable: false }).lead()
  for (const version of [4, 5]) await coordinator.answer(coordinator.commitTransactional('g', 7, 1, version))
  assert.deepEqual(
    coordinator.verifications.map(({ addsPartitions }) => addsPartitions),
    [true],
  )
})

test('what the transaction coordinator refuses is not written', async () => {
  const coordinator = await new Coordinator().lead()
  const answerTo = async (verdict: number) => {
    coordinator.verdict = async () => verdict
    return await coordinator.answer(coordinator.commitTransactional('g', 7, 1))
  }
  assert.deepEqual(await answerTo(ErrorCode.INVALID_TXN_STATE), [ErrorCode.INVALID_TXN_STATE])
  assert.deepEqual(await answerTo(ErrorCode.INVALID_PRODUCER_EPOCH), [ErrorCode.INVALID_PRODUCER_EPOCH])
  assert.deepEqual(await answerTo(ErrorCode.NETWORK_EXCEPTION), [ErrorCode.COORDINATOR_LOAD_IN_PROGRESS])
  assert.equal(coordinator.log.batches.length, 0)
})

test('a transaction that ends, or a shard that is loaded anew, during the verification stops the commit', async () => {
  const coordinator = await new Coordinator().lead()
  const commitWhile = async (happens: () => Promise<unknown>) => {
    coordinator.verdict = async () => {
      await happens()
      return NONE
    }
    return await coordinator.answer(coordinator.commitTransactional('g', 7, 1))
  }
  assert.deepEqual(await commitWhile(() => coordinator.end(7, false)), [ErrorCode.INVALID_TXN_STATE])
  const reload = () => {
    coordinator.group.onResignation(0)
    return coordinator.lead()
  }
  assert.deepEqual(await commitWhile(reload), [ErrorCode.COORDINATOR_LOAD_IN_PROGRESS])
  assert.deepEqual(await commitWhile(async () => coordinator.group.onResignation(0)), [
    ErrorCode.NOT_COORDINATOR,
  ])
  await coordinator.lead()
  assert.deepEqual(await coordinator.fetch('g', true), [-1, -1, -1])
})

test('a transaction that is open when the leader changes ends at the next one', async () => {
  const coordinator = await new Coordinator().lead()
  await coordinator.commit('g', { offset: 4 })
  await coordinator.answer(coordinator.commitTransactional('g', 7, 9))
  coordinator.group.onResignation(0)
  await coordinator.lead()
  assert.deepEqual(await coordinator.fetch('g', true), [`!${ErrorCode.UNSTABLE_OFFSET_COMMIT}`, -1, -1])
  assert.deepEqual(await coordinator.fetch('g', false), [4, -1, -1])
  assert.equal(await coordinator.end(7, true), NONE)
  assert.deepEqual(await coordinator.fetch('g', true), [9, -1, -1])
  coordinator.group.onResignation(0)
  await coordinator.lead()
  assert.deepEqual(await coordinator.fetch('g', true), [9, -1, -1])
})

test('offsets of deleted partitions go, in slices', async () => {
  const coordinator = await new Coordinator().lead()
  const many = Array.from({ length: 1500 }, (_, partition) => ({ partition, offset: 1 }))
  await coordinator.commit('g', ...many)
  await coordinator.commit('h', { offset: 2 }, { partition: 1, offset: 3 })
  const batchCount = coordinator.log.batches.length
  const deleted = many
    .filter(({ partition }) => partition !== 1)
    .map(({ partition }) => ({ topic: 't', partition }))
  await coordinator.answer(coordinator.group.offsets.onPartitionsDeleted(deleted))
  assert.deepEqual(await coordinator.fetch('g'), [-1, 1, -1])
  assert.deepEqual(await coordinator.fetch('h'), [-1, 3, -1])
  assert.equal(coordinator.log.batches.length, batchCount + 2)
  await coordinator.answer(coordinator.group.offsets.onPartitionsDeleted([]))
  assert.equal(coordinator.log.batches.length, batchCount + 2)
})

test('offsets expire while the broker leads, and stay gone', async () => {
  const coordinator = await new Coordinator().lead()
  await coordinator.commit('g', { offset: 4 })
  coordinator.clock.advance(RETENTION_MS)
  assert.deepEqual(await coordinator.fetch('g'), [-1, -1, -1])
  assert.equal((await coordinator.delete('g')).errorCode, ErrorCode.GROUP_ID_NOT_FOUND)
  coordinator.group.onResignation(0)
  await coordinator.lead()
  assert.equal((await coordinator.delete('g')).errorCode, ErrorCode.GROUP_ID_NOT_FOUND)
})
