import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GROUP_SEGMENTS_MAX, groupSegments, type MeasuredSegment } from './segment-groups.ts'

const LIMITS = { segmentBytes: 100, segmentIndexBytes: 40, endOffset: 1000 }

function segment(
  baseOffset: number,
  sizeBytes: number,
  indexBytes = 8,
  timeIndexBytes = 12,
): MeasuredSegment {
  return { baseOffset, sizeBytes, indexBytes, timeIndexBytes }
}

function basesOf(segments: MeasuredSegment[], limits = LIMITS): number[][] {
  return groupSegments(segments, limits).map((group) => group.map(({ baseOffset }) => baseOffset))
}

test('neighbours are grouped as long as data and both indexes fit', () => {
  assert.deepEqual(basesOf([]), [])
  assert.deepEqual(basesOf([segment(0, 50), segment(1, 50), segment(2, 1)]), [[0, 1], [2]])
  assert.deepEqual(basesOf([segment(0, 500), segment(1, 1), segment(2, 1)]), [[0], [1, 2]])
  assert.deepEqual(basesOf([segment(0, 1, 30), segment(1, 1, 10), segment(2, 1, 1)]), [[0, 1], [2]])
  assert.deepEqual(basesOf([segment(0, 1, 0, 24), segment(1, 1, 0, 24)]), [[0], [1]])
})

test('a group spans no more offsets than its index can count, empty segments aside', () => {
  const far = 2 ** 31
  const limits = { ...LIMITS, endOffset: far + 20 }
  assert.deepEqual(basesOf([segment(0, 1), segment(10, 1), segment(far, 1)], limits), [[0, 10], [far]])
  assert.deepEqual(basesOf([segment(0, 1), segment(10, 1)], { ...LIMITS, endOffset: far }), [[0, 10]])
  assert.deepEqual(basesOf([segment(0, 1), segment(10, 1)], { ...LIMITS, endOffset: far + 1 }), [[0], [10]])
  assert.deepEqual(basesOf([segment(0, 1), segment(far, 0)], limits), [[0, far]])
})

test('a group has no more segments than can be swapped in one turn of the event loop', () => {
  const many = Array.from({ length: GROUP_SEGMENTS_MAX + 1 }, (_, index) => segment(index, 0, 0, 0))
  assert.deepEqual(
    basesOf(many).map((group) => group.length),
    [GROUP_SEGMENTS_MAX, 1],
  )
})
