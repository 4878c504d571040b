/**
 * A record of an internal topic as a shard knows it: a key and a value, each an int16 version and behind it the payload
 * in that version. A null value takes away what stood under the key (a tombstone).
 */
import { decode, encode } from '../../protocol/codec.ts'
import type { Message } from '../../protocol/schema.ts'
import { DecodeError, Reader } from '../../wire/reader.ts'
import { Writer } from '../../wire/writer.ts'

export interface CoordinatorRecord {
  readonly key: Buffer
  readonly value: Buffer | null
}

const VERSION_BYTES = 2
/** Small: an encoded record is copied out of it, and it is used again. */
const writer = new Writer({ slabBytes: 4096 })

/** `version` in front, then the payload in that version. Throws EncodeError for what the version can't carry. */
export function encodeVersioned<A>(schema: Message<unknown, A>, version: number, value: NoInfer<A>): Buffer {
  try {
    const at = writer.reserve(VERSION_BYTES)
    writer.bytes.writeInt16BE(version, at)
    encode(schema, version, value, writer)
  } catch (error) {
    writer.finish()
    throw error
  }
  return Buffer.concat(writer.finish() as Uint8Array[])
}

/** Of a key: its type and its version in one. Throws DecodeError where there is none. */
export function recordVersion(bytes: Buffer): number {
  if (bytes.length < VERSION_BYTES) throw new DecodeError(`a record of ${bytes.length} bytes has no version`)
  return bytes.readInt16BE(0)
}

/** Throws DecodeError: a version that is not known, or bytes that are no such payload. What follows it is ignored. */
export function decodeVersioned<D>(schema: Message<D, unknown>, bytes: Buffer): D {
  const version = recordVersion(bytes)
  if (version < schema.minVersion || version > schema.maxVersion) {
    throw new DecodeError(`${schema.name} has no version ${version}`)
  }
  return decode(schema, version, new Reader(bytes.subarray(VERSION_BYTES)))
}
