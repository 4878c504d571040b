/**
 * Message sets of magic 0 and 1, both ways: what producers before 0.11 send becomes one batch of magic 2, and batches
 * become message sets for consumers that fetch with versions before 4.
 *
 * A message set is messages in a row. Compression puts a whole set, compressed, into the value of one wrapper message,
 * whose offset is that of the last message inside. Inside, magic 0 has absolute offsets and magic 1 relative ones
 * (KIP-31); a wrapper that LogAppendTime stamped gives its time to all inside (KIP-32). One level only.
 *
 * Invariants: input that is wrong gives a failure with one of Kafka's error names, never an exception; what decompresses
 * is bounded by `maxBytes`.
 */
import type { ValidationError, ValidationFailure } from './batch-validator.ts'
import { type Codec, CompressionError, codecById } from './compression/codec.ts'
import { compressLz4, decompressLz4 } from './compression/lz4.ts'
import * as Legacy from './message.ts'
import { DECOMPRESSED_BYTES_MAX, InvalidRecordError, records } from './record.ts'
import * as RecordBatch from './record-batch.ts'
import { buildBatch } from './record-batch-builder.ts'

const LZ4 = 3
const ZSTD = 4
/** More messages than any sane set has; small ones cost many times their size in memory while they are converted. */
const MESSAGES_MAX = 500_000

/** True if `buffer` starts with an entry of magic 0 or 1. */
export function isMessageSet(buffer: Buffer): boolean {
  return buffer.length >= RecordBatch.PREFIX_BYTES && buffer[RecordBatch.MAGIC_AT]! < 2
}

export interface MessageSet {
  readonly magic: Legacy.LegacyMagic
  /** The codec of the wrapper; undefined: there is none. */
  readonly codec: Codec | undefined
  /** The time that a broker stamped; undefined with CreateTime. Of several uncompressed messages, the last one's. */
  readonly appendTimeMs: number | undefined
  readonly messages: readonly Legacy.Message[]
}

/**
 * Reads a set as a producer sends it: whole messages of one magic, either plain or inside one wrapper. Keys and values
 * are slices of `buffer` or of what was decompressed.
 */
export function readMessageSet(
  buffer: Buffer,
  maxBytes: number = DECOMPRESSED_BYTES_MAX,
): MessageSet | ValidationFailure {
  try {
    return parse(buffer, maxBytes)
  } catch (error) {
    return asFailure(error)
  }
}

/**
 * The set as one batch of magic 2 with the same codec, offsets counting from 0; `validateBatch` does the rest. A time
 * that the producer claims to be LogAppendTime is kept, so that it is refused there.
 */
export function toBatches(buffer: Buffer, maxBytes?: number): { readonly batch: Buffer } | ValidationFailure {
  const set = readMessageSet(buffer, maxBytes)
  if ('error' in set) return set
  const drafts = set.messages.map(({ timestampMs, key, value }) => ({ timestampMs, key, value }))
  const batch = buildBatch(drafts, {
    compression: set.codec?.name ?? 'none',
    ...(set.appendTimeMs === undefined ? {} : { logAppendTimeMs: set.appendTimeMs }),
  })
  return { batch }
}

export interface DownConversion {
  readonly messageSet: Buffer
  /** Set when the first batch could not be converted; a later one just ends the message set before it. */
  readonly failure: ValidationFailure | undefined
}

/**
 * Turns entries of a log (a cut tail is passed over) into messages of `toMagic`. Lost on the way, since those formats
 * have no place for them: control batches, headers, producer ids, and with magic 0 timestamps. Messages before
 * `fromOffset` are left out where the batch was not compressed; a compressed one stays whole, as in Kafka.
 */
export function downConvert(
  buffer: Buffer,
  options: { readonly toMagic: Legacy.LegacyMagic; readonly fromOffset: number; readonly maxBytes?: number },
): DownConversion {
  const maxBytes = options.maxBytes ?? DECOMPRESSED_BYTES_MAX
  const parts: Buffer[] = []
  for (const position of RecordBatch.positions(buffer)) {
    try {
      const part = convertEntry(buffer, position, { ...options, maxBytes })
      if (part.length > 0) parts.push(part)
    } catch (error) {
      const failure = asFailure(error)
      if (parts.length === 0) return { messageSet: Buffer.alloc(0), failure }
      break
    }
  }
  return { messageSet: parts.length === 1 ? parts[0]! : Buffer.concat(parts), failure: undefined }
}

/** How a fault travels out of the helpers below; never leaves this file. */
class MessageSetError extends Error {
  readonly code: ValidationError
  constructor(code: ValidationError, message: string) {
    super(message)
    this.code = code
  }
}

function asFailure(error: unknown): ValidationFailure {
  if (error instanceof MessageSetError) return { error: error.code, message: error.message, recordErrors: [] }
  if (error instanceof InvalidRecordError) {
    return { error: 'INVALID_RECORD', message: error.message, recordErrors: [] }
  }
  if (error instanceof CompressionError) {
    const code = error.fault === 'too-large' ? 'RECORD_LIST_TOO_LARGE' : 'CORRUPT_MESSAGE'
    return { error: code, message: error.message, recordErrors: [] }
  }
  throw error
}

function parse(buffer: Buffer, maxBytes: number): MessageSet {
  const messages: Legacy.Message[] = []
  const magic = magicAt(buffer, 0)
  let appendTimeMs: number | undefined
  for (let position = 0; position < buffer.length; ) {
    const end = RecordBatch.batchEnd(buffer, position)
    if (end < 0)
      throw new MessageSetError('CORRUPT_MESSAGE', 'message set ends in a cut or oversized message')
    if (magicAt(buffer, position) !== magic) {
      throw new MessageSetError('INVALID_RECORD', 'messages of different magic in one set')
    }
    const message = readChecked(buffer, position, end)
    const attributes = Legacy.messageAttributes(buffer, position)
    if (magic === 1 && (attributes & RecordBatch.TIMESTAMP_TYPE_MASK) !== 0)
      appendTimeMs = message.timestampMs
    const codecId = attributes & RecordBatch.COMPRESSION_MASK
    if (codecId !== 0) {
      if (position > 0 || end < buffer.length) {
        throw new MessageSetError('INVALID_RECORD', 'a compressed message set holds more than its wrapper')
      }
      return unwrap(message, { magic, codec: legacyCodec(codecId), appendTimeMs, maxBytes })
    }
    addBounded(messages, message)
    position = end
  }
  return { magic, codec: undefined, appendTimeMs, messages }
}

function magicAt(buffer: Buffer, position: number): Legacy.LegacyMagic {
  if (buffer.length < position + RecordBatch.PREFIX_BYTES) {
    throw new MessageSetError('CORRUPT_MESSAGE', 'message set is cut short')
  }
  const magic = buffer[position + RecordBatch.MAGIC_AT]!
  if (magic > 1) throw new MessageSetError('CORRUPT_MESSAGE', `magic ${magic} in a message set`)
  return magic as Legacy.LegacyMagic
}

function readChecked(buffer: Buffer, position: number, end: number): Legacy.Message {
  if (!Legacy.isMessageCrcValid(buffer, position, end)) {
    throw new MessageSetError('CORRUPT_MESSAGE', 'stored crc of a message differs from the computed one')
  }
  const message = Legacy.readMessage(buffer, position, end)
  if (message === undefined)
    throw new MessageSetError('CORRUPT_MESSAGE', 'lengths in a message do not add up')
  return message
}

function addBounded(messages: Legacy.Message[], message: Legacy.Message): void {
  if (messages.length === MESSAGES_MAX) {
    throw new MessageSetError('RECORD_LIST_TOO_LARGE', `more than ${MESSAGES_MAX} messages in one set`)
  }
  messages.push(message)
}

/** zstd came with magic 2 only. */
function legacyCodec(id: number): Codec {
  const codec = id === ZSTD ? undefined : codecById(id)
  if (codec === undefined)
    throw new MessageSetError('INVALID_RECORD', `a message set cannot have the codec ${id}`)
  return codec
}

interface Wrapper {
  readonly magic: Legacy.LegacyMagic
  readonly codec: Codec
  readonly appendTimeMs: number | undefined
  readonly maxBytes: number
}

function unwrap(wrapper: Legacy.Message, { magic, codec, appendTimeMs, maxBytes }: Wrapper): MessageSet {
  if (wrapper.value === null)
    throw new MessageSetError('INVALID_RECORD', 'compressed message set without a value')
  // Clients of the time wrote the LZ4 header checksum in either form, whatever the magic.
  const bytes =
    codec.id === LZ4
      ? decompressLz4(wrapper.value, maxBytes, { brokenHeaderChecksum: true })
      : codec.decompress(wrapper.value, maxBytes)
  const messages: Legacy.Message[] = []
  for (let position = 0; position < bytes.length; ) {
    const end = RecordBatch.batchEnd(bytes, position)
    if (end < 0) throw new MessageSetError('INVALID_RECORD', 'compressed message set ends in a cut message')
    if (magicAt(bytes, position) !== magic) {
      throw new MessageSetError('INVALID_RECORD', 'magic of a message differs from its wrapper')
    }
    const message = readChecked(bytes, position, end)
    if ((Legacy.messageAttributes(bytes, position) & RecordBatch.COMPRESSION_MASK) !== 0) {
      throw new MessageSetError('INVALID_RECORD', 'compressed message inside a compressed message set')
    }
    addBounded(messages, appendTimeMs === undefined ? message : { ...message, timestampMs: appendTimeMs })
    position = end
  }
  const last = messages.at(-1)
  if (last === undefined)
    throw new MessageSetError('INVALID_RECORD', 'compressed message set without messages')
  if (magic === 0) return { magic, codec, appendTimeMs, messages }
  // Some versions of librdkafka left the wrapper's offset 0; then the inner offsets stand as they are.
  const base = wrapper.offset === 0 ? 0 : wrapper.offset - last.offset
  if (base < 0)
    throw new MessageSetError('INVALID_RECORD', 'offset of a wrapper is below that of its last message')
  return {
    magic,
    codec,
    appendTimeMs,
    messages: messages.map((message) => ({ ...message, offset: base + message.offset })),
  }
}

interface ConversionRules {
  readonly toMagic: Legacy.LegacyMagic
  readonly fromOffset: number
  readonly maxBytes: number
}

/** The message set for one entry of the log; empty if nothing of it can be seen by old consumers. */
function convertEntry(buffer: Buffer, position: number, rules: ConversionRules): Buffer {
  const end = RecordBatch.batchEnd(buffer, position)
  const magic = buffer[position + RecordBatch.MAGIC_AT]!
  if (magic <= rules.toMagic) return buffer.subarray(position, end)
  if (magic < 2) {
    const set = parse(buffer.subarray(position, end), rules.maxBytes)
    return encodeSet(set.messages, { ...set, magic: rules.toMagic })
  }
  if (RecordBatch.isControl(buffer, position)) return Buffer.alloc(0)
  const codecId = RecordBatch.compressionId(buffer, position)
  if (codecId === ZSTD) {
    throw new MessageSetError('UNSUPPORTED_COMPRESSION_TYPE', 'zstd batches cannot be down-converted')
  }
  const messages: Legacy.Message[] = []
  for (const record of records(buffer, position, rules.maxBytes)) {
    if (codecId !== 0 || record.offset >= rules.fromOffset) addBounded(messages, record)
  }
  return encodeSet(messages, {
    magic: rules.toMagic,
    codec: codecId === 0 ? undefined : legacyCodec(codecId),
    appendTimeMs: RecordBatch.isLogAppendTime(buffer, position)
      ? RecordBatch.maxTimestamp(buffer, position)
      : undefined,
  })
}

/** Messages with absolute offsets as a set of the given magic, inside a wrapper if there is a codec. */
export function encodeSet(
  messages: readonly Legacy.Message[],
  format: Pick<MessageSet, 'magic' | 'codec' | 'appendTimeMs'>,
): Buffer {
  const first = messages[0]
  const last = messages.at(-1)
  if (first === undefined || last === undefined) return Buffer.alloc(0)
  const { magic, codec, appendTimeMs } = format
  const timeFlag = magic === 1 && appendTimeMs !== undefined ? RecordBatch.TIMESTAMP_TYPE_MASK : 0
  const baseOffset = codec !== undefined && magic === 1 ? first.offset : 0
  let setBytes = 0
  for (const message of messages) setBytes += Legacy.messageSize(magic, message.key, message.value)
  const set = Buffer.allocUnsafe(setBytes)
  let at = 0
  let maxTimestampMs: number = RecordBatch.NO_TIMESTAMP
  for (const message of messages) {
    const { key, value } = message
    const timestampMs = codec === undefined ? (appendTimeMs ?? message.timestampMs) : message.timestampMs
    if (timestampMs > maxTimestampMs) maxTimestampMs = timestampMs
    const offset = message.offset - baseOffset
    at = Legacy.writeMessage(set, at, {
      magic,
      attributes: codec === undefined ? timeFlag : 0,
      offset,
      timestampMs,
      key,
      value,
    })
  }
  if (codec === undefined) return set

  const value =
    codec.id === LZ4 ? compressLz4(set, { brokenHeaderChecksum: magic === 0 }) : codec.compress(set)
  const wrapper = Buffer.allocUnsafe(Legacy.messageSize(magic, null, value))
  Legacy.writeMessage(wrapper, 0, {
    magic,
    attributes: codec.id | timeFlag,
    offset: last.offset,
    timestampMs: appendTimeMs ?? maxTimestampMs,
    key: null,
    value,
  })
  return wrapper
}
