/**
 * Produce requests for keyed records, quick to make: one frame is encoded by the codecs, and from then on only the keys
 * in it are written over, and the checksum.
 */

import { ATTRIBUTES_AT, CRC_AT } from '../../dist/records/record-batch.js'
import { buildBatch } from '../../dist/records/record-batch-builder.js'
import { crc32c } from '../../dist/wire/crc32c.js'
import { requestFrame } from './connection.mjs'

export const PRODUCE = 0
export const PRODUCE_VERSION = 7
const KEY_DIGITS = 9

export class KeyedBatches {
  #template
  #batchAt
  #batchBytes
  /** @type {number[]} where the digits of each key lie in the frame */
  #keysAt = []
  #keyCount
  #state = 88172645

  /**
   * @param {{topic: string, partition?: number, recordCount: number, valueBytes: number, keyCount: number}} options
   */
  constructor({ topic, partition = 0, recordCount, valueBytes, keyCount }) {
    this.#keyCount = keyCount
    const drafts = Array.from({ length: recordCount }, (_, index) => ({
      key: `key-${String(index).padStart(KEY_DIGITS, '#')}`,
      value: filler(valueBytes, index),
      timestampMs: Date.now(),
    }))
    const batch = buildBatch(drafts)
    this.#batchBytes = batch.length
    const partitions = [{ index: partition, records: batch }]
    this.#template = requestFrame(PRODUCE, PRODUCE_VERSION, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 30_000,
      topicData: [{ name: topic, partitionData: partitions }],
    })
    this.#batchAt = this.#template.indexOf(batch.subarray(0, 61))
    if (this.#batchAt < 0) throw new Error('the batch is not in its frame')
    for (let at = this.#batchAt; ; at++) {
      at = this.#template.indexOf('key-', at)
      if (at < 0) break
      this.#keysAt.push(at + 4)
    }
    if (this.#keysAt.length !== recordCount) throw new Error('keys are not where they should be')
  }

  get batchBytes() {
    return this.#batchBytes
  }

  /** A frame of its own, with keys drawn at random. */
  next() {
    const frame = Buffer.from(this.#template)
    for (const at of this.#keysAt) {
      let key = this.#below(this.#keyCount)
      for (let digit = at + KEY_DIGITS - 1; digit >= at; digit--) {
        frame[digit] = 0x30 + (key % 10)
        key = Math.floor(key / 10)
      }
    }
    const covered = frame.subarray(this.#batchAt + ATTRIBUTES_AT, this.#batchAt + this.#batchBytes)
    frame.writeUInt32BE(crc32c(covered), this.#batchAt + CRC_AT)
    return frame
  }

  /** @param {number} bound */
  #below(bound) {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % bound
  }
}

/**
 * Text that is no key.
 * @param {number} byteCount
 * @param {number} seed
 */
function filler(byteCount, seed) {
  const bytes = Buffer.alloc(byteCount)
  let state = seed * 2654435761 + 1
  for (let index = 0; index < byteCount; index++) {
    state = (Math.imul(state, 1103515245) + 12345) | 0
    bytes[index] = 0x41 + ((state >>> 16) % 26)
  }
  return bytes
}
