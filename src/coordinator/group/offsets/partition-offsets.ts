/**
 * The offsets of one topic's partitions in the name of one group. There are millions of them in a large cluster, so they
 * are not objects: a row of numbers for each partition in one array, which engines keep as plain doubles, and the texts
 * of the few that have metadata beside it.
 *
 * Invariant: rows are in the order of their partitions, each partition once.
 */
import type { CommittedOffset } from './committed-offset.ts'

const ROW = 6
const OFFSET = 1
const LEADER_EPOCH = 2
const COMMIT_TIMESTAMP = 3
const EXPIRE_TIMESTAMP = 4
const RECORD_OFFSET = 5

export class PartitionOffsets {
  readonly #rows: number[] = []
  #metadata: Map<number, string> | undefined

  get size(): number {
    return this.#rows.length / ROW
  }

  /** In ascending order. */
  *partitions(): Generator<number> {
    for (let at = 0; at < this.#rows.length; at += ROW) yield this.#rows[at]!
  }

  has(partition: number): boolean {
    const at = this.#positionOf(partition)
    return this.#rows[at] === partition
  }

  get(partition: number): CommittedOffset | undefined {
    const rows = this.#rows
    const at = this.#positionOf(partition)
    if (rows[at] !== partition) return undefined
    return {
      offset: rows[at + OFFSET]!,
      leaderEpoch: rows[at + LEADER_EPOCH]!,
      metadata: this.#metadata?.get(partition) ?? '',
      commitTimestampMs: rows[at + COMMIT_TIMESTAMP]!,
      expireTimestampMs: rows[at + EXPIRE_TIMESTAMP]!,
      recordOffset: rows[at + RECORD_OFFSET]!,
    }
  }

  set(partition: number, committed: CommittedOffset): void {
    const { offset, leaderEpoch, metadata, commitTimestampMs, expireTimestampMs, recordOffset } = committed
    const at = this.#positionOf(partition)
    const replacedCount = this.#rows[at] === partition ? ROW : 0
    this.#rows.splice(
      at,
      replacedCount,
      partition,
      offset,
      leaderEpoch,
      commitTimestampMs,
      expireTimestampMs,
      recordOffset,
    )
    if (metadata === '') {
      this.#deleteMetadata(partition)
    } else {
      this.#metadata ??= new Map()
      this.#metadata.set(partition, metadata)
    }
  }

  /** @returns whether there was one. */
  delete(partition: number): boolean {
    const at = this.#positionOf(partition)
    if (this.#rows[at] !== partition) return false
    this.#rows.splice(at, ROW)
    this.#deleteMetadata(partition)
    return true
  }

  #deleteMetadata(partition: number): void {
    if (this.#metadata?.delete(partition) && this.#metadata.size === 0) this.#metadata = undefined
  }

  /** Where the partition's row is or would be. */
  #positionOf(partition: number): number {
    let low = 0
    let high = this.size
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#rows[middle * ROW]! < partition) low = middle + 1
      else high = middle
    }
    return low * ROW
  }
}
