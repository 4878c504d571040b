/**
 * The real disk: base/disk.ts over node:fs, synchronous but for syncs and cold reads, which go through the thread pool.
 *
 * Invariants
 * - A write is whole or throws; what the kernel takes in parts is continued.
 * - Every system error leaves as DiskError; a closed file is a broken invariant, since its descriptor may by then
 *   belong to another file.
 * - Whole-directory locks are those of Apache Kafka (see file-lock.ts), so the two exclude each other.
 */
import * as fs from 'node:fs'
import { dirname } from 'node:path'
import { assert } from '../base/assert.ts'
import type { DirectoryEntry, Disk, DiskFile, DiskLock, FileStat } from '../base/disk.ts'
import { DiskError } from '../base/disk.ts'
import { tryLockFile } from './file-lock.ts'
import { isInPageCache } from './page-cache.ts'

const OPEN_FLAGS = {
  read: fs.constants.O_RDONLY,
  write: fs.constants.O_RDWR,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT,
} as const

/** A number that makes the names of temporary files differ within this process. */
let temporaryFiles = 0

export class SystemDisk implements Disk {
  open(path: string, mode: 'read' | 'write' | 'create'): DiskFile {
    return attempt(path, () => new SystemFile(path, fs.openSync(path, OPEN_FLAGS[mode], 0o644)))
  }

  readFile(path: string): Buffer {
    return attempt(path, () => fs.readFileSync(path))
  }

  writeFileAtomic(path: string, data: Uint8Array | string): void {
    const temporary = `${path}.${process.pid}-${temporaryFiles++}.tmp`
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    const file = this.open(temporary, 'create')
    try {
      file.truncate(0)
      file.writev([bytes], 0)
      file.sync()
    } catch (error) {
      file.close()
      this.remove(temporary)
      throw error
    }
    file.close()
    this.rename(temporary, path)
    this.syncDirectory(dirname(path))
  }

  stat(path: string): FileStat | undefined {
    return attempt(path, () => {
      const stat = fs.statSync(path, { throwIfNoEntry: false })
      if (stat === undefined) return undefined
      return { kind: kindOf(stat), sizeBytes: stat.size, modifiedMs: Math.round(stat.mtimeMs) }
    })
  }

  list(path: string): DirectoryEntry[] {
    return attempt(path, () =>
      fs.readdirSync(path, { withFileTypes: true }).map((entry) => {
        if (!entry.isSymbolicLink()) return { name: entry.name, kind: kindOf(entry) }
        return { name: entry.name, kind: this.stat(`${path}/${entry.name}`)?.kind ?? 'other' }
      }),
    )
  }

  makeDirectory(path: string): void {
    attempt(path, () => fs.mkdirSync(path, { recursive: true }))
  }

  rename(from: string, to: string): void {
    attempt(from, () => fs.renameSync(from, to))
  }

  setModifiedMs(path: string, modifiedMs: number): void {
    attempt(path, () => fs.utimesSync(path, modifiedMs / 1000, modifiedMs / 1000))
  }

  remove(path: string): void {
    attempt(path, () => fs.rmSync(path, { force: true }))
  }

  removeAsync(path: string): Promise<void> {
    return rm(path, { force: true })
  }

  removeDirectory(path: string): Promise<void> {
    return rm(path, { recursive: true, force: true })
  }

  syncDirectory(path: string): void {
    attempt(path, () => {
      const descriptor = fs.openSync(path, fs.constants.O_RDONLY | (fs.constants.O_DIRECTORY ?? 0))
      try {
        fs.fsyncSync(descriptor)
      } finally {
        fs.closeSync(descriptor)
      }
    })
  }

  tryLock(path: string): DiskLock | undefined {
    return attempt(path, () => tryLockFile(path))
  }

  space(path: string): { totalBytes: number; usableBytes: number } {
    return attempt(path, () => {
      const volume = fs.statfsSync(path)
      return { totalBytes: volume.blocks * volume.bsize, usableBytes: volume.bavail * volume.bsize }
    })
  }
}

class SystemFile implements DiskFile {
  readonly path: string
  #descriptor: number | undefined

  constructor(path: string, descriptor: number) {
    this.path = path
    this.#descriptor = descriptor
  }

  get descriptor(): number | undefined {
    return this.#descriptor
  }

  sizeBytes(): number {
    return attempt(this.path, () => fs.fstatSync(this.#open()).size)
  }

  read(target: Uint8Array, targetStart: number, length: number, position: number): number {
    const descriptor = this.#open()
    let done = 0
    try {
      while (done < length) {
        const count = fs.readSync(descriptor, target, targetStart + done, length - done, position + done)
        if (count === 0) break
        done += count
      }
    } catch (error) {
      throw toDiskError(this.path, error)
    }
    return done
  }

  async readAsync(
    target: Uint8Array,
    targetStart: number,
    length: number,
    position: number,
  ): Promise<number> {
    let done = 0
    while (done < length) {
      const count = await this.#readOnce(target, targetStart + done, length - done, position + done)
      if (count === 0) break
      done += count
    }
    return done
  }

  isCached(position: number, length: number): boolean {
    return isInPageCache(this.#open(), position, length)
  }

  writev(buffers: readonly Uint8Array[], position: number): void {
    const descriptor = this.#open()
    try {
      if (buffers.length === 1) writeWhole(descriptor, buffers[0]!, position)
      else if (buffers.length > 1) writevWhole(descriptor, buffers, position)
    } catch (error) {
      throw toDiskError(this.path, error)
    }
  }

  truncate(sizeBytes: number): void {
    attempt(this.path, () => fs.ftruncateSync(this.#open(), sizeBytes))
  }

  sync(): void {
    attempt(this.path, () => fs.fdatasyncSync(this.#open()))
  }

  syncAsync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#open(), (error) => {
        if (error === null) resolve()
        else reject(toDiskError(this.path, error))
      })
    })
  }

  close(): void {
    const descriptor = this.#descriptor
    if (descriptor === undefined) return
    this.#descriptor = undefined
    attempt(this.path, () => fs.closeSync(descriptor))
  }

  #open(): number {
    assert(this.#descriptor !== undefined, `${this.path} is closed`)
    return this.#descriptor
  }

  #readOnce(target: Uint8Array, at: number, length: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#open(), target, at, length, position, (error, count) => {
        if (error === null) resolve(count)
        else reject(toDiskError(this.path, error))
      })
    })
  }
}

function rm(path: string, options: fs.RmOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.rm(path, options, (error) => {
      if (error === null) resolve()
      else reject(toDiskError(path, error))
    })
  })
}

function writeWhole(descriptor: number, bytes: Uint8Array, position: number): void {
  let done = 0
  while (done < bytes.length) {
    done += fs.writeSync(descriptor, bytes, done, bytes.length - done, position + done)
  }
}

/** The kernel takes as many buffers as it likes; the one it stopped in is finished alone, then the others follow. */
function writevWhole(descriptor: number, buffers: readonly Uint8Array[], position: number): void {
  let index = 0
  let at = position
  while (index < buffers.length) {
    let written = fs.writevSync(descriptor, index === 0 ? buffers : buffers.slice(index), at)
    at += written
    while (index < buffers.length && written >= buffers[index]!.length) written -= buffers[index++]!.length
    if (written === 0) continue
    const rest = buffers[index++]!.subarray(written)
    writeWhole(descriptor, rest, at)
    at += rest.length
  }
}

function kindOf(stat: { isFile(): boolean; isDirectory(): boolean }): 'file' | 'directory' | 'other' {
  if (stat.isFile()) return 'file'
  return stat.isDirectory() ? 'directory' : 'other'
}

function attempt<T>(path: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw toDiskError(path, error)
  }
}

/** Errors of the system become DiskErrors; anything else is a bug and passes as it is. */
function toDiskError(path: string, error: unknown): unknown {
  if (error instanceof DiskError || !(error instanceof Error)) return error
  const code = (error as NodeJS.ErrnoException).code
  if (code === undefined || (error as NodeJS.ErrnoException).syscall === undefined) return error
  return new DiskError(code, path, error.message, { cause: error })
}
