/**
 * The disk as the log sees it: synchronous, positional, and with sync points that can be awaited.
 *
 * Appends are synchronous because a write into the page cache costs less than a hop to a thread pool
 * (docs/decisions); syncs are not, because they wait for the device. A failed call throws DiskError with the
 * system's code; nothing else escapes. The simulator implements this interface with a disk that forgets what was
 * never synced.
 */
export class DiskError extends Error {
  override name = 'DiskError'
  /** The system's code: ENOENT, EEXIST, ENOSPC, EIO, EACCES, EMFILE, ... */
  readonly code: string
  readonly path: string

  constructor(code: string, path: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.path = path
  }
}

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'other'
  readonly sizeBytes: number
  readonly modifiedMs: number
}

export interface DirectoryEntry {
  readonly name: string
  readonly kind: 'file' | 'directory' | 'other'
}

export interface DiskFile {
  readonly path: string
  /** The operating system's descriptor while the file is open, where there is one: for sendfile(2). */
  readonly descriptor: number | undefined
  sizeBytes(): number
  /** Reads up to `length` bytes at `position` into `target` from `targetStart`; fewer only at the end of the file. */
  read(target: Uint8Array, targetStart: number, length: number, position: number): number
  /** The same through the thread pool: for cold data that could block. */
  readAsync(target: Uint8Array, targetStart: number, length: number, position: number): Promise<number>
  /** False: to read this range would wait for the device. True also where that can't be known. */
  isCached(position: number, length: number): boolean
  /** Writes all buffers one after the other at `position`, or throws; a part may then have been written. */
  writev(buffers: readonly Uint8Array[], position: number): void
  /** Cuts or extends (with zeros) to `sizeBytes`. */
  truncate(sizeBytes: number): void
  /** Data and size are on the device when it returns. After an error nothing is known about earlier writes. */
  sync(): void
  syncAsync(): Promise<void>
  /** Idempotent. */
  close(): void
}

export interface DiskLock {
  release(): void
}

export interface Disk {
  /** 'read' and 'write' need an existing file; 'create' makes it, or opens it for writing as it is. */
  open(path: string, mode: 'read' | 'write' | 'create'): DiskFile
  readFile(path: string): Buffer
  /** All or nothing across a crash: a temporary file beside it, synced, renamed over it, directory synced. */
  writeFileAtomic(path: string, data: Uint8Array | string): void
  stat(path: string): FileStat | undefined
  list(path: string): DirectoryEntry[]
  /** With parents; an existing directory is fine. */
  makeDirectory(path: string): void
  rename(from: string, to: string): void
  /** The time of a file's last change, where it stands for the age of what is in it. */
  setModifiedMs(path: string, modifiedMs: number): void
  /** A file; a missing one is fine. */
  remove(path: string): void
  /** The same through the thread pool: to let go of a gigabyte takes a file system a while. */
  removeAsync(path: string): Promise<void>
  /** A directory with all it holds, through the thread pool; a missing one is fine. */
  removeDirectory(path: string): Promise<void>
  /** Makes creations, renames and removals in this directory survive a crash. */
  syncDirectory(path: string): void
  /** Takes an exclusive lock on a file, which is created if missing; undefined if someone else holds it. */
  tryLock(path: string): DiskLock | undefined
  /** Bytes of the volume that holds `path`. */
  space(path: string): { totalBytes: number; usableBytes: number }
}
