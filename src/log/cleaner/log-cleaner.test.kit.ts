import assert from 'node:assert/strict'
import type { Logger } from '../../base/logger.ts'
import type { StartWorker } from '../../base/worker.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { buildBatch } from '../../records/record-batch-builder.ts'
import { SimClock } from '../../simulator/sim-clock.ts'
import { SimDisk } from '../../simulator/sim-disk.ts'
import { SimRandom } from '../../simulator/sim-random.ts'
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../log-config.ts'
import { LogDirs } from '../log-dirs.ts'
import { LogManager } from '../log-manager.ts'
import type { UnifiedLog } from '../unified-log.ts'
import { CLEANER_CONFIG } from './cleaner.test.kit.ts'
import type { CleanerConfig } from './cleaner-config.ts'
import type { FromCleaner, ToCleaner } from './cleaner-messages.ts'
import { inProcessCleaner } from './in-process-cleaner.ts'

type StartCleaner = StartWorker<ToCleaner, FromCleaner>

const NEVER = Number.MAX_SAFE_INTEGER
const TOPIC_ID = 'AAAAAAAAQACAAAAAAAAAAQ'
/** Of `until`: what takes longer hangs. */
const STEPS_MAX = 200_000

/** The logs of a broker on a simulated disk, with a cleaner that works step by step on the simulated clock. */
export class CleanerHarness {
  readonly disk: SimDisk
  readonly clock: SimClock
  readonly lines: string[] = []
  readonly failedDirectories: string[] = []
  readonly manager: LogManager

  constructor(
    options: {
      disk?: SimDisk
      clock?: SimClock
      paths?: readonly string[]
      cleaner?: Partial<CleanerConfig>
      config?: Partial<LogConfig>
      startWorker?: (sound: StartCleaner) => StartCleaner
    } = {},
  ) {
    this.clock = options.clock ?? new SimClock()
    this.disk = options.disk ?? new SimDisk({ seed: 1, nowMs: () => this.clock.nowMs() })
    const { disk, clock } = this
    const keep = (level: string) => (message: string) => void this.lines.push(`${level} ${message}`)
    const logger: Logger = { debug: () => {}, info: keep('INFO'), warn: keep('WARN'), error: keep('ERROR') }
    const logDirs = LogDirs.open({ paths: options.paths ?? ['/data'], disk, clock, logger })
    logDirs.claim({ brokerId: 1, clusterId: 'c' })
    const defaultConfig: LogConfig = {
      ...DEFAULT_LOG_CONFIG,
      cleanupPolicy: ['compact'],
      segmentBytes: 2000,
      ...options.config,
    }
    this.manager = LogManager.start({
      logDirs,
      disk,
      clock,
      random: new SimRandom(4),
      loggers: () => logger,
      defaultConfig,
      topicConfig: () => undefined,
      producerIdExpirationMs: () => 86_400_000,
      producerIdExpirationCheckIntervalMs: NEVER,
      flushSchedulerIntervalMs: NEVER,
      flushRecoveryOffsetCheckpointMs: NEVER,
      flushStartOffsetCheckpointMs: NEVER,
      retentionCheckMs: 300_000,
      cleaner: {
        config: () => ({ ...CLEANER_CONFIG, ...options.cleaner }),
        startWorker: options.startWorker?.(inProcessCleaner(this)) ?? inProcessCleaner(this),
      },
      onLogDirFailure: (directory) => void this.failedDirectories.push(directory),
      onAllLogDirsFailed: () => {},
    })
    for (const log of this.manager.allLogs()) log.updateHighWatermark(log.logEndOffset)
  }

  create(topic: string, config?: Partial<LogConfig>): UnifiedLog {
    const { log } = this.manager.getOrCreateLog(topic, 0, { topicId: TOPIC_ID, isNew: true })
    assert.ok(log)
    log.updateConfig({ ...log.config, ...config })
    this.clock.tick()
    return log
  }

  /** One batch of one record. */
  put(log: UnifiedLog, key: string, value: string | null): void {
    const batch = buildBatch([{ key, value, timestampMs: this.clock.nowMs() }])
    assert.equal(log.stageAsLeader(batch, { leaderEpoch: 0, origin: 'client' }).errorCode, ErrorCode.NONE)
    assert.equal(log.commitStaged().errorCode, ErrorCode.NONE)
    log.updateHighWatermark(log.logEndOffset)
  }

  /** `count` records of about 100 bytes, over `keys` keys in turn. */
  fill(log: UnifiedLog, count: number, keys = 5): void {
    for (let index = 0; index < count; index++) this.put(log, `key-${index % keys}`, 'v'.repeat(30))
  }

  async until(condition: () => boolean): Promise<void> {
    for (let step = 0; !condition(); step++) {
      assert.ok(step < STEPS_MAX, `the simulation hangs:\n${this.lines.slice(-10).join('\n')}`)
      this.clock.advance(1)
      if (step % 16 === 0) await settled()
    }
    await settled()
  }

  /** Lets the cleaner rest and look again, and do what it then finds. */
  async cleanerRound(): Promise<void> {
    for (let step = 0; step < 2000; step++) {
      this.clock.advance(step === 0 ? CLEANER_CONFIG.backoffMs : 1)
      if (step % 100 === 0) await settled()
    }
    await settled()
  }

  said(part: string): string[] {
    return this.lines.filter((line) => line.includes(part))
  }

  checkpoint(path = '/data'): string[] {
    return this.disk.readFile(`${path}/cleaner-offset-checkpoint`).toString().split('\n').slice(2, -1)
  }

  async shutdown(): Promise<void> {
    let isDown = false
    const done = this.manager.shutdown().then(() => {
      isDown = true
    })
    await this.until(() => isDown)
    await done
  }

  filesOf(log: UnifiedLog): string[] {
    return this.disk.list(log.directory).map(({ name }) => name)
  }
}

/** What waits for the simulated device goes on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
