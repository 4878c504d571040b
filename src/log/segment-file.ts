/**
 * The file of a segment, held by everyone who still reads it.
 *
 * A fetch response leaves here as a slice, and is read only when the socket has room. Meanwhile retention may delete
 * the segment, or the log may be closed: the file stays open until the last slice is released, and an open file
 * outlives its name. A truncation does not wait for slices: a slice of bytes that are gone comes up short, and
 * whoever sends it ends the connection. (Only bytes above the high watermark are ever truncated, and no consumer was
 * given those.)
 *
 * Invariant: the descriptor is closed exactly when the segment has let go and every slice was released. It is opened
 * on first use, so a log with thousands of old segments holds one descriptor until somebody reads them.
 */
import { assert } from '../base/assert.ts'
import type { Disk, DiskFile } from '../base/disk.ts'
import type { FileSlice } from '../base/payload.ts'

export class SegmentFile {
  readonly #disk: Disk
  #path: string
  #file: DiskFile | undefined
  /** Slices, and syncs under way, that need the file open. */
  #holders = 0
  #closing = false

  constructor(disk: Disk, path: string, file?: DiskFile) {
    this.#disk = disk
    this.#path = path
    this.#file = file
  }

  get path(): string {
    return this.#path
  }

  get holders(): number {
    return this.#holders
  }

  /** The open file; throws DiskError. */
  get file(): DiskFile {
    assert(!this.#closing, `${this.#path} is closed`)
    this.#file ??= this.#disk.open(this.#path, 'write')
    return this.#file
  }

  /** The file was renamed, or its folder was; the open descriptor is as good as before. */
  moved(path: string): void {
    this.#path = path
  }

  slice(position: number, byteLength: number): FileSlice {
    const file = this.file
    this.retain()
    return new Slice(this, file, position, byteLength)
  }

  retain(): void {
    this.#holders++
  }

  release(): void {
    assert(this.#holders > 0, `${this.#path} was released more often than retained`)
    this.#holders--
    if (this.#closing && this.#holders === 0) this.#closeNow()
  }

  /** No more use by the segment. Idempotent. */
  close(): void {
    if (this.#closing) return
    this.#closing = true
    if (this.#holders === 0) this.#closeNow()
  }

  #closeNow(): void {
    this.#file?.close()
    this.#file = undefined
  }
}

class Slice implements FileSlice {
  readonly file: DiskFile
  readonly position: number
  readonly byteLength: number
  #owner: SegmentFile | undefined

  constructor(owner: SegmentFile, file: DiskFile, position: number, byteLength: number) {
    this.#owner = owner
    this.file = file
    this.position = position
    this.byteLength = byteLength
  }

  release(): void {
    assert(this.#owner !== undefined, 'a slice is released once')
    const owner = this.#owner
    this.#owner = undefined
    owner.release()
  }
}
