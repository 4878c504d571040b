/**
 * Offsets that open transactions have written (KIP-98), by producer: nobody sees them before the transaction commits,
 * and who must not miss them is told to wait (KIP-447). Several producers may have written for the same partition. A
 * producer is known by its id alone: the marker that ends a fenced one's transaction bears a later epoch.
 *
 * Invariant: a producer is among those of a group if and only if it has an offset there.
 */
import type { CommittedOffset } from './committed-offset.ts'
import type { OffsetKey } from './offset-records.ts'
import { getOrMake, OffsetTable } from './offset-table.ts'

const NOBODY: ReadonlySet<number> = new Set()

export class PendingOffsets {
  readonly #byProducer = new Map<number, OffsetTable>()
  readonly #producersByGroup = new Map<string, Set<number>>()

  set(producerId: number, key: OffsetKey, committed: CommittedOffset): void {
    getOrMake(this.#byProducer, producerId, () => new OffsetTable()).set(key, committed)
    getOrMake(this.#producersByGroup, key.group, () => new Set<number>()).add(producerId)
  }

  has(key: OffsetKey): boolean {
    for (const producerId of this.#producersOf(key.group)) {
      if (this.#byProducer.get(producerId)!.has(key)) return true
    }
    return false
  }

  hasGroup(group: string): boolean {
    return this.#producersByGroup.has(group)
  }

  /** By producer. */
  tables(): Iterable<OffsetTable> {
    return this.#byProducer.values()
  }

  /** A key may come once for each producer. */
  *keysOf(group: string): Generator<OffsetKey> {
    for (const producerId of this.#producersOf(group)) yield* this.#byProducer.get(producerId)!.keysOf(group)
  }

  /** Of all producers. */
  delete(key: OffsetKey): void {
    for (const producerId of this.#producersOf(key.group)) {
      const offsets = this.#byProducer.get(producerId)!
      offsets.delete(key)
      if (!offsets.hasGroup(key.group)) this.#leave(producerId, key.group)
    }
  }

  /** What the producer's transaction has written, which is not pending any more. */
  take(producerId: number): OffsetTable {
    const offsets = this.#byProducer.get(producerId) ?? new OffsetTable()
    for (const group of offsets.groupIds()) this.#leave(producerId, group)
    this.#byProducer.delete(producerId)
    return offsets
  }

  #producersOf(group: string): ReadonlySet<number> {
    return this.#producersByGroup.get(group) ?? NOBODY
  }

  #leave(producerId: number, group: string): void {
    const producers = this.#producersByGroup.get(group)
    producers?.delete(producerId)
    if (producers?.size === 0) this.#producersByGroup.delete(group)
  }
}
