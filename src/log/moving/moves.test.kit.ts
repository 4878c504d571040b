/** A log manager over two log directories of a simulated disk, and a log with all that must survive a move. */
import assert from 'node:assert/strict'
import { type Logger, silentLogger } from '../../base/logger.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import { SimClock } from '../../simulator/sim-clock.ts'
import { SimDisk } from '../../simulator/sim-disk.ts'
import { SimRandom } from '../../simulator/sim-random.ts'
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../log-config.ts'
import { LogDirs } from '../log-dirs.ts'
import { LogManager, type LogManagerOptions } from '../log-manager.ts'
import { append, commit, stageMarker } from '../transactions.test.kit.ts'
import type { UnifiedLog } from '../unified-log.ts'

export const A = '/data/a'
export const B = '/data/b'
export const TOPIC_ID = 'AAAAAAAAQACAAAAAAAAAAQ'
const NEVER = Number.MAX_SAFE_INTEGER

export interface Manager {
  readonly disk: SimDisk
  readonly clock: SimClock
  readonly manager: LogManager
  readonly failed: string[]
}

export function startManager(
  disk: SimDisk = new SimDisk({ seed: 1 }),
  options: Partial<LogManagerOptions> & {
    paths?: readonly string[]
    config?: Partial<LogConfig>
    logger?: Logger
  } = {},
): Manager {
  const { paths = [A, B], config = {}, logger = silentLogger, ...others } = options
  const clock = new SimClock()
  const failed: string[] = []
  const logDirs = LogDirs.open({ paths, disk, clock, logger })
  logDirs.claim({ brokerId: 1, clusterId: 'c' })
  const manager = LogManager.start({
    logDirs,
    disk,
    clock,
    random: new SimRandom(disk.seed),
    loggers: () => logger,
    defaultConfig: {
      ...DEFAULT_LOG_CONFIG,
      segmentBytes: 700,
      indexIntervalBytes: 150,
      retentionMs: -1,
      ...config,
    },
    topicConfig: () => undefined,
    producerIdExpirationMs: () => NEVER,
    producerIdExpirationCheckIntervalMs: 600_000,
    flushSchedulerIntervalMs: NEVER,
    flushRecoveryOffsetCheckpointMs: NEVER,
    flushStartOffsetCheckpointMs: NEVER,
    retentionCheckMs: 300_000,
    onLogDirFailure: (directory) => void failed.push(directory),
    onAllLogDirsFailed: () => {},
    ...others,
  })
  return { disk, clock, manager, failed }
}

export function open({ manager, clock }: Manager, partition = 0): UnifiedLog {
  const made = manager.getOrCreateLog('t', partition, { topicId: TOPIC_ID })
  assert.ok(made.log)
  clock.tick()
  return made.log
}

/**
 * Epochs, an aborted transaction and a committed one, one that stays open, an idempotent producer, and one (6) whose
 * records have all been deleted; in several segments, all of it synced.
 */
export async function written(manager: Manager): Promise<UnifiedLog> {
  const log = open(manager)
  log.assignEpochStartOffset(0, 0)
  append(log, { producerId: 6, sequence: 0, values: ['gone'], transactional: false })
  append(log, { producerId: 7, sequence: 0, values: ['a', 'b'], transactional: false })
  append(log, { producerId: 8, sequence: 0, values: ['aborted', 'x'.repeat(300)] })
  append(log, { producerId: 7, sequence: 2, values: ['c'.repeat(200)], transactional: false })
  stageMarker(log, { producerId: 8, commit: false })
  commit(log)
  log.assignEpochStartOffset(3, log.logEndOffset)
  append(log, { producerId: 8, sequence: 2, values: ['committed', 'y'.repeat(300)] })
  stageMarker(log, { producerId: 8, commit: true })
  commit(log)
  for (let round = 0; round < 6; round++)
    append(log, { producerId: 7, sequence: 3 + round, values: ['z'.repeat(150)], transactional: false })
  append(log, { producerId: 9, sequence: 0, values: ['open'] })
  log.assignEpochStartOffset(5, log.logEndOffset)
  await log.flush()
  log.maybeIncrementLogStartOffset(1)
  manager.manager.checkpointLogStartOffsets()
  manager.manager.checkpointRecoveryPoints()
  return log
}

/** Everything of a log that a client, a follower or a producer can tell it by. */
export function contentOf(log: UnifiedLog) {
  const batches: string[] = []
  for (let offset = log.logStartOffset; offset < log.logEndOffset; ) {
    const { errorCode, slice } = log.read(offset, { maxBytes: 1, minOneMessage: true, isolation: 'log-end' })
    assert.equal(errorCode, 0)
    assert.ok(slice, `nothing to read at ${offset} of ${log.logEndOffset}`)
    const bytes = Buffer.alloc(slice.byteLength)
    assert.equal(slice.file.read(bytes, 0, bytes.length, slice.position), bytes.length)
    slice.release()
    assert.ok(RecordBatch.isCrcValid(bytes, 0), `broken batch at ${offset}`)
    batches.push(bytes.toString('base64'))
    offset = RecordBatch.nextOffset(bytes, 0)
  }
  const committed = log.read(log.logStartOffset, {
    maxBytes: 1 << 20,
    minOneMessage: true,
    isolation: 'last-stable',
  })
  committed.slice?.release()
  const producers = [...log.producerState.producers].map(
    ([id, { producerEpoch, lastSequence, lastDataOffset, currentTxnFirstOffset, coordinatorEpoch }]) =>
      `${id}: ${producerEpoch} ${lastSequence} ${lastDataOffset} ${currentTxnFirstOffset} ${coordinatorEpoch}`,
  )
  return {
    logStartOffset: log.logStartOffset,
    logEndOffset: log.logEndOffset,
    lastStableOffset: log.lastStableOffset,
    latestEpoch: log.latestEpoch,
    epochs: batches.map((_, index) => log.endOffsetForEpoch(index)),
    topicId: log.topicId,
    abortedTransactions: committed.abortedTransactions,
    producers: producers.sort(),
    batches,
  }
}

/** Folders of partitions by directory. */
export function folders(disk: SimDisk, directory: string): string[] {
  return disk
    .list(directory)
    .filter(({ kind }) => kind === 'directory')
    .map(({ name }) => name.replace(/[0-9a-f]{32}/, 'HEX'))
    .sort()
}

/** Lets moves come to their end. */
export function settle({ clock }: Manager, durationMs = 50): void {
  clock.advance(durationMs)
}
