import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partitionFor } from './coordinator-partition.ts'

test('a group belongs to the partition that Apache Kafka was seen to choose, whatever the sign of its hash', () => {
  const seen = { 0: 2, 1: 1, 2: 0, 3: 2, 4: 2, 5: 0, 6: 0, 7: 2 }
  for (const [level, partition] of Object.entries(seen)) {
    assert.equal(partitionFor(`txn-level-${level}-group`, 3), partition, `txn-level-${level}-group`)
  }
})

test('a hash without an absolute value counts as 0', () => {
  // Its hash is -2^31.
  assert.equal(partitionFor('polygenelubricants', 3), 0)
  assert.equal(partitionFor('polygenelubricants', 50), 0)
})

test('a name beyond Latin-1 is hashed by its UTF-16 units, as Java does', () => {
  assert.equal(partitionFor('', 7), 0)
  assert.equal(partitionFor('\u{1F680}', 1000), ((0xd83d * 31 + 0xde80) | 0) % 1000)
})
