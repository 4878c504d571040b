/** Randomness from the operating system, by way of node:crypto. */
import { randomBytes, randomInt } from 'node:crypto'
import { assert } from '../base/assert.ts'
import type { Random } from '../base/random.ts'

export class SystemRandom implements Random {
  bytes(byteCount: number): Buffer {
    return randomBytes(byteCount)
  }

  below(bound: number): number {
    assert(Number.isInteger(bound) && bound > 0 && bound <= 2 ** 31, `no random integer below ${bound}`)
    return randomInt(bound)
  }
}
