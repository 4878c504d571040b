/** Indexes: their entries, each held against the segment that it is about. */
import type { Disk, DiskFile } from '../../base/disk.ts'
import { lastOffsetOf, scanFile } from '../../log/batch-scan.ts'
import { TransactionIndex } from '../../log/transaction-index.ts'
import { CompressionError } from '../../records/compression/compression-error.ts'
import { readInt64 } from '../../records/int64.ts'
import { readMessageSet } from '../../records/message-set.ts'
import { InvalidRecordError, records } from '../../records/record.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import { UsageError } from '../command/command.ts'
import { siblingOf, startOffsetOf } from './dump-file.ts'
import type { DumpOutput } from './dump-output.ts'

const OFFSET_ENTRY_BYTES = 8
const TIME_ENTRY_BYTES = 12

interface IndexDump {
  readonly isSanityCheck: boolean
  readonly isVerifyOnly: boolean
}

/** What is wrong with time indexes, in the order in which it is told. */
export class TimeIndexFaults {
  readonly mismatches = new Map<string, [number, number][]>()
  readonly outOfOrder = new Map<string, [number, number][]>()
  readonly notFound = new Map<string, [number, number][]>()

  static add(faults: Map<string, [number, number][]>, path: string, pair: [number, number]): void {
    const list = faults.get(path)
    if (list === undefined) faults.set(path, [pair])
    else list.push(pair)
  }

  tell(output: DumpOutput): void {
    for (const [path, pairs] of this.mismatches) {
      output.note(`Found timestamp mismatch in :${path}`)
      for (const [index, log] of pairs) output.note(`  Index timestamp: ${index}, log timestamp: ${log}`)
    }
    for (const [path, pairs] of this.outOfOrder) {
      output.note(`Found out of order timestamp in :${path}`)
      for (const [index, previous] of pairs) {
        output.note(`  Index timestamp: ${index}, Previously indexed timestamp: ${previous}`)
      }
    }
    for (const pairs of this.notFound.values()) {
      output.note('The following indexed offsets are not found in the log.')
      for (const [index, log] of pairs) output.note(`Indexed offset: ${index}, found log offset: ${log}`)
    }
  }
}

/** @returns pairs of an entry's offset and that of the batch where it points to. Throws DiskError, UsageError. */
export function dumpOffsetIndex(
  disk: Disk,
  path: string,
  dump: IndexDump,
  output: DumpOutput,
): [number, number][] {
  const baseOffset = startOffsetOf(path)
  const log = disk.open(siblingOf(path, '.log'), 'read')
  try {
    const index = disk.readFile(path)
    const count = Math.floor(index.length / OFFSET_ENTRY_BYTES)
    if (count === 0) {
      output.line(`${path} is empty.`)
      return []
    }
    if (dump.isSanityCheck) {
      checkSize(path, index, OFFSET_ENTRY_BYTES)
      const lastOffset = baseOffset + index.readInt32BE((count - 1) * OFFSET_ENTRY_BYTES)
      if (lastOffset <= baseOffset) throw corrupt(path, `the last offset is ${lastOffset}`, baseOffset)
      output.line(`${path} passed sanity check.`)
      return []
    }
    const mismatches: [number, number][] = []
    for (let entry = 0; entry < count; entry++) {
      const at = entry * OFFSET_ENTRY_BYTES
      const offset = baseOffset + index.readInt32BE(at)
      const position = index.readInt32BE(at + 4)
      // Zeros behind the entries, as a crash leaves them.
      if (offset === baseOffset && entry > 0) break
      const batchOffset = firstBatch(log, position)?.lastOffset ?? -1
      if (batchOffset !== offset) mismatches.unshift([offset, batchOffset])
      if (!dump.isVerifyOnly) output.line(`offset: ${offset} position: ${position}`)
    }
    return mismatches
  } finally {
    log.close()
  }
}

/** Throws DiskError, UsageError. */
export function dumpTimeIndex(
  disk: Disk,
  path: string,
  dump: IndexDump,
  output: DumpOutput,
  faults: TimeIndexFaults,
): void {
  const baseOffset = startOffsetOf(path)
  const log = disk.open(siblingOf(path, '.log'), 'read')
  try {
    const index = disk.readFile(path)
    const offsets = disk.readFile(siblingOf(path, '.index'))
    const count = Math.floor(index.length / TIME_ENTRY_BYTES)
    const entryAt = (entry: number): { timestampMs: number; offset: number } => ({
      timestampMs: readInt64(index, entry * TIME_ENTRY_BYTES),
      offset: baseOffset + index.readInt32BE(entry * TIME_ENTRY_BYTES + 8),
    })
    if (dump.isSanityCheck) {
      if (count > 0) checkTimes(path, index, entryAt(0).timestampMs, entryAt(count - 1), baseOffset)
      output.line(`${path} passed sanity check.`)
      return
    }
    let previousMs = RecordBatch.NO_TIMESTAMP
    for (let entry = 0; entry < count; entry++) {
      const { timestampMs, offset } = entryAt(entry)
      if (offset === baseOffset && entry > 0) return
      const batch = firstBatch(log, positionBefore(offsets, offset - baseOffset), offset)
      if (batch === undefined || batch.lastOffset !== offset) {
        TimeIndexFaults.add(faults.notFound, path, [offset, batch?.lastOffset ?? -1])
      } else {
        const maxMs = maxTimestampIn(log, batch)
        if (maxMs !== timestampMs) TimeIndexFaults.add(faults.mismatches, path, [timestampMs, maxMs])
        if (previousMs >= timestampMs) TimeIndexFaults.add(faults.outOfOrder, path, [timestampMs, previousMs])
      }
      if (!dump.isVerifyOnly) output.line(`timestamp: ${timestampMs} offset: ${offset}`)
      previousMs = timestampMs
    }
  } finally {
    log.close()
  }
}

/** Throws DiskError; CorruptIndexError is one. */
export function dumpTransactionIndex(disk: Disk, path: string, output: DumpOutput): void {
  const index = new TransactionIndex({ disk, path, baseOffset: startOffsetOf(path), exists: true })
  for (const { producerId, firstOffset, lastOffset, lastStableOffset } of index.all()) {
    output.line(
      `version: 0 producerId: ${producerId} firstOffset: ${firstOffset} lastOffset: ${lastOffset} lastStableOffset: ${lastStableOffset}`,
    )
  }
}

interface Batch {
  readonly position: number
  readonly sizeBytes: number
  readonly lastOffset: number
}

/** The first whole batch from there on that ends with `offset` or later. */
function firstBatch(log: DiskFile, from: number, offset = 0): Batch | undefined {
  let found: Batch | undefined
  if (from < 0) return undefined
  scanFile(log, from, log.sizeBytes(), (header, at, position, sizeBytes) => {
    const lastOffset = lastOffsetOf(header, at)
    if (lastOffset >= offset) found = { position, sizeBytes, lastOffset }
    return found === undefined
  })
  return found
}

function maxTimestampIn(log: DiskFile, { position, sizeBytes }: Batch): number {
  const batch = Buffer.allocUnsafe(sizeBytes)
  log.read(batch, 0, sizeBytes, position)
  let maxMs = RecordBatch.NO_TIMESTAMP
  try {
    for (const { timestampMs } of timesOf(batch)) maxMs = Math.max(maxMs, timestampMs)
  } catch (error) {
    // What could be read counts: the segment's own dump tells what is wrong with it.
    if (!(error instanceof InvalidRecordError || error instanceof CompressionError)) throw error
  }
  return maxMs
}

function timesOf(batch: Buffer): Iterable<{ readonly timestampMs: number }> {
  if (RecordBatch.magic(batch) >= 2) return records(batch)
  const set = readMessageSet(batch)
  return 'error' in set ? [] : set.messages
}

/** Of the last entry for this offset or one before it; 0 without one. */
function positionBefore(offsets: Buffer, relativeOffset: number): number {
  let position = 0
  for (let at = 0; at + OFFSET_ENTRY_BYTES <= offsets.length; at += OFFSET_ENTRY_BYTES) {
    const entry = offsets.readInt32BE(at)
    if (entry > relativeOffset || (entry === 0 && at > 0)) break
    position = offsets.readInt32BE(at + 4)
  }
  return position
}

function checkSize(path: string, index: Buffer, entryBytes: number): void {
  if (index.length % entryBytes === 0) return
  throw new UsageError(
    `Index file ${path} is corrupt, found ${index.length} bytes which is neither positive nor a multiple of ${entryBytes}.`,
  )
}

function checkTimes(
  path: string,
  index: Buffer,
  firstMs: number,
  last: { readonly timestampMs: number; readonly offset: number },
  baseOffset: number,
): void {
  checkSize(path, index, TIME_ENTRY_BYTES)
  if (last.timestampMs < firstMs) {
    throw new UsageError(
      `Corrupt time index found, time index file (${path}) has non-zero size but the last timestamp is ${last.timestampMs} which is less than the first timestamp ${firstMs}`,
    )
  }
  if (last.offset < baseOffset) throw corrupt(path, `the last offset is ${last.offset}`, baseOffset)
}

function corrupt(path: string, what: string, baseOffset: number): UsageError {
  return new UsageError(
    `Corrupt index found, index file (${path}) has non-zero size but ${what} which is less than the base offset ${baseOffset}`,
  )
}
