/** What a broker that was killed leaves behind must carry what is acknowledged later: found by simulator/broker-crash. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ProcessView } from '../simulator/process-view.test.kit.ts'
import { SimDisk, SimulatedCrash } from '../simulator/sim-disk.ts'
import { batch, lead, partitionOf, produce, start, startLeader, turn } from './replica-manager.test.kit.ts'

const SYNCED = { flushMessages: 1, segmentBytes: 250 }

async function startOn(disk: SimDisk, leaderEpoch = 1) {
  const kit = start({ disk, config: SYNCED })
  await lead(kit.manager, { leaderEpoch })
  return kit
}

test('a partition that a killed broker had just made keeps what the next one acknowledges', async () => {
  const disk = new SimDisk({ seed: 1 })
  const process = new ProcessView(disk)
  await lead(start({ disk: process.disk, config: SYNCED }).manager)
  // Its turn has not ended: no sync has covered the folder's name.
  process.kill()
  const second = await startOn(disk)
  const produced = produce(second, batch('a'))
  await turn(second)
  assert.equal(produced.done, 0)
  const third = await startOn(disk.crash({ lose: 'all' }), 2)
  assert.equal(partitionOf(third.manager).onlineLog.logEndOffset, 1)
})

test('a segment that a killed broker had just made keeps what the next one acknowledges', async () => {
  const disk = new SimDisk({ seed: 1 })
  const process = new ProcessView(disk)
  const first = await startLeader({ disk: process.disk, config: SYNCED })
  produce(first, batch('x'.repeat(60)))
  await turn(first)
  disk.onWriteBoundary(({ path }) => {
    if (path.endsWith('/00000000000000000001.log')) process.kill()
  })
  assert.throws(() => produce(first, batch('y'.repeat(60))), SimulatedCrash)
  disk.onWriteBoundary(undefined)
  const second = start({ disk, config: SYNCED })
  // The same epoch: nothing else has the folder synced.
  await lead(second.manager)
  const produced = produce(second, batch('z'))
  await turn(second)
  assert.deepEqual([produced.done, produced.outcome.firstOffset], [0, 1])
  const third = await startOn(disk.crash({ lose: 'all' }), 2)
  assert.equal(partitionOf(third.manager).onlineLog.logEndOffset, 2)
})

test('a torn batch whose magic byte is lost is not taken for one of magic 0', async () => {
  const disk = new SimDisk({ seed: 1 })
  const process = new ProcessView(disk)
  const first = await startLeader({ disk: process.disk })
  for (const value of ['a', 'b', 'c']) produce(first, batch(value))
  first.clock.tick()
  process.kill()
  const file = disk.open('/data/t-0/00000000000000000000.log', 'write')
  const bytes = batch('a').length
  // Offset and length of the second batch came to the device, the rest did not; the third did.
  file.writev([Buffer.alloc(bytes - 12)], bytes + 12)
  file.close()
  const second = start({ disk })
  await lead(second.manager, { leaderEpoch: 1 })
  assert.equal(partitionOf(second.manager).onlineLog.logEndOffset, 1)
})
