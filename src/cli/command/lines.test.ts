import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import { lineBatches } from './lines.ts'

async function batchesOf(...pieces: (string | Buffer)[]): Promise<string[][]> {
  const batches: string[][] = []
  const input = Readable.from(pieces.map((piece) => Buffer.from(piece)))
  for await (const batch of lineBatches(input, new AbortController().signal)) batches.push(batch)
  return batches
}

test('lines end with any of the three line ends, and the last one with the input', async () => {
  assert.deepEqual(await batchesOf('a\nb\r\nc\rd\n\ne'), [['a', 'b', 'c', 'd', ''], ['e']])
  assert.deepEqual(await batchesOf('a\n'), [['a']])
  assert.deepEqual(await batchesOf(''), [])
})

test('lines, line ends and characters go on in the next piece', async () => {
  const euro = Buffer.from('€')
  assert.deepEqual(await batchesOf('a', 'b', 'c\nd\r', '\ne', '\r', 'f'), [['abc', 'd'], ['e'], ['f']])
  assert.deepEqual(await batchesOf(euro.subarray(0, 1), euro.subarray(1), '\n'), [['€']])
  assert.deepEqual(await batchesOf('a\r', '\n', '\nb'), [['a'], [''], ['b']])
})

test('to be stopped ends the lines, while they are waited for too', async () => {
  const stop = new AbortController()
  const input = new PassThrough()
  const lines = lineBatches(input, stop.signal)
  input.write('a\nb')
  assert.deepEqual(await lines.next(), { value: ['a'], done: false })
  const next = lines.next()
  stop.abort()
  assert.deepEqual(await next, { value: undefined, done: true })
})
