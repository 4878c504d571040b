import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../../base/logger.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { messageSize, writeMessage } from '../../records/message.ts'
import { SimDisk } from '../../simulator/sim-disk.ts'
import { append } from '../transactions.test.kit.ts'
import {
  A,
  B,
  contentOf,
  folders,
  type Manager,
  open,
  settle,
  startManager,
  TOPIC_ID,
  written,
} from './moves.test.kit.ts'

const { INVALID_TOPIC_EXCEPTION, KAFKA_STORAGE_ERROR, LOG_DIR_NOT_FOUND, REPLICA_NOT_AVAILABLE } = ErrorCode
const CRAWLING = { moveBytesPerSecondMax: () => 1000 }

async function moving(options: Parameters<typeof startManager>[1] = {}) {
  const at = startManager(new SimDisk({ seed: 1 }), options)
  const log = await written(at)
  assert.equal(log.directory, `${A}/t-0`)
  const moved: string[] = []
  at.manager.startMoves(({ name, directory }) => void moved.push(`${name} to ${directory}`))
  assert.equal(at.manager.alterLogDir('t', 0, B), 0)
  at.clock.tick()
  return { at, log, moved }
}

function lags({ manager }: Manager): string[] {
  return manager
    .describeLogDirs()
    .flatMap(({ path, logs }) =>
      logs.map(
        ({ log, isFuture, offsetLag }) => `${path} ${log.name}${isFuture ? ' future' : ''} ${offsetLag}`,
      ),
    )
}

test('a log moves with all that it holds, and is written to meanwhile and afterwards', async () => {
  const { at, log, moved } = await moving(CRAWLING)
  assert.deepEqual(lags(at), [`${A} t-0 0`, `${B} t-0 future ${log.logEndOffset - log.logStartOffset}`])
  assert.deepEqual(folders(at.disk, B), ['t-0.HEX-future'])
  settle(at, 1000)
  append(log, { producerId: 7, sequence: 9, values: ['meanwhile'], transactional: false })
  const before = contentOf(log)
  const slice = log.read(5, { maxBytes: 1, minOneMessage: true, isolation: 'log-end' }).slice!
  settle(at, 10_000)
  assert.deepEqual(moved, [`t-0 to ${B}/t-0`])
  assert.deepEqual([folders(at.disk, A), folders(at.disk, B)], [['t-0.HEX-delete'], ['t-0']])
  assert.deepEqual(contentOf(log), before)
  assert.equal(at.manager.get('t', 0), log, 'it is the same log for all who have it')
  assert.equal(append(log, { producerId: 7, sequence: 10, values: ['after'], transactional: false }), 0)
  assert.equal(append(log, { producerId: 7, sequence: 12, values: ['gap'], transactional: false }), 45)
  assert.deepEqual(lags(at), [`${B} t-0 0`])
  // A response that is on its way reads from the files that are gone.
  assert.equal(slice.file.read(Buffer.alloc(61), 0, 61, slice.position), 61)
  slice.release()
  settle(at, 120_000)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(folders(at.disk, A), [])
  const whole = contentOf(log)
  await at.manager.shutdown()
  const again = open(startManager(at.disk))
  again.updateHighWatermark(again.logEndOffset)
  assert.deepEqual(contentOf(again), whole)
})

test('what is asked of no log, no directory, or for a name too long is refused', async () => {
  const at = startManager()
  open(at)
  assert.equal(at.manager.alterLogDir('t', 0, '/data/c'), LOG_DIR_NOT_FOUND)
  assert.equal(at.manager.alterLogDir('t', 0, 'b'), LOG_DIR_NOT_FOUND)
  assert.equal(at.manager.alterLogDir('t'.repeat(214), 0, B), INVALID_TOPIC_EXCEPTION)
  assert.equal(at.manager.alterLogDir('t', 0, A), 0)
  assert.deepEqual([folders(at.disk, A), folders(at.disk, B)], [['t-0'], []])
})

test('a log that is still to be made is made where it was asked for, once', async () => {
  const at = startManager()
  for (const partition of [0, 1]) {
    assert.equal(at.manager.alterLogDir('t', partition, A), REPLICA_NOT_AVAILABLE)
    assert.equal(at.manager.alterLogDir('t', partition, B), REPLICA_NOT_AVAILABLE)
    assert.equal(open(at, partition).directory, `${B}/t-${partition}`)
  }
  at.manager.asyncDelete('t', 1)
  assert.equal(open(at, 1).directory, `${A}/t-1`, 'as if nobody had asked')
})

test('a move is called off by asking for where the log is, and redirected by asking for another directory', async () => {
  const C = '/data/c'
  const { at, log, moved } = await moving({ ...CRAWLING, paths: [A, B, C] })
  settle(at, 500)
  assert.equal(at.manager.alterLogDir('t', 0, B), 0, 'asked again it goes on')
  assert.deepEqual(folders(at.disk, B), ['t-0.HEX-future'])
  assert.equal(at.manager.alterLogDir('t', 0, C), 0)
  assert.deepEqual([folders(at.disk, B), folders(at.disk, C)], [['t-0.HEX-delete'], ['t-0.HEX-future']])
  settle(at, 500)
  assert.equal(at.manager.alterLogDir('t', 0, A), 0)
  settle(at, 30_000)
  assert.deepEqual(moved, [])
  assert.equal(log.directory, `${A}/t-0`)
  assert.deepEqual(folders(at.disk, C), ['t-0.HEX-delete'])
})

test('a partition that is deleted takes its copy along', async () => {
  const { at, moved } = await moving(CRAWLING)
  settle(at, 500)
  assert.equal(at.manager.asyncDelete('t', 0), 0)
  assert.deepEqual([folders(at.disk, A), folders(at.disk, B)], [['t-0.HEX-delete'], ['t-0.HEX-delete']])
  settle(at, 30_000)
  assert.deepEqual(moved, [])
})

test('no more is copied in a second than is allowed, and a change of that is felt at once', async () => {
  let bytesPerSecond = 200
  const { at, log, moved } = await moving({ moveBytesPerSecondMax: () => bytesPerSecond })
  settle(at, 10_000)
  assert.deepEqual(moved, [])
  const copied = at.manager.describeLogDirs()[1]!.logs[0]!.log.sizeBytes
  assert.ok(copied > 0 && copied <= 10 * 200 + 700, `${copied} bytes in ten seconds`)
  bytesPerSecond = Number.POSITIVE_INFINITY
  settle(at, 5000)
  assert.equal(moved.length, 1)
  assert.equal(log.directory, `${B}/t-0`)
})

test('a start goes on with what a stop or a crash left half copied, of Apache Kafka too', async () => {
  const { at, log } = await moving(CRAWLING)
  settle(at, 1500)
  const whole = contentOf(log)
  await at.manager.shutdown()
  const second = startManager(at.disk)
  const found = open(second)
  found.updateHighWatermark(found.logEndOffset)
  const lag = second.manager.describeLogDirs()[1]!.logs[0]
  assert.ok(lag?.isFuture && lag.log.logEndOffset > 1, 'what was copied is kept')
  second.manager.startMoves(() => {})
  settle(second)
  assert.equal(found.directory, `${B}/t-0`)
  assert.deepEqual(contentOf(found).batches, whole.batches)
})

test('of a copy that has more than its log nothing is used', async () => {
  const { at } = await moving(CRAWLING)
  settle(at, 1500)
  await at.manager.shutdown()
  // As a crash does that takes the end of the log.
  const alone = startManager(at.disk, { paths: [A] })
  const cut = open(alone)
  alone.manager.truncateTo(cut, 3)
  append(cut, { producerId: 20, sequence: 0, values: ['in place of what was there'], transactional: false })
  await alone.manager.shutdown()
  const second = startManager(at.disk)
  const found = open(second)
  found.updateHighWatermark(found.logEndOffset)
  const whole = contentOf(found)
  assert.equal(whole.logEndOffset, 4)
  second.manager.startMoves(() => {})
  settle(second)
  assert.equal(found.directory, `${B}/t-0`)
  assert.deepEqual(contentOf(found), whole)
})

test('a log that is cut while it moves is copied anew', async () => {
  const { at, log, moved } = await moving(CRAWLING)
  settle(at, 1500)
  at.manager.truncateTo(log, 4)
  append(log, { producerId: 20, sequence: 0, values: ['in place of what was there'], transactional: false })
  const whole = contentOf(log)
  settle(at, 30_000)
  assert.equal(moved.length, 1)
  assert.deepEqual(contentOf(log), whole)
  assert.deepEqual(folders(at.disk, B), ['t-0', 't-0.HEX-delete'])
})

test('a log that is emptied from the front faster than it is copied is copied from its new start', async () => {
  const { at, log, moved } = await moving(CRAWLING)
  settle(at, 300)
  assert.ok(log.maybeIncrementLogStartOffset(12))
  const whole = contentOf(log)
  settle(at, 30_000)
  assert.equal(moved.length, 1)
  assert.deepEqual(contentOf(log), whole)
  await at.manager.shutdown()
  assert.equal(open(startManager(at.disk)).logStartOffset, 12)
})

test('neither retention nor the cleaner touches a log that moves', async () => {
  const retention = { retentionMs: 1000, retentionBytes: 1 }
  const { at, log } = await moving({ moveBytesPerSecondMax: () => 1, config: retention })
  settle(at, 700_000)
  assert.equal(log.logStartOffset, 1)
  at.manager.alterLogDir('t', 0, A)
  settle(at, 700_000)
  assert.ok(log.logStartOffset > 1, 'afterwards it is as before')
})

test('a full disk puts a move off until there is room', async () => {
  const { at, log, moved } = await moving()
  at.disk.injectFault({ operation: 'write', code: 'ENOSPC', nth: 0, sticky: true, pathPart: B })
  settle(at, 5000)
  assert.deepEqual([moved, at.failed], [[], []])
  assert.equal(append(log, { producerId: 7, sequence: 9, values: ['goes on'], transactional: false }), 0)
  at.disk.clearFaults()
  settle(at, 5000)
  assert.equal(moved.length, 1)
  assert.equal(log.logEndOffset, 18)
})

test('what can not be copied stays where it is, and another order tries again', async () => {
  const { at, log, moved } = await moving(CRAWLING)
  const file = at.disk.open(`${A}/t-0/${'0'.repeat(20)}.log`, 'write')
  const sound = Buffer.alloc(8)
  file.read(sound, 0, 8, 150)
  file.writev([Buffer.alloc(8, 0x55)], 150)
  settle(at, 30_000)
  assert.deepEqual([moved, at.failed], [[], []])
  assert.equal(log.directory, `${A}/t-0`)
  file.writev([sound], 150)
  assert.equal(at.manager.alterLogDir('t', 0, B), 0)
  settle(at, 30_000)
  assert.equal(moved.length, 1)
  assert.deepEqual(folders(at.disk, B), ['t-0', 't-0.HEX-delete'])
})

test('a directory that does not take a copy says so at once, and keeps nothing of it', async () => {
  const at = startManager()
  open(at)
  at.disk.injectFault({ operation: 'create', code: 'ENOSPC', nth: 0, pathPart: '-future' })
  assert.equal(at.manager.alterLogDir('t', 0, B), KAFKA_STORAGE_ERROR)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(folders(at.disk, B), [])
  assert.equal(at.manager.alterLogDir('t', 0, B), 0)
})

test('a directory that fails on the way leaves the log where it was', async () => {
  const { at, log, moved } = await moving(CRAWLING)
  at.disk.injectFault({ operation: 'sync', code: 'EIO', nth: 0, sticky: true, pathPart: B })
  settle(at, 30_000)
  assert.deepEqual([moved, at.failed], [[], [B]])
  assert.equal(append(log, { producerId: 7, sequence: 9, values: ['goes on'], transactional: false }), 0)
  assert.equal(at.manager.alterLogDir('t', 0, B), KAFKA_STORAGE_ERROR)
})

test('a claim of the new place that fails, or whose fate nobody knows, leaves the log where it was for good', async () => {
  for (const operation of ['rename', 'syncDirectory'] as const) {
    const { at, log, moved } = await moving(CRAWLING)
    settle(at, 500)
    const before = operation === 'rename' ? 'move-generation.tmp' : '-future'
    const pathPart = operation === 'rename' ? '-future' : B
    at.disk.onWriteBoundary((boundary) => {
      if (boundary.operation !== 'rename' || !boundary.path.endsWith(before)) return
      at.disk.injectFault({ operation, code: 'EIO', nth: 0, sticky: true, pathPart })
      at.disk.onWriteBoundary(undefined)
    })
    settle(at, 30_000)
    assert.deepEqual([moved, at.failed], [[], [B]], operation)
    append(log, { producerId: 7, sequence: 9, values: ['acknowledged after that'], transactional: false })
    await log.flush()
    const whole = contentOf(log)
    const survivor = at.disk.crash({ lose: 'none' })
    assert.deepEqual(folders(survivor, B), [operation === 'rename' ? 't-0.HEX-future' : 't-0'])
    const found = open(startManager(survivor))
    found.updateHighWatermark(found.logEndOffset)
    assert.equal(found.directory, `${A}/t-0`)
    assert.deepEqual(contentOf(found).batches, whole.batches)
  }
})

test('a source that fails once the log has moved does not bring the old log back', async () => {
  const { at, log, moved } = await moving(CRAWLING)
  settle(at, 500)
  at.disk.injectFault({ operation: 'rename', code: 'EIO', nth: 0, sticky: true, pathPart: `${A}/t-0` })
  settle(at, 30_000)
  assert.equal(moved.length, 1)
  assert.deepEqual(at.failed, [A])
  append(log, { producerId: 7, sequence: 9, values: ['only here'], transactional: false })
  await log.flush()
  at.disk.clearFaults()
  const found = open(startManager(at.disk.crash({ lose: 'all' })))
  assert.equal(found.directory, `${B}/t-0`)
  assert.equal(found.logEndOffset, 18)
})

test('two folders of one partition that no move explains are for a person to sort out', () => {
  const disk = new SimDisk({ seed: 1 })
  for (const path of [`${A}/t-0`, `${B}/t-0`]) disk.makeDirectory(path)
  assert.throws(() => startManager(disk), /Duplicate log directories for t-0 are found in both/)
})

test('copies that have no log, lie beside it, or are of another topic, are not taken up', async () => {
  const disk = new SimDisk({ seed: 1 })
  const hex = '0123456789abcdef0123456789abcdef'
  for (const path of [`${A}/t-0`, `${A}/t-0.${hex}-future`, `${A}/t-1`, `${B}/t-1.${hex}-future`])
    disk.makeDirectory(path)
  disk.makeDirectory(`${B}/alone-0.${hex}-future`)
  disk.writeFileAtomic(`${A}/t-1/partition.metadata`, `version: 0\ntopic_id: ${TOPIC_ID}`)
  disk.writeFileAtomic(
    `${B}/t-1.${hex}-future/partition.metadata`,
    'version: 0\ntopic_id: AAAAAAAAQACAAAAAAAAAAg',
  )
  const at = startManager(disk)
  at.manager.startMoves(() => assert.fail('nothing moves'))
  settle(at)
  assert.deepEqual(folders(disk, A), ['t-0', 't-0.HEX-delete', 't-1'])
  assert.deepEqual(folders(disk, B), ['alone-0.HEX-future', 't-1.HEX-delete'])
  at.manager.getOrCreateLog('alone', 0, { topicId: TOPIC_ID })
  assert.deepEqual(folders(disk, B).includes('alone-0.HEX-delete'), true, 'a new log is not that copy')
})

test('messages of old formats move as they are', async () => {
  const disk = new SimDisk({ seed: 1 })
  disk.makeDirectory(`${A}/t-0`)
  const messages = ([0, 1] as const).map((magic) => {
    const value = Buffer.from(`old ${magic}`)
    const message = Buffer.alloc(messageSize(magic, null, value))
    const timestampMs = magic === 0 ? -1 : 1000
    writeMessage(message, 0, { magic, attributes: 0, offset: magic, timestampMs, key: null, value })
    return message
  })
  const file = disk.open(`${A}/t-0/${'0'.repeat(20)}.log`, 'create')
  file.writev(messages, 0)
  file.close()
  const at = startManager(disk, { logger: silentLogger })
  const log = open(at)
  assert.equal(log.logEndOffset, 2)
  append(log, { producerId: 7, sequence: 0, values: ['new'], transactional: false })
  at.manager.startMoves(() => {})
  assert.equal(at.manager.alterLogDir('t', 0, B), 0)
  settle(at)
  assert.equal(log.directory, `${B}/t-0`)
  const { slice } = log.read(0, { maxBytes: 1 << 20, minOneMessage: true, isolation: 'log-end' })
  const bytes = Buffer.alloc(Buffer.concat(messages).length)
  slice!.file.read(bytes, 0, bytes.length, slice!.position)
  slice!.release()
  assert.deepEqual(bytes, Buffer.concat(messages))
  assert.equal(log.lookupTimestamp(900)?.offset, 1)
})
