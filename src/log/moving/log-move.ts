/**
 * One log on its way to another log directory (KIP-113): a copy in a `-future` folder there, which is fed from the
 * log until it holds all of it, and then takes its place.
 *
 * The log itself stays the object that it is, for all who hold it: in one turn, in which nobody writes, it goes on in
 * the copy's files. With that come the state of the producers and open transactions, epochs and high watermark, which
 * were in memory all along.
 *
 * On disk each step leaves something that a start goes on from, and nothing that was acknowledged is lost:
 *   copying             log + `-future`           goes on copying
 *   copy synced         log + `-future`           the same
 *   copy renamed        log + log, one of them of a higher move generation: that one counts, the other is deleted
 *   former one renamed  `-delete` + log           deletes the rest
 *
 * Invariant: the copy holds the same batches as the log, up to where the copy ends.
 */
import { assert } from '../../base/assert.ts'
import { type Disk, DiskError } from '../../base/disk.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { baseOffset } from '../../records/record-batch.ts'
import { parentOf } from '../log-directory-name.ts'
import type { UnifiedLog } from '../unified-log.ts'
import { readMoveGeneration, writeMoveGeneration } from './move-generation.ts'

/** 'outrun': the log now begins where the copy has not come to. */
export type CopyResult =
  | { readonly kind: 'copied'; readonly byteLength: number }
  | { readonly kind: 'caughtUp' }
  | { readonly kind: 'outrun' }
  | { readonly kind: 'failed'; readonly message: string; readonly isPassing: boolean }

export class LogMove {
  readonly log: UnifiedLog
  readonly copy: UnifiedLog
  readonly #disk: Disk
  /** No more is tried before. */
  pausedUntilMs = 0

  constructor(log: UnifiedLog, copy: UnifiedLog, disk: Disk) {
    this.log = log
    this.copy = copy
    this.#disk = disk
    // Of these the batches that are left tell nothing.
    copy.producerState.learnFormer(log.producerState, copy.logStartOffset)
  }

  get source(): string {
    return parentOf(this.log.directory)
  }
  get destination(): string {
    return parentOf(this.copy.directory)
  }

  /** Copies the batches that come next, at least one. */
  copyChunk(maxBytes: number): CopyResult {
    const { log, copy } = this
    if (log.logStartOffset > copy.logEndOffset) return { kind: 'outrun' }
    if (copy.logEndOffset >= log.logEndOffset) return { kind: 'caughtUp' }
    const read = log.read(copy.logEndOffset, { maxBytes, minOneMessage: true, isolation: 'log-end' })
    if (read.errorCode !== ErrorCode.NONE) return failed(`error ${read.errorCode} in reading`, true)
    const { slice } = read
    // Compaction has left nothing between here and the end.
    if (slice === null) return { kind: 'caughtUp' }
    const records = Buffer.allocUnsafe(slice.byteLength)
    try {
      const byteCount = slice.file.read(records, 0, records.length, slice.position)
      if (byteCount < records.length) return failed('the log is shorter than it was', true)
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return failed(error.message, true)
    } finally {
      slice.release()
    }
    const staged = copy.stageAsFollower(records)
    const committed = copy.commitStaged()
    const errorCode = staged.errorCode === ErrorCode.NONE ? committed.errorCode : staged.errorCode
    if (errorCode === ErrorCode.KAFKA_STORAGE_ERROR) return failed('the copy could not be written', true)
    if (errorCode !== ErrorCode.NONE) return failed(staged.errorMessage ?? `error ${errorCode}`, false)
    this.#follow()
    return { kind: 'copied', byteLength: records.length }
  }

  /** Puts the copy on the device, whole: the last step that may be repeated. Throws DiskError. */
  prepare(): void {
    this.copy.completeCopyOf(this.log)
    this.#follow()
    const generation = readMoveGeneration(this.#disk, this.log.directory) + 1
    writeMoveGeneration(this.#disk, this.copy.directory, generation)
  }

  #follow(): void {
    const { log, copy } = this
    copy.updateHighWatermark(Math.min(log.highWatermark, copy.logEndOffset))
    const startOffset = Math.min(log.logStartOffset, copy.highWatermark)
    copy.maybeIncrementLogStartOffset(startOffset, 'leader offset increment')
  }

  /** Gives the copy the log's name in its new place. Throws DiskError, and `takeBack` must follow. */
  claimPlace(): void {
    this.copy.renameDirectory(`${this.destination}/${this.log.name}`)
    this.#disk.syncDirectory(this.destination)
  }

  /** The claim failed, and nobody knows what the device keeps of it: the log counts in any case. Throws DiskError. */
  takeBack(): void {
    const generation = readMoveGeneration(this.#disk, this.log.directory) + 2
    writeMoveGeneration(this.#disk, this.log.directory, generation)
  }

  /** The log goes on in its new place. @returns its former folder. */
  swap(): string {
    const former = this.log.directory
    assert(this.copy.directory === `${this.destination}/${this.log.name}`, 'the place is claimed')
    this.log.continueIn(this.copy)
    return former
  }
}

/** Where a copy of the log has to begin: with the batch that holds the log's first record. Throws DiskError. */
export function copyStartOffset(log: UnifiedLog): number {
  const { logStartOffset } = log
  const { slice } = log.read(logStartOffset, { maxBytes: 1, minOneMessage: true, isolation: 'log-end' })
  if (slice === null) return logStartOffset
  try {
    const header = Buffer.alloc(8)
    slice.file.read(header, 0, header.length, slice.position)
    return Math.min(logStartOffset, baseOffset(header, 0))
  } finally {
    slice.release()
  }
}

function failed(message: string, isPassing: boolean): CopyResult {
  return { kind: 'failed', message, isPassing }
}
