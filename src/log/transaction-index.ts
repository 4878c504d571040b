/**
 * The aborted transactions whose markers lie in one segment, so that a reader of committed records can be told which
 * records to skip (KIP-98). Entries of 34 bytes (version int16, producerId, firstOffset, lastOffset,
 * lastStableOffset int64), in the order of their markers. Most segments have no such file: it is made with its first
 * entry.
 *
 * Unlike the other indexes it is not sparse: a lost entry would show aborted records. So what could not be written
 * stays in memory, the segment's sync fails while that is so, and the recovery point never passes it. And a log that
 * is closed in order has it on the device before it says so: the next start takes the file at its word.
 */
import type { Disk, DiskFile } from '../base/disk.ts'
import { DiskError } from '../base/disk.ts'
import { readInt64, writeInt64 } from '../records/int64.ts'
import { CorruptIndexError } from './index-file.ts'

const ENTRY_BYTES = 34
const VERSION = 0

export interface AbortedTxn {
  readonly producerId: number
  readonly firstOffset: number
  /** Of the marker. */
  readonly lastOffset: number
  /** The last stable offset right after the marker. */
  readonly lastStableOffset: number
}

export class TransactionIndex {
  readonly #disk: Disk
  readonly #baseOffset: number
  #path: string
  #exists: boolean
  /** In memory while the segment takes appends; undefined: as in the file. */
  #entries: AbortedTxn[] | undefined
  #unwrittenCount = 0
  /** The file has changed since the last sync. */
  #isUnsynced = false
  readonly #onCreated: () => void

  constructor(options: {
    disk: Disk
    path: string
    baseOffset: number
    exists: boolean
    /** The folder has a new entry, which a crash takes away unless the folder is synced. */
    onCreated?: () => void
  }) {
    this.#disk = options.disk
    this.#path = options.path
    this.#baseOffset = options.baseOffset
    this.#exists = options.exists
    this.#onCreated = options.onCreated ?? (() => {})
  }

  get exists(): boolean {
    return this.#exists
  }
  get hasEntries(): boolean {
    return this.#exists || this.#unwrittenCount > 0
  }
  get path(): string {
    return this.#path
  }

  /** False: the file can't be true, and has to be made anew. Throws DiskError where it can't be read. */
  isSound(): boolean {
    if (!this.#exists) return true
    try {
      this.#read()
      return true
    } catch (error) {
      if (error instanceof CorruptIndexError) return false
      throw error
    }
  }

  /** Throws DiskError; CorruptIndexError where the file can't be true. */
  all(): readonly AbortedTxn[] {
    return this.#entries ?? this.#read()
  }

  append(txn: AbortedTxn): void {
    const entries = this.#loaded()
    entries.push(txn)
    this.#unwrittenCount++
    try {
      this.writePending()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
    }
  }

  /** Throws DiskError, and keeps what is pending then. */
  writePending(): void {
    if (this.#unwrittenCount === 0) return
    const entries = this.#loaded()
    const first = entries.length - this.#unwrittenCount
    const bytes = Buffer.allocUnsafe(this.#unwrittenCount * ENTRY_BYTES)
    for (let index = first; index < entries.length; index++)
      encode(entries[index]!, bytes, (index - first) * ENTRY_BYTES)
    this.#change((file) => file.writev([bytes], first * ENTRY_BYTES))
    this.#unwrittenCount = 0
  }

  async sync(): Promise<void> {
    this.writePending()
    if (!this.#isUnsynced) return
    // What comes while the sync is under way is for the next one.
    this.#isUnsynced = false
    const file = this.#disk.open(this.#path, 'create')
    try {
      await file.syncAsync()
    } catch (error) {
      this.#isUnsynced = true
      throw error
    } finally {
      file.close()
    }
  }

  /** At the end of a log's life, where nothing is to be waited for. @returns whether there was anything to sync. */
  syncNow(): boolean {
    this.writePending()
    if (!this.#isUnsynced) return false
    const file = this.#disk.open(this.#path, 'create')
    try {
      file.sync()
    } finally {
      file.close()
    }
    this.#isUnsynced = false
    return true
  }

  /** No more entries will come; throws DiskError. */
  seal(): void {
    this.writePending()
    this.#entries = undefined
  }

  /**
   * Adds to `found` what overlaps [fetchOffset, upperBoundOffset).
   * @returns true when no later segment can hold more of them.
   */
  collect(fetchOffset: number, upperBoundOffset: number, found: AbortedTxn[]): boolean {
    if (!this.hasEntries) return false
    for (const txn of this.#entries ?? this.#read()) {
      if (txn.lastOffset >= fetchOffset && txn.firstOffset < upperBoundOffset) found.push(txn)
      if (txn.lastStableOffset >= upperBoundOffset) return true
    }
    return false
  }

  /** Drops the entries whose marker is at or above `offset`; throws DiskError. */
  truncateTo(offset: number): void {
    if (!this.hasEntries) return
    const entries = this.#loaded()
    let count = entries.length
    while (count > 0 && entries[count - 1]!.lastOffset >= offset) count--
    if (count === entries.length) return
    const writtenCount = entries.length - this.#unwrittenCount
    entries.length = count
    this.#unwrittenCount = Math.max(0, count - writtenCount)
    if (count < writtenCount) this.#cut(count)
  }

  /** Drops all entries, sound or not; throws DiskError. */
  reset(): void {
    this.#entries = []
    this.#unwrittenCount = 0
    if (this.#exists) this.#cut(0)
  }

  discard(): void {
    this.#entries = undefined
    this.#unwrittenCount = 0
  }

  moved(path: string): void {
    this.#path = path
  }

  #loaded(): AbortedTxn[] {
    this.#entries ??= this.#exists ? this.#read() : []
    return this.#entries
  }

  #read(): AbortedTxn[] {
    const bytes = this.#disk.readFile(this.#path)
    if (bytes.length % ENTRY_BYTES !== 0) {
      throw new CorruptIndexError(
        this.#path,
        `${this.#path} has ${bytes.length} bytes, no multiple of ${ENTRY_BYTES}`,
      )
    }
    const entries: AbortedTxn[] = []
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
      const txn = decode(bytes, at)
      if (bytes.readInt16BE(at) > VERSION || txn.lastOffset < this.#baseOffset) {
        throw new CorruptIndexError(this.#path, `${this.#path} holds an entry that is not of this segment`)
      }
      entries.push(txn)
    }
    return entries
  }

  #cut(entryCount: number): void {
    this.#change((file) => file.truncate(entryCount * ENTRY_BYTES))
  }

  #change(change: (file: DiskFile) => void): void {
    const file = this.#disk.open(this.#path, 'create')
    if (!this.#exists) {
      this.#exists = true
      this.#onCreated()
    }
    this.#isUnsynced = true
    try {
      change(file)
    } finally {
      file.close()
    }
  }
}

function encode(txn: AbortedTxn, buffer: Buffer, at: number): void {
  buffer.writeInt16BE(VERSION, at)
  writeInt64(buffer, at + 2, txn.producerId)
  writeInt64(buffer, at + 10, txn.firstOffset)
  writeInt64(buffer, at + 18, txn.lastOffset)
  writeInt64(buffer, at + 26, txn.lastStableOffset)
}

function decode(buffer: Buffer, at: number): AbortedTxn {
  return {
    producerId: readInt64(buffer, at + 2),
    firstOffset: readInt64(buffer, at + 10),
    lastOffset: readInt64(buffer, at + 18),
    lastStableOffset: readInt64(buffer, at + 26),
  }
}
