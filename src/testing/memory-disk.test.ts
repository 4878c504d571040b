import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { diskConformance } from '../os/disk-conformance.test.kit.ts'
import { MemoryDisk } from './memory-disk.ts'

const clock = { nowMs: () => Date.now() }

function diskOf(): MemoryDisk {
  const disk = new MemoryDisk(clock)
  disk.makeDirectory('/data')
  return disk
}

diskConformance('memory', diskOf(), () => '/data')

describe('MemoryDisk', () => {
  it('gives a fork all files and folders, and keeps what either writes from the other', () => {
    const disk = diskOf()
    disk.makeDirectory('/data/t-0')
    const log = disk.open('/data/t-0/log', 'create')
    log.writev([Buffer.from('shared')], 0)
    const fork = disk.fork(clock)
    const forked = fork.open('/data/t-0/log', 'write')
    log.writev([Buffer.from('S')], 0)
    forked.writev([Buffer.from('D')], 5)
    assert.equal(String(disk.readFile('/data/t-0/log')), 'Shared')
    assert.equal(String(fork.readFile('/data/t-0/log')), 'shareD')
    fork.remove('/data/t-0/log')
    fork.writeFileAtomic('/data/new', 'x')
    disk.makeDirectory('/data/t-1')
    assert.deepEqual(disk.list('/data/t-0'), [{ name: 'log', kind: 'file' }])
    assert.equal(disk.stat('/data/new'), undefined)
    assert.equal(fork.stat('/data/t-1'), undefined)
  })

  it('keeps a fork apart when a file is only cut, and when it is forked twice', () => {
    const disk = diskOf()
    const log = disk.open('/data/log', 'create')
    log.writev([Buffer.from('0123')], 0)
    const first = disk.fork(clock)
    const second = first.fork(clock)
    log.truncate(1)
    log.writev([Buffer.from('ab')], 1)
    first.open('/data/log', 'write').writev([Buffer.from('x')], 3)
    assert.deepEqual(
      [disk, first, second].map((each) => String(each.readFile('/data/log'))),
      ['0ab', '012x', '0123'],
    )
  })

  it('gives a fork none of the locks', () => {
    const disk = diskOf()
    disk.tryLock('/data/.lock')
    assert.ok(disk.fork(clock).tryLock('/data/.lock'))
  })

  it('gives back what was written at random places, as one growing buffer would', () => {
    const file = diskOf().open('/data/random', 'create')
    let expected = Buffer.alloc(0)
    for (let step = 0; step < 300; step++) {
      const position = (step * 7919) % 4000
      const bytes = Buffer.alloc((step * 31) % 97, step & 0xff)
      const sizeBytes =
        bytes.length === 0 ? expected.length : Math.max(expected.length, position + bytes.length)
      expected = Buffer.concat([expected, Buffer.alloc(sizeBytes - expected.length)])
      bytes.copy(expected, position)
      file.writev([bytes.subarray(0, 5), bytes.subarray(5)], position)
      if (step % 13 === 0) {
        expected = Buffer.from(expected.subarray(0, expected.length >> 1))
        file.truncate(expected.length)
      }
    }
    const read = Buffer.alloc(expected.length)
    assert.equal(file.read(read, 0, read.length, 0), expected.length)
    assert.deepEqual(read, expected)
  })
})
