/**
 * `test/fixtures/dump-log`: files of a log, and what Apache Kafka's kafka-dump-log (3.9; 4.1 says the same) was seen to print
 * for them.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { messageSize, writeMessage } from '../../records/message.ts'
import { buildBatch } from '../../records/record-batch-builder.ts'
import { run } from '../command/command.test.kit.ts'
import { dumpLogCommand } from './dump-log-command.ts'

const fixtures = fileURLToPath(new URL('../../../test/fixtures/dump-log/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'sluice-dump-'))
after(() => rmSync(folder, { recursive: true }))
const files = JSON.parse(readFileSync(join(fixtures, 'files.json'), 'utf8')) as Record<string, string>
for (const [path, bytes] of Object.entries(files)) file(path, Buffer.from(bytes, 'base64'))

function file(path: string, bytes: Buffer | string): string {
  const absolute = join(folder, path)
  mkdirSync(dirname(absolute), { recursive: true })
  writeFileSync(absolute, bytes)
  return absolute
}

async function dump(paths: readonly string[], ...options: string[]) {
  const absolute = paths.map((path) => join(folder, path)).join(',')
  const { exitCode, stdout, stderr } = await run(dumpLogCommand, [...options, '--files', absolute])
  const local = (text: string): string => text.replaceAll(`${folder}/`, '')
  return { exitCode, stdout: local(stdout), stderr: local(stderr) }
}

const seen = (name: string): string => readFileSync(join(fixtures, `${name}.txt`), 'utf8')
const named = (part: string): string[] =>
  Object.keys(files).filter((path) => path.includes(part) && path.includes('.'))
const SEGMENT = 'data/t-0/00000000000000000018.log'

for (const [name, paths, ...options] of [
  ['plain', named('/t-0/')],
  ['data', [SEGMENT], '--print-data-log'],
  ['skip', [SEGMENT], '--print-data-log', '--skip-record-metadata'],
  ['offsets', named('__consumer_offsets'), '--offsets-decoder'],
  ['tx', named('__transaction_state'), '--transaction-log-decoder'],
] as const) {
  test(`what is printed is what Kafka prints: ${name}`, async () => {
    const { exitCode, stdout, stderr } = await dump(paths, ...options)
    assert.deepEqual([exitCode, stderr], [0, ''])
    // Kafka's set of partitions has an order of its own.
    const sorted = (text: string): string =>
      text.replaceAll(/partitions=\[(.*?)\]/g, (_, list: string) => `partitions=[${list.split(',').sort()}]`)
    assert.equal(sorted(stdout), sorted(seen(name)))
  })
}

test('indexes are held against their segment, with or without their entries', async () => {
  const indexes = named('/t-0/').filter((path) => path.endsWith('index'))
  assert.equal(
    (await dump(indexes, '--verify-index-only')).stdout,
    indexes
      .map(
        (path) =>
          `Dumping ${path}\n${path.endsWith('.txnindex') ? 'version: 0 producerId: 5 firstOffset: 19 lastOffset: 20 lastStableOffset: 21\n' : ''}`,
      )
      .join(''),
  )
  const [index] = indexes
  assert.equal(
    (await dump([index!], '--index-sanity-check')).stdout,
    `Dumping ${index}\n${index} passed sanity check.\n`,
  )
})

test('leader epochs are shown, other files passed over', async () => {
  const { stdout, stderr } = await dump(['data/t-0/leader-epoch-checkpoint', 'data/t-0/x.y'])
  assert.equal(
    stdout,
    'Dumping data/t-0/leader-epoch-checkpoint\nleaderEpoch: 0 startOffset: 18\nDumping data/t-0/x.y\n',
  )
  assert.equal(stderr, 'Ignoring unknown file data/t-0/x.y\n')
})

const NAME = '00000000000000000005'
const batch = (offset: number, value: string, options = {}): Buffer =>
  buildBatch([{ key: 'k', value, timestampMs: 1000 + offset, headers: [{ key: 'h', value: null }] }], {
    baseOffset: offset,
    ...options,
  })

test('compressed batches, times of the broker and headers are shown; gaps between offsets are told', async () => {
  file(
    `c/${NAME}.log`,
    Buffer.concat([batch(5, 'v', { compression: 'lz4' }), batch(9, 'w', { logAppendTimeMs: 77 })]),
  )
  const { stdout, stderr } = await dump([`c/${NAME}.log`], '--print-data-log')
  assert.match(
    stdout,
    /^Dumping c\/0+5\.log\nLog starting offset: 5\nbaseOffset: 5 .* compresscodec: lz4 crc: \d+ isvalid: true\n\| offset: 5 CreateTime: 1005 keySize: 1 valueSize: 1 sequence: -1 headerKeys: \[h\] key: k payload: v\nbaseOffset: 9 .* LogAppendTime: 77 .*\n\| offset: 9 LogAppendTime: 77 /,
  )
  assert.equal(stderr, `Non-consecutive offsets in c/${NAME}.log\n  5 is followed by 9\n`)
})

test('messages of the formats before batches are shown', async () => {
  const message = (magic: 0 | 1, offset: number): Buffer => {
    const value = Buffer.from('old')
    const bytes = Buffer.alloc(messageSize(magic, null, value))
    const timestampMs = magic === 0 ? -1 : 42
    writeMessage(bytes, 0, { magic, offset, attributes: 0, timestampMs, key: null, value })
    return bytes
  }
  file(`o/${NAME}.log`, Buffer.concat([message(0, 5), message(1, 6)]))
  const { stdout } = await dump([`o/${NAME}.log`], '--print-data-log')
  assert.match(
    stdout,
    /offset: 5 position: 0 NoTimestampType: -1 size: 29 magic: 0 compresscodec: none crc: \d+ isvalid: true\n\| offset: 5 NoTimestampType: -1 keySize: -1 valueSize: 3 payload: old\noffset: 6 position: 29 CreateTime: 42 size: 37 magic: 1 compresscodec: none crc: \d+ isvalid: true\n\| offset: 6 CreateTime: 42 keySize: -1 valueSize: 3 payload: old\n$/,
  )
})

test('numbers are shown by the names of Kafka\u2019s decoders', async () => {
  const value = Buffer.alloc(8)
  value.writeBigInt64BE(-7n)
  file(`n/${NAME}.log`, buildBatch([{ key: null, value, timestampMs: 1 }], { baseOffset: 5 }))
  const { stdout } = await dump([`n/${NAME}.log`], '--value-decoder-class', 'kafka.serializer.LongDecoder')
  assert.match(stdout, / headerKeys: \[\] payload: -7\n$/)
})

test('what is corrupt is told, and ends nothing but itself', async () => {
  const [good, bad] = [batch(5, 'v'), batch(6, 'w')]
  bad[bad.length - 3]! ^= 0xff
  file(`b/${NAME}.log`, Buffer.concat([good, bad, good.subarray(0, 20)]))
  const { exitCode, stdout, stderr } = await dump([`b/${NAME}.log`], '--deep-iteration')
  assert.equal(exitCode, 0)
  assert.deepEqual(stdout.match(/isvalid: \w+/g), ['isvalid: true', 'isvalid: false'])
  assert.match(stdout, /\nFound 20 invalid bytes at the end of 0+5\.log\n$/)
  assert.match(stderr, /^The batch at position \d+ can't be read: .*\n$/)
  const short = await dump([`b/${NAME}.log`], '--max-bytes', String(good.length + 1))
  assert.deepEqual(short.stdout.match(/isvalid: \w+/g), ['isvalid: true'])
  assert.doesNotMatch(short.stdout, /invalid bytes/)
})

test('entries that do not fit their segment are told', async () => {
  const first = batch(5, 'v')
  file(`i/${NAME}.log`, Buffer.concat([first, batch(6, 'w')]))
  const offsets = Buffer.alloc(16)
  offsets.writeInt32BE(2, 0)
  offsets.writeInt32BE(0, 4)
  offsets.writeInt32BE(3, 8)
  offsets.writeInt32BE(first.length * 9, 12)
  file(`i/${NAME}.index`, offsets)
  const times = Buffer.alloc(36)
  for (const [entry, [timestamp, offset]] of [
    [2000, 1],
    [1006, 1],
    [3000, 9],
  ].entries()) {
    times.writeBigInt64BE(BigInt(timestamp!), entry * 12)
    times.writeInt32BE(offset!, entry * 12 + 8)
  }
  file(`i/${NAME}.timeindex`, times)
  const { stdout, stderr } = await dump([`i/${NAME}.index`, `i/${NAME}.timeindex`])
  assert.equal(
    stdout,
    `Dumping i/${NAME}.index\noffset: 7 position: 0\noffset: 8 position: ${first.length * 9}\nDumping i/${NAME}.timeindex\ntimestamp: 2000 offset: 6\ntimestamp: 1006 offset: 6\ntimestamp: 3000 offset: 14\n`,
  )
  assert.equal(
    stderr,
    [
      `Mismatches in :i/${NAME}.index`,
      '  Index offset: 8, log offset: -1',
      '  Index offset: 7, log offset: 5',
      `Found timestamp mismatch in :i/${NAME}.timeindex`,
      '  Index timestamp: 2000, log timestamp: 1006',
      `Found out of order timestamp in :i/${NAME}.timeindex`,
      '  Index timestamp: 1006, Previously indexed timestamp: 2000',
      'The following indexed offsets are not found in the log.',
      'Indexed offset: 14, found log offset: -1',
      '',
    ].join('\n'),
  )
})

test('what can\u2019t be dumped at all is one line of complaint', async () => {
  file(`s/${NAME}.log`, '')
  file(`s/${NAME}.index`, Buffer.alloc(9, 1))
  const problems: [string[], string, ...string[]][] = [
    [['nothing/00000000000000000000.log'], 'ENOENT'],
    [['data/x.log'], 'data/x.log does not begin with the offset of its first record'],
    [[`s/${NAME}.index`], `Index file s/${NAME}.index is corrupt, found 9 bytes`, '--index-sanity-check'],
    [[SEGMENT], 'The decoder a.B is not known', '--key-decoder-class', 'a.B'],
    [[SEGMENT], 'Failed to decode message at offset 19 using offset topic decoder', '--offsets-decoder'],
  ]
  for (const [paths, problem, ...options] of problems) {
    const { exitCode, stderr } = await dump(paths, ...options)
    assert.deepEqual([exitCode, stderr.split('\n').length], [1, 2], stderr)
    assert.ok(stderr.startsWith(problem), stderr)
  }
  const { exitCode, stderr } = await run(dumpLogCommand, [])
  assert.deepEqual([exitCode, stderr], [1, 'Missing required argument "[files]"\n'])
})
