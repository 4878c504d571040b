/**
 * The producer snapshot file, `<20 digits>.snapshot`: the state of all producers of a partition as of that offset, in
 * Apache Kafka's format (version 1): version int16, crc uint32 (CRC-32C of all that follows it), count int32, entries.
 *
 * Of each producer only its newest batch is kept, as Kafka does: after a restart a retry of an older one is told
 * OUT_OF_ORDER_SEQUENCE_NUMBER. For a file that fails its checks the reader says what is wrong, and the caller takes an older one.
 */
import { readInt64, writeInt64 } from '../records/int64.ts'
import { crc32c } from '../wire/crc32c.ts'
import { ProducerStateEntry } from './producer-state-entry.ts'

const VERSION = 1
const CRC_AT = 2
const COUNT_AT = 6
const ENTRIES_AT = 10
const ENTRY_BYTES = 46

export function encodeProducerSnapshot(producers: ReadonlyMap<number, ProducerStateEntry>): Buffer {
  const bytes = Buffer.alloc(ENTRIES_AT + producers.size * ENTRY_BYTES)
  bytes.writeInt16BE(VERSION, 0)
  bytes.writeInt32BE(producers.size, COUNT_AT)
  let at = ENTRIES_AT
  for (const [producerId, entry] of producers) {
    writeInt64(bytes, at, producerId)
    bytes.writeInt16BE(entry.producerEpoch, at + 8)
    bytes.writeInt32BE(entry.lastSequence, at + 10)
    writeInt64(bytes, at + 14, entry.lastDataOffset)
    bytes.writeInt32BE(entry.lastOffsetDelta, at + 22)
    writeInt64(bytes, at + 26, entry.lastSeenMs)
    bytes.writeInt32BE(entry.coordinatorEpoch, at + 34)
    writeInt64(bytes, at + 38, entry.currentTxnFirstOffset)
    at += ENTRY_BYTES
  }
  bytes.writeUInt32BE(crc32c(bytes.subarray(COUNT_AT)), CRC_AT)
  return bytes
}

/** The producers by id, or in a string what is wrong with the file. */
export function decodeProducerSnapshot(bytes: Buffer): Map<number, ProducerStateEntry> | string {
  if (bytes.length < ENTRIES_AT) return `Snapshot failed schema validation: ${bytes.length} bytes`
  const version = bytes.readInt16BE(0)
  if (version !== VERSION) return `Snapshot contained an unknown file version ${version}`
  const stored = bytes.readUInt32BE(CRC_AT)
  const computed = crc32c(bytes.subarray(COUNT_AT))
  if (stored !== computed) {
    return `Snapshot is corrupt (CRC is no longer valid). Stored crc: ${stored}. Computed crc: ${computed}`
  }
  const count = bytes.readInt32BE(COUNT_AT)
  if (count < 0 || ENTRIES_AT + count * ENTRY_BYTES !== bytes.length) {
    return `Snapshot failed schema validation: ${count} entries in ${bytes.length} bytes`
  }
  const producers = new Map<number, ProducerStateEntry>()
  for (let at = ENTRIES_AT; at < bytes.length; at += ENTRY_BYTES) {
    const entry = new ProducerStateEntry()
    entry.producerEpoch = bytes.readInt16BE(at + 8)
    const lastSequence = bytes.readInt32BE(at + 10)
    const lastOffset = readInt64(bytes, at + 14)
    const timestampMs = readInt64(bytes, at + 26)
    if (lastOffset >= 0) entry.addBatch(lastSequence, lastOffset, bytes.readInt32BE(at + 22), timestampMs)
    entry.seen(timestampMs)
    entry.coordinatorEpoch = bytes.readInt32BE(at + 34)
    entry.currentTxnFirstOffset = readInt64(bytes, at + 38)
    producers.set(readInt64(bytes, at), entry)
  }
  return producers
}
