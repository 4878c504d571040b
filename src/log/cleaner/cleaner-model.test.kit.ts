import assert from 'node:assert/strict'
import type { KafkaRecord } from '../../records/record.ts'
import { records } from '../../records/record.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import { bytesOf } from '../log-fixture.test.ts'
import type { UnifiedLog } from '../unified-log.ts'
import { batchesOf } from './cleaner.test.kit.ts'

export interface ModelRecord {
  readonly offset: number
  readonly key: string
  readonly value: string | null
  readonly timestampMs: number
  /** Of the transaction it belongs to; undefined: none. */
  readonly txn: ModelTxn | undefined
}

export interface ModelTxn {
  outcome: 'open' | 'committed' | 'aborted'
}

interface CheckOptions {
  readonly nowMs: number
  readonly deleteRetentionMs: number
  readonly underWayTo?: number
}

/** All that was ever appended, and what must still be seen of it. */
export class LogModel {
  readonly records: ModelRecord[] = []
  /** Up to there the log is clean. */
  nextDirtyOffset = 0
  /** When a clean had first passed an offset, as ranges that ascend. */
  readonly #cleanedAt: { readonly endOffset: number; readonly atMs: number }[] = []

  cleaned(nextDirtyOffset: number, atMs: number): void {
    assert.ok(nextDirtyOffset >= this.nextDirtyOffset, 'the clean part only grows')
    this.nextDirtyOffset = nextDirtyOffset
    this.#cleanedAt.push({ endOffset: nextDirtyOffset, atMs })
  }

  /**
   * Everything that has to hold at any time, whatever was cleaned. `underWayTo`: a clean up to there did not come to its
   * end; what it was to drop may be there or not.
   */
  check(log: UnifiedLog, options: CheckOptions): void {
    const { underWayTo = this.nextDirtyOffset } = options
    const present = this.#present(log)
    for (const record of this.records) {
      const isAborted = record.txn?.outcome === 'aborted'
      const isClean = record.offset < this.nextDirtyOffset
      const isDirty = record.offset >= underWayTo
      // Aborted records may go ahead of the rest, from a segment that the offset map had no room for.
      if (isAborted && isClean) assert.ok(!present.has(record.offset), `record ${record.offset} was aborted`)
      if (!isAborted && isDirty) assert.ok(present.has(record.offset), `record ${record.offset} is dirty`)
    }
    this.#checkKeys(present, options)
    this.#checkCommittedView(log, present)
    this.#checkTimes(log)
  }

  /** The records of the log by offset, each as it was appended. */
  #present(log: UnifiedLog): ReadonlyMap<number, ModelRecord> {
    const appended = new Map(this.records.map((record) => [record.offset, record]))
    const present = new Map<number, ModelRecord>()
    for (const batch of batchesOf(log)) {
      if (batch.isControl) continue
      for (const record of batch.records) {
        const model = appended.get(record.offset)
        assert.ok(model, `nobody appended record ${record.offset}`)
        assert.deepEqual(
          shapeOf(record),
          [model.key, model.value, model.timestampMs],
          `record ${record.offset}`,
        )
        present.set(record.offset, model)
      }
    }
    return present
  }

  /** Of each key in the clean part the last record and no other; a tombstone at least until its time is over. */
  #checkKeys(
    present: ReadonlyMap<number, ModelRecord>,
    { nowMs, deleteRetentionMs, underWayTo = this.nextDirtyOffset }: CheckOptions,
  ): void {
    const latest = this.#latestBelow(this.nextDirtyOffset)
    for (const record of present.values()) {
      if (record.offset >= this.nextDirtyOffset) continue
      const last = latest.get(record.key)
      assert.equal(record.offset, last?.offset, `record ${record.offset} was superseded`)
    }
    for (const { offset, value } of this.#latestBelow(underWayTo).values()) {
      if (present.has(offset)) continue
      assert.equal(value, null, `the last record of a key, ${offset}, is gone`)
      const firstCleanedMs = this.#cleanedAt.find(({ endOffset }) => offset < endOffset)?.atMs
      assert.ok(firstCleanedMs !== undefined, `tombstone ${offset} went in the first clean that saw it`)
      assert.ok(nowMs >= firstCleanedMs + deleteRetentionMs, `tombstone ${offset} went too early`)
    }
  }

  #latestBelow(endOffset: number): ReadonlyMap<string, ModelRecord> {
    const latest = new Map<string, ModelRecord>()
    for (const record of this.records) {
      if (record.offset < endOffset && record.txn?.outcome !== 'aborted') latest.set(record.key, record)
    }
    return latest
  }

  /** What a consumer with isolation.level=read_committed makes of what it fetches, in small fetches, from any place. */
  #checkCommittedView(log: UnifiedLog, present: ReadonlyMap<number, ModelRecord>): void {
    const end = log.lastStableOffset
    const expected = [...present.values()]
      .filter(({ offset, txn }) => offset < end && (txn === undefined || txn.outcome === 'committed'))
      .map(({ offset }) => offset)
    for (const [from, maxBytes] of [
      [0, 1 << 20],
      [0, 1],
      [Math.floor(end / 3), 200],
      [Math.max(0, end - 5), 1],
    ] as const) {
      const seen = committedOffsets(log, from, maxBytes)
      assert.deepEqual(
        seen,
        expected.filter((offset) => offset >= from),
        `the committed records from ${from}, in fetches of ${maxBytes} bytes`,
      )
    }
  }

  #checkTimes(log: UnifiedLog): void {
    // Markers count, as in Apache Kafka.
    const all = batchesOf(log).flatMap((batch) => batch.records)
    for (const { timestampMs } of all.filter((_, index) => index % 7 === 0)) {
      const first = all.find((record) => record.timestampMs >= timestampMs)
      const found = log.lookupTimestamp(timestampMs)
      assert.equal(found?.offset, first?.offset, `the first record at or after ${timestampMs}`)
    }
  }
}

function shapeOf(record: KafkaRecord): unknown[] {
  return [record.key?.toString(), record.value?.toString() ?? null, record.timestampMs]
}

/** The filter that clients apply (KIP-98): aborted producers from the first offset of their transaction to the marker. */
function committedOffsets(log: UnifiedLog, from: number, maxBytes: number): number[] {
  const seen: number[] = []
  let position = from
  while (position < log.lastStableOffset) {
    const info = log.read(position, { maxBytes, minOneMessage: true, isolation: 'last-stable' })
    assert.equal(info.errorCode, 0)
    assert.ok(info.slice !== null && info.abortedTransactions !== null, `a consumer is stuck at ${position}`)
    const bytes = bytesOf(info.slice)
    const waiting = [...info.abortedTransactions].sort((a, b) => a.firstOffset - b.firstOffset)
    const aborted = new Set<number>()
    for (const at of RecordBatch.positions(bytes)) {
      const lastOffset = RecordBatch.lastOffset(bytes, at)
      while (waiting.length > 0 && waiting[0]!.firstOffset <= lastOffset)
        aborted.add(waiting.shift()!.producerId)
      const producerId = RecordBatch.producerId(bytes, at)
      position = lastOffset + 1
      if (RecordBatch.isControl(bytes, at)) {
        const [marker] = [...records(bytes, at)]
        if (marker?.key?.readInt16BE(2) === 0) aborted.delete(producerId)
      } else if (!(RecordBatch.isTransactional(bytes, at) && aborted.has(producerId))) {
        for (const { offset } of records(bytes, at)) if (offset >= from) seen.push(offset)
      }
    }
  }
  return seen
}
