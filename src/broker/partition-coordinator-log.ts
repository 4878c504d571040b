/** A partition of this broker as the log of a coordinator: appends with the guarantees of acks=-1. */
import { DiskError } from '../base/disk.ts'
import type { AppendAnswer, CoordinatorLog } from '../coordinator/runtime/coordinator-log.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { Partition } from '../replica/partition.ts'
import type { ReplicaManager } from '../replica/replica-manager.ts'

export class PartitionCoordinatorLog implements CoordinatorLog {
  readonly leaderEpoch: number
  readonly #replicaManager: ReplicaManager
  readonly #partition: Partition
  readonly #timeoutMs: number

  /** Of a partition that is led here, and of this term alone. */
  constructor(options: { replicaManager: ReplicaManager; partition: Partition; timeoutMs: number }) {
    this.#replicaManager = options.replicaManager
    this.#partition = options.partition
    this.#timeoutMs = options.timeoutMs
    this.leaderEpoch = options.partition.leaderEpoch
  }

  get batchBytesMax(): number {
    return this.#partition.onlineLog.config.maxMessageBytes
  }
  get logStartOffset(): number {
    return this.#partition.onlineLog.logStartOffset
  }
  get logEndOffset(): number {
    return this.#partition.onlineLog.logEndOffset
  }

  append(batch: Buffer, onSettled: (errorCode: number) => void): AppendAnswer {
    const partition = this.#partition
    if (!partition.isLeader || partition.leaderEpoch !== this.leaderEpoch)
      return refused(ErrorCode.NOT_LEADER_OR_FOLLOWER)
    if (partition.isUnderMinIsr) return refused(ErrorCode.NOT_ENOUGH_REPLICAS)
    const { term } = partition
    const onAppendDone = (): void => {
      // The outcome carries an error if the write failed; nothing is waited for then.
      this.#replicaManager.awaitReplication([{ partition, outcome, term }], this.#timeoutMs, () =>
        onSettled(outcome.errorCode),
      )
    }
    const outcome = this.#replicaManager.append(partition, batch, {
      origin: 'coordinator',
      waiter: { onAppendDone },
    })
    return { errorCode: outcome.errorCode, firstOffset: outcome.firstOffset }
  }

  async read(offset: number, maxBytes: number): Promise<Buffer> {
    const { errorCode, slice } = this.#partition.read(offset, {
      maxBytes,
      minOneMessage: true,
      isolation: 'log-end',
    })
    if (errorCode !== ErrorCode.NONE) {
      const { topic, index } = this.#partition
      throw new DiskError('EIO', `${topic}-${index}`, `offset ${offset} can't be read: error ${errorCode}`)
    }
    if (slice === null) return Buffer.alloc(0)
    try {
      const bytes = Buffer.allocUnsafe(slice.byteLength)
      const byteCount = await slice.file.readAsync(bytes, 0, slice.byteLength, slice.position)
      return bytes.subarray(0, byteCount)
    } finally {
      slice.release()
    }
  }
}

function refused(errorCode: number): AppendAnswer {
  return { errorCode, firstOffset: -1 }
}
