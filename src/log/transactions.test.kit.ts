/** What tests of transactions on a log share: producers' batches, markers, and what a read_committed client makes of a read. */
import assert from 'node:assert/strict'
import { controlRecordType } from '../records/control-record.ts'
import { records } from '../records/record.ts'
import * as RecordBatch from '../records/record-batch.ts'
import { buildBatch, buildEndTransactionMarker } from '../records/record-batch-builder.ts'
import type { AppendOutcome } from './append-outcome.ts'
import type { AbortedTransaction } from './fetch-data-info.ts'
import { bytesOf } from './log-fixture.test.ts'
import type { Verification } from './transaction-verifications.ts'
import type { UnifiedLog } from './unified-log.ts'

export interface TxnAppend {
  readonly producerId: number
  readonly epoch?: number
  readonly sequence: number
  readonly values: readonly string[]
  readonly transactional?: boolean
  readonly verification?: Verification | undefined
  readonly timestampMs?: number
}

export function stageData(log: UnifiedLog, append: TxnAppend): AppendOutcome {
  const { producerId, epoch = 0, sequence, values, transactional = true, timestampMs = 1_000_000 } = append
  const batch = buildBatch(
    values.map((value) => ({ value, timestampMs })),
    { producerId, producerEpoch: epoch, baseSequence: sequence, isTransactional: transactional },
  )
  return log.stageAsLeader(batch, { leaderEpoch: 0, origin: 'client', verification: append.verification })
}

export interface TxnEnd {
  readonly producerId: number
  readonly epoch?: number
  readonly commit: boolean
  readonly coordinatorEpoch?: number
  readonly transactionVersion?: number
  readonly timestampMs?: number
}

export function stageMarker(log: UnifiedLog, end: TxnEnd): AppendOutcome {
  const batch = buildEndTransactionMarker({
    committed: end.commit,
    producerId: end.producerId,
    producerEpoch: end.epoch ?? 0,
    coordinatorEpoch: end.coordinatorEpoch ?? 0,
    timestampMs: end.timestampMs ?? 1_000_000,
  })
  const { transactionVersion = 0 } = end
  return log.stageAsLeader(batch, { leaderEpoch: 0, origin: 'coordinator', transactionVersion })
}

/** Writes what is staged and lets all of it be replicated. */
export function commit(log: UnifiedLog): void {
  assert.equal(log.commitStaged().errorCode, 0)
  log.updateHighWatermark(log.logEndOffset)
}

export function append(log: UnifiedLog, data: TxnAppend): number {
  const outcome = stageData(log, data)
  if (outcome.errorCode === 0) commit(log)
  return outcome.errorCode
}

export function end(log: UnifiedLog, marker: TxnEnd): number {
  const outcome = stageMarker(log, marker)
  if (outcome.errorCode === 0) commit(log)
  return outcome.errorCode
}

export interface SeenRecord {
  readonly offset: number
  readonly value: string
}

/** What a client shows that reads committed records from `from` on, in fetches of at most `maxBytes`. */
export function readCommitted(
  log: UnifiedLog,
  options: { from?: number; maxBytes?: number } = {},
): SeenRecord[] {
  const seen: SeenRecord[] = []
  let offset = options.from ?? log.logStartOffset
  for (;;) {
    const info = log.read(offset, {
      maxBytes: options.maxBytes ?? 1 << 20,
      minOneMessage: true,
      isolation: 'last-stable',
    })
    assert.equal(info.errorCode, 0)
    assert.ok(info.abortedTransactions !== null, 'the list is there, if only an empty one')
    if (info.slice === null) return seen
    offset = filterAborted(bytesOf(info.slice), info.abortedTransactions, offset, seen)
    assert.ok(offset <= info.lastStableOffset, 'nothing unstable is given out')
  }
}

/** As every client does it: from an aborted transaction's first offset on, its producer's records are hidden until its marker. */
function filterAborted(
  bytes: Buffer,
  abortedTransactions: readonly AbortedTransaction[],
  fromOffset: number,
  seen: SeenRecord[],
): number {
  const aborted = [...abortedTransactions].sort((a, b) => a.firstOffset - b.firstOffset)
  const hidden = new Set<number>()
  let nextOffset = fromOffset
  for (const at of RecordBatch.positions(bytes)) {
    const producerId = RecordBatch.producerId(bytes, at)
    while (aborted.length > 0 && aborted[0]!.firstOffset <= RecordBatch.lastOffset(bytes, at)) {
      hidden.add(aborted.shift()!.producerId)
    }
    nextOffset = RecordBatch.lastOffset(bytes, at) + 1
    if (RecordBatch.isControl(bytes, at)) {
      for (const { key } of records(bytes, at)) if (controlRecordType(key) === 0) hidden.delete(producerId)
      continue
    }
    if (RecordBatch.isTransactional(bytes, at) && hidden.has(producerId)) continue
    for (const { offset, value } of records(bytes, at)) {
      if (offset >= fromOffset) seen.push({ offset, value: value!.toString() })
    }
  }
  return nextOffset
}

export function seenValues(seen: readonly SeenRecord[]): string[] {
  return seen.map(({ value }) => value)
}
