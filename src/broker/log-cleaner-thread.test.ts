import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLogger } from '../base/logger.ts'
import { CLEANER_CONFIG } from '../log/cleaner/cleaner.test.kit.ts'
import { DEFAULT_LOG_CONFIG } from '../log/log-config.ts'
import { LogDirs } from '../log/log-dirs.ts'
import { readAll } from '../log/log-fixture.test.ts'
import { LogManager } from '../log/log-manager.ts'
import type { UnifiedLog } from '../log/unified-log.ts'
import { SystemClock } from '../os/clock.ts'
import { SystemDisk } from '../os/disk.ts'
import { SystemRandom } from '../os/random.ts'
import { buildBatch } from '../records/record-batch-builder.ts'
import { startLogCleanerThread } from './start-log-cleaner-thread.ts'

const NEVER = Number.MAX_SAFE_INTEGER
const KEYS = 50
const RECORDS_MAX = 200_000

/** `onCleaned` is told of the end of a clean; a warning or an error fails the test. */
function start(folder: string, onCleaned: () => void): LogManager {
  const disk = new SystemDisk()
  const clock = new SystemClock()
  const logDirs = LogDirs.open({ paths: [folder], disk, clock, logger: silentLogger })
  logDirs.claim({ brokerId: 1, clusterId: 'c' })
  const fail = (line: string, error?: unknown): never => {
    throw new Error(line, { cause: error })
  }
  const info = (line: string): void => {
    if (line.includes('cleaned log')) onCleaned()
  }
  return LogManager.start({
    logDirs,
    disk,
    clock,
    random: new SystemRandom(),
    loggers: () => ({ debug: () => {}, info, warn: fail, error: fail }),
    defaultConfig: { ...DEFAULT_LOG_CONFIG, cleanupPolicy: ['compact'], segmentBytes: 256 * 1024 },
    topicConfig: () => undefined,
    producerIdExpirationMs: () => NEVER,
    producerIdExpirationCheckIntervalMs: NEVER,
    flushSchedulerIntervalMs: NEVER,
    flushRecoveryOffsetCheckpointMs: NEVER,
    flushStartOffsetCheckpointMs: NEVER,
    retentionCheckMs: NEVER,
    cleaner: { config: () => ({ ...CLEANER_CONFIG, backoffMs: 1 }), startWorker: startLogCleanerThread },
    onLogDirFailure: (directory) => fail(directory),
    onAllLogDirsFailed: fail,
  })
}

/** A thousand records whose values count on from `from`, over the keys in turn. */
function appendSome(log: UnifiedLog, from: number): number {
  let next = from
  for (let batch = 0; batch < 100; batch++) {
    const drafts = Array.from({ length: 10 }, () => {
      const value = `${next++}`
      return { key: `key-${Number(value) % KEYS}`, value: value.padEnd(100, '.'), timestampMs: 1 }
    })
    const bytes = buildBatch(drafts, { compression: batch % 2 === 0 ? 'none' : 'lz4' })
    assert.equal(log.stageAsLeader(bytes, { leaderEpoch: 0, origin: 'client' }).errorCode, 0)
  }
  assert.equal(log.commitStaged().errorCode, 0)
  log.updateHighWatermark(log.logEndOffset)
  return next
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

test('a thread of the system cleans a log on a real disk while records are appended, and ends with its broker', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-cleaner-'))
  try {
    let cleans = 0
    const manager = start(folder, () => cleans++)
    const { log } = manager.getOrCreateLog('t', 0, { topicId: undefined, isNew: true })
    assert.ok(log)
    let appended = 0
    while (cleans < 2) {
      if (appended < RECORDS_MAX) appended = appendSome(log, appended)
      await turn()
    }
    await manager.shutdown()

    const [, , entry = ''] = readFileSync(join(folder, 'cleaner-offset-checkpoint'), 'utf8').split('\n')
    const nextDirtyOffset = Number(entry.split(' ')[2])
    assert.ok(nextDirtyOffset > 1000 && nextDirtyOffset < appended, entry)
    const names = readdirSync(join(folder, 't-0'))
    assert.deepEqual(
      names.filter((name) => /\.(?:cleaned|swap)$/.test(name)),
      [],
    )
    const reopened = start(folder, () => {})
    const found = readAll(reopened.get('t', 0)!)
    await reopened.shutdown()
    for (const { offset, key, value } of found) {
      assert.deepEqual(
        [key?.toString(), Number.parseInt(value!.toString(), 10)],
        [`key-${offset % KEYS}`, offset],
      )
    }
    const clean = found.filter(({ offset }) => offset < nextDirtyOffset)
    assert.ok(clean.length <= KEYS, `${clean.length} clean records`)
    // Above lies all that was written, or at least the last record of each key where another clean has begun.
    assert.deepEqual(
      found.slice(-KEYS).map(({ offset }) => offset),
      Array.from({ length: KEYS }, (_, index) => appended - KEYS + index),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
