import assert from 'node:assert/strict'
import { encodeToBuffer } from '../../../protocol/codec.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { ConsumerProtocolSubscription } from '../../../protocol/messages/consumer-protocol.ts'

/** Words behind a command: a name, and settings. */
export class Args {
  #name: string | undefined
  readonly #settings = new Map<string, string>()
  readonly #used = new Set<string>()

  readonly #words: readonly string[]

  constructor(words: readonly string[]) {
    this.#words = words
    for (const word of words) {
      const equals = word.indexOf('=')
      if (equals < 0) this.#name = word
      else this.#settings.set(word.slice(0, equals), word.slice(equals + 1))
    }
  }

  name(otherwise?: string): string {
    const name = this.#name ?? otherwise
    assert.ok(name !== undefined, 'a name is missing')
    return name
  }

  /** As they are. */
  words(): readonly string[] {
    for (const key of this.#settings.keys()) this.#used.add(key)
    return this.#words
  }

  textOrNull(key: string): string | null {
    this.#used.add(key)
    return this.#settings.get(key) ?? null
  }

  text(key: string, otherwise: string): string {
    return this.textOrNull(key) ?? otherwise
  }

  number(key: string, otherwise: number): number {
    return Number(this.text(key, String(otherwise)))
  }

  list(key: string, otherwise = ''): string[] {
    return this.text(key, otherwise)
      .split(',')
      .filter((each) => each !== '')
  }

  /** `10s`, `1500ms`, `2m`. */
  duration(text: string): number {
    const [, amount, unit] = /^(-?\d+)(ms|s|m|h)$/.exec(text) ?? assert.fail(`not a duration: ${text}`)
    return Number(amount) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit as 'ms' | 's' | 'm' | 'h']
  }

  assertUsed(line: string): void {
    for (const key of this.#settings.keys())
      assert.ok(this.#used.has(key), `${key} means nothing in: ${line}`)
  }
}

export function codeOf(name: string): number {
  const code = (ErrorCode as Readonly<Record<string, number>>)[name]
  assert.ok(code !== undefined, `no error is called ${name}`)
  return code
}

/** `500x` stands for as many of them. */
export function repeated(_: string, count: string): string {
  return 'x'.repeat(Number(count))
}

export function subscription(topics: readonly string[]): Buffer {
  const version = Buffer.alloc(2)
  return Buffer.concat([version, encodeToBuffer(ConsumerProtocolSubscription, 0, { topics: [...topics] })])
}

/** Text as it is; bytes that are none in hex; nothing as such. */
export function shown(bytes: Uint8Array | undefined): string {
  if (bytes === undefined || bytes.length === 0) return 'nothing'
  const text = Buffer.from(bytes).toString('latin1')
  return /^[ -~]*$/.test(text) ? text : `0x${Buffer.from(bytes).toString('hex')}`
}
