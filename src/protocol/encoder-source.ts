/**
 * Writes the source of an encoder. Fixed-size fields in a row form a run: their values are checked, then one
 * `reserve` makes room for all and they are stored at fixed distances from `p` in `b`.
 */
import type { FieldPlan, MessagePlan, StructPlan } from './plan.ts'
import { FIXED_BYTES } from './plan.ts'
import type { Kind } from './schema.ts'

/** Fields that the source refers to as `plans[i]` are appended to `plans`. */
export function encoderSource(plan: MessagePlan, plans: FieldPlan[]): string {
  return new EncoderSource(plans).write(plan)
}

class EncoderSource {
  readonly #lines: string[] = []
  readonly #plans: FieldPlan[]
  /** The local that holds the writer: that of the message, or the nested one of a tagged field. */
  #writer = 'w'
  #run: string[] = []
  #runBytes = 0
  #names = 0

  constructor(plans: FieldPlan[]) {
    this.#plans = plans
  }

  write(plan: MessagePlan): string {
    this.#lines.push(
      `return function encode${plan.name}V${plan.version}(value, w) {`,
      'let p = 0, b = w.bytes;',
    )
    this.#struct(plan.root, 'value')
    this.#lines.push('}')
    return this.#lines.join('\n')
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`
  }

  #emit(...lines: string[]): void {
    this.#lines.push(...lines)
  }

  #fixed(byteCount: number, store: (offset: number) => string): void {
    this.#run.push(store(this.#runBytes))
    this.#runBytes += byteCount
  }

  #flush(): void {
    if (this.#runBytes === 0) return
    this.#emit(`p = ${this.#writer}.reserve(${this.#runBytes}); b = ${this.#writer}.bytes;`, ...this.#run)
    this.#run = []
    this.#runBytes = 0
  }

  #struct(plan: StructPlan, source: string): void {
    for (const field of plan.fields) {
      if (field.place === 'inline') this.#field(field, this.#load(field, `${source}.${field.name}`))
      else if (field.place === 'absent' && !field.ignorable) this.#refuse(field, `${source}.${field.name}`)
    }
    if (plan.flexible) this.#tags(plan, source)
    else {
      const unknown = this.#name('u')
      this.#emit(
        `const ${unknown} = ${source}.unknownTaggedFields;`,
        `if (${unknown} !== undefined && ${unknown}.size > 0) notInVersion(${quote(`${plan.path}.unknownTaggedFields`)});`,
      )
    }
    this.#flush()
  }

  /** Reads a given value into a local, with the default in place of undefined and null refused where it can't be. */
  #load(plan: FieldPlan, source: string): string {
    const local = this.#name('v')
    this.#emit(
      `let ${local} = ${source};`,
      `if (${local} === undefined) ${local} = ${draftDefaultSource(plan)};`,
    )
    const checksNull = !plan.nullable && FIXED_BYTES[plan.kind] === 0
    if (checksNull) this.#emit(`if (${local} === null) nullGiven(${quote(plan.path)});`)
    return local
  }

  /** A field that the version doesn't have may only be at its default. */
  #refuse(plan: FieldPlan, source: string): void {
    const local = this.#name('v')
    this.#emit(
      `const ${local} = ${source};`,
      `if (${local} !== undefined && ${this.#isNotDefault(plan, local)}) notInVersion(${quote(plan.path)});`,
    )
  }

  #isNotDefault(plan: FieldPlan, local: string): string {
    const { defaultValue } = plan
    const isPlain = plan.kind !== 'bytes' && defaultValue !== undefined
    if (isPlain) return `${local} !== ${JSON.stringify(defaultValue)}`
    return `!isDefault(plans[${this.#plans.push(plan) - 1}], ${local})`
  }

  #field(plan: FieldPlan, local: string): void {
    const byteCount = FIXED_BYTES[plan.kind]
    if (byteCount > 0) {
      this.#scalar(plan, local, byteCount)
      return
    }
    this.#flush()
    if (plan.kind === 'array') this.#array(plan, local)
    else if (plan.kind === 'struct') this.#structField(plan, local)
    else if (plan.kind === 'string') {
      this.#emit(`${this.#writer}.${plan.compact ? 'compactString' : 'string'}(${local});`)
    } else this.#emit(`${this.#writer}.byteField(${local}, ${plan.compact});`)
  }

  #scalar(plan: FieldPlan, local: string, byteCount: number): void {
    if (plan.kind === 'float64' || plan.kind === 'uuid') {
      this.#flush()
      this.#emit(`${this.#writer}.${plan.kind}(${local});`)
      return
    }
    const test = rangeTest(plan.kind, local)
    if (test !== undefined)
      this.#emit(`if (${test}) outOfRange(${quote(plan.path)}, '${plan.kind}', ${local});`)
    this.#fixed(byteCount, (offset) => storeSource(plan.kind, local, offset))
  }

  #array(plan: FieldPlan, local: string): void {
    const writer = this.#writer
    const index = this.#name('i')
    const count = plan.compact
      ? `${writer}.unsignedVarint(${local} === null ? 0 : ${local}.length + 1);`
      : `${writer}.int32(${local} === null ? -1 : ${local}.length);`
    this.#emit(
      count,
      `if (${local} !== null) for (let ${index} = 0; ${index} < ${local}.length; ${index}++) {`,
    )
    const element = this.#name('v')
    this.#emit(`const ${element} = ${local}[${index}];`)
    this.#field(plan.element!, element)
    this.#flush()
    this.#emit('}')
  }

  #structField(plan: FieldPlan, local: string): void {
    if (!plan.nullable) {
      this.#struct(plan.struct!, local)
      return
    }
    const absent = plan.place === 'tagged' ? 0 : -1
    this.#emit(`${this.#writer}.int8(${local} === null ? ${absent} : 1);`, `if (${local} !== null) {`)
    this.#struct(plan.struct!, local)
    this.#emit('}')
  }

  #tags(plan: StructPlan, source: string): void {
    this.#flush()
    const unknown = this.#name('u')
    const count = this.#name('n')
    this.#emit(
      `const ${unknown} = ${source}.unknownTaggedFields;`,
      `let ${count} = ${unknown} === undefined ? 0 : ${unknown}.size;`,
    )
    const given = plan.tagged.map((field) => {
      const local = this.#name('v')
      const isGiven = this.#name('g')
      this.#emit(
        `const ${local} = ${source}.${field.name};`,
        `const ${isGiven} = ${local} !== undefined && ${this.#isNotDefault(field, local)};`,
        `if (${isGiven}) ${count}++;`,
      )
      return { field, local, isGiven }
    })
    this.#emit(`${this.#writer}.unsignedVarint(${count});`, `if (${count} > 0) {`)
    let nextTag = 0
    for (const { field, local, isGiven } of given) {
      this.#emit(
        `writeUnknownTags(${this.#writer}, ${unknown}, ${nextTag}, ${field.tag});`,
        `if (${isGiven}) {`,
      )
      this.#tag(field, local)
      this.#emit('}')
      nextTag = field.tag + 1
    }
    this.#emit(`writeUnknownTags(${this.#writer}, ${unknown}, ${nextTag}, Infinity);`, '}')
  }

  #tag(field: FieldPlan, local: string): void {
    const outer = this.#writer
    const nested = this.#name('w')
    this.#emit(`${outer}.unsignedVarint(${field.tag});`, `const ${nested} = ${outer}.nested();`)
    if (!field.nullable && FIXED_BYTES[field.kind] === 0) {
      this.#emit(`if (${local} === null) nullGiven(${quote(field.path)});`)
    }
    this.#writer = nested
    this.#field(field, local)
    this.#flush()
    this.#writer = outer
    this.#emit(`${outer}.sized(${nested});`)
  }
}

/** True where the value doesn't fit its type; undefined where any will do. */
function rangeTest(kind: Kind, x: string): string | undefined {
  switch (kind) {
    case 'int8':
      return `${x} << 24 >> 24 !== ${x}`
    case 'int16':
      return `${x} << 16 >> 16 !== ${x}`
    case 'uint16':
      return `(${x} & 65535) !== ${x}`
    case 'int32':
      return `(${x} | 0) !== ${x}`
    case 'uint32':
      return `${x} >>> 0 !== ${x}`
    case 'int64':
      return `!Number.isSafeInteger(${x})`
    default:
      return undefined
  }
}

function storeSource(kind: Kind, x: string, offset: number): string {
  const at = (i: number) => (offset + i === 0 ? 'b[p]' : `b[p + ${offset + i}]`)
  const int32 = (value: string, i: number) =>
    `${at(i)} = ${value} >>> 24; ${at(i + 1)} = ${value} >>> 16; ${at(i + 2)} = ${value} >>> 8; ${at(i + 3)} = ${value};`
  switch (kind) {
    case 'bool':
      return `${at(0)} = ${x} ? 1 : 0;`
    case 'int8':
      return `${at(0)} = ${x};`
    case 'int16':
    case 'uint16':
      return `${at(0)} = ${x} >>> 8; ${at(1)} = ${x};`
    case 'int32':
    case 'uint32':
      return int32(x, 0)
    default: {
      const low = `low${x}`
      const high = `high${x}`
      return `const ${high} = int64High(${x}), ${low} = int64Low(${x}); ${int32(high, 0)} ${int32(low, 4)}`
    }
  }
}

/** What stands for a value that was left out. Unlike a decoder's default it is only read, so nothing deep is made. */
function draftDefaultSource(plan: FieldPlan): string {
  if (plan.kind === 'bytes' && plan.defaultValue !== null) return 'EMPTY_BYTES'
  if (plan.defaultValue !== undefined) return JSON.stringify(plan.defaultValue)
  return plan.struct === undefined ? '[]' : '{}'
}

function quote(path: string): string {
  return JSON.stringify(path)
}
