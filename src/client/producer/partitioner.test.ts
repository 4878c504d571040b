import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SimRandom } from '../../simulator/sim-random.ts'
import { crc32 } from '../../wire/crc32c.ts'
import { Dice } from '../dice.test.kit.ts'
import { RoundRobinPartitioner, StickyPartitioner } from './partitioner.ts'

/** A line for each seed, from 1 on: a checksum over the keys of test/fixtures/partitions/Partitions.java. */
const path = fileURLToPath(new URL('../../../test/fixtures/partitions/partitions.txt', import.meta.url))
const checksums = readFileSync(path, 'utf8').trim().split('\n')
const KEYS = 100
const LONGEST = 64
const COUNTS = [1, 2, 3, 6, 7, 12, 50, 100, 1000, 65_536, 200_003, 2 ** 31 - 1]

function randomKey(dice: Dice): Buffer {
  const key = Buffer.alloc(dice.next(LONGEST + 1))
  const isText = dice.next(4) === 0
  for (let i = 0; i < key.length; i++) key[i] = isText ? 32 + dice.next(95) : dice.next(256)
  return key
}

/** With a few partitions to go to, all of which have a leader. */
const placesOf = (partitionCount: number, availablePartitions: number[] = []) => ({
  topic: 'orders',
  partitionCount,
  availablePartitions,
})

const sticky = (ignoresKeys = false) =>
  new StickyPartitioner({ random: new SimRandom(1), batchSizeBytes: 1000, ignoresKeys })

test(`${checksums.length * KEYS} random keys get the partitions that Java's producer gives them`, () => {
  const partitioner = sticky()
  const lengths = new Set<number>()
  for (const [index, checksum] of checksums.entries()) {
    const seed = index + 1
    const dice = new Dice(seed)
    let text = ''
    for (let k = 0; k < KEYS; k++) {
      const key = randomKey(dice)
      lengths.add(key.length)
      const partitions = COUNTS.map((count) => partitioner.place(placesOf(count), key, null, 1))
      text += `${[key.toString('hex'), ...partitions].join(' ')}\n`
    }
    assert.equal(
      crc32(Buffer.from(text)).toString(16).padStart(8, '0'),
      checksum,
      `seed ${seed} (java ... Partitions.java ${seed} prints Kafka's):\n${text}`,
    )
  }
  assert.equal(lengths.size, LONGEST + 1, 'keys of every length')
})

test('records without a key stay in a partition until it has had a batch, then go to another one', () => {
  const partitioner = sticky()
  const place = () => partitioner.place(placesOf(3, [0, 1, 2]), null, null, 250)
  let former = -1
  for (let batch = 0; batch < 20; batch++) {
    const placed = new Set(Array.from({ length: 4 }, place))
    assert.equal(placed.size, 1)
    const [partition] = placed as unknown as [number]
    assert.notEqual(partition, former)
    former = partition
  }
})

test('records without a key pass over partitions that have no leader', () => {
  const partitioner = sticky()
  const placed = Array.from({ length: 20 }, () => partitioner.place(placesOf(9, [2, 5]), null, null, 1000))
  assert.deepEqual(new Set(placed), new Set([2, 5]))
})

test('keys are passed over where partitioner.ignore.keys says so', () => {
  const partitioner = sticky(true)
  const placed = Array.from({ length: 9 }, () =>
    partitioner.place(placesOf(3, [0, 1, 2]), Buffer.from('the same'), null, 1000),
  )
  assert.ok(new Set(placed).size > 1)
})

test('round-robin takes one partition after the other for each topic, whatever the key', () => {
  const partitioner = new RoundRobinPartitioner()
  const place = (topic: string) => partitioner.place({ ...placesOf(5, [0, 2, 4]), topic })
  assert.deepEqual([place('a'), place('a'), place('b'), place('a'), place('a')], [0, 2, 0, 4, 0])
})
