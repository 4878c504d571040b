/** What kafka-producer-perf-test.sh sends: random letters, the lines of a file, or numbers. */
import type { Random } from '../../base/random.ts'
import { UsageError } from '../command/command.ts'
import { readTextFile } from '../command/connection.ts'

export type Payloads = (index: number) => Buffer

/** Letters that records are cut from: more of them than any codec looks back for what it has seen. */
const POOL_BYTES = 1 << 20
const LETTER_A = 65
const LETTER_COUNT = 26

export function randomPayloads(sizeBytes: number, random: Random): Payloads {
  const pool = random.bytes(POOL_BYTES + sizeBytes)
  for (let i = 0; i < pool.length; i++) pool[i] = LETTER_A + (pool[i]! % LETTER_COUNT)
  let start = 0
  return () => {
    // Any place of the pool, by a generator that costs nothing: the constants of Numerical Recipes.
    start = (Math.imul(start, 1_664_525) + 1_013_904_223) >>> 0
    const at = start >>> 12
    return pool.subarray(at, at + sizeBytes)
  }
}

export function monotonicPayloads(): Payloads {
  return (index) => Buffer.from(String(index))
}

/** Throws UsageError. `\n`, as users write it, is the end of a line; empty parts at the end don't count. */
export function filePayloads(
  path: string,
  delimiter: string,
  random: Random,
): { count: number; of: Payloads } {
  const text = readTextFile(path)
  if (text === '') throw new UsageError('File does not exist or empty file provided.')
  const parts = text.split(delimiter === '\\n' ? '\n' : delimiter)
  while (parts.length > 1 && parts.at(-1) === '') parts.pop()
  const payloads = parts.map((part) => Buffer.from(part))
  return { count: payloads.length, of: () => payloads[random.below(payloads.length)]! }
}
