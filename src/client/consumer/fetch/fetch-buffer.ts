/**
 * What was fetched and not handed out yet, in the order in which it came. Of paused partitions nothing is handed out.
 *
 * Invariant: of the bytes that are buffered each counts once, for the broker that they came from.
 */
import type { AssignedPartition } from '../assigned-partition.ts'
import type { ConsumerRecord } from '../consumer-record.ts'
import type { FetchedRecords } from './fetched-records.ts'

export interface BufferedChunk {
  readonly records: FetchedRecords
  readonly nodeId: number
}

export interface TakenBatch {
  readonly source: AssignedPartition
  readonly records: ConsumerRecord<never, never>[]
  readonly highWatermark: number
}

export class FetchBuffer {
  readonly #onRoom: (nodeId: number) => void
  readonly #bytes = new Map<number, number>()
  #waiting: BufferedChunk[] = []
  /** Of which records are handed out. */
  #current: BufferedChunk | undefined

  /** `onRoom`: a chunk of this broker is used up. */
  constructor(onRoom: (nodeId: number) => void) {
    this.#onRoom = onRoom
  }

  bytesOf(nodeId: number): number {
    return this.#bytes.get(nodeId) ?? 0
  }

  add(records: FetchedRecords, nodeId: number): void {
    const { source, sizeBytes } = records
    source.bufferedChunkCount += 1
    source.bufferedBytes += sizeBytes
    this.#bytes.set(nodeId, this.bytesOf(nodeId) + sizeBytes)
    this.#waiting.push({ records, nodeId })
  }

  /** Forgets what is buffered of the partition; it will be fetched again from its position. */
  drop(partition: AssignedPartition): void {
    if (partition.bufferedChunkCount > 0) this.#dropWhere(({ records }) => records.source === partition)
    partition.fetchOffset = partition.position
  }

  /** Makes room where partitions that are read don't get any. */
  dropPaused(nodeId: number): void {
    const paused = new Set<AssignedPartition>()
    for (const chunk of this.#all()) {
      if (chunk.nodeId === nodeId && chunk.records.source.isPaused) paused.add(chunk.records.source)
    }
    for (const partition of paused) this.drop(partition)
  }

  /** The next record, with its partition's position behind it. Throws KafkaError where it can't be read. */
  takeRecord(): ConsumerRecord<never, never> | undefined {
    for (;;) {
      const records = this.#readable()
      if (records === undefined) return undefined
      const record = records.next()
      if (record !== undefined) {
        records.source.position = record.offset + 1
        records.source.positionEpoch = record.leaderEpoch
        return record
      }
      this.#finish()
    }
  }

  /** Up to so many records of the next partition with any, or of one that `isWanted`. */
  takeBatch(
    maxRecords: number,
    isWanted: (partition: AssignedPartition) => boolean = () => true,
  ): TakenBatch | undefined {
    for (;;) {
      if (this.#current !== undefined && !isWanted(this.#current.records.source)) this.#putBack()
      const chunk = this.#readable(isWanted)
      if (chunk === undefined) return undefined
      const { source, highWatermark } = chunk
      const records = takeRecords(chunk, maxRecords)
      const last = records.at(-1)
      if (last !== undefined) {
        source.position = last.offset + 1
        source.positionEpoch = last.leaderEpoch
        return { source, records, highWatermark }
      }
      this.#finish()
    }
  }

  /** The chunk at hand, or the next one, if it may be read. */
  #readable(isWanted?: (partition: AssignedPartition) => boolean): FetchedRecords | undefined {
    const current = this.#current
    if (current !== undefined) {
      if (!current.records.source.isPaused) return current.records
      this.#putBack()
    }
    const index = this.#waiting.findIndex(
      ({ records: { source } }) => !source.isPaused && (isWanted === undefined || isWanted(source)),
    )
    if (index < 0) return undefined
    const [next] = this.#waiting.splice(index, 1)
    this.#current = next
    return next!.records
  }

  #putBack(): void {
    this.#waiting.unshift(this.#current!)
    this.#current = undefined
  }

  /** The chunk at hand is at its end: what it holds behind its last record is passed, too. */
  #finish(): void {
    const { records, nodeId } = this.#current!
    const { source } = records
    source.position = records.nextOffset
    source.positionEpoch = records.endLeaderEpoch
    this.#current = undefined
    this.#release(records, nodeId)
    this.#onRoom(nodeId)
  }

  #release({ source, sizeBytes }: FetchedRecords, nodeId: number): void {
    source.bufferedChunkCount -= 1
    source.bufferedBytes -= sizeBytes
    this.#bytes.set(nodeId, this.bytesOf(nodeId) - sizeBytes)
  }

  #dropWhere(isMeant: (chunk: BufferedChunk) => boolean): void {
    const dropped = this.#all().filter(isMeant)
    for (const { records, nodeId } of dropped) this.#release(records, nodeId)
    this.#waiting = this.#waiting.filter((chunk) => !dropped.includes(chunk))
    if (this.#current !== undefined && dropped.includes(this.#current)) this.#current = undefined
    for (const nodeId of new Set(dropped.map((chunk) => chunk.nodeId))) this.#onRoom(nodeId)
  }

  #all(): BufferedChunk[] {
    return this.#current === undefined ? this.#waiting : [this.#current, ...this.#waiting]
  }
}

/** Where one can't be read, those before it come first. */
function takeRecords(chunk: FetchedRecords, maxRecords: number): ConsumerRecord<never, never>[] {
  const records: ConsumerRecord<never, never>[] = []
  try {
    while (records.length < maxRecords) {
      const record = chunk.next()
      if (record === undefined) break
      records.push(record)
    }
  } catch (error) {
    if (records.length === 0) throw error
  }
  return records
}
