/**
 * A declaration resolved for one version: which fields are on the wire, where, in which form, and what stands for the
 * ones that aren't. Both codecs work from it, so the rules of versions live here and nowhere else.
 */
import { assert } from '../base/assert.ts'
import { ZERO_UUID } from '../wire/text.ts'
import type { Field, Fields, Kind, Message } from './schema.ts'
import { inVersions } from './schema.ts'

/** `inline`: in its place among the others; `tagged`: in the struct's tagged fields; `absent`: not in this version. */
export type Place = 'inline' | 'tagged' | 'absent'

export interface FieldPlan {
  readonly name: string
  /** For messages of errors, as in `FetchRequest(v4).topics.topic`. */
  readonly path: string
  readonly kind: Kind
  readonly place: Place
  readonly tag: number
  readonly nullable: boolean
  /** Lengths are varints of the length plus one (KIP-482). */
  readonly compact: boolean
  readonly ignorable: boolean
  /** The default given or implied by the kind; undefined for a struct of defaults and for the empty array. */
  readonly defaultValue: unknown
  readonly element: FieldPlan | undefined
  readonly struct: StructPlan | undefined
  /** The least bytes that the value takes on the wire. */
  readonly bytesMin: number
}

export interface StructPlan {
  readonly path: string
  /** Every field of every version, in the order of the declaration. */
  readonly fields: readonly FieldPlan[]
  /** Those that travel as tagged fields in this version, by ascending tag. */
  readonly tagged: readonly FieldPlan[]
  readonly flexible: boolean
  readonly bytesMin: number
}

export interface MessagePlan {
  readonly name: string
  readonly version: number
  readonly root: StructPlan
}

export const EMPTY_BYTES: Buffer = Buffer.alloc(0)

/** Kafka's bound on strings, in both encodings. */
export const STRING_BYTES_MAX = 0x7fff

/**
 * Bound on the objects that one message may unfold into, beyond its own fields: array elements that aren't plain numbers
 * or strings, and unknown tagged fields. Such an element can be two bytes on the wire and a hundred in memory, so
 * that without a bound a frame of 100 MB could fill the heap. The largest clusters stay well below.
 */
export const OBJECTS_MAX = 1024 * 1024

/** Whether an array's elements count against OBJECTS_MAX. */
export function countsAsObject(element: FieldPlan): boolean {
  return element.struct !== undefined || element.kind === 'bytes' || element.kind === 'array'
}

/** Bytes of the kinds whose size never varies; 0 for the others. */
export const FIXED_BYTES: Readonly<Record<Kind, number>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  int64Rounded: 8,
  float64: 8,
  uuid: 16,
  string: 0,
  bytes: 0,
  records: 0,
  array: 0,
  struct: 0,
}

const IMPLIED_DEFAULTS: Readonly<Record<Kind, unknown>> = {
  bool: false,
  int8: 0,
  int16: 0,
  uint16: 0,
  int32: 0,
  uint32: 0,
  int64: 0,
  int64Rounded: 0,
  float64: 0,
  uuid: ZERO_UUID,
  string: '',
  bytes: EMPTY_BYTES,
  records: null,
  array: undefined,
  struct: undefined,
}

export function planMessage(schema: Message, version: number): MessagePlan {
  const flexible = inVersions(schema.flexible, version)
  return {
    name: schema.name,
    version,
    root: planStruct(schema.fields, `${schema.name}(v${version})`, version, flexible),
  }
}

function planStruct(fields: Fields, path: string, version: number, flexible: boolean): StructPlan {
  const plans: FieldPlan[] = []
  let bytesMin = flexible ? 1 : 0
  for (const [name, field] of Object.entries(fields)) {
    const plan = planField(field, name, `${path}.${name}`, version, flexible)
    if (plan.place === 'inline') bytesMin += plan.bytesMin
    plans.push(plan)
  }
  const tagged = plans.filter((plan) => plan.place === 'tagged').sort((a, b) => a.tag - b.tag)
  return { path, fields: plans, tagged, flexible, bytesMin }
}

function planField(field: Field, name: string, path: string, version: number, flexible: boolean): FieldPlan {
  const { kind, tag = -1 } = field
  const present = field.versions === undefined || inVersions(field.versions, version)
  const isTagged = field.tagged !== undefined && inVersions(field.tagged, version)
  assert(!isTagged || (flexible && tag >= 0), `${path}: a tagged field needs a tag and a flexible version`)
  const place: Place = !present ? 'absent' : isTagged ? 'tagged' : 'inline'
  const compact = flexible && (field.flexible === undefined || inVersions(field.flexible, version))
  const nullable = field.nullable !== undefined && inVersions(field.nullable, version)
  const element =
    field.element === undefined ? undefined : planField(field.element, name, `${path}[]`, version, flexible)
  const struct = field.fields === undefined ? undefined : planStruct(field.fields, path, version, flexible)
  return {
    name,
    path,
    kind,
    place,
    tag,
    nullable,
    compact,
    ignorable: field.ignorable ?? false,
    defaultValue: field.default === undefined ? IMPLIED_DEFAULTS[kind] : field.default,
    element,
    struct,
    bytesMin: leastBytes(kind, compact, nullable, struct),
  }
}

function leastBytes(kind: Kind, compact: boolean, nullable: boolean, struct: StructPlan | undefined): number {
  if (struct !== undefined) return nullable ? 1 : struct.bytesMin
  if (FIXED_BYTES[kind] > 0) return FIXED_BYTES[kind]
  if (compact) return 1
  return kind === 'string' ? 2 : 4
}

/** A fresh default of the field: arrays and structs are not shared between messages. */
export function defaultOf(plan: FieldPlan): unknown {
  if (plan.defaultValue !== undefined) return plan.defaultValue
  if (plan.struct === undefined) return []
  const value: Record<string, unknown> = {}
  for (const field of plan.struct.fields) value[field.name] = defaultOf(field)
  return value
}

/** Whether a value given to an encoder says no more than leaving the field out would. */
export function isDefault(plan: FieldPlan, value: unknown): boolean {
  if (value === undefined || value === plan.defaultValue) return true
  if (value === null || plan.defaultValue === null) return false
  if (plan.kind === 'bytes') return (value as Uint8Array).length === 0
  if (plan.kind === 'array') return (value as readonly unknown[]).length === 0
  if (plan.struct === undefined) return false
  const fields = value as Readonly<Record<string, unknown>>
  if (fields.unknownTaggedFields !== undefined) return false
  return plan.struct.fields.every((field) => isDefault(field, fields[field.name]))
}
