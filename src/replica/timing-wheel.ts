/**
 * Many deadlines on one timer: a ring of slots of one millisecond. Adding and removing cost the same however many
 * wait, which matters because nearly every delayed operation is removed long before its deadline.
 *
 * Invariants: `expire` is called once per added entry that was not removed, never before its deadline; a timer of the
 * clock is set for the next slot that holds anything. It is not cancelled when that slot is emptied: a client that waits
 * again and again would cost a timer each time.
 */
import { assert } from '../base/assert.ts'
import type { Clock, Timer } from '../base/clock.ts'
import { LinkedList, type ListNode } from './linked-list.ts'

const SLOT_COUNT = 1024
const SLOT_MS = 1

export interface WheelEntry {
  /** In the clock's monotonic time; fixed while the entry is in the wheel. */
  readonly deadlineMs: number
}

export class TimingWheel<Entry extends WheelEntry> {
  readonly #clock: Clock
  readonly #expire: (entry: Entry) => void
  readonly #slots: (LinkedList<Entry> | undefined)[] = new Array(SLOT_COUNT)
  #size = 0
  /** Every slot before this one has been emptied of what was due. */
  #nextSlot = 0
  #timer: Timer | undefined
  #timerSlot = 0

  constructor(clock: Clock, expire: (entry: Entry) => void) {
    this.#clock = clock
    this.#expire = expire
  }

  get size(): number {
    return this.#size
  }

  /** The deadline lies in the future. Returns what `remove` wants. */
  add(entry: Entry): ListNode<Entry> {
    const nowMs = this.#clock.monotonicMs()
    assert(entry.deadlineMs > nowMs, 'a deadline lies in the past')
    if (this.#size === 0) this.#nextSlot = Math.floor(nowMs / SLOT_MS)
    const due = slotOf(entry)
    const index = due % SLOT_COUNT
    this.#slots[index] ??= new LinkedList()
    const place = this.#slots[index].add(entry)
    this.#size += 1
    if (this.#timer === undefined || due < this.#timerSlot) this.#arm(due)
    return place
  }

  /** False: it is not in the wheel (any more). */
  remove(place: ListNode<Entry>): boolean {
    const removed = place.list?.remove(place) === true
    if (removed) this.#size -= 1
    return removed
  }

  #arm(slot: number): void {
    this.#timer?.cancel()
    this.#timerSlot = slot
    this.#timer = this.#clock.after(Math.max(0, slot * SLOT_MS - this.#clock.monotonicMs()), () =>
      this.#advance(),
    )
  }

  #advance(): void {
    this.#timer = undefined
    const now = Math.floor(this.#clock.monotonicMs() / SLOT_MS)
    const due: Entry[] = []
    const first = Math.max(this.#nextSlot, now - SLOT_COUNT + 1)
    for (let slot = first; slot <= now; slot++) this.#collect(slot, now, due)
    this.#nextSlot = now + 1
    this.#size -= due.length
    if (this.#size > 0) this.#arm(this.#firstOccupiedSlot())
    for (const entry of due) this.#expire(entry)
  }

  #collect(slot: number, now: number, due: Entry[]): void {
    // Others in this slot are due a turn of the wheel later, or more.
    this.#slots[slot % SLOT_COUNT]?.removeEach((entry) => {
      const isDue = slotOf(entry) <= now
      if (isDue) due.push(entry)
      return isDue
    })
  }

  #firstOccupiedSlot(): number {
    let slot = this.#nextSlot
    while ((this.#slots[slot % SLOT_COUNT]?.size ?? 0) === 0) slot += 1
    return slot
  }
}

function slotOf(entry: WheelEntry): number {
  return Math.ceil(entry.deadlineMs / SLOT_MS)
}
