/**
 * The producer snapshot files in a partition's folder, and which of them are worth keeping.
 *
 * Invariant: a removed snapshot does not come back after a crash; it could be of records that were truncated, and
 * others stand in their place by then.
 */
import { type Disk, DiskError } from '../base/disk.ts'
import { segmentPath } from './log-file-names.ts'
import { decodeProducerSnapshot, encodeProducerSnapshot } from './producer-snapshot.ts'
import type { ProducerStateEntry } from './producer-state-entry.ts'

export class ProducerSnapshotFiles {
  readonly #disk: Disk
  #directory: string
  /** Ascending. */
  #offsets: number[]

  /** `offsets` where the caller has listed the folder already. */
  constructor(disk: Disk, directory: string, offsets: readonly number[] | undefined) {
    this.#disk = disk
    this.#directory = directory
    this.#offsets = sorted(offsets ?? this.#list())
  }

  get offsets(): readonly number[] {
    return this.#offsets
  }
  get latest(): number | undefined {
    return this.#offsets.at(-1)
  }
  get oldest(): number | undefined {
    return this.#offsets[0]
  }

  path(offset: number): string {
    return segmentPath(this.#directory, offset, '.snapshot')
  }

  write(
    offset: number,
    producers: ReadonlyMap<number, ProducerStateEntry>,
    options: { sync: boolean },
  ): void {
    const file = this.#disk.open(this.path(offset), 'create')
    try {
      if (file.sizeBytes() > 0) file.truncate(0)
      file.writev([encodeProducerSnapshot(producers)], 0)
      if (options.sync) file.sync()
    } finally {
      file.close()
    }
    if (!this.#offsets.includes(offset)) this.#offsets = sorted([...this.#offsets, offset])
  }

  /** The producers, or in a string why the file can't be used. */
  read(offset: number): Map<number, ProducerStateEntry> | string {
    try {
      return decodeProducerSnapshot(this.#disk.readFile(this.path(offset)))
    } catch (error) {
      if (error instanceof DiskError && error.code === 'ENOENT') return 'the file is gone'
      throw error
    }
  }

  remove(shouldGo: (offset: number) => boolean): void {
    const offsets = this.#offsets.filter(shouldGo)
    if (offsets.length === 0) return
    for (const offset of offsets) this.#disk.remove(this.path(offset))
    this.#offsets = this.#offsets.filter((offset) => !offsets.includes(offset))
    this.#disk.syncDirectory(this.#directory)
  }

  /**
   * Removes those that belong to no segment, except the newest one above all segments: that is what a clean shutdown
   * left.
   */
  removeStrays(segmentBaseOffsets: readonly number[]): void {
    const segments = new Set(segmentBaseOffsets)
    const newestSegment = segmentBaseOffsets.at(-1) ?? -1
    const newestStray = this.#offsets.findLast((offset) => !segments.has(offset))
    this.remove((offset) => !segments.has(offset) && (offset !== newestStray || offset < newestSegment))
  }

  /** Renames one to `.deleted`, to be removed with its segment. The new path; undefined if there is none. */
  markForDeletion(offset: number): string | undefined {
    if (!this.#offsets.includes(offset)) return undefined
    this.#offsets = this.#offsets.filter((other) => other !== offset)
    const path = this.path(offset)
    try {
      this.#disk.rename(path, `${path}.deleted`)
    } catch (error) {
      if (error instanceof DiskError && error.code === 'ENOENT') return undefined
      throw error
    }
    return `${path}.deleted`
  }

  reload(): void {
    this.#offsets = sorted(this.#list())
  }

  updateDirectory(directory: string): void {
    this.#directory = directory
  }

  #list(): number[] {
    if (this.#disk.stat(this.#directory)?.kind !== 'directory') return []
    const offsets: number[] = []
    for (const { name, kind } of this.#disk.list(this.#directory)) {
      const match = /^(\d{20})\.snapshot$/.exec(name)
      if (kind === 'file' && match !== null) offsets.push(Number(match[1]))
    }
    return offsets
  }
}

function sorted(offsets: readonly number[]): number[] {
  return [...offsets].sort((a, b) => a - b)
}
