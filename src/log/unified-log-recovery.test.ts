/** What a log is after a stop that nobody prepared: cut files, lost or damaged indexes, disks that fill up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../protocol/error-codes.ts'
import { buildBatch } from '../records/record-batch-builder.ts'
import type { SimDisk } from '../simulator/sim-disk.ts'
import { append, DIRECTORY, draft, fixture, openLog, readAll, valuesOf } from './log-fixture.test.ts'

const CONFIG = { segmentBytes: 1200, indexIntervalBytes: 100 }
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']

/** Ten batches of one record in segments of a few batches, closed without a clean stop. */
function writeTen(config: object = CONFIG): ReturnType<typeof fixture> & { ends: number[] } {
  const at = fixture()
  const log = openLog(at, config)
  const ends: number[] = []
  for (const [index, name] of NAMES.entries()) {
    append(log, [draft(name.repeat(100), 1000 + index)], {
      producerId: 7,
      producerEpoch: 0,
      baseSequence: index,
    })
    ends.push(at.disk.stat(`${DIRECTORY}/${last(log.segmentBaseOffsets)}`)?.sizeBytes ?? 0)
  }
  return { ...at, ends }
}

function last(offsets: readonly number[]): string {
  return `${offsets.at(-1)!.toString().padStart(20, '0')}.log`
}

function logFiles(disk: SimDisk): string[] {
  return disk
    .list(DIRECTORY)
    .map(({ name }) => name)
    .filter((name) => name.endsWith('.log'))
    .sort()
}

function edit(disk: SimDisk, name: string, change: (bytes: Buffer) => Buffer): void {
  const file = disk.open(`${DIRECTORY}/${name}`, 'write')
  const bytes = Buffer.alloc(file.sizeBytes())
  file.read(bytes, 0, bytes.length, 0)
  const changed = change(bytes)
  file.truncate(0)
  file.writev([changed], 0)
  file.close()
}

test('a log whose last segment is cut at any byte keeps exactly the batches that are whole', () => {
  const whole = writeTen()
  const name = logFiles(whole.disk).at(-1)!
  const sizeBytes = whole.disk.stat(`${DIRECTORY}/${name}`)!.sizeBytes
  const firstOffset = Number.parseInt(name, 10)
  const batchBytes = sizeBytes / (NAMES.length - firstOffset)
  assert.ok(
    Number.isInteger(batchBytes) && sizeBytes > batchBytes,
    'the last segment holds batches of one size',
  )
  for (let cut = 0; cut <= sizeBytes; cut++) {
    const at = writeTen()
    edit(at.disk, name, (bytes) => bytes.subarray(0, cut))
    const log = openLog(at, CONFIG, { recoveryPoint: 0 })
    const kept = firstOffset + Math.floor(cut / batchBytes)
    assert.equal(log.logEndOffset, kept)
    assert.equal(readAll(log).length, kept)
    const next = append(log, [draft('next', 5000)], { producerId: 7, producerEpoch: 0, baseSequence: kept })
    assert.equal(next.errorCode, 0, 'the producer goes on where the log ends')
    assert.equal(next.firstOffset, kept)
  }
})

test('a damaged byte behind the recovery point cuts the log there and drops the later segments', () => {
  const at = writeTen()
  const [first, second] = logFiles(at.disk) as [string, string]
  edit(at.disk, first, (bytes) => {
    bytes[bytes.length - 1]! ^= 1
    return bytes
  })
  const log = openLog(at, CONFIG, { recoveryPoint: 0 })
  const firstOfSecond = Number.parseInt(second, 10)
  assert.equal(log.logEndOffset, firstOfSecond - 1)
  assert.deepEqual(logFiles(at.disk), [first])
  assert.ok(at.disk.list(DIRECTORY).some(({ name }) => name === `${second}.deleted`))
  assert.equal(append(log, [draft('x', 1)]).firstOffset, firstOfSecond - 1)
})

test('a damaged record below the recovery point is left for its reader to judge', () => {
  const at = writeTen({ segmentBytes: 1 << 20 })
  edit(at.disk, logFiles(at.disk)[0]!, (bytes) => {
    bytes[100]! ^= 1
    return bytes
  })
  const log = openLog(at, {}, { recoveryPoint: 5 })
  assert.equal(log.logEndOffset, 10)
})

test('damage to the framing below the recovery point cuts the log but keeps the bytes aside', () => {
  const at = writeTen({ segmentBytes: 1 << 20 })
  const name = logFiles(at.disk)[0]!
  const sizeBytes = at.disk.stat(`${DIRECTORY}/${name}`)!.sizeBytes
  const batchBytes = sizeBytes / 10
  edit(at.disk, name, (bytes) => {
    bytes.writeInt32BE(0x7fffffff, 2 * batchBytes + 8)
    return bytes
  })
  const log = openLog(at, {}, { recoveryPoint: 10 })
  assert.equal(log.logEndOffset, 2)
  assert.equal(at.disk.stat(`${DIRECTORY}/${name}.${2 * batchBytes}.damaged`)?.sizeBytes, 8 * batchBytes)
})

test('segments below the recovery point are not read in recovery', () => {
  const at = writeTen()
  const files = logFiles(at.disk)
  const active = Number.parseInt(files.at(-1)!, 10)
  edit(at.disk, files[0]!, (bytes) => bytes.fill(0xff, 0, 61))
  const log = openLog(at, CONFIG, { recoveryPoint: active + 1 })
  assert.equal(log.logEndOffset, 10)
  assert.deepEqual(valuesOf(readAll(log, { from: active })).at(-1), 'j'.repeat(100))
})

for (const [damage, change] of [
  ['empty', () => Buffer.alloc(0)],
  ['cut within an entry', (bytes: Buffer) => bytes.subarray(0, bytes.length - 3)],
  ['padded with zeros', (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(240)])],
  ['full of rubbish', (bytes: Buffer) => Buffer.alloc(bytes.length, 0x7f)],
] as const) {
  for (const suffix of ['.index', '.timeindex']) {
    test(`an index (${suffix}) that is ${damage} does not change what is found`, () => {
      for (const cleanShutdown of [true, false]) {
        const at = writeTen({ segmentBytes: 1 << 20, indexIntervalBytes: 100 })
        const before = openLog(at, { indexIntervalBytes: 100 })
        before.close()
        edit(at.disk, `${'0'.repeat(20)}${suffix}`, change)
        const log = openLog(at, { indexIntervalBytes: 100 }, { cleanShutdown })
        assert.equal(log.logEndOffset, 10)
        for (let offset = 0; offset < 10; offset++) {
          assert.equal(readAll(log, { from: offset, maxBytes: 1 })[0]?.offset, offset)
          assert.equal(log.lookupTimestamp(1000 + offset)?.offset, offset)
        }
      }
    })
  }
}

test('missing indexes are made anew, orphaned ones and leftovers of deletions removed', () => {
  const at = writeTen()
  openLog(at, CONFIG).close()
  const base = logFiles(at.disk)[0]!.slice(0, 20)
  at.disk.remove(`${DIRECTORY}/${base}.index`)
  at.disk.remove(`${DIRECTORY}/${base}.timeindex`)
  const orphan = `${DIRECTORY}/${'3'.padStart(20, '0')}.index`
  const deleted = `${DIRECTORY}/${'5'.padStart(20, '0')}.log.deleted`
  const cleaned = `${DIRECTORY}/${'0'.repeat(20)}.log.cleaned`
  for (const path of [orphan, deleted, cleaned]) at.disk.open(path, 'create').close()
  const log = openLog(at, CONFIG, { cleanShutdown: true })
  assert.equal(readAll(log).length, 10)
  assert.ok(at.disk.stat(`${DIRECTORY}/${base}.index`)!.sizeBytes > 0)
  assert.ok(at.disk.stat(`${DIRECTORY}/${base}.timeindex`)!.sizeBytes > 0)
  for (const path of [orphan, deleted, cleaned]) assert.equal(at.disk.stat(path), undefined)
})

test('a compaction that was decided but not completed takes the place of what it covers', () => {
  const config = { segmentBytes: 500 }
  const at = writeTen(config)
  const files = logFiles(at.disk)
  const covered = files.slice(0, 2)
  const survivor = buildBatch([{ value: 'kept', timestampMs: 1, offset: 1 }], { baseOffset: 1 })
  const end = buildBatch([{ value: 'end', timestampMs: 1 }], {
    baseOffset: Number.parseInt(files[2]!, 10) - 1,
  })
  const swap = at.disk.open(`${DIRECTORY}/${covered[0]}.swap`, 'create')
  swap.writev([survivor, end], 0)
  swap.close()
  const log = openLog(at, config, { recoveryPoint: 9 })
  assert.deepEqual(valuesOf(readAll(log)).slice(0, 2), ['kept', 'end'])
  assert.equal(log.logEndOffset, 10)
  assert.ok(!logFiles(at.disk).includes(covered[1]!))
})

test('a log that ends below its checkpointed start begins anew there', () => {
  const at = writeTen()
  const log = openLog(at, CONFIG, { logStartOffset: 50 })
  assert.equal(log.logStartOffset, 50)
  assert.equal(append(log, [draft('x', 1)]).firstOffset, 50)
})

test('a disk that fills up at any write loses nothing acknowledged and takes appends again when there is room', () => {
  for (let nth = 0; nth < 24; nth++) {
    for (const partialBytes of [0, 50]) {
      const at = fixture(nth + 1)
      const log = openLog(at, CONFIG)
      const acknowledged: string[] = []
      at.disk.injectFault({ operation: 'write', code: 'ENOSPC', nth, partialBytes })
      for (const [round, name] of NAMES.entries()) {
        const staged = [`${name}1`, `${name}2`].map((value) => value.repeat(60))
        const outcomes = staged.map((value) =>
          log.stageAsLeader(buildBatch([draft(value, round)]), { leaderEpoch: 0, origin: 'client' }),
        )
        const committed = log.commitStaged()
        for (const [index, outcome] of outcomes.entries()) {
          if (outcome.errorCode === 0) acknowledged.push(staged[index]!)
          else assert.ok(outcome.errorCode === 56, 'KAFKA_STORAGE_ERROR')
          if (committed.errorCode === 0) assert.ok(outcome.errorCode === 0 || index > 0)
        }
        assert.equal(log.isOffline, false)
        assert.deepEqual(valuesOf(readAll(log)), acknowledged)
      }
      assert.ok(acknowledged.length >= 18, 'one failed write fails one tick')
      at.disk.clearFaults()
      assert.deepEqual(valuesOf(readAll(openLog(at, CONFIG))), acknowledged, 'and the same after a start')
    }
  }
})

test('a failed segment file leaves the log in its old segment', () => {
  const at = fixture()
  const log = openLog(at, CONFIG)
  for (let index = 0; log.segmentCount === 1; index++) {
    if (index === 5)
      at.disk.injectFault({ operation: 'create', code: 'ENOSPC', nth: 1, pathPart: '.timeindex' })
    const outcome = append(log, [draft('v'.repeat(150), index)])
    if (outcome.errorCode !== 0) assert.equal(log.segmentCount, 1)
  }
  assert.equal(readAll(log).length, log.logEndOffset)
})

test('an append that needs to read what the disk does not give is refused, and the next one is taken', () => {
  let faultCount = 0
  for (const nth of [0, 1, 2, 3]) {
    const at = writeTen()
    const log = openLog(at, CONFIG, { cleanShutdown: true })
    at.disk.injectFault({ operation: 'read', code: 'EIO', nth })
    const outcome = log.stageAsLeader(buildBatch([draft('k', 2000)]), { leaderEpoch: 0, origin: 'client' })
    const isStaged = outcome.errorCode === ErrorCode.NONE
    if (isStaged) log.commitStaged()
    at.disk.clearFaults()
    if (outcome.errorCode !== ErrorCode.NONE) {
      faultCount++
      assert.equal(outcome.errorCode, ErrorCode.KAFKA_STORAGE_ERROR)
    }
    const before = log.logEndOffset
    assert.equal(append(log, [draft('l', 3000)]).firstOffset, before)
    assert.deepEqual(valuesOf(readAll(log)).slice(10), before === 11 ? ['k', 'l'] : ['l'])
  }
  assert.ok(faultCount > 0, 'the first append after a start reads')
})

test('a write that can be neither done nor taken back takes the log offline, and says so once', () => {
  const at = fixture()
  const told: Error[] = []
  const log = openLog(at, {}, { onOffline: (error) => told.push(error) })
  append(log, [draft('a', 1)])
  at.disk.injectFault({ operation: 'write', code: 'EIO', nth: 0, partialBytes: 10 })
  at.disk.injectFault({ operation: 'truncate', code: 'EIO', nth: 0 })
  const outcome = log.stageAsLeader(buildBatch([draft('b', 2)]), { leaderEpoch: 0, origin: 'client' })
  assert.equal(log.commitStaged().errorCode, 56)
  assert.equal(outcome.errorCode, 56)
  assert.equal(log.isOffline, true)
  assert.equal(
    log.stageAsLeader(buildBatch([draft('c', 3)]), { leaderEpoch: 0, origin: 'client' }).errorCode,
    56,
  )
  assert.equal(log.read(0, { maxBytes: 100, minOneMessage: true, isolation: 'log-end' }).errorCode, 56)
  assert.equal(told.length, 1)
  at.disk.clearFaults()
  assert.deepEqual(valuesOf(readAll(openLog(at))), ['a'])
})
