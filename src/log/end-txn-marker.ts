/**
 * The end of a transaction as a control batch holds it: one record whose key is (version int16, type int16; 0 abort,
 * 1 commit) and whose value is (version int16, coordinatorEpoch int32). KIP-98.
 */
import { compressionId, HEADER_BYTES, sizeInBytes } from '../records/record-batch.ts'
import { DecodeError, readVarint, readVarlong, varintEnd } from '../wire/varint.ts'

export interface EndTxnMarker {
  readonly isCommit: boolean
  readonly coordinatorEpoch: number
}

/** Of the control batch at `position`; undefined if it holds no such marker. */
export function readEndTxnMarker(buffer: Buffer, position: number): EndTxnMarker | undefined {
  if (compressionId(buffer, position) !== 0) return undefined
  const end = Math.min(buffer.length, position + sizeInBytes(buffer, position))
  try {
    readVarint(buffer, position + HEADER_BYTES, end) // length
    readVarlong(buffer, varintEnd() + 1, end) // timestamp delta, behind a byte of attributes
    readVarint(buffer, varintEnd(), end) // offset delta
    const keyBytes = readVarint(buffer, varintEnd(), end)
    const keyAt = varintEnd()
    if (keyBytes < 4 || keyAt + keyBytes > end) return undefined
    const type = buffer.readInt16BE(keyAt + 2)
    if (type !== 0 && type !== 1) return undefined
    const valueBytes = readVarint(buffer, keyAt + keyBytes, end)
    const valueAt = varintEnd()
    if (valueBytes < 6 || valueAt + valueBytes > end) return undefined
    return { isCommit: type === 1, coordinatorEpoch: buffer.readInt32BE(valueAt + 2) }
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}
