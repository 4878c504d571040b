/**
 * Writes the source of a decoder. The generated code keeps the buffer `b`, the position `p` and the end `end` in
 * locals; `n` is scratch, and `objectsLeft` counts down from OBJECTS_MAX. Fixed-size fields in a row form a run: one
 * bounds check, then reads at fixed distances.
 */
import type { FieldPlan, MessagePlan, StructPlan } from './plan.ts'
import { countsAsObject, FIXED_BYTES, OBJECTS_MAX, STRING_BYTES_MAX } from './plan.ts'
import type { Kind } from './schema.ts'

export function decoderSource(plan: MessagePlan): string {
  return new DecoderSource().write(plan)
}

class DecoderSource {
  readonly #lines: string[] = []
  /** Reads of the current run, which begins at `p`. */
  #run: string[] = []
  #runBytes = 0
  #names = 0

  write(plan: MessagePlan): string {
    this.#lines.push(
      `return function decode${plan.name}V${plan.version}(r) {`,
      'const b = r.bytes; let end = r.end; let p = r.position; let n = 0;',
      `let objectsLeft = ${OBJECTS_MAX};`,
    )
    const value = this.#struct(plan.root)
    this.#lines.push('r.position = p;', `return ${value};`, '}')
    return this.#lines.join('\n')
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`
  }

  #emit(...lines: string[]): void {
    this.#lines.push(...lines)
  }

  /** Adds a fixed-size read to the run; `read` is given the expression of its offset. */
  #fixed(byteCount: number, read: (offset: string) => string): void {
    this.#run.push(read(this.#runBytes === 0 ? 'p' : `p + ${this.#runBytes}`))
    this.#runBytes += byteCount
  }

  /** Ends the run: what follows depends on bytes read before. */
  #flush(path: string): void {
    if (this.#runBytes === 0) return
    this.#emit(
      `if (${this.#runBytes} > end - p) cutShort(${quote(path)}, p);`,
      ...this.#run,
      `p += ${this.#runBytes};`,
    )
    this.#run = []
    this.#runBytes = 0
  }

  /** Returns the name of the local that holds the struct. */
  #struct(plan: StructPlan): string {
    const locals = plan.fields.map((field) => {
      const local = this.#name('v')
      if (field.place === 'inline') this.#field(field, local)
      else this.#emit(`let ${local} = ${defaultSource(field)};`)
      return local
    })
    this.#flush(plan.path)
    const unknown = plan.flexible ? this.#tags(plan, locals) : undefined
    const result = this.#name('s')
    const properties = plan.fields.map((field, i) => `${field.name}: ${locals[i]}`)
    this.#emit(`const ${result} = { ${properties.join(', ')} };`)
    if (unknown !== undefined) {
      this.#emit(`if (${unknown} !== undefined) ${result}.unknownTaggedFields = ${unknown};`)
    }
    return result
  }

  /** Reads a field into a new local. The local of a fixed-size field is set when the run is flushed. */
  #field(plan: FieldPlan, local: string): void {
    const byteCount = FIXED_BYTES[plan.kind]
    if (byteCount > 0) {
      this.#fixed(
        byteCount,
        (offset) => `let ${local} = ${readSource(plan.kind, offset)};${checkSource(plan, local)}`,
      )
      return
    }
    if (plan.kind === 'string') this.#bytes(plan, local, 'decodeText(b, p, p + n)')
    else if (plan.kind === 'array') this.#array(plan, local)
    else if (plan.kind === 'struct') this.#structField(plan, local)
    else this.#bytes(plan, local, 'b.subarray(p, p + n)')
  }

  /** Leaves the length or count in `n`; negative is null. */
  #length(plan: FieldPlan, prefixBytes: 2 | 4): void {
    if (plan.compact) {
      this.#flush(plan.path)
      this.#varint('n', plan.path)
      this.#emit('n--;')
      return
    }
    const kind = prefixBytes === 2 ? 'int16' : 'int32'
    this.#fixed(prefixBytes, (offset) => `n = ${readSource(kind, offset)};`)
    this.#flush(plan.path)
  }

  #varint(target: string, path: string): void {
    this.#emit(
      `if (p >= end) cutShort(${quote(path)}, p);`,
      `${target} = b[p++];`,
      `if (${target} > 127) { ${target} = readUnsignedVarint(b, p - 1, end); p = varintEnd(); }`,
    )
  }

  #bytes(plan: FieldPlan, local: string, read: string): void {
    this.#length(plan, plan.kind === 'string' ? 2 : 4)
    const path = quote(plan.path)
    this.#emit(`let ${local} = null;`, `if (n >= 0) {`)
    if (plan.kind === 'string' && plan.compact)
      this.#emit(`if (n > ${STRING_BYTES_MAX}) tooLong(${path}, n);`)
    this.#emit(`if (n > end - p) cutShort(${path}, p);`, `${local} = ${read};`, 'p += n;')
    this.#emit(plan.nullable ? '}' : `} else isNull(${path});`)
  }

  #array(plan: FieldPlan, local: string): void {
    const element = plan.element!
    const path = quote(plan.path)
    this.#length(plan, 4)
    const count = this.#name('c')
    const index = this.#name('i')
    this.#emit(
      `const ${count} = n;`,
      `let ${local} = null;`,
      `if (${count} >= 0) {`,
      `if (${count} * ${element.bytesMin} > end - p) cutShort(${path}, p);`,
      countsAsObject(element) ? `if ((objectsLeft -= ${count}) < 0) tooMany(${path});` : '',
      `${local} = [];`,
      `for (let ${index} = 0; ${index} < ${count}; ${index}++) {`,
    )
    const value = this.#name('v')
    this.#field(element, value)
    this.#flush(element.path)
    this.#emit(`${local}.push(${value});`, '}', plan.nullable ? '}' : `} else isNull(${path});`)
  }

  #structField(plan: FieldPlan, local: string): void {
    if (!plan.nullable) {
      const value = this.#struct(plan.struct!)
      this.#emit(`let ${local} = ${value};`)
      return
    }
    this.#flush(plan.path)
    if (plan.place === 'tagged') this.#varint('n', plan.path)
    else {
      this.#fixed(1, (offset) => `n = ${readSource('int8', offset)};`)
      this.#flush(plan.path)
    }
    this.#emit(`let ${local} = null;`, `if (n ${plan.place === 'tagged' ? '!== 0' : '>= 0'}) {`)
    const value = this.#struct(plan.struct!)
    this.#emit(`${local} = ${value};`, '}')
  }

  /** Reads the tagged fields into the locals of theirs; returns the local that holds the unknown ones, or undefined. */
  #tags(plan: StructPlan, locals: readonly string[]): string {
    const path = quote(plan.path)
    const unknown = this.#name('u')
    const left = this.#name('k')
    const tag = this.#name('t')
    const size = this.#name('z')
    this.#emit(`let ${unknown};`)
    this.#varint('n', plan.path)
    this.#emit(`for (let ${left} = n; ${left} > 0; ${left}--) {`, `let ${tag} = 0, ${size} = 0;`)
    this.#varint(tag, plan.path)
    this.#varint(size, plan.path)
    this.#emit(`if (${size} > end - p) cutShort(${path}, p);`, `switch (${tag}) {`)
    for (const field of plan.tagged) {
      const outerEnd = this.#name('e')
      const value = this.#name('v')
      this.#emit(`case ${field.tag}: {`, `const ${outerEnd} = end;`, `end = p + ${size};`)
      this.#field(field, value)
      this.#flush(field.path)
      this.#emit(
        `if (p !== end) badTagSize(${quote(field.path)});`,
        `end = ${outerEnd};`,
        `${locals[plan.fields.indexOf(field)]} = ${value};`,
        'break;',
        '}',
      )
    }
    this.#emit(
      'default:',
      `if (--objectsLeft < 0) tooMany(${path});`,
      `if (${unknown} === undefined) ${unknown} = new Map();`,
      `${unknown}.set(${tag}, b.subarray(p, p + ${size}));`,
      `p += ${size};`,
      '}',
      '}',
    )
    return unknown
  }
}

function readSource(kind: Kind, at: string): string {
  const byte = (i: number) => (i === 0 ? `b[${at}]` : at === 'p' ? `b[p + ${i}]` : `b[${shift(at, i)}]`)
  const int32 = (i: number) =>
    `(${byte(i)} << 24 | ${byte(i + 1)} << 16 | ${byte(i + 2)} << 8 | ${byte(i + 3)})`
  switch (kind) {
    case 'bool':
      return `${byte(0)} !== 0`
    case 'int8':
      return `${byte(0)} << 24 >> 24`
    case 'int16':
      return `(${byte(0)} << 24 | ${byte(1)} << 16) >> 16`
    case 'uint16':
      return `${byte(0)} << 8 | ${byte(1)}`
    case 'int32':
      return int32(0)
    case 'uint32':
      return `${int32(0)} >>> 0`
    case 'int64':
    case 'int64Rounded':
      return `${int32(0)} * 4294967296 + (${int32(4)} >>> 0)`
    case 'float64':
      return `b.readDoubleBE(${at})`
    default:
      return `decodeUuid(b, ${at})`
  }
}

/** 'p + 4' moved by 3 is 'p + 7'. */
function shift(at: string, by: number): string {
  return `p + ${Number.parseInt(at.slice(4), 10) + by}`
}

function checkSource(plan: FieldPlan, local: string): string {
  if (plan.kind !== 'int64') return ''
  const limit = Number.MAX_SAFE_INTEGER
  return ` if (${local} > ${limit} || ${local} < -${limit}) tooWide(${quote(plan.path)});`
}

/** An expression that makes a fresh default of the field. */
function defaultSource(plan: FieldPlan): string {
  if (plan.kind === 'bytes' && plan.defaultValue !== null) return 'EMPTY_BYTES'
  if (plan.defaultValue !== undefined) return JSON.stringify(plan.defaultValue)
  if (plan.struct === undefined) return '[]'
  return `{ ${plan.struct.fields.map((field) => `${field.name}: ${defaultSource(field)}`).join(', ')} }`
}

function quote(path: string): string {
  return JSON.stringify(path)
}
