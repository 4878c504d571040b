/** Records for the cases: good ones with fixed times, and ways to break them. */
import { encodeSet } from '../../dist/records/message-set.js'
import * as RecordBatch from '../../dist/records/record-batch.js'
import { buildBatch } from '../../dist/records/record-batch-builder.js'
import { legacyCodec } from './codecs.mjs'

/** Years back, so that it is never mistaken for the broker's clock. */
export const T = 1_600_000_000_000

/** @param {number} count @param {import('../../dist/records/record-batch-builder.js').BatchOptions} [options] */
export function batch(count = 1, options = {}) {
  const drafts = Array.from({ length: count }, (_, i) => ({
    timestampMs: T + i * 1000,
    key: `key-${i}`,
    value: `value-${i}`,
    headers: i % 2 === 1 ? [{ key: 'h', value: 'v' }] : [],
  }))
  return buildBatch(drafts, options)
}

/**
 * A batch with some of its bytes changed, and its checksum made right again.
 * @param {Buffer} original
 * @param {(bytes: Buffer) => void} change
 */
export function changed(original, change, { fixCrc = true } = {}) {
  const bytes = Buffer.from(original)
  change(bytes)
  if (fixCrc) RecordBatch.writeCrc(bytes, 0)
  return bytes
}

/**
 * Messages of magic 0 or 1.
 * @param {0 | 1} magic
 * @param {number} count
 * @param {{compression?: 'gzip' | 'snappy' | 'lz4', offset?: number}} [options]
 */
export function messageSet(magic, count, { compression, offset = 0 } = {}) {
  const messages = Array.from({ length: count }, (_, i) => ({
    offset: offset + i,
    timestampMs: magic === 1 ? T + i * 1000 : -1,
    key: Buffer.from(`key-${i}`),
    value: Buffer.from(`value-${i}`),
  }))
  return encodeSet(messages, {
    magic,
    codec: compression && legacyCodec(compression),
    appendTimeMs: undefined,
  })
}
