import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EpochEntry, LeaderEpochCache } from './leader-epoch-cache.ts'

function cacheOf(...entries: [number, number][]): LeaderEpochCache {
  return new LeaderEpochCache(
    entries.map(([epoch, startOffset]) => ({ epoch, startOffset })),
    () => {},
  )
}

const pairs = (cache: LeaderEpochCache): number[][] => cache.entries.map((e) => [e.epoch, e.startOffset])

test('an epoch ends where the next known one starts, the latest at the end of the log', () => {
  const cache = cacheOf([1, 0], [3, 10], [5, 20])
  assert.deepEqual(cache.endOffsetFor(1, 30), { leaderEpoch: 1, endOffset: 10 })
  assert.deepEqual(cache.endOffsetFor(2, 30), { leaderEpoch: 1, endOffset: 10 })
  assert.deepEqual(cache.endOffsetFor(5, 30), { leaderEpoch: 5, endOffset: 30 })
  assert.deepEqual(cache.endOffsetFor(6, 30), { leaderEpoch: -1, endOffset: -1 })
  assert.deepEqual(cache.endOffsetFor(0, 30), { leaderEpoch: 0, endOffset: 0 })
  assert.deepEqual(cache.endOffsetFor(-1, 30), { leaderEpoch: -1, endOffset: -1 })
  assert.deepEqual(cacheOf().endOffsetFor(0, 30), { leaderEpoch: -1, endOffset: -1 })
})

test('a new epoch replaces what contradicts it', () => {
  const cache = cacheOf([1, 0], [3, 10], [5, 20])
  cache.assign(5, 25)
  assert.deepEqual(
    pairs(cache),
    [
      [1, 0],
      [3, 10],
      [5, 20],
    ],
    'an epoch keeps its first start',
  )
  cache.assign(6, 20)
  assert.deepEqual(
    pairs(cache),
    [
      [1, 0],
      [3, 10],
      [6, 20],
    ],
    'an epoch without records is forgotten',
  )
  cache.assign(2, 5)
  assert.deepEqual(pairs(cache), [
    [1, 0],
    [2, 5],
  ])
})

test('truncation at either end keeps the epoch of the first and of the last record', () => {
  const cache = cacheOf([1, 0], [3, 10], [5, 20])
  cache.truncateFromStart(12)
  assert.deepEqual(pairs(cache), [
    [3, 12],
    [5, 20],
  ])
  cache.truncateFromEnd(20)
  assert.deepEqual(pairs(cache), [[3, 12]])
  assert.equal(cache.epochForOffset(11), undefined)
  assert.equal(cache.epochForOffset(99), 3)
})

test('the file is written once for a change, and again if the write failed', () => {
  const written: (readonly EpochEntry[])[] = []
  let fails = false
  const cache = new LeaderEpochCache([{ epoch: 0, startOffset: 0 }], (entries) => {
    if (fails) throw new Error('no space')
    written.push(entries)
  })
  cache.persist()
  assert.equal(written.length, 0, 'what was read is not written back')
  cache.assign(1, 5)
  fails = true
  assert.throws(() => cache.persist())
  fails = false
  cache.persist()
  cache.persist()
  assert.deepEqual(written, [
    [
      { epoch: 0, startOffset: 0 },
      { epoch: 1, startOffset: 5 },
    ],
  ])
})
