/**
 * What generated codecs call: the free names in the source that decoder-source.ts and encoder-source.ts write.
 * The failures are functions of their own so that the generated code stays small.
 */
import { DecodeError } from '../wire/reader.ts'
import { decodeText, decodeUuid } from '../wire/text.ts'
import { readUnsignedVarint, varintEnd } from '../wire/varint.ts'
import { EncodeError, int64High, int64Low } from '../wire/writer.ts'
import { EMPTY_BYTES, isDefault, OBJECTS_MAX } from './plan.ts'
import { writeUnknownTags } from './unknown-tags.ts'

function cutShort(path: string, position: number): never {
  throw new DecodeError(`${path} is cut short at ${position}`)
}

function isNull(path: string): never {
  throw new DecodeError(`${path} is null`)
}

function tooLong(path: string, length: number): never {
  throw new DecodeError(`${path} is too long: ${length}`)
}

function tooMany(path: string): never {
  throw new DecodeError(`${path}: the message has more than ${OBJECTS_MAX} elements`)
}

function tooWide(path: string): never {
  throw new DecodeError(`${path} holds a 64-bit integer beyond 2^53`)
}

function badTagSize(path: string): never {
  throw new DecodeError(`${path} is not of the size that its tag says`)
}

function notInVersion(path: string): never {
  throw new EncodeError(`${path} is not in this version`)
}

function nullGiven(path: string): never {
  throw new EncodeError(`${path} is null`)
}

function outOfRange(path: string, type: string, value: unknown): never {
  throw new EncodeError(`${path}: ${String(value)} is no ${type}`)
}

const RUNTIME: Readonly<Record<string, unknown>> = {
  decodeText,
  decodeUuid,
  readUnsignedVarint,
  varintEnd,
  int64High,
  int64Low,
  isDefault,
  writeUnknownTags,
  EMPTY_BYTES,
  cutShort,
  isNull,
  tooLong,
  tooMany,
  tooWide,
  badTagSize,
  notInVersion,
  nullGiven,
  outOfRange,
}

export const RUNTIME_NAMES: readonly string[] = Object.keys(RUNTIME)
export const RUNTIME_VALUES: readonly unknown[] = Object.values(RUNTIME)
