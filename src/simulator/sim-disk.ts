/**
 * A disk in memory that forgets what was never synced. Deterministic: the seed decides what a crash leaves behind.
 *
 * It is stricter than most file systems: creations, renames and removals are lost too, unless their folder was
 * synced, and a synced file whose creation is lost is gone. A test that passes here leans on nothing but what the
 * Disk interface promises.
 *
 * Life: `crash` ends it; every later call on it or on a file of it throws SimulatedCrash (which is no DiskError, so
 * that nothing handles it on the way up), and the disk that crash returned is what the machine finds at its next
 * start. `onWriteBoundary` is called once for every change, when it is made but not synced, and before every sync:
 * calling `crash` there leads through every state in which a machine can stop.
 */
import { assert } from '../base/assert.ts'
import type { DirectoryEntry, Disk, DiskFile, DiskLock, FileStat } from '../base/disk.ts'
import { DiskError } from '../base/disk.ts'
import { type CrashOptions, SimDirectoryNode, SimFileNode, type SimNode } from './sim-disk-nodes.ts'
import { SimRandom } from './sim-random.ts'

export type { CrashOptions } from './sim-disk-nodes.ts'

export class SimulatedCrash extends Error {
  override name = 'SimulatedCrash'
}

export type SimOperation =
  | 'open'
  | 'create'
  | 'write'
  | 'truncate'
  | 'sync'
  | 'read'
  | 'rename'
  | 'remove'
  | 'makeDirectory'
  | 'syncDirectory'

export interface Boundary {
  /** Counts from 0 over the life of the disk. */
  readonly index: number
  readonly operation: SimOperation
  readonly path: string
}

export interface Fault {
  readonly operation: SimOperation
  readonly code: 'ENOSPC' | 'EIO' | 'EACCES' | 'EMFILE'
  /** Of the calls that match, counted from 0, the one to fail. */
  readonly nth: number
  /** All matching calls from the nth on fail, until `clearFaults`. */
  readonly sticky?: boolean
  /** Only on paths that contain this. */
  readonly pathPart?: string
  /** Bytes of a failing write that are written all the same. */
  readonly partialBytes?: number
}

export interface SimDiskOptions {
  readonly seed: number
  /** Writes that would take more fill the disk, then fail with ENOSPC. */
  readonly capacityBytes?: number
  /** For modification times. */
  readonly nowMs?: () => number
}

export class SimDisk implements Disk {
  readonly seed: number
  capacityBytes: number
  readonly #random: SimRandom
  readonly #nowMs: () => number
  #root = new SimDirectoryNode()
  #dead = false
  #locks = new Set<string>()
  #faults: { readonly fault: Fault; seen: number }[] = []
  #boundaryCount = 0
  #onBoundary: ((boundary: Boundary) => void) | undefined

  constructor(options: SimDiskOptions) {
    this.seed = options.seed
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY
    this.#random = new SimRandom(options.seed)
    this.#nowMs = options.nowMs ?? (() => 0)
  }

  /** Cuts the power. This disk is dead from now on; the returned one holds what survived. */
  crash(options: CrashOptions = { lose: 'some' }): SimDisk {
    assert(!this.#dead, 'this disk crashed before')
    this.#dead = true
    const next = new SimDisk({ seed: this.#random.below(2 ** 31), nowMs: this.#nowMs })
    next.capacityBytes = this.capacityBytes
    next.#root = this.#root.survivor(options, this.#random)
    return next
  }

  onWriteBoundary(callback: ((boundary: Boundary) => void) | undefined): void {
    this.#onBoundary = callback
  }

  /** Boundaries passed so far. */
  get boundaryCount(): number {
    return this.#boundaryCount
  }

  injectFault(fault: Fault): void {
    this.#faults.push({ fault, seen: 0 })
  }

  clearFaults(): void {
    this.#faults = []
  }

  get usedBytes(): number {
    return usedBytesBelow(this.#root)
  }

  open(path: string, mode: 'read' | 'write' | 'create'): DiskFile {
    this.#enter('open', path)
    const { parent, name } = this.#locate(path)
    let node = parent.entries.get(name)
    if (node === undefined) {
      if (mode !== 'create') throw new DiskError('ENOENT', path, `ENOENT: no such file, open '${path}'`)
      this.#enter('create', path)
      node = new SimFileNode()
      node.modifiedMs = this.#nowMs()
      parent.change([{ name, node }])
      this.#boundary('create', path)
    }
    if (node.kind !== 'file') throw new DiskError('EISDIR', path, `EISDIR: is a directory, open '${path}'`)
    return new SimFile(this.#access, path, node)
  }

  readFile(path: string): Buffer {
    const file = this.open(path, 'read')
    const bytes = Buffer.alloc(file.sizeBytes())
    file.read(bytes, 0, bytes.length, 0)
    file.close()
    return bytes
  }

  writeFileAtomic(path: string, data: Uint8Array | string): void {
    const temporary = `${path}.tmp`
    const file = this.open(temporary, 'create')
    try {
      file.truncate(0)
      file.writev([typeof data === 'string' ? Buffer.from(data) : data], 0)
      file.sync()
    } catch (error) {
      if (error instanceof DiskError) this.remove(temporary)
      throw error
    } finally {
      file.close()
    }
    this.rename(temporary, path)
    this.syncDirectory(parentOf(path))
  }

  stat(path: string): FileStat | undefined {
    this.#alive()
    const node = this.#find(path)
    if (node === undefined) return undefined
    return {
      kind: node.kind,
      sizeBytes: node.kind === 'file' ? node.sizeBytes : 0,
      modifiedMs: node.modifiedMs,
    }
  }

  list(path: string): DirectoryEntry[] {
    this.#alive()
    return [...this.#directory(path).entries].map(([name, node]) => ({ name, kind: node.kind }))
  }

  makeDirectory(path: string): void {
    this.#alive()
    let directory = this.#root
    for (const name of partsOf(path)) {
      let node = directory.entries.get(name)
      if (node === undefined) {
        this.#enter('makeDirectory', path)
        node = new SimDirectoryNode()
        directory.change([{ name, node }])
        this.#boundary('makeDirectory', path)
      }
      if (node.kind !== 'directory')
        throw new DiskError('ENOTDIR', path, `ENOTDIR: not a directory '${path}'`)
      directory = node
    }
  }

  rename(from: string, to: string): void {
    this.#enter('rename', from)
    const source = this.#locate(from)
    const target = this.#locate(to)
    const node = source.parent.entries.get(source.name)
    if (node === undefined) throw new DiskError('ENOENT', from, `ENOENT: no such file, rename '${from}'`)
    const inTheWay = target.parent.entries.get(target.name)
    if (inTheWay?.kind === 'directory' && (node.kind === 'file' || inTheWay.entries.size > 0)) {
      throw new DiskError('ENOTEMPTY', from, `ENOTEMPTY: directory not empty, rename '${from}' -> '${to}'`)
    }
    const taken = { name: source.name, node: undefined }
    const given = { name: target.name, node }
    if (source.parent === target.parent) source.parent.change([taken, given])
    else {
      target.parent.change([given])
      source.parent.change([taken])
    }
    this.#boundary('rename', from)
  }

  /** Never lost: nothing but the age of records goes by it. */
  setModifiedMs(path: string, modifiedMs: number): void {
    this.#alive()
    const node = this.#find(path)
    if (node === undefined) throw new DiskError('ENOENT', path, `ENOENT: no such file, utime '${path}'`)
    node.modifiedMs = modifiedMs
  }

  remove(path: string): void {
    this.#enter('remove', path)
    const { parent, name } = this.#locate(path)
    const node = parent.entries.get(name)
    if (node === undefined) return
    if (node.kind !== 'file') throw new DiskError('EISDIR', path, `EISDIR: is a directory, rm '${path}'`)
    parent.change([{ name, node: undefined }])
    this.#boundary('remove', path)
  }

  /** Done when it returns, as is the removal of a directory: a crash in between has its own write boundary. */
  removeAsync(path: string): Promise<void> {
    return settle(() => this.remove(path))
  }

  removeDirectory(path: string): Promise<void> {
    return settle(() => this.#removeBelow(path))
  }

  #removeBelow(path: string): void {
    this.#alive()
    const node = this.#find(path)
    if (node === undefined) return
    assert(node.kind === 'directory', `${path} is no directory`)
    for (const [name, child] of [...node.entries]) {
      if (child.kind === 'directory') this.#removeBelow(`${path}/${name}`)
      else this.remove(`${path}/${name}`)
    }
    this.#enter('remove', path)
    const { parent, name } = this.#locate(path)
    parent.change([{ name, node: undefined }])
    this.#boundary('remove', path)
  }

  syncDirectory(path: string): void {
    this.#enter('syncDirectory', path)
    this.#boundary('syncDirectory', path)
    this.#directory(path).sync()
  }

  tryLock(path: string): DiskLock | undefined {
    if (this.#locks.has(path)) return undefined
    this.open(path, 'create').close()
    this.#locks.add(path)
    return { release: () => this.#locks.delete(path) }
  }

  space(path: string): { totalBytes: number; usableBytes: number } {
    this.#directory(path)
    const totalBytes = Number.isFinite(this.capacityBytes) ? this.capacityBytes : 2 ** 40
    return { totalBytes, usableBytes: Math.max(0, totalBytes - this.usedBytes) }
  }

  readonly #access: FileAccess = {
    alive: () => this.#alive(),
    enter: (operation, path) => this.#enter(operation, path),
    boundary: (operation, path) => this.#boundary(operation, path),
    write: (path, node, position, bytes) => this.#write(path, node, position, bytes),
  }

  #alive(): void {
    if (this.#dead) throw new SimulatedCrash('the simulated machine is down')
  }

  /** Where an operation begins: a planned fault happens here. */
  #enter(operation: SimOperation, path: string): void {
    this.#alive()
    const fault = this.#fault(operation, path)
    if (fault !== undefined) throw faultError(fault, path)
  }

  #fault(operation: SimOperation, path: string): Fault | undefined {
    let hit: Fault | undefined
    for (const planned of this.#faults) {
      const { fault } = planned
      if (fault.operation !== operation || !path.includes(fault.pathPart ?? '')) continue
      const index = planned.seen++
      if (index === fault.nth || (fault.sticky === true && index > fault.nth)) hit ??= fault
    }
    return hit
  }

  #boundary(operation: SimOperation, path: string): void {
    const index = this.#boundaryCount++
    this.#onBoundary?.({ index, operation, path })
    this.#alive()
  }

  #write(path: string, node: SimFileNode, position: number, bytes: Uint8Array): void {
    this.#alive()
    const fault = this.#fault('write', path)
    const growth = Math.max(0, position + bytes.length - node.sizeBytes)
    const room = Number.isFinite(this.capacityBytes) ? this.capacityBytes - this.usedBytes : growth
    let count = bytes.length
    if (fault !== undefined) count = Math.min(count, fault.partialBytes ?? 0)
    else if (growth > room) count = Math.max(0, bytes.length - (growth - room))
    if (count > 0) node.write(position, bytes.subarray(0, count))
    node.modifiedMs = this.#nowMs()
    this.#boundary('write', path)
    if (fault !== undefined) throw faultError(fault, path)
    if (count < bytes.length)
      throw new DiskError('ENOSPC', path, `ENOSPC: no space left on device, write '${path}'`)
  }

  #find(path: string): SimNode | undefined {
    let node: SimNode = this.#root
    for (const name of partsOf(path)) {
      if (node.kind !== 'directory') return undefined
      const next: SimNode | undefined = node.entries.get(name)
      if (next === undefined) return undefined
      node = next
    }
    return node
  }

  #directory(path: string): SimDirectoryNode {
    this.#alive()
    const node = this.#find(path)
    if (node === undefined) throw new DiskError('ENOENT', path, `ENOENT: no such directory '${path}'`)
    if (node.kind !== 'directory') throw new DiskError('ENOTDIR', path, `ENOTDIR: not a directory '${path}'`)
    return node
  }

  #locate(path: string): { parent: SimDirectoryNode; name: string } {
    const name = partsOf(path).at(-1)
    assert(name !== undefined, 'the root has no parent')
    return { parent: this.#directory(parentOf(path)), name }
  }
}

interface FileAccess {
  alive(): void
  enter(operation: SimOperation, path: string): void
  boundary(operation: SimOperation, path: string): void
  write(path: string, node: SimFileNode, position: number, bytes: Uint8Array): void
}

class SimFile implements DiskFile {
  readonly path: string
  readonly descriptor = undefined
  readonly #disk: FileAccess
  readonly #node: SimFileNode
  #closed = false

  constructor(disk: FileAccess, path: string, node: SimFileNode) {
    this.path = path
    this.#disk = disk
    this.#node = node
  }

  sizeBytes(): number {
    this.#use()
    return this.#node.sizeBytes
  }

  read(target: Uint8Array, targetStart: number, length: number, position: number): number {
    this.#use()
    this.#disk.enter('read', this.path)
    return this.#node.read(target, targetStart, length, position)
  }

  async readAsync(
    target: Uint8Array,
    targetStart: number,
    length: number,
    position: number,
  ): Promise<number> {
    await Promise.resolve()
    return this.read(target, targetStart, length, position)
  }

  isCached(): boolean {
    return true
  }

  writev(buffers: readonly Uint8Array[], position: number): void {
    this.#use()
    if (buffers.length > 0) this.#disk.write(this.path, this.#node, position, Buffer.concat(buffers))
  }

  truncate(sizeBytes: number): void {
    this.#use()
    this.#disk.enter('truncate', this.path)
    this.#node.truncate(sizeBytes)
    this.#disk.boundary('truncate', this.path)
  }

  sync(): void {
    this.#use()
    this.#disk.enter('sync', this.path)
    this.#disk.boundary('sync', this.path)
    this.#node.syncUpTo(this.#node.changeCount)
  }

  /** Covers what was written before the call and no more; done a turn later. */
  async syncAsync(): Promise<void> {
    this.#use()
    this.#disk.enter('sync', this.path)
    const changeCount = this.#node.changeCount
    await Promise.resolve()
    this.#disk.alive()
    this.#disk.boundary('sync', this.path)
    this.#node.syncUpTo(changeCount)
  }

  close(): void {
    this.#closed = true
  }

  #use(): void {
    this.#disk.alive()
    assert(!this.#closed, `${this.path} is closed`)
  }
}

function settle(run: () => void): Promise<void> {
  try {
    run()
    return Promise.resolve()
  } catch (error) {
    return Promise.reject(error)
  }
}

function faultError(fault: Fault, path: string): DiskError {
  return new DiskError(fault.code, path, `${fault.code}: simulated fault in ${fault.operation} of '${path}'`)
}

function usedBytesBelow(directory: SimDirectoryNode): number {
  let total = 0
  for (const node of directory.entries.values()) {
    total += node.kind === 'file' ? node.sizeBytes : usedBytesBelow(node)
  }
  return total
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

function parentOf(path: string): string {
  return `/${partsOf(path).slice(0, -1).join('/')}`
}
