/**
 * A disk in memory: for brokers that live as long as a test. Everything is on the device at once.
 *
 * `fork` gives a disk with the same files, on which nothing that is done here shows, nor the other way round: both share
 * the bytes until one of them writes.
 */
import { posix } from 'node:path'
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

export class MemoryDisk implements Disk {
  readonly #clock: Pick<Clock, 'nowMs'>
  #files = new Map<string, FileNode>()
  #directories = new Set<string>(['/'])
  readonly #locks = new Set<string>()

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock
  }

  fork(clock: Pick<Clock, 'nowMs'>): MemoryDisk {
    const copy = new MemoryDisk(clock)
    copy.#directories = new Set(this.#directories)
    for (const [path, node] of this.#files) {
      node.isShared = true
      copy.#files.set(path, { ...node })
    }
    return copy
  }

  open(path: string, mode: 'read' | 'write' | 'create'): DiskFile {
    const name = posix.normalize(path)
    let node = this.#files.get(name)
    if (node === undefined) {
      if (mode !== 'create') throw fault('ENOENT', path)
      node = this.#create(name)
    }
    return new MemoryFile(path, node, this.#clock)
  }

  readFile(path: string): Buffer {
    const { bytes, sizeBytes } = this.#node(path)
    return Buffer.from(bytes.subarray(0, sizeBytes))
  }

  writeFileAtomic(path: string, data: Uint8Array | string): void {
    const bytes = Buffer.from(data as Uint8Array)
    const node = this.#create(posix.normalize(path))
    node.bytes = bytes
    node.sizeBytes = bytes.length
  }

  stat(path: string): FileStat | undefined {
    const name = posix.normalize(path)
    const node = this.#files.get(name)
    if (node !== undefined) return { kind: 'file', sizeBytes: node.sizeBytes, modifiedMs: node.modifiedMs }
    return this.#directories.has(name) ? { kind: 'directory', sizeBytes: 0, modifiedMs: 0 } : undefined
  }

  list(path: string): DirectoryEntry[] {
    const parent = posix.normalize(path)
    if (!this.#directories.has(parent)) throw fault('ENOENT', path)
    const entries: DirectoryEntry[] = []
    for (const name of this.#files.keys()) {
      if (posix.dirname(name) === parent) entries.push({ name: posix.basename(name), kind: 'file' })
    }
    for (const name of this.#directories) {
      if (name !== '/' && posix.dirname(name) === parent)
        entries.push({ name: posix.basename(name), kind: 'directory' })
    }
    return entries
  }

  makeDirectory(path: string): void {
    for (let name = posix.normalize(path); !this.#directories.has(name); name = posix.dirname(name)) {
      this.#directories.add(name)
    }
  }

  rename(from: string, to: string): void {
    const source = posix.normalize(from)
    const target = posix.normalize(to)
    const node = this.#files.get(source)
    if (node !== undefined) {
      this.#files.delete(source)
      this.#files.set(target, node)
      return
    }
    if (!this.#directories.delete(source)) throw fault('ENOENT', from)
    this.#directories.add(target)
    const inside = `${source}/`
    const moved = (name: string): string => target + name.slice(source.length)
    for (const name of [...this.#directories]) {
      if (name.startsWith(inside) && this.#directories.delete(name)) this.#directories.add(moved(name))
    }
    for (const [name, file] of [...this.#files]) {
      if (name.startsWith(inside) && this.#files.delete(name)) this.#files.set(moved(name), file)
    }
  }

  setModifiedMs(path: string, modifiedMs: number): void {
    this.#node(path).modifiedMs = modifiedMs
  }

  remove(path: string): void {
    this.#files.delete(posix.normalize(path))
  }

  removeDirectory(path: string): void {
    const name = posix.normalize(path)
    const inside = `${name}/`
    this.#directories.delete(name)
    for (const each of [...this.#directories]) if (each.startsWith(inside)) this.#directories.delete(each)
    for (const each of [...this.#files.keys()]) if (each.startsWith(inside)) this.#files.delete(each)
  }

  syncDirectory(path: string): void {
    if (!this.#directories.has(posix.normalize(path))) throw fault('ENOENT', path)
  }

  tryLock(path: string): DiskLock | undefined {
    const name = posix.normalize(path)
    if (this.#locks.has(name)) return undefined
    if (!this.#files.has(name)) this.#create(name)
    this.#locks.add(name)
    return { release: () => void this.#locks.delete(name) }
  }

  space(): { totalBytes: number; usableBytes: number } {
    return { totalBytes: VOLUME_BYTES, usableBytes: VOLUME_BYTES }
  }

  #create(name: string): FileNode {
    if (!this.#directories.has(posix.dirname(name))) throw fault('ENOENT', name)
    const node = { bytes: Buffer.alloc(0), sizeBytes: 0, modifiedMs: this.#clock.nowMs(), isShared: false }
    this.#files.set(name, node)
    return node
  }

  #node(path: string): FileNode {
    const node = this.#files.get(posix.normalize(path))
    if (node === undefined) throw fault('ENOENT', path)
    return node
  }
}

class MemoryFile implements DiskFile {
  readonly path: string
  readonly descriptor = undefined
  readonly #node: FileNode
  readonly #clock: Pick<Clock, 'nowMs'>

  constructor(path: string, node: FileNode, clock: Pick<Clock, 'nowMs'>) {
    this.path = path
    this.#node = node
    this.#clock = clock
  }

  sizeBytes(): number {
    return this.#node.sizeBytes
  }

  read(target: Uint8Array, targetStart: number, length: number, position: number): number {
    const { bytes, sizeBytes } = this.#node
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

  writev(buffers: readonly Uint8Array[], position: number): void {
    let end = position
    for (const buffer of buffers) end += buffer.length
    this.#reserve(end)
    let at = position
    for (const buffer of buffers) {
      this.#node.bytes.set(buffer, at)
      at += buffer.length
    }
    this.#node.sizeBytes = Math.max(this.#node.sizeBytes, end)
    this.#node.modifiedMs = this.#clock.nowMs()
  }

  truncate(sizeBytes: number): void {
    const before = this.#node.sizeBytes
    this.#reserve(sizeBytes)
    if (sizeBytes > before) this.#node.bytes.fill(0, before, sizeBytes)
    this.#node.sizeBytes = sizeBytes
    this.#node.modifiedMs = this.#clock.nowMs()
  }

  sync(): void {}
  async syncAsync(): Promise<void> {}
  close(): void {}

  /** Makes the bytes this disk's own, with room up to `end`. */
  #reserve(end: number): void {
    const node = this.#node
    if (!node.isShared && end <= node.bytes.length) return
    const capacity = Math.max(CAPACITY_MIN_BYTES, end, end > node.bytes.length ? node.bytes.length * 2 : 0)
    const own = Buffer.alloc(capacity)
    node.bytes.copy(own, 0, 0, node.sizeBytes)
    node.bytes = own
    node.isShared = false
  }
}

function fault(code: string, path: string): DiskError {
  return new DiskError(code, path, `${code}: ${path}`)
}
