/**
 * The language in which Kafka's messages are described: one declaration for all versions of a message, from which the
 * codecs and the TypeScript types follow.
 *
 *     export const HeartbeatRequest = message('HeartbeatRequest', 12, { versions: '0-4', flexible: '4+' }, {
 *       groupId: string(),
 *       groupInstanceId: string('3+', { nullable: '3+', default: null }),
 *     })
 *     export type HeartbeatRequest = Infer<typeof HeartbeatRequest>
 *
 * Versions are written '3', '1-3' or '2+'; a field without them has those of the struct it stands in. Fields are on
 * the wire in the order of the declaration. Declarations are plain data: nothing is parsed or compiled before a codec
 * for the version is first used, so importing them costs next to nothing.
 */
import type { Chunk, FileSlice } from '../base/payload.ts'
import type { Codec } from './codec.ts'

export { ZERO_UUID } from '../wire/text.ts'

/** '3', '1-3', '2+' or 'none'. */
export type Versions = string

export type PrimitiveKind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'int64Rounded'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records'

export type Kind = PrimitiveKind | 'array' | 'struct'

export interface FieldOptions<Default> {
  /** Versions in which null may stand on the wire. */
  readonly nullable?: Versions
  /** What an absent field decodes to, and what an encoder takes for a field that is left out. */
  readonly default?: Default
  /** Number among the tagged fields of the struct (KIP-482), with the versions in which it travels so. */
  readonly tag?: number
  readonly tagged?: Versions
  /** A value that the version can't carry is dropped silently instead of failing the encoder. */
  readonly ignorable?: boolean
  /** Elements of the array are looked up by this field; means nothing on the wire. */
  readonly mapKey?: boolean
  /** Overrides the message's flexible versions for this field alone. */
  readonly flexible?: Versions
}

/** A described field. `Decoded` is what a decoder gives, `Accepted` what an encoder takes; both exist in types only. */
export interface Field<Decoded = unknown, Accepted = unknown> extends FieldOptions<unknown> {
  readonly kind: Kind
  readonly versions: Versions | undefined
  readonly element?: Field
  readonly fields?: Fields
  readonly types?: readonly [Decoded, Accepted]
}

export type Fields = { readonly [name: string]: Field }

/** Tagged fields that the declaration doesn't know, kept as they came so that they survive being passed on. */
export interface UnknownTaggedFields {
  readonly unknownTaggedFields?: Map<number, Buffer>
}

export type DecodedStruct<F extends Fields> = {
  -readonly [K in keyof F]: F[K] extends Field<infer D, infer _> ? D : never
} & UnknownTaggedFields

export type DraftStruct<F extends Fields> = {
  readonly [K in keyof F]?: (F[K] extends Field<infer _, infer A> ? A : never) | undefined
} & UnknownTaggedFields

export interface MessageVersions {
  readonly versions: Versions
  /** Versions with compact lengths and tagged fields (KIP-482). */
  readonly flexible: Versions
}

/** A described message. Compared, cached and passed by identity: there is one per name. */
export interface Message<Decoded = unknown, Accepted = unknown> extends MessageVersions {
  readonly name: string
  /** The API key of a request or response, the type of a metadata record; null for other payloads. */
  readonly apiKey: number | null
  readonly fields: Fields
  readonly minVersion: number
  readonly maxVersion: number
  /** Codecs made so far, by version; owned by codec.ts. */
  readonly codecs: (Codec | undefined)[]
  readonly types?: readonly [Decoded, Accepted]
}

/** What decoding gives: every field of every version, absent ones at their defaults. */
export type Infer<M> = M extends Message<infer D, infer _> ? D : never

/** What encoding takes: every field may be left out at any depth, and then has its default. */
export type Draft<M> = M extends Message<infer _, infer A> ? A : never

/** The largest long, as int64Rounded gives it: Kafka's "not known" and "for ever". */
export const LONG_MAX: number = 2 ** 63

/** A kind takes its versions, its options, both or neither: `int32()`, `int32('1+')`, `int32('1+', { default: -1 })`. */
interface Scalar<T> {
  (options: FieldOptions<T>): Field<T, T>
  (versions?: Versions, options?: FieldOptions<T>): Field<T, T>
}

type Nullable<O, T> = O extends { readonly nullable: string } ? T | null : T
type NoOptions = Record<never, never>

interface NullableScalar<D, A, Default> {
  <const O extends FieldOptions<Default>>(options: O): Field<Nullable<O, D>, Nullable<O, A>>
  <const O extends FieldOptions<Default> = NoOptions>(
    versions?: Versions,
    options?: O,
  ): Field<Nullable<O, D>, Nullable<O, A>>
}

function describe(
  kind: Kind,
  versions: Versions | FieldOptions<unknown> | undefined,
  options: FieldOptions<unknown> | undefined,
): Field {
  return typeof versions === 'object'
    ? { ...versions, kind, versions: undefined }
    : { ...options, kind, versions }
}

function scalar<T>(kind: PrimitiveKind): Scalar<T> {
  return (versions?: Versions | FieldOptions<T>, options?: FieldOptions<T>) =>
    describe(kind, versions, options) as Field<T, T>
}

function nullableScalar<D, A, Default>(kind: PrimitiveKind): NullableScalar<D, A, Default> {
  return (versions?: Versions | FieldOptions<Default>, options?: FieldOptions<Default>) =>
    describe(kind, versions, options) as Field<never, never>
}

export const bool: Scalar<boolean> = scalar('bool')
export const int8: Scalar<number> = scalar('int8')
export const int16: Scalar<number> = scalar('int16')
export const uint16: Scalar<number> = scalar('uint16')
export const int32: Scalar<number> = scalar('int32')
export const uint32: Scalar<number> = scalar('uint32')
/** A 64-bit integer that never leaves +-(2^53 - 1) in Kafka: a value beyond is refused both ways. */
export const int64: Scalar<number> = scalar('int64')
/**
 * A 64-bit integer of which a legal peer may use the full range (a timestamp in nanoseconds, "the largest offset").
 * Beyond 2^53 it becomes the nearest double, so order is kept and Long.MAX_VALUE survives as 2^63, which encodes back.
 */
export const int64Rounded: Scalar<number> = scalar('int64Rounded')
export const float64: Scalar<number> = scalar('float64')

/** 22 characters of base64url, as Kafka prints ids; ZERO_UUID is the default. */
export const uuid: Scalar<string> = scalar('uuid')

export const string: NullableScalar<string, string, string | null> = nullableScalar('string')

/** Decodes to a slice of the frame, not a copy. */
export const bytes: NullableScalar<Buffer, Uint8Array, null> = nullableScalar('bytes')

/** Record batches: bytes that are never copied; a response may give them as chunks or as a slice of a segment file. */
export type RecordsDraft = Uint8Array | readonly Chunk[] | FileSlice

export const records: NullableScalar<Buffer, RecordsDraft, null> = nullableScalar('records')

export function array<D, A, const O extends FieldOptions<null> = NoOptions>(
  element: Field<D, A>,
  versions?: Versions | O,
  options?: O,
): Field<Nullable<O, D[]>, Nullable<O, readonly A[]>> {
  const field: Field = { ...describe('array', versions, options), element }
  return field as Field<never, never>
}

export function struct<const F extends Fields, const O extends FieldOptions<null> = NoOptions>(
  fields: F,
  versions?: Versions | O,
  options?: O,
): Field<Nullable<O, DecodedStruct<F>>, Nullable<O, DraftStruct<F>>> {
  const field: Field = { ...describe('struct', versions, options), fields }
  return field as Field<never, never>
}

/** Describes a request or response. */
export function message<const F extends Fields>(
  name: string,
  apiKey: number | null,
  { versions, flexible }: MessageVersions,
  fields: F,
): Message<DecodedStruct<F>, DraftStruct<F>> {
  const { first, last } = parseVersions(versions)
  return { name, apiKey, versions, flexible, fields, minVersion: first, maxVersion: last, codecs: [] }
}

/** Describes what travels in records or inside other messages; it is encoded the same way. */
export function payload<const F extends Fields>(
  name: string,
  versions: MessageVersions,
  fields: F,
): Message<DecodedStruct<F>, DraftStruct<F>> {
  return message(name, null, versions, fields)
}

export interface VersionRange {
  readonly first: number
  readonly last: number
}

const NO_VERSIONS: VersionRange = { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY }

/** Parses '3', '1-3', '2+' or 'none'; '2+' is open to infinity and 'none' is empty. */
export function parseVersions(versions: Versions): VersionRange {
  if (versions === 'none') return NO_VERSIONS
  if (versions.endsWith('+')) return { first: Number.parseInt(versions, 10), last: Number.POSITIVE_INFINITY }
  const dash = versions.indexOf('-')
  const first = Number.parseInt(versions, 10)
  return { first, last: dash < 0 ? first : Number.parseInt(versions.slice(dash + 1), 10) }
}

export function inVersions(versions: Versions, version: number): boolean {
  const { first, last } = parseVersions(versions)
  return version >= first && version <= last
}
