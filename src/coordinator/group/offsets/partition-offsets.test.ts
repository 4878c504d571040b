import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimRandom } from '../../../simulator/sim-random.ts'
import type { CommittedOffset } from './committed-offset.ts'
import { PartitionOffsets } from './partition-offsets.ts'

const committed = (fields: Partial<CommittedOffset> = {}): CommittedOffset => ({
  offset: 1,
  leaderEpoch: -1,
  metadata: '',
  commitTimestampMs: 1_700_000_000_000,
  expireTimestampMs: -1,
  recordOffset: 0,
  ...fields,
})

test('what was set last comes back whole, and nothing after it was deleted', () => {
  const offsets = new PartitionOffsets()
  const first = committed({ offset: 2 ** 53, leaderEpoch: 7, metadata: 'm', expireTimestampMs: 2 ** 63 })
  const second = committed({ offset: -3, recordOffset: 9 })
  offsets.set(5, first)
  assert.deepEqual(offsets.get(5), first)
  offsets.set(5, second)
  assert.deepEqual(offsets.get(5), second)
  assert.equal(offsets.delete(5), true)
  assert.equal(offsets.delete(5), false)
  assert.equal(offsets.get(5), undefined)
  assert.equal(offsets.size, 0)
})

test('after many changes it holds what a map holds, in the order of the partitions', () => {
  const seed = Number(process.env.SLUICE_SEED ?? 1)
  const random = new SimRandom(seed)
  const offsets = new PartitionOffsets()
  const model = new Map<number, CommittedOffset>()
  for (let step = 0; step < 5000; step++) {
    const partition = random.below(60)
    if (random.oneIn(3)) {
      assert.equal(offsets.delete(partition), model.delete(partition))
    } else {
      const value = committed({ offset: random.below(2 ** 31), metadata: random.oneIn(4) ? `m${step}` : '' })
      offsets.set(partition, value)
      model.set(partition, value)
    }
    assert.equal(offsets.has(partition), model.has(partition))
    assert.equal(offsets.size, model.size)
  }
  const expected = [...model].sort(([a], [b]) => a - b)
  const found = [...offsets.partitions()].map((partition) => [partition, offsets.get(partition)])
  assert.deepEqual(found, expected, `seed ${seed}`)
})
