import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DiskError } from '../base/disk.ts'
import type { Logger } from '../base/logger.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { buildBatch } from '../records/record-batch-builder.ts'
import { SimClock } from '../simulator/sim-clock.ts'
import { SimDisk } from '../simulator/sim-disk.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import { DEFAULT_LOG_CONFIG, type LogConfig } from './log-config.ts'
import { LogDirs } from './log-dirs.ts'
import { LogManager, type LogManagerOptions } from './log-manager.ts'
import type { UnifiedLog } from './unified-log.ts'

const DATA = '/data/kafka'
const ID_A = 'AAAAAAAAQACAAAAAAAAAAQ'
const ID_B = 'AAAAAAAAQACAAAAAAAAAAg'
const NEVER = Number.MAX_SAFE_INTEGER

/** A broker's worth of log manager over a simulated disk, with its lines and failures kept. */
class Harness {
  readonly disk: SimDisk
  readonly clock = new SimClock()
  readonly lines: string[] = []
  readonly failed: string[] = []
  readonly fatal: string[] = []
  readonly manager: LogManager

  constructor(
    disk = new SimDisk({ seed: 1 }),
    options: Partial<LogManagerOptions> & { paths?: readonly string[] } = {},
  ) {
    this.disk = disk
    const keep = (level: string) => (message: string) => void this.lines.push(`${level} ${message}`)
    const logger: Logger = { debug: () => {}, info: keep('INFO'), warn: keep('WARN'), error: keep('ERROR') }
    const { paths = [DATA], ...others } = options
    const logDirs = LogDirs.open({ paths, disk, clock: this.clock, logger })
    logDirs.claim({ brokerId: 1, clusterId: 'c' })
    this.manager = LogManager.start({
      logDirs,
      disk,
      clock: this.clock,
      random: new SimRandom(4),
      loggers: () => logger,
      defaultConfig: DEFAULT_LOG_CONFIG,
      topicConfig: () => undefined,
      producerIdExpirationMs: () => 86_400_000,
      producerIdExpirationCheckIntervalMs: 600_000,
      flushSchedulerIntervalMs: NEVER,
      flushRecoveryOffsetCheckpointMs: 60_000,
      flushStartOffsetCheckpointMs: 60_000,
      retentionCheckMs: 300_000,
      onLogDirFailure: (directory, partitions) =>
        void this.failed.push(
          `${directory}: ${partitions.map((tp) => `${tp.topic}-${tp.partition}`).join()}`,
        ),
      onAllLogDirsFailed: (message) => void this.fatal.push(message),
      ...others,
    })
  }

  create(topic: string, partition: number, config?: LogConfig): UnifiedLog {
    const made = this.manager.getOrCreateLog(topic, partition, {
      topicId: ID_A,
      isNew: true,
      ...(config === undefined ? {} : { config }),
    })
    assert.ok(made.log)
    this.clock.tick()
    return made.log
  }

  append(log: UnifiedLog, count = 1, timestampMs = this.clock.nowMs()): void {
    for (let index = 0; index < count; index++) {
      const batch = buildBatch([{ value: 'x'.repeat(50), timestampMs }])
      assert.equal(log.stageAsLeader(batch, { leaderEpoch: 0, origin: 'client' }).errorCode, 0)
    }
    assert.equal(log.commitStaged().errorCode, 0)
    log.updateHighWatermark(log.logEndOffset)
  }

  names(path = DATA): string[] {
    return this.disk
      .list(path)
      .map(({ name }) => name)
      .sort()
  }

  text(name: string): string {
    return this.disk.readFile(`${DATA}/${name}`).toString()
  }
}

/** Lets promises that wait for simulated syncs settle. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

describe('LogManager, start and stop', () => {
  it("starts an empty folder with Kafka's files and lines", () => {
    const h = new Harness()
    assert.deepEqual(h.names(), [
      '.lock',
      'cleaner-offset-checkpoint',
      'log-start-offset-checkpoint',
      'meta.properties',
      'recovery-point-offset-checkpoint',
    ])
    assert.equal(h.disk.stat(`${DATA}/cleaner-offset-checkpoint`)?.sizeBytes, 0)
    for (const line of [
      `INFO Log directory ${DATA} not found, creating it.`,
      `INFO Loading logs from log dirs ArrayBuffer(${DATA})`,
      `INFO No logs found to be loaded in ${DATA}`,
      'INFO Logs loading complete in 0 ms.',
      'INFO Starting log cleanup with a period of 300000 ms.',
      'INFO Starting log flusher with a default period of 9223372036854775807 ms.',
    ]) {
      assert.ok(h.lines.includes(line), line)
    }
  })

  it('opens its logs again after a clean stop without recovery, and after a crash with it', async () => {
    const h = new Harness()
    const log = h.create('m44', 1)
    h.append(log, 3)
    await h.manager.shutdown()
    assert.equal(h.text('recovery-point-offset-checkpoint'), '0\n1\nm44 1 3\n')
    assert.equal(h.text('log-start-offset-checkpoint'), '0\n0\n')
    const again = new Harness(h.disk.crash({ lose: 'all' }))
    assert.ok(again.lines.some((line) => /Skipping recovery of 1 logs .* clean shutdown/.test(line)))
    assert.equal(again.manager.get('m44', 1)?.logEndOffset, 3)
    assert.equal(again.manager.get('m44', 1)?.topicId, ID_A)
    h.append(again.manager.get('m44', 1)!, 2)
    const third = new Harness(again.disk.crash({ lose: 'none' }))
    assert.ok(third.lines.some((line) => /Recovering 1 logs .* no clean shutdown/.test(line)))
    assert.ok(third.lines.some((line) => line.includes('Loaded 1 logs in 0ms (unclean log dirs = ')))
    assert.equal(third.manager.get('m44', 1)?.logEndOffset, 5)
  })

  it('writes no marker of a clean stop where a log could not be synced', async () => {
    const h = new Harness()
    h.append(h.create('m44', 1))
    h.disk.injectFault({ operation: 'sync', code: 'EIO', nth: 0, pathPart: '.log', sticky: true })
    await h.manager.shutdown()
    assert.ok(!h.names().includes('.kafka_cleanshutdown'))
  })

  it('leaves the folders of the metadata store and of tiered storage alone, and refuses strangers', () => {
    const disk = new SimDisk({ seed: 1 })
    for (const name of ['__cluster_metadata-0', 'remote-log-index-cache']) {
      disk.makeDirectory(`${DATA}/${name}/store`)
    }
    assert.equal([...new Harness(disk).manager.allLogs()].length, 0)
    const other = new SimDisk({ seed: 1 })
    other.makeDirectory(`${DATA}/lost+found`)
    assert.throws(
      () => new Harness(other),
      /Found directory \/data\/kafka\/lost\+found, 'lost\+found' is not in the form/,
    )
  })

  it('goes back to offset 0 where a checkpoint cannot be read', () => {
    const h = new Harness()
    h.append(h.create('m44', 1), 2)
    h.disk.writeFileAtomic(`${DATA}/recovery-point-offset-checkpoint`, 'rubbish')
    const again = new Harness(h.disk.crash({ lose: 'none' }))
    assert.ok(again.lines.some((line) => line.startsWith('WARN Error occurred while reading recovery-point')))
    assert.equal(again.manager.get('m44', 1)?.logEndOffset, 2)
  })
})

describe('LogManager, making and deleting logs', () => {
  it('makes a log once, and refuses one of another topic id', () => {
    const h = new Harness()
    const log = h.create('m44', 0)
    assert.equal(h.manager.getOrCreateLog('m44', 0, { topicId: ID_A }).log, log)
    const other = h.manager.getOrCreateLog('m44', 0, { topicId: ID_B })
    assert.equal(other.errorCode, ErrorCode.INCONSISTENT_TOPIC_ID)
    assert.ok(h.lines.includes(`INFO Created log for partition m44-0 in ${DATA}/m44-0 with properties {}`))
  })

  it('puts a new log where the fewest are', () => {
    const h = new Harness(undefined, { paths: ['/d1', '/d2'] })
    for (let partition = 0; partition < 5; partition++) h.create('t', partition)
    const counts = h.manager.describeLogDirs().map(({ path, logs }) => [path, logs.length])
    assert.deepEqual(counts, [
      ['/d1', 3],
      ['/d2', 2],
    ])
  })

  it('renames a deleted log, forgets it in the checkpoints, and removes it after the delay', () => {
    const config = { ...DEFAULT_LOG_CONFIG, fileDeleteDelayMs: 60_000 }
    const h = new Harness(undefined, { defaultConfig: config, retentionCheckMs: NEVER })
    h.append(h.create('m44', 1))
    h.create('m44', 2)
    assert.equal(h.manager.asyncDelete('m44', 1), 0)
    assert.equal(h.manager.asyncDelete('m44', 7), 0)
    assert.equal(h.manager.get('m44', 1), undefined)
    const renamed = h.names().find((name) => /^m44-1\.[0-9a-f]{32}-delete$/.test(name))
    assert.ok(renamed)
    assert.ok(
      h.lines.includes(
        `INFO Log for partition m44-1 is renamed to ${DATA}/${renamed} and is scheduled for deletion`,
      ),
    )
    h.clock.tick()
    assert.equal(h.text('recovery-point-offset-checkpoint'), '0\n1\nm44 2 0\n')
    h.clock.advance(59_999)
    assert.ok(h.names().includes(renamed))
    h.clock.advance(1)
    assert.ok(!h.names().includes(renamed))
    assert.equal(h.create('m44', 1).logEndOffset, 0)
  })

  it('does not bring a deleted log back after a crash, and removes its leftovers then', () => {
    const h = new Harness()
    h.append(h.create('m44', 1))
    h.manager.asyncDelete('m44', 1)
    h.clock.tick()
    const again = new Harness(h.disk.crash({ lose: 'all' }))
    assert.equal(again.manager.get('m44', 1), undefined)
    assert.ok(again.names().some((name) => name.endsWith('-delete')))
    again.clock.advance(DEFAULT_LOG_CONFIG.fileDeleteDelayMs)
    assert.ok(!again.names().some((name) => name.endsWith('-delete')))
  })

  it('tries another folder when one is full, and keeps the full one in service', () => {
    const h = new Harness(undefined, { paths: ['/d1', '/d2'] })
    h.disk.injectFault({ operation: 'makeDirectory', code: 'ENOSPC', nth: 0, pathPart: '/d1/t-0' })
    assert.equal(h.create('t', 0).directory, '/d2/t-0')
    assert.deepEqual(h.failed, [])
    assert.equal(h.create('t', 1).directory, '/d1/t-1')
  })
})

describe('LogManager, what time asks for', () => {
  it('checkpoints recovery points and log starts in their periods', async () => {
    const h = new Harness()
    const log = h.create('m44', 0)
    h.append(log, 4)
    await log.flush()
    log.maybeIncrementLogStartOffset(2)
    h.clock.advance(29_999)
    assert.equal(h.text('recovery-point-offset-checkpoint'), '')
    h.clock.advance(1)
    assert.equal(h.text('recovery-point-offset-checkpoint'), '0\n1\nm44 0 4\n')
    assert.equal(h.text('log-start-offset-checkpoint'), '0\n1\nm44 0 2\n')
    h.append(log)
    await log.flush()
    h.clock.advance(60_000)
    assert.equal(h.text('recovery-point-offset-checkpoint'), '0\n1\nm44 0 5\n')
  })

  it('flushes by flush.ms of a topic, though no scheduler interval is set', async () => {
    const h = new Harness()
    const log = h.create('m44', 0, { ...DEFAULT_LOG_CONFIG, flushMs: 1000 })
    h.append(log)
    h.clock.advance(999)
    await settle()
    assert.equal(log.recoveryPoint, 0)
    h.clock.advance(1)
    await settle()
    assert.equal(log.recoveryPoint, 1)
    h.manager.updateTopicConfig('m44', { ...DEFAULT_LOG_CONFIG, flushMs: 100 })
    h.append(log)
    h.clock.advance(200)
    await settle()
    assert.equal(log.recoveryPoint, 2)
  })

  it('gives a new default to the logs that inherit it, and asks for the others', () => {
    let own: LogConfig = { ...DEFAULT_LOG_CONFIG, segmentBytes: 7000 }
    const topicConfig = (topic: string): LogConfig | undefined => (topic === 'own' ? own : undefined)
    const h = new Harness(undefined, { topicConfig })
    const logs = ['own', 'inherits'].map((topic) => h.create(topic, 0))
    own = { ...own, retentionMs: 5 }
    h.manager.updateDefaultConfig({ ...DEFAULT_LOG_CONFIG, retentionMs: 5 })
    assert.deepEqual(
      logs.map(({ config }) => [config.retentionMs, config.segmentBytes]),
      [
        [5, 7000],
        [5, DEFAULT_LOG_CONFIG.segmentBytes],
      ],
    )
    assert.equal(h.create('later', 0).config.retentionMs, 5)
  })

  it('deletes segments that are past retention', () => {
    const config = { ...DEFAULT_LOG_CONFIG, segmentBytes: 300, retentionMs: 1000 }
    const h = new Harness()
    const log = h.create('m44', 0, config)
    for (let count = 0; count < 10; count++) h.append(log)
    const before = log.segmentCount
    assert.ok(before > 2)
    h.clock.advance(30_000)
    assert.ok(log.logStartOffset > 0)
    assert.ok(log.segmentCount < before)
  })

  it('lowers the checkpoint with a truncation', async () => {
    const h = new Harness()
    const log = h.create('m44', 0)
    h.append(log, 5)
    await log.flush()
    h.manager.checkpointRecoveryPoints()
    h.manager.truncateTo(log, 2)
    h.clock.tick()
    assert.equal(h.text('recovery-point-offset-checkpoint'), '0\n1\nm44 0 2\n')
  })

  it('has nothing left to do after a stop', async () => {
    const h = new Harness()
    h.create('m44', 0, { ...DEFAULT_LOG_CONFIG, flushMs: 1000 })
    h.manager.asyncDelete('m44', 0)
    await h.manager.shutdown()
    await h.manager.shutdown()
    h.clock.tick()
    assert.equal(h.clock.pendingTimerCount, 0)
    new Harness(h.disk)
  })
})

describe('LogManager, failing disks', () => {
  it('takes a folder out of service as a whole, with all its logs, and goes on with the others', async () => {
    const h = new Harness(undefined, { paths: ['/d1', '/d2'] })
    for (let partition = 0; partition < 4; partition++) h.append(h.create('t', partition))
    h.disk.injectFault({ operation: 'sync', code: 'EIO', nth: 0, pathPart: '/d1/', sticky: true })
    await assert.rejects(h.manager.get('t', 0)!.flush(), DiskError)
    assert.ok(h.manager.get('t', 2))
    h.clock.tick()
    assert.deepEqual(h.failed, ['/d1: t-0,t-2'])
    assert.equal(h.manager.get('t', 2), undefined)
    assert.ok(h.manager.get('t', 1))
    assert.deepEqual(h.manager.liveLogDirs, ['/d2'])
    assert.equal(h.manager.getOrCreateLog('t', 0, { topicId: ID_A }).errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
    assert.equal(h.manager.asyncDelete('t', 0), ErrorCode.KAFKA_STORAGE_ERROR)
    assert.equal(h.manager.getOrCreateLog('u', 0, { topicId: ID_B, isNew: true }).log?.directory, '/d2/u-0')
    assert.equal(h.manager.describeLogDirs()[0]?.errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
    assert.deepEqual(h.fatal, [])
    await h.manager.shutdown()
    assert.ok(!h.names('/d1').includes('.kafka_cleanshutdown'))
    assert.ok(h.names('/d2').includes('.kafka_cleanshutdown'))
  })

  it('says so when no folder is left', async () => {
    const h = new Harness()
    h.append(h.create('t', 0))
    h.disk.injectFault({ operation: 'sync', code: 'EIO', nth: 0, sticky: true })
    await assert.rejects(h.manager.get('t', 0)!.flush(), DiskError)
    h.clock.tick()
    assert.deepEqual(h.fatal, [`Shutdown broker because all log dirs in ${DATA} have failed`])
  })

  it('keeps the former checkpoint when the disk is full, and stays in service', async () => {
    const h = new Harness()
    const log = h.create('t', 0)
    h.append(log, 2)
    await log.flush()
    h.manager.checkpointRecoveryPoints()
    h.append(log)
    await log.flush()
    h.disk.injectFault({ operation: 'write', code: 'ENOSPC', nth: 0, pathPart: 'checkpoint', sticky: true })
    h.manager.checkpointRecoveryPoints()
    assert.equal(h.text('recovery-point-offset-checkpoint'), '0\n1\nt 0 2\n')
    h.clock.tick()
    assert.deepEqual(h.failed, [])
    h.disk.clearFaults()
    h.manager.checkpointRecoveryPoints()
    assert.equal(h.text('recovery-point-offset-checkpoint'), '0\n1\nt 0 3\n')
  })

  it('starts without a folder that cannot be read, and with none not at all', () => {
    const h = new Harness(undefined, { paths: ['/d1', '/d2'] })
    h.create('t', 0)
    h.create('t', 1)
    const disk = h.disk.crash({ lose: 'none' })
    disk.injectFault({ operation: 'open', code: 'EIO', nth: 0, pathPart: '/d1/t-0', sticky: true })
    const again = new Harness(disk, { paths: ['/d1', '/d2'] })
    assert.deepEqual(again.manager.liveLogDirs, ['/d2'])
    assert.equal(again.manager.get('t', 0), undefined)
    assert.ok(again.manager.get('t', 1))
    const last = again.disk.crash({ lose: 'none' })
    last.injectFault({ operation: 'open', code: 'EIO', nth: 0, pathPart: '/t-', sticky: true })
    assert.throws(
      () => new Harness(last, { paths: ['/d1', '/d2'] }),
      /all log dirs in \/d1, \/d2 have failed/,
    )
  })
})
