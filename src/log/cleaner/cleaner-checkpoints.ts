/**
 * `cleaner-offset-checkpoint` of each log directory: the first dirty offset of every log that has been cleaned.
 *
 * A clean raises an offset; that is written in the background, since it waits for the device, and a crash that loses
 * it only lets a part of the log be cleaned again. A truncation lowers one, and a deletion takes one away; that is on
 * the device at the end of the tick: an offset left too high would pass new records for clean, and a tombstone among
 * them could go before what it deletes.
 *
 * Invariants: one background write at a time for each directory; the file that is put in place holds what is known
 * then.
 */
import type { Clock } from '../../base/clock.ts'
import { type Disk, DiskError } from '../../base/disk.ts'
import { checkpointText } from '../checkpoint-file.ts'
import { logDirectoryName } from '../log-directory-name.ts'
import {
  CLEANER_OFFSET_CHECKPOINT,
  OffsetCheckpointFile,
  offsetLines,
  type PartitionOffset,
} from '../offset-checkpoint-file.ts'

interface DirectoryState {
  readonly path: string
  readonly offsets: Map<string, PartitionOffset>
  /** Counts changes; what a background write has prepared is put in place only if none came meanwhile. */
  version: number
  isLowered: boolean
  writing: Promise<void> | undefined
}

interface Partition {
  readonly topic: string
  readonly partition: number
}

export class CleanerCheckpoints {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #onError: (directory: string, message: string, error: DiskError) => void
  readonly #directories = new Map<string, DirectoryState>()

  constructor(options: {
    disk: Disk
    clock: Clock
    onError: (directory: string, message: string, error: DiskError) => void
  }) {
    this.#disk = options.disk
    this.#clock = options.clock
    this.#onError = options.onError
  }

  get(directory: string, { topic, partition }: Partition): number | undefined {
    return this.#directories.get(directory)?.offsets.get(logDirectoryName(topic, partition))?.offset
  }

  /** As the file said at the start. */
  found(directory: string, found: PartitionOffset): void {
    this.#state(directory).offsets.set(logDirectoryName(found.topic, found.partition), found)
  }

  /** A log was cleaned up to there. */
  raise(directory: string, { topic, partition }: Partition, offset: number): void {
    const state = this.#state(directory)
    state.offsets.set(logDirectoryName(topic, partition), { topic, partition, offset })
    state.version++
    state.writing ??= this.#writeInBackground(state)
      .catch((error: unknown) => {
        // A bug: it is thrown where nobody catches it.
        this.#clock.endOfTick(() => {
          throw error
        })
      })
      .finally(() => {
        state.writing = undefined
      })
  }

  /** A log was cut: nothing at or above `offset` is clean. `writeLowered` follows. */
  lower(directory: string, { topic, partition }: Partition, offset: number): void {
    const name = logDirectoryName(topic, partition)
    const state = this.#directories.get(directory)
    const known = state?.offsets.get(name)
    if (state === undefined || known === undefined || known.offset <= offset) return
    state.offsets.set(name, { topic, partition, offset })
    state.isLowered = true
  }

  /** A log was deleted. `writeLowered` follows. */
  remove(directory: string, { topic, partition }: Partition): void {
    const state = this.#directories.get(directory)
    if (state?.offsets.delete(logDirectoryName(topic, partition)) === true) state.isLowered = true
  }

  /** Puts what was lowered or removed on the device. */
  writeLowered(directory: string): void {
    const state = this.#directories.get(directory)
    if (state?.isLowered !== true) return
    state.isLowered = false
    state.version++
    this.#attempt(state, () =>
      new OffsetCheckpointFile({ disk: this.#disk, path: state.path }).write(state.offsets.values()),
    )
  }

  /** The directory is out of service. */
  forget(directory: string): void {
    this.#directories.delete(directory)
  }

  /** Resolves when what was raised so far is on the device, or has failed. */
  async settle(): Promise<void> {
    for (const { writing } of [...this.#directories.values()]) await writing
  }

  #state(directory: string): DirectoryState {
    let state = this.#directories.get(directory)
    if (state === undefined) {
      state = {
        path: `${directory}/${CLEANER_OFFSET_CHECKPOINT}`,
        offsets: new Map(),
        version: 0,
        isLowered: false,
        writing: undefined,
      }
      this.#directories.set(directory, state)
    }
    return state
  }

  async #writeInBackground(state: DirectoryState): Promise<void> {
    const prepared = `${state.path}.new`
    let version: number
    do {
      version = state.version
      const lines = offsetLines(state.offsets.values())
      try {
        const file = this.#disk.open(prepared, 'create')
        try {
          file.truncate(0)
          file.writev([Buffer.from(checkpointText(lines))], 0)
          await file.syncAsync()
        } finally {
          file.close()
        }
      } catch (error) {
        this.#failed(state, error)
        return
      }
      if (!this.#isInService(state)) return
    } while (version !== state.version)
    // That the name is not synced is no harm: what a crash brings back is an earlier, lower offset.
    this.#attempt(state, () => this.#disk.rename(prepared, state.path))
  }

  #attempt(state: DirectoryState, run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#failed(state, error)
    }
  }

  #failed(state: DirectoryState, error: unknown): void {
    if (!(error instanceof DiskError)) throw error
    if (!this.#isInService(state)) return
    const directory = state.path.slice(0, state.path.lastIndexOf('/'))
    this.#onError(
      directory,
      `Failed to access checkpoint file ${CLEANER_OFFSET_CHECKPOINT} in dir ${directory}`,
      error,
    )
  }

  #isInService(state: DirectoryState): boolean {
    return [...this.#directories.values()].includes(state)
  }
}
