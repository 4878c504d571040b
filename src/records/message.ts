/**
 * One message of magic 0 or 1, the formats before record batches: where its fields lie, and how to write one.
 *
 * Layout (big-endian): offset 8, size 4 (bytes behind it), crc 4 (CRC-32, not -C, of what follows), magic 1,
 * attributes 1, timestamp 8 (magic 1 only, KIP-32), key length 4, key, value length 4, value; length -1 is null.
 */
import { crc32 } from '../wire/crc32c.ts'
import { readInt64, writeInt64 } from './int64.ts'
import { LOG_OVERHEAD_BYTES, MAGIC_AT, NO_TIMESTAMP } from './record-batch.ts'

export type LegacyMagic = 0 | 1

const CRC_AT = 12
const ATTRIBUTES_AT = 17
const TIMESTAMP_AT = 18

/** Bytes of a message with neither key nor value, the log overhead included. */
export const MESSAGE_BYTES_MIN: Readonly<Record<LegacyMagic, number>> = { 0: 26, 1: 34 }

export interface Message {
  readonly offset: number
  /** -1 in magic 0. */
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

export interface MessageDraft extends Message {
  readonly magic: LegacyMagic
  /** Codec id, and the flag for LogAppendTime. */
  readonly attributes: number
}

/** Slices of `buffer`; undefined if the lengths do not add up to the message's size. Does not look at the CRC. */
export function readMessage(buffer: Buffer, position: number, end: number): Message | undefined {
  const magic = buffer[position + MAGIC_AT] === 0 ? 0 : 1
  if (end - position < MESSAGE_BYTES_MIN[magic]) return undefined
  const keyLengthAt = magic === 0 ? TIMESTAMP_AT : TIMESTAMP_AT + 8
  const keyLength = Math.max(-1, buffer.readInt32BE(position + keyLengthAt))
  const keyAt = position + keyLengthAt + 4
  const valueLengthAt = keyAt + Math.max(0, keyLength)
  if (valueLengthAt + 4 > end) return undefined
  const valueLength = Math.max(-1, buffer.readInt32BE(valueLengthAt))
  const valueAt = valueLengthAt + 4
  if (valueAt + Math.max(0, valueLength) !== end) return undefined
  return {
    offset: readInt64(buffer, position),
    timestampMs: magic === 0 ? NO_TIMESTAMP : readInt64(buffer, position + TIMESTAMP_AT),
    key: keyLength < 0 ? null : buffer.subarray(keyAt, valueLengthAt),
    value: valueLength < 0 ? null : buffer.subarray(valueAt, end),
  }
}

export function messageAttributes(buffer: Buffer, position: number): number {
  return buffer[position + ATTRIBUTES_AT]!
}

export function isMessageCrcValid(buffer: Buffer, position: number, end: number): boolean {
  return crc32(buffer.subarray(position + MAGIC_AT, end)) === buffer.readUInt32BE(position + CRC_AT)
}

export function messageSize(magic: LegacyMagic, key: Uint8Array | null, value: Uint8Array | null): number {
  return MESSAGE_BYTES_MIN[magic] + (key?.length ?? 0) + (value?.length ?? 0)
}

/** Writes one message at `position` and returns where it ends. The caller made room: `messageSize`. */
export function writeMessage(target: Buffer, position: number, message: MessageDraft): number {
  const { magic, key, value } = message
  const end = position + messageSize(magic, key, value)
  writeInt64(target, position, message.offset)
  target.writeInt32BE(end - position - LOG_OVERHEAD_BYTES, position + 8)
  target[position + MAGIC_AT] = magic
  target[position + ATTRIBUTES_AT] = message.attributes
  let at = position + TIMESTAMP_AT
  if (magic === 1) {
    writeInt64(target, at, message.timestampMs)
    at += 8
  }
  at = writeField(target, at, key)
  writeField(target, at, value)
  target.writeUInt32BE(crc32(target.subarray(position + MAGIC_AT, end)), position + CRC_AT)
  return end
}

function writeField(target: Buffer, position: number, field: Uint8Array | null): number {
  target.writeInt32BE(field === null ? -1 : field.length, position)
  if (field === null) return position + 4
  target.set(field, position + 4)
  return position + 4 + field.length
}
