import assert from 'node:assert/strict'
import type { Clock } from '../../base/clock.ts'
import { silentLogger } from '../../base/logger.ts'
import type { Random } from '../../base/random.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { readRecords } from '../../records/record.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import type { AppendAnswer, CoordinatorLog } from './coordinator-log.ts'
import { CoordinatorRuntime } from './coordinator-runtime.ts'
import type { CoordinatorShard, ShardContext } from './coordinator-shard.ts'

/**
 * A partition of an internal topic as a list of batches. What is appended settles at the end of the tick, unless
 * `holds` is set: then when `settle` is called.
 */
export class MemoryLog implements CoordinatorLog {
  leaderEpoch = 0
  batchBytesMax = 1024 * 1024 + 12
  logStartOffset = 0
  readonly batches: Buffer[] = []
  /** Appends wait for `settle`. */
  holds = false
  /** The next appends are refused at once with this code. */
  refusal: number = ErrorCode.NONE
  readonly #clock: Clock
  #unsettled: ((errorCode: number) => void)[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get logEndOffset(): number {
    const last = this.batches.at(-1)
    return last === undefined ? this.logStartOffset : RecordBatch.lastOffset(last) + 1
  }

  append(batch: Buffer, onSettled: (errorCode: number) => void): AppendAnswer {
    const isTooLarge = batch.length > this.batchBytesMax
    const errorCode = isTooLarge ? ErrorCode.MESSAGE_TOO_LARGE : this.refusal
    if (errorCode !== ErrorCode.NONE) return { errorCode, firstOffset: -1 }
    const firstOffset = this.logEndOffset
    RecordBatch.setBaseOffset(batch, 0, firstOffset)
    this.batches.push(Buffer.from(batch))
    this.#unsettled.push(onSettled)
    if (!this.holds) this.#clock.endOfTick(() => this.settle())
    return { errorCode, firstOffset }
  }

  /** Tells all whose batches are in. With an error that is not a timeout, these batches are taken out again. */
  settle(errorCode: number = ErrorCode.NONE): void {
    const settled = this.#unsettled
    this.#unsettled = []
    const isLost = errorCode !== ErrorCode.NONE && errorCode !== ErrorCode.REQUEST_TIMED_OUT
    if (isLost) this.batches.length -= settled.length
    for (const onSettled of settled) onSettled(errorCode)
  }

  async read(offset: number, maxBytes: number): Promise<Buffer> {
    const wanted: Buffer[] = []
    let bytes = 0
    for (const batch of this.batches) {
      if (RecordBatch.lastOffset(batch) < offset) continue
      bytes += batch.length
      if (wanted.length > 0 && bytes > maxBytes) break
      wanted.push(batch)
    }
    return Buffer.concat(wanted)
  }

  /** Keys and values of all data batches, in order. */
  records(): { key: Buffer; value: Buffer | null }[] {
    return this.batches
      .filter((batch) => !RecordBatch.isControl(batch))
      .flatMap((batch) => readRecords(batch))
      .map(({ key, value }) => {
        assert.ok(key !== null)
        return { key, value }
      })
  }
}

/** A runtime over partition 0 with a memory log, elected and loaded once `loaded()` has resolved. */
export function startRuntime<Shard extends CoordinatorShard>(options: {
  clock: Clock
  random: Random
  newShard: (context: ShardContext) => Shard
  topic?: string
  log?: MemoryLog
}): { runtime: CoordinatorRuntime<Shard>; log: MemoryLog; loaded: () => Promise<void> } {
  const log = options.log ?? new MemoryLog(options.clock)
  const runtime = new CoordinatorRuntime({
    topic: options.topic ?? '__consumer_offsets',
    newShard: options.newShard,
    clock: options.clock,
    random: options.random,
    logger: silentLogger,
    loadBufferBytes: 64 * 1024,
    compression: 'none',
  })
  runtime.onElection(0, log)
  const loaded = async (): Promise<void> => {
    while (runtime.availability(0) === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) {
      await new Promise<void>((resolve) => void setImmediate(resolve))
    }
  }
  return { runtime, log, loaded }
}
