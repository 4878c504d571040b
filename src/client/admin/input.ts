/**
 * A look at what callers give, so that what can't be put into a request is named as they wrote it. What it means is the
 * broker's to judge: whether there can be 0 partitions, or a config of that name.
 */
import type { TopicPartition } from '../consumer/topic-partition.ts'
import { KafkaError } from '../kafka-error.ts'

export const INT16_MAX = 0x7fff
export const INT32_MAX = 0x7fffffff

export function refuse(message: string): never {
  throw new KafkaError('INVALID_REQUEST', message)
}

export function checkList(what: string, given: unknown): void {
  if (!Array.isArray(given)) refuse(`${what} must be an array, not ${show(given)}`)
}

export function checkText(what: string, given: unknown): void {
  if (typeof given !== 'string') refuse(`${what} must be a text, not ${show(given)}`)
}

export function checkWhole(what: string, given: unknown, bounds: { min?: number; max?: number } = {}): void {
  const { min = -1, max = INT32_MAX } = bounds
  if (!Number.isSafeInteger(given)) refuse(`${what} must be a whole number, not ${show(given)}`)
  if ((given as number) < min || (given as number) > max)
    refuse(`${what} must be between ${min} and ${max}, not ${given}`)
}

/** Names of which each stands for one thing: a second one would make the answers ambiguous. */
export function checkNames(what: string, given: readonly string[]): void {
  checkList(what, given)
  const seen = new Set<string>()
  for (const [i, name] of given.entries()) {
    checkText(`${what}[${i}]`, name)
    if (seen.has(name)) refuse(`${what} has ${name} twice`)
    seen.add(name)
  }
}

export function checkPartitions(what: string, given: readonly TopicPartition[]): void {
  checkList(what, given)
  for (const [i, { topic, partition }] of given.entries()) {
    checkText(`${what}[${i}].topic`, topic)
    checkWhole(`${what}[${i}].partition`, partition, { min: 0 })
  }
  checkNames(
    what,
    given.map(({ topic, partition }) => `${topic}-${partition}`),
  )
}

export function show(given: unknown): string {
  return typeof given === 'string' ? JSON.stringify(given) : String(given)
}

/** Words that stand for numbers on the wire. Numbers that no word is known for are `unknown`. */
export class Words<Word extends string> {
  readonly #numbers: Readonly<Record<Word, number>>

  constructor(numbers: Readonly<Record<Word, number>>) {
    this.#numbers = numbers
  }

  /** Throws KafkaError (INVALID_REQUEST). */
  numberOf(what: string, word: Word): number {
    if (typeof word === 'string' && Object.hasOwn(this.#numbers, word)) return this.#numbers[word]
    return refuse(`${what} must be one of ${Object.keys(this.#numbers).join(', ')}, not ${show(word)}`)
  }

  wordOf(number: number): Word | 'unknown' {
    for (const word of Object.keys(this.#numbers) as Word[]) if (this.#numbers[word] === number) return word
    return 'unknown'
  }

  /** Of a field of bits, from the lowest. */
  wordsIn(bits: number): Word[] {
    return (Object.keys(this.#numbers) as Word[]).filter((word) => (bits & (1 << this.#numbers[word])) !== 0)
  }
}
