import { silentLogger } from '../../../base/logger.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { SimClock } from '../../../simulator/sim-clock.ts'
import type { ProducerIdentity } from '../../runtime/coordinator-log.ts'
import type { CoordinatorRecord } from '../../runtime/coordinator-record.ts'
import type { ShardResult } from '../../runtime/coordinator-shard.ts'
import type { Committer, Group, OffsetExpiryBase } from '../group.ts'
import { OffsetManager } from './offset-manager.ts'
import type { OffsetToCommit } from './offset-requests.ts'

export const RETENTION_MS = 7 * 24 * 3_600_000

/** A group that says what a test wants it to say. */
export class StagedGroup implements Group {
  readonly groupId: string
  readonly type = 'classic'
  readonly stateName = 'Empty'
  readonly protocolType = ''
  commitError: number = ErrorCode.NONE
  fetchError: number = ErrorCode.NONE
  offsetDeleteError: number = ErrorCode.NONE
  deleteError: number = ErrorCode.NONE
  subscription: ReadonlySet<string> = new Set()
  offsetExpiryBase: OffsetExpiryBase = { kind: 'commit' }
  /** What it was asked. */
  readonly validated: unknown[] = []
  readonly signsOfLife: string[] = []

  constructor(groupId: string) {
    this.groupId = groupId
  }

  validateOffsetCommit(
    committer: Committer,
    options: { isTransactional: boolean; apiVersion: number },
  ): number {
    this.validated.push({ ...committer, ...options })
    return this.commitError
  }

  validateOffsetFetch(): number {
    return this.fetchError
  }

  validateOffsetDelete(): number {
    return this.offsetDeleteError
  }

  validateDelete(): number {
    return this.deleteError
  }

  tombstones(): CoordinatorRecord[] {
    return [{ key: Buffer.from([0, 2]), value: null }]
  }

  isSubscribedTo(topic: string): boolean {
    return this.subscription.has(topic)
  }

  onOffsetCommitted(memberId: string): void {
    this.signsOfLife.push(memberId)
  }
}

export class StagedGroups {
  readonly groups = new Map<string, StagedGroup>()

  get(groupId: string): StagedGroup | undefined {
    return this.groups.get(groupId)
  }

  getOrCreate(groupId: string): StagedGroup {
    const group = this.groups.get(groupId) ?? new StagedGroup(groupId)
    this.groups.set(groupId, group)
    return group
  }

  values(): Iterable<StagedGroup> {
    return this.groups.values()
  }
}

type Entry =
  | { readonly record: CoordinatorRecord; readonly producer: ProducerIdentity | undefined }
  | { readonly marker: ProducerIdentity; readonly isCommit: boolean }

/** An offset manager with a log beside it, which takes every record; the state can be read anew from any part of it. */
export class OffsetBench {
  readonly clock = new SimClock()
  groups = new StagedGroups()
  readonly log: Entry[] = []
  manager: OffsetManager

  constructor() {
    this.manager = this.#newManager(this.groups)
  }

  apply<Response>(result: ShardResult<Response>): Response {
    for (const record of result.records) {
      const offset = this.log.push({ record, producer: result.producer }) - 1
      this.manager.replay(record, { offset, producer: result.producer })
    }
    if (result.response instanceof Promise) throw new Error('no operation on offsets waits')
    return result.response
  }

  commit(groupId: string, offsets: readonly Partial<OffsetToCommit>[], fields: CommitFields = {}) {
    const { retentionTimeMs = -1, apiVersion = 8, ...committer } = fields
    return this.apply(
      this.manager.commit({
        groupId,
        committer: { ...NOBODY, ...committer },
        apiVersion,
        retentionTimeMs,
        offsets: offsets.map(toCommit),
      }),
    )
  }

  commitTransactional(
    groupId: string,
    producerId: number,
    offsets: readonly Partial<OffsetToCommit>[],
    { apiVersion = 3, producerEpoch = 0, ...committer }: CommitFields & { producerEpoch?: number } = {},
  ) {
    const request = {
      groupId,
      committer: { ...NOBODY, ...committer },
      apiVersion,
      transactionalId: `t${producerId}`,
      producer: { producerId, producerEpoch },
      offsets: offsets.map(toCommit),
    }
    const guard = this.manager.beginVerification(request)
    return this.apply(this.manager.commitTransactional(request, { guard, errorCode: ErrorCode.NONE }))
  }

  end(producerId: number, isCommit: boolean, producerEpoch = 0): void {
    const marker = { producerId, producerEpoch }
    this.log.push({ marker, isCommit })
    this.manager.replayEndTransaction(marker, isCommit)
  }

  /** What another broker would make of the first entries of the log. */
  replayed(entryCount = this.log.length, groups = new StagedGroups()): OffsetManager {
    const manager = this.#newManager(groups)
    this.log.slice(0, entryCount).forEach((entry, offset) => {
      if ('marker' in entry) manager.replayEndTransaction(entry.marker, entry.isCommit)
      else manager.replay(entry.record, { offset, producer: entry.producer })
    })
    return manager
  }

  reload(): void {
    this.groups = new StagedGroups()
    this.manager = this.replayed(this.log.length, this.groups)
  }

  #newManager(groups: StagedGroups): OffsetManager {
    const config = { offsetMetadataMaxBytes: 4096, offsetsRetentionMs: RETENTION_MS }
    return new OffsetManager({ config, groups, clock: this.clock, logger: silentLogger })
  }
}

export interface CommitFields extends Partial<Committer> {
  readonly apiVersion?: number
  readonly retentionTimeMs?: number
}

const NOBODY: Committer = { memberId: '', groupInstanceId: null, generationIdOrMemberEpoch: -1 }

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

/** `t-0=5` for each partition with an offset, `t-0!88` for one with an error; the error of the whole as `!25`. */
export function offsetsOf(manager: OffsetManager, groupId: string, requireStable = false): string {
  const { errorCode, topics } = manager.fetch({
    groupId,
    memberId: null,
    memberEpoch: -1,
    topics: null,
    requireStable,
  })
  if (errorCode !== ErrorCode.NONE) return `!${errorCode}`
  return topics
    .flatMap(({ name, partitions }) =>
      partitions.map(
        ({ partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode: code }) => {
          if (code !== ErrorCode.NONE) return `${name}-${partitionIndex}!${code}`
          const epoch = committedLeaderEpoch === -1 ? '' : `@${committedLeaderEpoch}`
          return `${name}-${partitionIndex}=${committedOffset}${epoch}${metadata === '' ? '' : `(${metadata})`}`
        },
      ),
    )
    .sort()
    .join(' ')
}
