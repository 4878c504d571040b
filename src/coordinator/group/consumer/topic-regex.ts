/**
 * Regular expressions that members subscribe with, in the syntax of RE2/J as in Apache Kafka. They come from clients, so
 * what they can cost is bounded: matching takes time linear in the name and in the size of the compiled expression, and
 * expressions that are too large are refused.
 *
 * Matching many names is done in portions (`RegexMatching`), so that it never holds up the loop for long.
 */
import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'

let loaded: typeof import('re2js') | undefined
/** At first use: few groups subscribe with an expression, and every start would pay for it. */
const library = (): typeof import('re2js') =>
  (loaded ??= createRequire(import.meta.url)('re2js') as typeof import('re2js'))

/**
 * Of the compiled expression, about one for each character and choice; repetitions are written out. 100 names of
 * topics as alternatives make about 3000.
 */
export const REGEX_SIZE_MAX = 5000

/** Length times repetitions, a bound of the compiled size that costs no compilation. */
const UNCOMPILED_SIZE_MAX = 20_000

export interface TopicRegex {
  readonly text: string
  readonly size: number
  /** The whole name. */
  matches(name: string): boolean
}

/** A string says what is wrong with it. */
export function compileTopicRegex(text: string): TopicRegex | string {
  if (uncompiledSize(text) > UNCOMPILED_SIZE_MAX) return 'expression is too large'
  let compiled: RE2JS
  try {
    compiled = library().RE2JS.compile(text)
  } catch (error) {
    // Whatever a parser throws over bytes from a client, it must not end the broker.
    return error instanceof library().RE2JSSyntaxException
      ? error.getDescription()
      : 'expression can not be compiled'
  }
  const size = compiled.programSize()
  if (size > REGEX_SIZE_MAX) return 'expression is too large'
  return { text, size, matches: (name) => compiled.matches(name) }
}

function uncompiledSize(text: string): number {
  let repetitions = 1
  for (const [, least, most] of text.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    repetitions += Math.max(Number(least), Number(most ?? 0))
  }
  return text.length * repetitions
}

/** Which of the names each expression stands for, worked out in portions. */
export class RegexMatching {
  readonly #regexes: readonly TopicRegex[]
  readonly #names: readonly string[]
  readonly #matches: readonly string[][]
  #regex = 0
  #name = 0

  constructor(regexes: readonly TopicRegex[], names: readonly string[]) {
    this.#regexes = regexes
    this.#names = names
    this.#matches = regexes.map(() => [])
  }

  /** Goes on until that many steps are done or a few more: one for each character and unit of size. True: it is done. */
  advance(steps: number): boolean {
    let left = steps
    for (; this.#regex < this.#regexes.length; this.#regex++, this.#name = 0) {
      const regex = this.#regexes[this.#regex]!
      for (; this.#name < this.#names.length; this.#name++) {
        if (left <= 0) return false
        const name = this.#names[this.#name]!
        left -= (name.length + 1) * regex.size
        if (regex.matches(name)) this.#matches[this.#regex]!.push(name)
      }
    }
    return true
  }

  /** Sorted names by expression, once it is done. */
  result(): Map<string, readonly string[]> {
    return new Map(this.#regexes.map(({ text }, i) => [text, this.#matches[i]!.sort()]))
  }
}
