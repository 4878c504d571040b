/** Randomness from a seed (xorshift128 seeded by splitmix32): the same seed gives the same run on every machine. */
import { assert } from '../base/assert.ts'
import type { Random } from '../base/random.ts'

export class SimRandom implements Random {
  readonly seed: number
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(seed: number) {
    this.seed = seed
    let state = seed | 0
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0
      let value = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
      value = Math.imul(value ^ (value >>> 15), 0x735a2d97)
      return value ^ (value >>> 15)
    }
    this.#a = next()
    this.#b = next()
    this.#c = next()
    this.#d = next() | 1
  }

  bytes(byteCount: number): Buffer {
    const bytes = Buffer.allocUnsafe(byteCount)
    for (let index = 0; index < byteCount; index++) bytes[index] = this.#next() & 0xff
    return bytes
  }

  below(bound: number): number {
    assert(Number.isInteger(bound) && bound > 0 && bound <= 2 ** 31, `no random integer below ${bound}`)
    return Math.floor(((this.#next() >>> 0) / 2 ** 32) * bound)
  }

  /** True once in `times` on average. */
  oneIn(times: number): boolean {
    return this.below(times) === 0
  }

  #next(): number {
    const t = this.#d ^ (this.#d << 11)
    this.#d = this.#c
    this.#c = this.#b
    this.#b = this.#a
    this.#a = this.#a ^ (this.#a >>> 19) ^ t ^ (t >>> 8)
    return this.#a
  }
}
