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

const SLOT_COUNT = 1024
const SLOT_MS = 1

export interface WheelEntry {
  /** In the clock's monotonic time; fixed while the entry is in the wheel. */
  readonly deadlineMs: number
}

export class TimingWheel<Entry extends WheelEntry> {
  readonly #clock: Clock
  readonly #expire: (entry: Entry) => void
  readonly #slots: (Set<Entry> | undefined)[] = new Array(SLOT_COUNT)
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

  /** The deadline lies in the future. */
  add(entry: Entry): void {
    const nowMs = this.#clock.monotonicMs()
    assert(entry.deadlineMs > nowMs, 'a deadline lies in the past')
    if (this.#size === 0) this.#nextSlot = Math.floor(nowMs / SLOT_MS)
    const due = slotOf(entry)
    const index = due % SLOT_COUNT
    const slot = this.#slots[index]
    if (slot === undefined) this.#slots[index] = new Set([entry])
    else slot.add(entry)
    this.#size += 1
    if (this.#timer === undefined || due < this.#timerSlot) this.#arm(due)
  }

  /** False: it is not in the wheel (any more). */
  remove(entry: Entry): boolean {
    const removed = this.#slots[slotOf(entry) % SLOT_COUNT]?.delete(entry) === true
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
    const entries = this.#slots[slot % SLOT_COUNT]
    if (entries === undefined || entries.size === 0) return
    for (const entry of entries) {
      // Others in this slot are due a turn of the wheel later, or more.
      if (slotOf(entry) > now) continue
      entries.delete(entry)
      due.push(entry)
    }
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
