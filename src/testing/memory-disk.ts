/**
 * A disk in memory: for brokers that live as long as a test. Everything is on the device at once, and what the real disk
 * refuses this one refuses too (`diskConformance`).
 *
 * `fork` gives a disk with the same files, on which nothing that is done here shows, nor the other way round: both share
 * the bytes until one of them writes.
 */
import { basename, dirname, resolve, sep } from 'node:path'
import { assert } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import {
  type DirectoryEntry,
  type Disk,
  DiskError,
  type DiskFile,
  type DiskLock,
  type FileStat,
} from '../base/disk.ts'

const CAPACITY_MIN_BYTES = 256
/** What `space` says there is. */
const VOLUME_BYTES = 2 ** 40

/** What a name refers to; open files refer to it too, and keep it when the name goes. */
interface FileNode {
  bytes: Buffer
  sizeBytes: number
  modifiedMs: number
  /** The bytes belong to another disk as well. */
  isShared: boolean
}

const DIRECTORY = Symbol('DIRECTORY')

type Entry = FileNode | typeof DIRECTORY

export class MemoryDisk implements Disk {
  readonly #clock: Pick<Clock, 'nowMs'>
  /** By absolute path. The root is always there, and is in none. */
  readonly #entries = new Map<string, Entry>()
  readonly #locks = new Set<string>()

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock
  }

  fork(clock: Pick<Clock, 'nowMs'>): MemoryDisk {
    const copy = new MemoryDisk(clock)
    for (const [name, entry] of this.#entries) {
      if (entry !== DIRECTORY) entry.isShared = true
      copy.#entries.set(name, entry === DIRECTORY ? DIRECTORY : { ...entry })
    }
    return copy
  }

  open(path: string, mode: 'read' | 'write' | 'create'): DiskFile {
    const name = resolve(path)
    const entry = this.#entry(name)
    if (entry === DIRECTORY) throw fault('EISDIR', path)
    if (entry === undefined && mode !== 'create') throw fault('ENOENT', path)
    return new MemoryFile(path, entry ?? this.#create(name), mode !== 'read', this.#clock)
  }

  readFile(path: string): Buffer {
    const { bytes, sizeBytes } = this.#file(path)
    return Buffer.from(bytes.subarray(0, sizeBytes))
  }

  /** Whoever has the former file open keeps it. */
  writeFileAtomic(path: string, data: Uint8Array | string): void {
    const name = resolve(path)
    if (this.#entry(name) === DIRECTORY) throw fault('EISDIR', path)
    const bytes = Buffer.from(data as Uint8Array)
    Object.assign(this.#create(name), { bytes, sizeBytes: bytes.length })
  }

  stat(path: string): FileStat | undefined {
    const entry = this.#entry(resolve(path))
    if (entry === undefined) return undefined
    if (entry === DIRECTORY) return { kind: 'directory', sizeBytes: 0, modifiedMs: 0 }
    return { kind: 'file', sizeBytes: entry.sizeBytes, modifiedMs: entry.modifiedMs }
  }

  list(path: string): DirectoryEntry[] {
    const parent = resolve(path)
    this.#checkDirectory(parent)
    const entries: DirectoryEntry[] = []
    for (const [name, entry] of this.#entries) {
      if (dirname(name) === parent)
        entries.push({ name: basename(name), kind: entry === DIRECTORY ? 'directory' : 'file' })
    }
    return entries
  }

  makeDirectory(path: string): void {
    const name = resolve(path)
    const missing: string[] = []
    let parent = name
    while (this.#entry(parent) === undefined) {
      missing.push(parent)
      parent = dirname(parent)
    }
    if (this.#entry(parent) !== DIRECTORY) throw fault(parent === name ? 'EEXIST' : 'ENOTDIR', path)
    for (const each of missing) this.#entries.set(each, DIRECTORY)
  }

  rename(from: string, to: string): void {
    const source = resolve(from)
    const target = resolve(to)
    const entry = this.#entry(source)
    if (entry === undefined) throw fault('ENOENT', from)
    this.#checkDirectory(dirname(target))
    const replaced = this.#entry(target)
    if (entry !== DIRECTORY && replaced === DIRECTORY) throw fault('EISDIR', to)
    if (entry === DIRECTORY && replaced !== undefined && replaced !== DIRECTORY) throw fault('ENOTDIR', to)
    if (entry === DIRECTORY && replaced === DIRECTORY && this.list(to).length > 0)
      throw fault('ENOTEMPTY', to)
    for (const name of entry === DIRECTORY ? this.#within(source) : [source]) {
      const moved = this.#entries.get(name)!
      this.#entries.delete(name)
      this.#entries.set(target + name.slice(source.length), moved)
    }
  }

  setModifiedMs(path: string, modifiedMs: number): void {
    this.#file(path).modifiedMs = modifiedMs
  }

  remove(path: string): void {
    const name = resolve(path)
    if (this.#entry(name) === DIRECTORY) throw fault('EISDIR', path)
    this.#entries.delete(name)
  }

  async removeAsync(path: string): Promise<void> {
    this.remove(path)
  }

  async removeDirectory(path: string): Promise<void> {
    for (const name of this.#within(resolve(path))) this.#entries.delete(name)
  }

  syncDirectory(path: string): void {
    this.#checkDirectory(resolve(path))
  }

  tryLock(path: string): DiskLock | undefined {
    const name = resolve(path)
    if (this.#locks.has(name)) return undefined
    if (this.#entry(name) === undefined) this.#create(name)
    this.#locks.add(name)
    let isHeld = true
    return {
      release: () => {
        if (isHeld) this.#locks.delete(name)
        isHeld = false
      },
    }
  }

  space(): { totalBytes: number; usableBytes: number } {
    return { totalBytes: VOLUME_BYTES, usableBytes: VOLUME_BYTES }
  }

  #entry(name: string): Entry | undefined {
    return dirname(name) === name ? DIRECTORY : this.#entries.get(name)
  }

  #file(path: string): FileNode {
    const entry = this.#entry(resolve(path))
    if (entry === undefined) throw fault('ENOENT', path)
    if (entry === DIRECTORY) throw fault('EISDIR', path)
    return entry
  }

  #checkDirectory(name: string): void {
    const entry = this.#entry(name)
    if (entry !== DIRECTORY) throw fault(entry === undefined ? 'ENOENT' : 'ENOTDIR', name)
  }

  #create(name: string): FileNode {
    this.#checkDirectory(dirname(name))
    const node = { bytes: Buffer.alloc(0), sizeBytes: 0, modifiedMs: this.#clock.nowMs(), isShared: false }
    this.#entries.set(name, node)
    return node
  }

  /** The directory's own name and all that begin with it. */
  #within(directory: string): string[] {
    return [...this.#entries.keys()].filter((name) => name === directory || name.startsWith(directory + sep))
  }
}

class MemoryFile implements DiskFile {
  readonly path: string
  readonly descriptor = undefined
  readonly #isWritable: boolean
  readonly #clock: Pick<Clock, 'nowMs'>
  #node: FileNode | undefined

  constructor(path: string, node: FileNode, isWritable: boolean, clock: Pick<Clock, 'nowMs'>) {
    this.path = path
    this.#node = node
    this.#isWritable = isWritable
    this.#clock = clock
  }

  sizeBytes(): number {
    return this.#open().sizeBytes
  }

  read(target: Uint8Array, targetStart: number, length: number, position: number): number {
    const { bytes, sizeBytes } = this.#open()
    const end = Math.min(sizeBytes, position + length)
    return end <= position ? 0 : bytes.copy(target, targetStart, position, end)
  }

  async readAsync(
    target: Uint8Array,
    targetStart: number,
    length: number,
    position: number,
  ): Promise<number> {
    return this.read(target, targetStart, length, position)
  }

  isCached(): boolean {
    return true
  }

  writev(buffers: readonly Uint8Array[], position: number): void {
    let end = position
    for (const buffer of buffers) end += buffer.length
    const node = this.#openToWrite()
    if (end === position) return
    this.#resize(node, Math.max(node.sizeBytes, end))
    let at = position
    for (const buffer of buffers) {
      node.bytes.set(buffer, at)
      at += buffer.length
    }
  }

  truncate(sizeBytes: number): void {
    this.#resize(this.#openToWrite(), sizeBytes)
  }

  sync(): void {
    this.#open()
  }

  async syncAsync(): Promise<void> {
    this.#open()
  }

  close(): void {
    this.#node = undefined
  }

  #open(): FileNode {
    assert(this.#node !== undefined, `${this.path} is closed`)
    return this.#node
  }

  #openToWrite(): FileNode {
    const node = this.#open()
    if (!this.#isWritable) throw fault('EBADF', this.path)
    return node
  }

  /** With bytes that are this disk's own, and zeros where the file was shorter. */
  #resize(node: FileNode, sizeBytes: number): void {
    const keptBytes = Math.min(node.sizeBytes, sizeBytes)
    const isGrown = sizeBytes > node.bytes.length
    if (node.isShared || isGrown) {
      const own = Buffer.alloc(Math.max(CAPACITY_MIN_BYTES, sizeBytes, isGrown ? node.bytes.length * 2 : 0))
      node.bytes.copy(own, 0, 0, keptBytes)
      node.bytes = own
      node.isShared = false
    } else {
      node.bytes.fill(0, keptBytes, sizeBytes)
    }
    node.sizeBytes = sizeBytes
    node.modifiedMs = this.#clock.nowMs()
  }
}

function fault(code: string, path: string): DiskError {
  return new DiskError(code, path, `${code}: ${path}`)
}
