import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CrashOptions, SimDisk, SimulatedCrash } from '../../simulator/sim-disk.ts'
import { SimRandom } from '../../simulator/sim-random.ts'
import { append, commit, stageMarker } from '../transactions.test.kit.ts'
import type { UnifiedLog } from '../unified-log.ts'
import {
  A,
  B,
  contentOf,
  folders,
  type Manager,
  open,
  settle,
  startManager,
  written,
} from './moves.test.kit.ts'

/** So that a move takes several turns. */
const SLOW = { moveBytesPerSecondMax: () => 40_000 }

/** What the log held when it last answered somebody. */
type Content = ReturnType<typeof contentOf>

/** Moves the log while records are appended to it, each synced before it counts as acknowledged. */
async function moveUnderLoad(
  at: Manager,
  log: UnifiedLog,
  acknowledged: (content: Content) => void,
): Promise<void> {
  const [from, to] = log.directory.startsWith(A) ? [A, B] : [B, A]
  assert.equal(at.manager.alterLogDir('t', 0, to), 0)
  at.clock.tick()
  for (let round = 0; folders(at.disk, to).includes('t-0') === false; round++) {
    assert.ok(round < 100, 'the move comes to its end')
    at.clock.advance(10)
    const values = ['w'.repeat(40 + round)]
    append(log, { producerId: 7, sequence: 9 + round, values, transactional: false })
    if (round === 3) {
      append(log, { producerId: 10, sequence: 0, values: ['lost'] })
      stageMarker(log, { producerId: 10, commit: false })
      commit(log)
    }
    await log.flush()
    acknowledged(contentOf(log))
  }
  assert.deepEqual(folders(at.disk, from), ['t-0.HEX-delete'])
  append(log, { producerId: 7, sequence: 500, values: ['afterwards'], epoch: 1, transactional: false })
}

/** All that was acknowledged is there, and nothing else but what was under way. */
function check(log: UnifiedLog, acknowledged: Content, knownProducers: readonly number[]): void {
  log.updateHighWatermark(log.logEndOffset)
  const found = contentOf(log)
  const { batches, logEndOffset, lastStableOffset, producers, ...others } = acknowledged
  assert.deepEqual(found.batches.slice(0, batches.length), batches)
  assert.ok(found.batches.length <= batches.length + 3, 'at most what was under way came besides')
  assert.ok(found.logEndOffset >= logEndOffset)
  assert.equal(found.lastStableOffset, lastStableOffset)
  for (const id of knownProducers) {
    const of = (all: readonly string[]) => all.find((each) => each.startsWith(`${id}:`))
    assert.equal(of(found.producers), of(producers), `producer ${id}`)
  }
  assert.equal(found.logStartOffset, others.logStartOffset)
  assert.equal(found.topicId, others.topicId)
  assert.deepEqual(found.epochs.slice(0, 3), others.epochs.slice(0, 3))
  assert.deepEqual(
    found.abortedTransactions?.slice(0, others.abortedTransactions?.length),
    others.abortedTransactions,
  )
}

for (const [how, options] of [
  ['and forgets some of what was not synced', { lose: 'some' }],
  ['and forgets some of it out of order', { lose: 'some', reorder: true }],
  ['and forgets all of it', { lose: 'all' }],
  ['and loses nothing but the process', { lose: 'none' }],
] as const satisfies readonly (readonly [string, CrashOptions])[]) {
  test(`a machine that stops at any write of a move ${how} loses nothing, and goes on with the move`, async () => {
    // Of producers whose records are deleted only snapshots tell, which no sync waits for.
    const knownProducers = options.lose === 'none' ? [6, 8, 9] : [8, 9]
    let reference: { first: number; count: number } | undefined
    for (let boundary = -1; boundary < (reference?.count ?? 1); boundary++) {
      const at = startManager(new SimDisk({ seed: boundary + 2 }), SLOW)
      at.manager.startMoves(() => {})
      const log = await written(at)
      const first = at.disk.boundaryCount
      let survivor: SimDisk | undefined
      let acknowledged = contentOf(log)
      at.disk.onWriteBoundary(({ index }) => {
        if (index - first === boundary) survivor = at.disk.crash(options)
      })
      const moving = moveUnderLoad(at, log, (content) => {
        acknowledged = content
      })
      if (boundary < 0) {
        await moving
        reference = { first, count: at.disk.boundaryCount - first }
        assert.ok(reference.count > 60, `${reference.count} boundaries`)
        continue
      }
      await assert.rejects(moving, SimulatedCrash)
      try {
        await recover(survivor!, acknowledged, knownProducers)
      } catch (error) {
        throw new Error(`at boundary ${boundary} of ${reference?.count}`, { cause: error })
      }
    }
  })
}

test('a machine that stops again while it starts, or goes on with a move, loses nothing either', async () => {
  const random = new SimRandom(1)
  const losses: readonly CrashOptions[] = [
    { lose: 'some' },
    { lose: 'all' },
    { lose: 'none' },
    { lose: 'some', reorder: true },
  ]
  let again = 0
  for (let count = 0; count < 200; count++) {
    const at = startManager(new SimDisk({ seed: count }), SLOW)
    at.manager.startMoves(() => {})
    const log = await written(at)
    const [first, boundary, loss] = [at.disk.boundaryCount, random.below(190), losses[count % losses.length]!]
    let survivor: SimDisk | undefined
    let acknowledged = contentOf(log)
    at.disk.onWriteBoundary(({ index }) => {
      if (index - first === boundary) survivor = at.disk.crash(loss)
    })
    const moving = moveUnderLoad(at, log, (content) => {
      acknowledged = content
    })
    await assert.rejects(moving, SimulatedCrash)
    const second = crashedAgain(survivor!, random.below(120), loss)
    if (second.hasCrashed) again++
    try {
      await recover(second.disk, acknowledged, [8, 9])
    } catch (error) {
      throw new Error(`run ${count}, at boundary ${boundary}`, { cause: error })
    }
  }
  assert.ok(again > 50, `${again} of them stopped twice`)
})

/** What is left of a start, and the move that goes on with it, when the machine stops at a boundary; if it comes to that. */
function crashedAgain(
  disk: SimDisk,
  boundary: number,
  loss: CrashOptions,
): { disk: SimDisk; hasCrashed: boolean } {
  let left: SimDisk | undefined
  const first = disk.boundaryCount
  disk.onWriteBoundary(({ index }) => {
    if (index - first === boundary) left = disk.crash(loss)
  })
  try {
    const second = startManager(disk, SLOW)
    open(second)
    second.manager.startMoves(() => {})
    settle(second, 5000)
  } catch (error) {
    if (!(error instanceof SimulatedCrash)) throw error
  }
  disk.onWriteBoundary(undefined)
  return { disk: left ?? disk.crash({ lose: 'none' }), hasCrashed: left !== undefined }
}

async function recover(
  disk: SimDisk,
  acknowledged: Content,
  knownProducers: readonly number[],
): Promise<void> {
  const second = startManager(disk, SLOW)
  const log = open(second)
  check(log, acknowledged, knownProducers)
  second.manager.startMoves(() => {})
  settle(second, 5000)
  check(log, acknowledged, knownProducers)
  // Where the order itself was lost, it is given again.
  assert.equal(second.manager.alterLogDir('t', 0, log.directory.startsWith(A) ? B : B), 0)
  settle(second, 5000)
  assert.equal(log.directory, `${B}/t-0`)
  check(log, acknowledged, knownProducers)
  append(log, { producerId: 11, sequence: 0, values: ['more'], transactional: false })
  await log.flush()
  const whole = contentOf(log)
  for (let turn = 0; turn < 5; turn++) {
    settle(second, 60_000)
    // Folders are removed one by one, in the background.
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.deepEqual([folders(disk, A), folders(disk, B)], [[], ['t-0']])
  // Once more, from what was acknowledged and synced alone.
  const third = startManager(disk.crash({ lose: 'all' }), SLOW)
  const again = open(third)
  again.updateHighWatermark(again.logEndOffset)
  const withoutFormer = (content: Content) => ({
    ...content,
    producers: content.producers.filter((each) => !each.startsWith('6:')),
  })
  assert.deepEqual(withoutFormer(contentOf(again)), withoutFormer(whole))
}
