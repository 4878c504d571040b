/** Seeded random values for messages, and seeded damage for bytes. Tests only. */
import { ZERO_UUID } from '../wire/text.ts'
import type { FieldPlan, MessagePlan, StructPlan } from './plan.ts'
import { defaultOf } from './plan.ts'

const INTEGER_BITS: Readonly<Record<string, readonly [bits: number, signed: boolean]>> = {
  int8: [8, true],
  int16: [16, true],
  uint16: [16, false],
  int32: [32, true],
  uint32: [32, false],
}

const TEXTS = ['', 'a', 'topic-1', 'é', 'grüße 🚰', 'x'.repeat(41), 'y'.repeat(300), 'ö'.repeat(100)]

export class RandomValues {
  #state: number

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0
  }

  /** A number in [0, 1). Mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  /** A value as the decoder gives it back: absent fields at their defaults. */
  message(plan: MessagePlan): unknown {
    return this.#struct(plan.root)
  }

  #struct(plan: StructPlan): Record<string, unknown> {
    const value: Record<string, unknown> = {}
    for (const field of plan.fields) {
      const leftOut = field.place === 'absent' || (field.place === 'tagged' && this.below(2) === 0)
      value[field.name] = leftOut ? defaultOf(field) : this.#field(field)
    }
    if (plan.flexible && this.below(5) === 0) {
      value.unknownTaggedFields = new Map([[100 + this.below(1000), this.#bytes(this.below(10))]])
    }
    return value
  }

  #field(plan: FieldPlan): unknown {
    if (plan.nullable && this.below(4) === 0) return null
    const integer = INTEGER_BITS[plan.kind]
    if (integer !== undefined) return this.#integer(...integer)
    switch (plan.kind) {
      case 'bool':
        return this.below(2) === 1
      case 'int64':
        return this.#pick([
          0,
          -1,
          1,
          Number.MAX_SAFE_INTEGER,
          -Number.MAX_SAFE_INTEGER,
          2 ** 32,
          -(2 ** 32) - 1,
        ])
      case 'int64Rounded':
        return this.#pick([0, -1, 2 ** 53, 2 ** 63, -(2 ** 63), 1_700_000_000_000_000_000, 2 ** 62, 5])
      case 'float64':
        return this.#pick([0, 1.5, -1e300, Number.POSITIVE_INFINITY])
      case 'uuid':
        return this.below(3) === 0 ? ZERO_UUID : this.#bytes(16).toString('base64url')
      case 'string':
        return TEXTS[this.below(TEXTS.length)]!
      case 'bytes':
      case 'records':
        return this.#bytes(this.below(10) === 0 ? 3000 : this.below(30))
      case 'array':
        return Array.from({ length: this.below(4) }, () => this.#field(plan.element!))
      default:
        return this.#struct(plan.struct!)
    }
  }

  #pick(values: readonly number[]): number {
    return values[this.below(values.length)]!
  }

  #integer(bits: number, signed: boolean): number {
    const largest = 2 ** (signed ? bits - 1 : bits) - 1
    return this.#pick([
      0,
      1,
      largest,
      signed ? -largest - 1 : 2,
      signed ? -1 : 3,
      Math.floor(this.next() * largest),
    ])
  }

  #bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)))
  }

  /** A damaged copy: a byte flipped, a length blown up, a part cut out or repeated. */
  corrupt(bytes: Buffer): Buffer {
    const copy = Buffer.from(bytes)
    const at = this.below(copy.length)
    switch (this.below(4)) {
      case 0:
        copy[at] = copy[at]! ^ (1 << this.below(8))
        return copy
      case 1:
        copy.fill(this.below(2) === 0 ? 0xff : 0x7f, at, Math.min(copy.length, at + 1 + this.below(5)))
        return copy
      case 2:
        return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1 + this.below(4))])
      default:
        return Buffer.concat([copy.subarray(0, at), copy.subarray(this.below(at + 1))])
    }
  }
}
