/**
 * Files and folders of the simulated disk, each in two states: as the running process sees it, and as a power cut
 * would leave it. What lies between is a list of changes in their order, emptied by a sync.
 */
import type { SimRandom } from './sim-random.ts'

export interface CrashOptions {
  /**
   * What happens to changes that were never synced: 'some' keeps, by seed, a beginning of each file's and folder's
   * changes, the last write torn at any byte; 'all' loses everything; 'none' loses nothing (the process died, the
   * machine did not).
   */
  readonly lose: 'some' | 'all' | 'none'
  /** With 'some': writes may also survive while earlier ones of the same file are lost and leave zeros. */
  readonly reorder?: boolean
}

type FileChange =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly sizeBytes: number }

export class SimFileNode {
  readonly kind = 'file'
  modifiedMs = 0
  #content: Growing
  #durable: Growing
  #pending: FileChange[] = []
  /** How many changes were ever synced: the number of the first pending one. */
  #syncedCount = 0

  constructor(content?: Buffer) {
    this.#content = new Growing(content)
    this.#durable = new Growing(content)
  }

  get sizeBytes(): number {
    return this.#content.sizeBytes
  }

  read(target: Uint8Array, targetStart: number, length: number, position: number): number {
    return this.#content.read(target, targetStart, length, position)
  }

  write(position: number, bytes: Uint8Array): void {
    const change: FileChange = { kind: 'write', position, bytes: Buffer.from(bytes) }
    this.#content.apply(change)
    this.#pending.push(change)
  }

  truncate(sizeBytes: number): void {
    const change: FileChange = { kind: 'truncate', sizeBytes }
    this.#content.apply(change)
    this.#pending.push(change)
  }

  /** A mark for `syncUpTo`: all changes so far. */
  get changeCount(): number {
    return this.#syncedCount + this.#pending.length
  }

  syncUpTo(changeCount: number): void {
    const count = changeCount - this.#syncedCount
    if (count <= 0) return
    for (const change of this.#pending.splice(0, count)) this.#durable.apply(change)
    this.#syncedCount += count
  }

  /** The file as it is found after a crash. */
  survivor(options: CrashOptions, random: SimRandom): SimFileNode {
    if (options.lose === 'none') return this.#with(this.#content)
    const found = this.#durable.clone()
    if (options.lose === 'some') {
      for (const change of survivingChanges(this.#pending, options, random)) found.apply(change)
    }
    return this.#with(found)
  }

  #with(content: Growing): SimFileNode {
    const node = new SimFileNode(content.toBuffer())
    node.modifiedMs = this.modifiedMs
    return node
  }
}

function survivingChanges(
  pending: readonly FileChange[],
  options: CrashOptions,
  random: SimRandom,
): readonly FileChange[] {
  const surviving = random.below(pending.length + 1)
  const changes = pending.slice(0, surviving)
  const next = pending[surviving]
  if (next?.kind === 'write' && next.bytes.length > 0) {
    changes.push({ ...next, bytes: next.bytes.subarray(0, random.below(next.bytes.length)) })
  }
  if (options.reorder !== true) return changes
  const late = pending.slice(surviving + 1).filter((change) => change.kind === 'write' && random.oneIn(2))
  return [...changes, ...late]
}

export type SimNode = SimFileNode | SimDirectoryNode

/** One change of a folder's entries, all of it or nothing: a rename takes a name and gives another. */
type DirectoryChange = readonly { readonly name: string; readonly node: SimNode | undefined }[]

export class SimDirectoryNode {
  readonly kind = 'directory'
  modifiedMs = 0
  readonly entries = new Map<string, SimNode>()
  readonly #durable = new Map<string, SimNode>()
  #pending: DirectoryChange[] = []

  change(change: DirectoryChange): void {
    applyTo(this.entries, change)
    this.#pending.push(change)
  }

  sync(): void {
    for (const change of this.#pending) applyTo(this.#durable, change)
    this.#pending = []
  }

  /** The folder as it is found after a crash, with all below it. */
  survivor(options: CrashOptions, random: SimRandom): SimDirectoryNode {
    const found = new Map(options.lose === 'none' ? this.entries : this.#durable)
    if (options.lose === 'some') {
      const surviving = random.below(this.#pending.length + 1)
      for (const change of this.#pending.slice(0, surviving)) applyTo(found, change)
    }
    const directory = new SimDirectoryNode()
    for (const [name, node] of found) directory.change([{ name, node: node.survivor(options, random) }])
    directory.sync()
    return directory
  }
}

function applyTo(entries: Map<string, SimNode>, change: DirectoryChange): void {
  for (const { name, node } of change) {
    if (node === undefined) entries.delete(name)
    else entries.set(name, node)
  }
}

/** Bytes that grow; what was never written is zero. */
class Growing {
  #bytes: Buffer
  sizeBytes: number

  constructor(content: Buffer = Buffer.alloc(0)) {
    this.#bytes = Buffer.from(content)
    this.sizeBytes = content.length
  }

  clone(): Growing {
    return new Growing(this.toBuffer())
  }

  toBuffer(): Buffer {
    return this.#bytes.subarray(0, this.sizeBytes)
  }

  read(target: Uint8Array, targetStart: number, length: number, position: number): number {
    const end = Math.min(this.sizeBytes, position + length)
    if (end <= position) return 0
    target.set(this.#bytes.subarray(position, end), targetStart)
    return end - position
  }

  apply(change: FileChange): void {
    if (change.kind === 'truncate') {
      if (change.sizeBytes < this.sizeBytes) this.#bytes.fill(0, change.sizeBytes, this.sizeBytes)
      this.#reserve(change.sizeBytes)
      this.sizeBytes = change.sizeBytes
    } else {
      const end = change.position + change.bytes.length
      this.#reserve(end)
      change.bytes.copy(this.#bytes, change.position)
      this.sizeBytes = Math.max(this.sizeBytes, end)
    }
  }

  #reserve(byteCount: number): void {
    if (byteCount <= this.#bytes.length) return
    const larger = Buffer.alloc(Math.max(byteCount, this.#bytes.length * 2, 256))
    this.#bytes.copy(larger, 0, 0, this.sizeBytes)
    this.#bytes = larger
  }
}
