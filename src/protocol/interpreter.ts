/**
 * The codec that reads like the specification: it walks the plan of a (message, version) field by field. The generated
 * codec does the same, faster; tests hold the two against each other, and this one serves where code can't be generated.
 */

import type { Reader } from '../wire/reader.ts'
import { DecodeError } from '../wire/reader.ts'
import type { Writer } from '../wire/writer.ts'
import { EncodeError } from '../wire/writer.ts'
import type { Codec } from './codec.ts'
import type { FieldPlan, MessagePlan, StructPlan } from './plan.ts'
import { countsAsObject, defaultOf, isDefault, OBJECTS_MAX, STRING_BYTES_MAX } from './plan.ts'
import type { RecordsDraft } from './schema.ts'
import { writeUnknownTags } from './unknown-tags.ts'

type Struct = Record<string, unknown>
type UnknownTags = Map<number, Buffer>

export function interpreterCodec(plan: MessagePlan): Codec {
  return {
    decode(reader) {
      reader.objectsLeft = OBJECTS_MAX
      return decodeStruct(plan.root, reader)
    },
    encode: (value, writer) => encodeStruct(plan.root, value as Struct, writer),
  }
}

function decodeStruct(plan: StructPlan, reader: Reader): Struct {
  const value: Struct = {}
  for (const field of plan.fields) {
    value[field.name] = field.place === 'inline' ? decodeField(field, reader) : defaultOf(field)
  }
  if (plan.flexible) decodeTags(plan, value, reader)
  return value
}

function decodeTags(plan: StructPlan, value: Struct, reader: Reader): void {
  let unknown: UnknownTags | undefined
  for (let left = reader.unsignedVarint(); left > 0; left--) {
    const tag = reader.unsignedVarint()
    const byteCount = reader.unsignedVarint()
    const field = plan.tagged.find((candidate) => candidate.tag === tag)
    if (field === undefined) {
      countObjects(plan.path, 1, reader)
      unknown ??= new Map()
      unknown.set(tag, reader.slice(byteCount))
      continue
    }
    const outerEnd = reader.end
    if (byteCount > reader.remaining) throw new DecodeError(`${field.path} is cut short`)
    reader.end = reader.position + byteCount
    value[field.name] = decodeField(field, reader)
    if (reader.remaining !== 0) throw new DecodeError(`${field.path} is shorter than its tag says`)
    reader.end = outerEnd
  }
  if (unknown !== undefined) value.unknownTaggedFields = unknown
}

function decodeField(plan: FieldPlan, reader: Reader): unknown {
  switch (plan.kind) {
    case 'string': {
      const byteCount = plan.compact ? reader.unsignedVarint() - 1 : reader.int16()
      if (byteCount < 0) return nullOf(plan)
      if (byteCount > STRING_BYTES_MAX) throw new DecodeError(`${plan.path} has ${byteCount} bytes`)
      return reader.text(byteCount)
    }
    case 'bytes':
    case 'records': {
      const byteCount = plan.compact ? reader.unsignedVarint() - 1 : reader.int32()
      return byteCount < 0 ? nullOf(plan) : reader.slice(byteCount)
    }
    case 'array': {
      const count = plan.compact ? reader.unsignedVarint() - 1 : reader.int32()
      return count < 0 ? nullOf(plan) : decodeElements(plan, count, reader)
    }
    case 'struct':
      if (plan.nullable && isNullStruct(plan, reader)) return null
      return decodeStruct(plan.struct!, reader)
    default:
      return reader[plan.kind]()
  }
}

function decodeElements(plan: FieldPlan, count: number, reader: Reader): unknown[] {
  const element = plan.element!
  if (count * element.bytesMin > reader.remaining) {
    throw new DecodeError(`${plan.path} can't hold ${count} elements in ${reader.remaining} bytes`)
  }
  if (countsAsObject(element)) countObjects(plan.path, count, reader)
  const values: unknown[] = []
  for (let i = 0; i < count; i++) values.push(decodeField(element, reader))
  return values
}

function countObjects(path: string, count: number, reader: Reader): void {
  reader.objectsLeft -= count
  if (reader.objectsLeft < 0)
    throw new DecodeError(`${path}: the message has more than ${OBJECTS_MAX} elements`)
}

/** A struct that may be null stands behind a byte: negative is null, or 0 where the struct is a tagged field. */
function isNullStruct(plan: FieldPlan, reader: Reader): boolean {
  return plan.place === 'tagged' ? reader.unsignedVarint() === 0 : reader.int8() < 0
}

function nullOf(plan: FieldPlan): null {
  if (!plan.nullable) throw new DecodeError(`${plan.path} is null`)
  return null
}

function encodeStruct(plan: StructPlan, value: Struct, writer: Writer): void {
  for (const field of plan.fields) {
    const given = value[field.name]
    if (field.place === 'inline') encodeField(field, given === undefined ? defaultOf(field) : given, writer)
    else if (field.place === 'absent' && !field.ignorable && !isDefault(field, given)) {
      throw new EncodeError(`${field.path} is not in this version`)
    }
  }
  const unknown = value.unknownTaggedFields as UnknownTags | undefined
  if (plan.flexible) encodeTags(plan, value, unknown, writer)
  else if (unknown !== undefined && unknown.size > 0) {
    throw new EncodeError(`${plan.path} has no tagged fields in this version`)
  }
}

function encodeTags(plan: StructPlan, value: Struct, unknown: UnknownTags | undefined, writer: Writer): void {
  const known = plan.tagged.filter((field) => !isDefault(field, value[field.name]))
  writer.unsignedVarint(known.length + (unknown?.size ?? 0))
  let nextTag = 0
  for (const field of known) {
    writeUnknownTags(writer, unknown, nextTag, field.tag)
    nextTag = field.tag + 1
    writer.unsignedVarint(field.tag)
    const nested = writer.nested()
    encodeField(field, value[field.name], nested)
    writer.sized(nested)
  }
  writeUnknownTags(writer, unknown, nextTag, Number.POSITIVE_INFINITY)
}

function encodeField(plan: FieldPlan, value: unknown, writer: Writer): void {
  if (value === null && !plan.nullable) throw new EncodeError(`${plan.path} is null`)
  switch (plan.kind) {
    case 'string':
      if (plan.compact) writer.compactString(value as string | null)
      else writer.string(value as string | null)
      return
    case 'bytes':
    case 'records':
      writer.byteField(value as RecordsDraft | null, plan.compact)
      return
    case 'array':
      encodeElements(plan, value as readonly unknown[] | null, writer)
      return
    case 'struct':
      if (plan.nullable) encodePresence(plan, value !== null, writer)
      if (value !== null) encodeStruct(plan.struct!, value as Struct, writer)
      return
    case 'bool':
      writer.bool(value as boolean)
      return
    case 'uuid':
      writer.uuid(value as string)
      return
    default:
      writer[plan.kind](value as number)
  }
}

function encodeElements(plan: FieldPlan, values: readonly unknown[] | null, writer: Writer): void {
  if (plan.compact) writer.unsignedVarint(values === null ? 0 : values.length + 1)
  else writer.int32(values === null ? -1 : values.length)
  if (values === null) return
  for (const value of values) encodeField(plan.element!, value, writer)
}

function encodePresence(plan: FieldPlan, present: boolean, writer: Writer): void {
  if (present) writer.int8(1)
  else writer.int8(plan.place === 'tagged' ? 0 : -1)
}
