/**
 * Encoding and decoding of described messages: finds the codec of a (message, version), making it on first use, and
 * runs it. Generated code where the runtime allows it, the interpreter where it doesn't; both do the same.
 *
 * Errors: DecodeError for input that is truncated, corrupt or beyond what we represent, EncodeError for a value that
 * the version can't carry. Neither codec throws anything else, reads past the reader's end, or allocates by a length
 * that the remaining bytes can't back.
 */
import { assert } from '../base/assert.ts'
import type { Chunk } from '../base/payload.ts'
import { isFileSlice } from '../base/payload.ts'
import { DecodeError, Reader } from '../wire/reader.ts'
import { EncodeError, Writer } from '../wire/writer.ts'
import { compileCodec } from './compiler.ts'
import { interpreterCodec } from './interpreter.ts'
import { planMessage } from './plan.ts'
import type { Message } from './schema.ts'

export interface Codec {
  decode(reader: Reader): unknown
  encode(value: unknown, writer: Writer): void
}

export type CodecMode = 'generated' | 'interpreted'

let mode: CodecMode | undefined

/** Whether `new Function` works here; `--disallow-code-generation-from-strings` and some hosts forbid it. */
function codeGenerationAllowed(): boolean {
  try {
    return new Function('return true')() === true
  } catch {
    return false
  }
}

/** The codec for one version of a message, made on first use. The version is one that the message has. */
export function codecOf(schema: Message, version: number): Codec {
  return schema.codecs[version] ?? makeCodec(schema, version)
}

function makeCodec(schema: Message, version: number): Codec {
  mode ??= codeGenerationAllowed() ? 'generated' : 'interpreted'
  const codec = createCodec(schema, version, mode)
  schema.codecs[version] = codec
  return codec
}

/** Makes a codec of the given kind without caching it; tests compare the two kinds. */
export function createCodec(schema: Message, version: number, kind: CodecMode): Codec {
  assert(
    version >= schema.minVersion && version <= schema.maxVersion,
    `${schema.name} has no version ${version}`,
  )
  const plan = planMessage(schema, version)
  return kind === 'generated' ? compileCodec(plan) : interpreterCodec(plan)
}

/** Reads a value from the reader and leaves it behind the value. Byte fields are slices of the reader's buffer. */
export function decode<D>(schema: Message<D, unknown>, version: number, reader: Reader): D {
  return codecOf(schema, version).decode(reader) as D
}

/** Appends a value to the writer. After an EncodeError the writer holds a part of the value: cancel the frame. */
export function encode<A>(
  schema: Message<unknown, A>,
  version: number,
  value: NoInfer<A>,
  writer: Writer,
): void {
  codecOf(schema, version).encode(value, writer)
}

/** Decodes a value that fills the bytes; anything left over is a DecodeError. */
export function decodeBytes<D>(schema: Message<D, unknown>, version: number, bytes: Uint8Array): D {
  const reader = new Reader(bytes)
  const value = decode(schema, version, reader)
  if (reader.remaining !== 0) {
    throw new DecodeError(`${schema.name} v${version} is followed by ${reader.remaining} more bytes`)
  }
  return value
}

/** Encodes into a buffer of its own. For small things: byte fields are copied, slices of files are refused. */
export function encodeToBuffer<A>(schema: Message<unknown, A>, version: number, value: NoInfer<A>): Buffer {
  const writer = new Writer({ slabBytes: 512 })
  encode(schema, version, value, writer)
  const chunks = writer.finish()
  return Buffer.concat(chunks.map(toBytes))
}

function toBytes(chunk: Chunk): Uint8Array {
  if (isFileSlice(chunk)) throw new EncodeError('a slice of a file has no bytes in memory')
  return chunk
}
