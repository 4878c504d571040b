import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildEndTransactionMarker } from '../../records/record-batch-builder.ts'
import { append, bytesOf, readAll, recordsIn } from '../log-fixture.test.ts'
import { contentOf } from './cleaner.test.kit.ts'
import { CleanerHarness, settled } from './log-cleaner.test.kit.ts'

const TEMPORARY = /\.(?:cleaned|swap)$/

test('a dirty log is cleaned, checkpointed, and written about as Apache Kafka does', async () => {
  const at = new CleanerHarness()
  const log = at.create('dirty')
  at.fill(log, 100)
  const end = log.segmentBaseOffsets.at(-1)!
  const dirtySegments = log.segmentCount - 1
  await at.cleanerRound()
  assert.deepEqual(at.checkpoint(), [`dirty 0 ${end}`])
  const clean = contentOf(log).filter((line) => Number(line.split(' ')[0]) < end)
  assert.equal(clean.length, 5)
  for (const expected of [
    'INFO Starting the log cleaner',
    'INFO Cleaner 0: Beginning cleaning of log dirty-0',
    `INFO Cleaner 0: Building offset map for log dirty-0 for ${dirtySegments} segments in offset range [0, ${end}).`,
    'INFO Cleaner 0: Offset map for log dirty-0 complete.',
    'INFO Cleaner 0: Cleaning log dirty-0 (cleaning prior to ',
  ])
    assert.equal(at.said(expected).length, 1, `${expected}\n${at.lines.join('\n')}`)
  const [block = ''] = at.said('Log cleaner thread 0 cleaned log dirty-0')
  assert.match(
    block,
    new RegExp(
      `^INFO \\[kafka-log-cleaner-thread-0\\]: \\n\\tLog cleaner thread 0 cleaned log dirty-0 \\(dirty section = \\[0, ${end}\\]\\)\\n` +
        '\\t0\\.0 MB of log processed in [\\d.]+ seconds \\([\\d.]+ MB/sec\\)\\.\\n' +
        '\\tIndexed 0\\.0 MB in [\\d.]+ seconds \\([\\d.]+ Mb/sec, [\\d.]+% of total time\\)\\n' +
        '\\tBuffer utilization: [\\d.]+%\\n' +
        '\\tCleaned 0\\.0 MB in [\\d.]+ seconds \\([\\d.]+ Mb/sec, [\\d.]+% of total time\\)\\n' +
        `\\tStart size: 0\\.0 MB \\(${end} messages\\)\\n` +
        '\\tEnd size: 0\\.0 MB \\(5 messages\\)\\n' +
        '\\t9\\d\\.\\d% size reduction \\(9\\d\\.\\d% fewer messages\\)$',
    ),
  )
})

test('the filthiest log comes first, and one that is not filthy enough does not come at all', async () => {
  const at = new CleanerHarness()
  const filthier = at.create('filthier', { minCleanableDirtyRatio: 0.1 })
  const filthy = at.create('filthy', { minCleanableDirtyRatio: 0.1 })
  const clean = at.create('not-so-filthy', { minCleanableDirtyRatio: 0.9 })
  for (const log of [filthier, filthy, clean]) at.fill(log, 60, 60)
  await at.cleanerRound()
  at.lines.length = 0
  at.fill(filthy, 60)
  at.fill(filthier, 120)
  at.fill(clean, 80)
  await at.cleanerRound()
  assert.deepEqual(
    at.said('Beginning cleaning').map((line) => line.split(' ').at(-1)),
    ['filthier-0', 'filthy-0'],
  )
  assert.deepEqual(
    at
      .checkpoint()
      .map((line) => line.split(' ')[0])
      .sort(),
    ['filthier', 'filthy', 'not-so-filthy'],
  )
})

test('max.compaction.lag.ms makes a log due that is not filthy enough; min.compaction.lag.ms keeps young segments', async () => {
  const at = new CleanerHarness()
  const due = at.create('due', { minCleanableDirtyRatio: 1, maxCompactionLagMs: 60_000 })
  const young = at.create('young', { minCompactionLagMs: 60_000 })
  at.fill(due, 60)
  at.fill(young, 60)
  const oldEnd = young.segmentBaseOffsets.at(-1)!
  await at.cleanerRound()
  assert.deepEqual(at.said('Beginning cleaning'), [])
  at.clock.advance(30_000)
  at.fill(young, 60)
  at.clock.advance(20_000)
  await at.cleanerRound()
  const checkpoint = new Map(at.checkpoint().map((line) => [line.split(' ')[0], Number(line.split(' ')[2])]))
  assert.equal(checkpoint.get('due'), due.segmentBaseOffsets.at(-1))
  assert.equal(checkpoint.get('young'), oldEnd)
  assert.equal(at.said('Delayed partitions: 1').length, 1)
})

test('appends and rolls go on during a clean, and nothing of them is lost', async () => {
  const at = new CleanerHarness({ config: { segmentBytes: 1000 } })
  const log = at.create('busy')
  at.fill(log, 100)
  await at.until(() => at.said('Beginning cleaning').length > 0)
  for (let round = 0; at.said('cleaned log').length === 0; round++) {
    at.put(log, `live-${round}`, 'x')
    at.clock.advance(1)
  }
  const live = contentOf(log).filter((line) => line.includes('live-'))
  assert.ok(live.length > 20)
  assert.equal(new Set(live).size, live.length)
  assert.equal(live.at(-1)?.split(' ')[0], String(log.logEndOffset - 1))
  assert.deepEqual(
    readAll(log).map(({ offset }) => offset),
    contentOf(log).map((line) => Number(line.split(' ')[0])),
  )
})

test('a slice that a slow reader holds stays readable after its segment was replaced and removed', async () => {
  const at = new CleanerHarness()
  const log = at.create('slow')
  at.fill(log, 100)
  const { slice } = log.read(0, { maxBytes: 1500, minOneMessage: true, isolation: 'high-watermark' })
  await at.cleanerRound()
  at.clock.advance(log.config.fileDeleteDelayMs + 1)
  await settled()
  assert.ok(!at.filesOf(log).some((name) => name.endsWith('.deleted')))
  const found = recordsIn(bytesOf(slice!))
  assert.deepEqual(
    found.map(({ offset }) => offset),
    Array.from({ length: found.length }, (_, offset) => offset),
  )
  assert.ok(found.length > 10)
})

for (const [what, interfere] of [
  ['a truncation', (at: CleanerHarness) => at.manager.truncateTo(at.manager.get('t', 0)!, 30)],
  [
    'a truncation of all',
    (at: CleanerHarness) => at.manager.truncateFullyAndStartAt(at.manager.get('t', 0)!, 7),
  ],
  [
    'the deletion of the topic, and another one of its name,',
    (at: CleanerHarness) => {
      at.manager.asyncDelete('t', 0)
      at.create('t')
    },
  ],
  ['the deletion of the topic', (at: CleanerHarness) => void at.manager.asyncDelete('t', 0)],
  [
    'the end of the policy',
    (at: CleanerHarness) => {
      const log = at.manager.get('t', 0)!
      at.manager.updateTopicConfig('t', { ...log.config, cleanupPolicy: ['delete'] })
    },
  ],
] as const) {
  test(`${what} at any step of a clean ends it, and its files are gone`, async () => {
    let steps = 0
    let isOver = false
    for (let step = 0; !isOver; step++) {
      const at = new CleanerHarness({ config: { segmentBytes: 1000 } })
      const log = at.create('t')
      at.fill(log, 50)
      await at.until(() => at.said('Beginning cleaning').length > 0)
      for (let done = 0; done < step; done++) at.clock.advance(1)
      isOver = at.said('cleaned log').length > 0
      const before = readAll(log)
      interfere(at)
      const after = at.manager.get('t', 0)
      if (after !== undefined) {
        const expected = before.filter(
          ({ offset }) => offset < after.logEndOffset && offset >= after.logStartOffset,
        )
        assert.deepEqual(readAll(after), expected, `at step ${step}`)
      }
      await at.until(() => isOver || at.said('The cleaning for partition t-0 is aborted').length > 0)
      await at.cleanerRound()
      if (after === undefined) at.clock.advance(log.config.fileDeleteDelayMs)
      else
        assert.deepEqual(
          at.filesOf(after).filter((name) => TEMPORARY.test(name)),
          [],
          `at step ${step}`,
        )
      assert.ok(after !== undefined || at.disk.stat(log.directory) === undefined)
      assert.equal(at.failedDirectories.length, 0)
      await at.shutdown()
      steps++
    }
    assert.ok(steps > 15, `${steps} steps`)
  })
}

test('a truncation lowers the checkpoint, on the device, before the tick ends; a deletion removes the entry', async () => {
  const at = new CleanerHarness()
  const log = at.create('cut')
  at.fill(log, 100)
  await at.cleanerRound()
  at.manager.truncateTo(log, 30)
  at.clock.tick()
  assert.deepEqual(at.checkpoint(), [`cut 0 ${log.segmentBaseOffsets.at(-1)}`])
  at.fill(log, 60)
  await at.cleanerRound()
  assert.ok(Number(at.checkpoint()[0]?.split(' ')[2]) > 30)
  at.manager.asyncDelete('cut', 0)
  at.clock.tick()
  assert.deepEqual(at.checkpoint(), [])
  const survivor = at.disk.crash({ lose: 'all' })
  assert.equal(survivor.readFile('/data/cleaner-offset-checkpoint').toString(), '0\n0\n')
})

test('a restart goes on where the checkpoint says; one that is no offset of the log is replaced', async () => {
  const at = new CleanerHarness()
  const log = at.create('t')
  at.fill(log, 100)
  await at.cleanerRound()
  const [entry] = at.checkpoint()
  await at.shutdown()
  const again = new CleanerHarness({ disk: at.disk, clock: at.clock })
  again.fill(again.manager.get('t', 0)!, 60)
  await again.cleanerRound()
  assert.equal(again.said(`offset range [${entry?.split(' ')[2]}, `).length, 1)
  await again.shutdown()
  again.disk.writeFileAtomic('/data/cleaner-offset-checkpoint', '0\n1\nt 0 5000\n')
  const third = new CleanerHarness({ disk: at.disk, clock: at.clock })
  await third.cleanerRound()
  const end = third.manager.get('t', 0)!.logEndOffset
  assert.equal(
    third.said(
      `The last checkpoint dirty offset for partition t-0 is 5000, which is larger than the log end offset ${end}. Resetting to the log start offset 0.`,
    ).length,
    1,
  )
})

test('a corrupt batch makes its partition uncleanable, is written about once, and costs nothing', async () => {
  const at = new CleanerHarness()
  const bad = at.create('bad')
  const good = at.create('good')
  at.fill(bad, 100)
  at.fill(good, 60)
  const path = `${bad.directory}/${String(bad.segmentBaseOffsets[1]).padStart(20, '0')}.log`
  const file = at.disk.open(path, 'write')
  file.writev([Buffer.from('damage')], file.sizeBytes() - 10)
  const before = at.disk.readFile(path)
  await at.cleanerRound()
  await at.cleanerRound()
  assert.equal(at.said('Marking its partition (bad-0) as uncleanable').length, 1)
  assert.equal(at.said('Beginning cleaning of log bad-0').length, 1)
  assert.equal(at.said('cleaned log good-0').length, 1)
  assert.deepEqual(at.disk.readFile(path), before)
  assert.deepEqual(
    at.filesOf(bad).filter((name) => TEMPORARY.test(name)),
    [],
  )
  assert.equal(at.failedDirectories.length, 0)
})

test('a transaction index that is damaged makes its partition uncleanable', async () => {
  const at = new CleanerHarness()
  const log = at.create('t')
  const producer = { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true }
  append(log, [{ key: 'a', value: '1', timestampMs: at.clock.nowMs() }], producer)
  const end = { committed: false, producerId: 7, producerEpoch: 0, coordinatorEpoch: 0, timestampMs: 1 }
  log.stageAsLeader(buildEndTransactionMarker(end), { leaderEpoch: 0, origin: 'coordinator' })
  log.commitStaged()
  at.fill(log, 100)
  const file = at.disk.open(`${log.directory}/00000000000000000000.txnindex`, 'write')
  file.writev([Buffer.from('rubbish')], file.sizeBytes())
  await at.cleanerRound()
  assert.equal(at.said('Marking its partition (t-0) as uncleanable').length, 1)
  assert.deepEqual(at.failedDirectories, [])
  assert.equal(log.isOpen, true)
})

test('a full disk puts a clean off; another error takes the directory out of service', async () => {
  const at = new CleanerHarness()
  const log = at.create('t')
  at.fill(log, 100)
  at.disk.injectFault({ operation: 'write', code: 'ENOSPC', nth: 0, sticky: true, pathPart: '.cleaned' })
  await at.cleanerRound()
  assert.equal(at.said('ERROR Failed to clean up log for t-0 in dir /data due to IOException').length, 2)
  assert.equal(log.isOpen, true)
  assert.deepEqual(
    at.filesOf(log).filter((name) => TEMPORARY.test(name)),
    [],
  )
  at.disk.clearFaults()
  await at.cleanerRound()
  assert.equal(at.said('cleaned log t-0').length, 1)
  at.fill(log, 100)
  at.disk.injectFault({ operation: 'sync', code: 'EIO', nth: 0, pathPart: '.cleaned' })
  await at.cleanerRound()
  assert.deepEqual(at.failedDirectories, ['/data'])
})

test('log.cleaner.threads clean as many logs at once, each in its own folder', async () => {
  const at = new CleanerHarness({ cleaner: { threads: 2 } })
  for (const topic of ['a', 'b', 'c']) at.fill(at.create(topic), 100)
  await at.until(() => at.said('Beginning cleaning').length === 2)
  assert.equal(at.said('cleaned log').length, 0)
  await at.until(() => at.said('cleaned log').length === 3)
  await settled()
  assert.equal(at.checkpoint().length, 3)
  assert.deepEqual([...new Set(at.said('cleaned log').map((line) => line.includes('thread 1')))].sort(), [
    false,
    true,
  ])
})

test('the number of threads may change while they work', async () => {
  const config = { threads: 1 }
  const at = new CleanerHarness({
    cleaner: {
      get threads() {
        return config.threads
      },
    },
  })
  const started = () => at.said(']: Starting').length
  await at.cleanerRound()
  assert.equal(started(), 1)
  config.threads = 3
  await at.cleanerRound()
  assert.equal(started(), 3)
  config.threads = 2
  await at.cleanerRound()
  assert.deepEqual(at.said(']: Stopped').length, 1)
  config.threads = 3
  await at.cleanerRound()
  assert.equal(started(), 4)
})

test('log.cleaner.io.max.bytes.per.second holds a clean back', async () => {
  const elapsedMs = async (ioBytesPerSecondMax: number): Promise<number> => {
    const at = new CleanerHarness({ cleaner: { ioBytesPerSecondMax } })
    const log = at.create('t')
    at.fill(log, 200)
    const startMs = at.clock.monotonicMs()
    await at.until(() => at.said('cleaned log').length > 0)
    return at.clock.monotonicMs() - startMs
  }
  const freeMs = await elapsedMs(Number.POSITIVE_INFINITY)
  // 20 KB read twice, and little written.
  const heldMs = await elapsedMs(10_000)
  assert.ok(freeMs < 500 && heldMs > 3000 && heldMs < 6000, `${freeMs} ms, ${heldMs} ms`)
})

test('retention leaves a log alone while it is cleaned, and looks after compacted logs in the rounds of the cleaner', async () => {
  const at = new CleanerHarness({ config: { cleanupPolicy: ['compact', 'delete'], retentionBytes: 4000 } })
  const log = at.create('both')
  at.fill(log, 100, 100)
  await at.until(() => at.said('Beginning cleaning').length > 0)
  assert.equal(log.logStartOffset, 0)
  await at.cleanerRound()
  assert.ok(log.logStartOffset > 0)
  assert.ok(log.sizeBytes <= 6000)
  assert.deepEqual(at.said('Resetting first dirty offset'), [])
})

test('a shutdown in the middle of a clean leaves no file of it, and a clean log', async () => {
  const at = new CleanerHarness()
  const log = at.create('t')
  at.fill(log, 100)
  await at.until(() => at.filesOf(log).some((name) => name.endsWith('.log.cleaned')))
  await at.shutdown()
  assert.deepEqual(
    at.filesOf(log).filter((name) => TEMPORARY.test(name)),
    [],
  )
  assert.ok(at.disk.stat('/data/.kafka_cleanshutdown'))
  const again = new CleanerHarness({ disk: at.disk, clock: at.clock })
  assert.equal(readAll(again.manager.get('t', 0)!).length, 100)
})

test('a compacted log of which the policy was ended keeps all its segments through an unclean restart', async () => {
  const at = new CleanerHarness({ config: { segmentBytes: 1000 } })
  const log = at.create('t')
  at.fill(log, 100)
  await at.cleanerRound()
  const expected = contentOf(log)
  const again = new CleanerHarness({
    disk: at.disk.crash({ lose: 'none' }),
    clock: at.clock,
    config: { segmentBytes: 1000, cleanupPolicy: ['delete'] },
  })
  assert.deepEqual(contentOf(again.manager.get('t', 0)!), expected)
})

test('a thread that dies of a bug costs one log its compaction, and the others go on', async () => {
  let deaths = 0
  const at = new CleanerHarness({
    startWorker: (sound) => (events) => {
      const worker = sound(events)
      return {
        ...worker,
        post(message) {
          if (message.kind !== 'clean' || message.job.name !== 'cursed-0') worker.post(message)
          else {
            deaths++
            at.clock.after(5, () => events.onDeath(new Error('a bug')))
          }
        },
      }
    },
  })
  at.fill(at.create('cursed'), 120)
  at.fill(at.create('other'), 100)
  await at.cleanerRound()
  await at.cleanerRound()
  assert.equal(deaths, 1)
  assert.equal(at.said('Marking its partition (cursed-0) as uncleanable: a bug').length, 1)
  assert.equal(at.said('cleaned log other-0').length, 1)
})
