/** Members by how much they have, those with the least first, then by id. Whoever gets or loses something is re-sorted. */
import { compare } from '../order.ts'

export class MemberOrder {
  readonly #countOf: (memberId: string) => number
  readonly #sorted: string[] = []

  constructor(countOf: (memberId: string) => number) {
    this.#countOf = countOf
  }

  get least(): string | undefined {
    return this.#sorted[0]
  }

  get most(): string | undefined {
    return this.#sorted.at(-1)
  }

  find(isMeant: (memberId: string) => boolean): string | undefined {
    return this.#sorted.find(isMeant)
  }

  all(): readonly string[] {
    return this.#sorted
  }

  add(memberId: string): void {
    const count = this.#countOf(memberId)
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#sorted[middle]!
      const isBehind = (this.#countOf(other) - count || compare(other, memberId)) < 0
      if (isBehind) low = middle + 1
      else high = middle
    }
    this.#sorted.splice(low, 0, memberId)
  }

  /** Before its count changes. */
  remove(memberId: string): void {
    this.#sorted.splice(this.#sorted.indexOf(memberId), 1)
  }
}
