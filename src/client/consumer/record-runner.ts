/**
 * Has a function of the user's handle records, those of several partitions at the same time, those of each in order.
 *
 * It goes in rounds: of each partition a batch, and when all are handled the next round. So nothing is being handled when
 * partitions come and go. A record is consumed when the function is done with it; where the function fails, its partition
 * stands at what was not handled.
 */
import { consumeTracing } from '../diagnostics.ts'
import type { AssignedPartition } from './assigned-partition.ts'
import type { ConsumerCore } from './consumer-core.ts'
import type { ConsumerBatch, ConsumerRecord } from './consumer-record.ts'
import type { TakenBatch } from './fetch/fetch-buffer.ts'
import { traceContext } from './record-iterator.ts'

export interface RunOptions<Key = Buffer, Value = Buffer> {
  readonly eachRecord?: ((record: ConsumerRecord<Key, Value>) => unknown) | undefined
  /** In place of `eachRecord`: up to `max.poll.records` of one partition. */
  readonly eachBatch?: ((batch: ConsumerBatch<Key, Value>) => unknown) | undefined
  /** Of how many partitions records are handled at the same time. Default: 1. */
  readonly concurrency?: number | undefined
  /** Ends it when the round is done. */
  readonly signal?: AbortSignal | undefined
}

/** Resolves when there is nothing to read from any more, or the signal is given. Rejects with what the function throws, or a KafkaError. */
export async function runRecords(core: ConsumerCore, options: RunOptions<never, never>): Promise<void> {
  const { concurrency = 1, signal } = options
  for (let hasBegun = false; !signal?.aborted; hasBegun = true) {
    if (hasBegun && core.isIdle) return
    const round = await nextRound(core, concurrency, signal)
    if (round === undefined) return
    const outcomes = await core.handlers.run(() =>
      Promise.allSettled(round.map((batch) => handle(core, batch, options))),
    )
    const failure = outcomes.find((outcome) => outcome.status === 'rejected')
    if (failure !== undefined) throw failure.reason
  }
}

async function nextRound(
  core: ConsumerCore,
  concurrency: number,
  signal: AbortSignal | undefined,
): Promise<TakenBatch[] | undefined> {
  const turn = { timeoutMs: Number.POSITIVE_INFINITY, signal }
  try {
    return await core.turn(() => takeRound(core, concurrency), turn)
  } catch (error) {
    if (signal?.aborted) return undefined
    throw error
  }
}

function takeRound({ buffer, settings }: ConsumerCore, concurrency: number): TakenBatch[] | undefined {
  const round: TakenBatch[] = []
  while (round.length < concurrency) {
    const taken = new Set(round.map(({ source }) => source))
    const batch = buffer.takeBatch(settings.maxPollRecords, (partition) => !taken.has(partition))
    if (batch === undefined) break
    // None of it is handled yet: it must not be committed, whatever happens from now on.
    batch.source.position = batch.records[0]!.offset
    round.push(batch)
  }
  return round.length === 0 ? undefined : round
}

async function handle(
  core: ConsumerCore,
  batch: TakenBatch,
  { eachRecord, eachBatch }: RunOptions<never, never>,
): Promise<void> {
  const { source, records, highWatermark } = batch
  const { topic, partition } = source
  const end = records.at(-1)!
  try {
    if (eachBatch !== undefined) {
      await eachBatch({ topic, partition, records, highWatermark })
      pass(source, records[0]!.offset, end)
      return
    }
    for (const record of records) {
      // The function may have sought elsewhere, or some records are missing before this one.
      if (core.isEnding || source.isGone || source.position > record.offset) return
      source.position = record.offset
      const handling = handleRecord(core, record, eachRecord)
      if (handling instanceof Promise) await handling
      if (!pass(source, record.offset, record)) return
    }
  } catch (error) {
    const { position, positionEpoch } = source
    source.moveTo(position, positionEpoch)
    core.buffer.drop(source)
    throw error
  }
}

function handleRecord(
  core: ConsumerCore,
  record: ConsumerRecord<never, never>,
  eachRecord: RunOptions<never, never>['eachRecord'],
): unknown {
  if (!consumeTracing.start.hasSubscribers && !consumeTracing.asyncEnd.hasSubscribers)
    return eachRecord?.(record)
  const labels = { clientId: core.cluster.clientId, groupId: core.settings.groupId }
  return consumeTracing.tracePromise(async () => eachRecord?.(record), traceContext(labels, record))
}

/** False: the partition was sought elsewhere meanwhile. */
function pass(source: AssignedPartition, from: number, last: ConsumerRecord<never, never>): boolean {
  if (source.position !== from) return false
  source.position = last.offset + 1
  source.positionEpoch = last.leaderEpoch
  return true
}
