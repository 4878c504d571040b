/**
 * The segments of a log in the order of their offsets; the last one takes appends.
 *
 * Invariant: base offsets ascend strictly. Once the log is loaded there is always at least one segment.
 */
import { assert } from '../base/assert.ts'
import type { LogSegment } from './log-segment.ts'

export class LogSegments {
  #all: LogSegment[] = []

  get all(): readonly LogSegment[] {
    return this.#all
  }
  get count(): number {
    return this.#all.length
  }
  get first(): LogSegment {
    return this.at(0)
  }
  get active(): LogSegment {
    return this.at(this.#all.length - 1)
  }
  get sizeBytes(): number {
    let sum = 0
    for (const segment of this.#all) sum += segment.sizeBytes
    return sum
  }

  at(index: number): LogSegment {
    const segment = this.#all[index]
    assert(segment !== undefined, `no segment ${index} of ${this.#all.length}`)
    return segment
  }

  /** The index of the last segment that starts at or before `offset`; -1 if there is none. */
  floorIndex(offset: number): number {
    let low = 0
    let high = this.#all.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#all[middle]!.baseOffset <= offset) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  /** Where the segment after `index` starts; undefined after the last. */
  nextBaseOffset(index: number): number | undefined {
    return this.#all[index + 1]?.baseOffset
  }

  append(segment: LogSegment): void {
    assert(this.#all.length === 0 || this.active.baseOffset < segment.baseOffset, 'segments ascend')
    this.#all.push(segment)
  }

  /** Puts one segment in the place of `count` from `start` on. */
  replace(start: number, count: number, segment: LogSegment): void {
    assert(
      this.#all[start]?.baseOffset === segment.baseOffset,
      'the segment starts where the ones it replaces do',
    )
    this.#all.splice(start, count, segment)
  }

  /** Takes out `count` segments from `start` on and returns them. */
  remove(start: number, count: number): LogSegment[] {
    return this.#all.splice(start, count)
  }
}
