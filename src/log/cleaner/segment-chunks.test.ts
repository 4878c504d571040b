import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DiskFile } from '../../base/disk.ts'
import * as RecordBatch from '../../records/record-batch.ts'
import { buildBatch } from '../../records/record-batch-builder.ts'
import { SimDisk } from '../../simulator/sim-disk.ts'
import { CorruptLogError, SegmentChunks } from './segment-chunks.ts'

const SIZES = [10, 900, 3000, 5, 5, 5000, 20]

function segment(change: (bytes: Buffer) => void = () => {}): { file: DiskFile; bytes: Buffer } {
  const batches = SIZES.map((size, offset) => buildBatch([{ key: 'k', value: 'v'.repeat(size), offset }]))
  const bytes = Buffer.concat(batches)
  change(bytes)
  const file = new SimDisk({ seed: 1 }).open('/segment', 'create')
  file.writev([bytes], 0)
  return { file, bytes }
}

test('chunks are whole batches, in order, whatever the size of the buffer', () => {
  const { file, bytes } = segment()
  for (const bufferBytes of [1, 1024, 4000, 100_000]) {
    const parts: Buffer[] = []
    for (const { buffer, byteLength, position } of new SegmentChunks(bufferBytes).read(
      file,
      bytes.length,
      0,
    )) {
      assert.equal(position, Buffer.concat(parts).length)
      parts.push(Buffer.from(buffer.subarray(0, byteLength)))
      assert.equal(RecordBatch.scanBatches(parts.at(-1)!).truncated, false)
    }
    assert.deepEqual(Buffer.concat(parts), bytes)
  }
})

test('reading starts with the batch that holds the offset', () => {
  const { file, bytes } = segment()
  const [first] = new SegmentChunks(4000).read(file, bytes.length, 3)
  assert.equal(RecordBatch.baseOffset(first!.buffer), 3)
  assert.deepEqual([...new SegmentChunks(4000).read(file, bytes.length, 7)], [])
})

test('a flipped bit anywhere is corruption, and a large length without its checksum allocates nothing', () => {
  const { bytes } = segment()
  for (let at = 0; at < bytes.length; at += 37) {
    const { file } = segment((damaged) => {
      damaged[at]! ^= 4
    })
    const read = (): unknown => {
      const offsets: number[] = []
      for (const { buffer, byteLength } of new SegmentChunks(2000).read(file, bytes.length, 0)) {
        for (const position of RecordBatch.positions(buffer.subarray(0, byteLength)))
          offsets.push(RecordBatch.baseOffset(buffer, position))
      }
      return offsets
    }
    // The epoch of the leader is covered by nothing, and of the offset only the order shows.
    const inBatch = at - starts().findLast((start) => start <= at)!
    const isCovered = inBatch >= RecordBatch.MAGIC_AT
    if (isCovered) assert.throws(read, CorruptLogError, `byte ${at}`)
    else {
      try {
        read()
      } catch (error) {
        assert.ok(error instanceof CorruptLogError, String(error))
      }
    }
  }
  const { file } = segment((damaged) => damaged.writeInt32BE(9000, RecordBatch.BATCH_LENGTH_AT))
  assert.throws(() => [...new SegmentChunks(1024).read(file, bytes.length, 0)], CorruptLogError)
  const cut = bytes.length - 10
  assert.throws(() => [...new SegmentChunks(1024).read(segment().file, cut, 0)], CorruptLogError)
})

function starts(): number[] {
  const { bytes } = segment()
  return [...RecordBatch.positions(bytes)]
}
