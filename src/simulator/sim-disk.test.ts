import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DiskError } from '../base/disk.ts'
import { SimDisk, SimulatedCrash } from './sim-disk.ts'

function diskWith(seed: number, capacityBytes = Number.POSITIVE_INFINITY): SimDisk {
  const disk = new SimDisk({ seed, capacityBytes })
  disk.makeDirectory('/data')
  disk.syncDirectory('/')
  return disk
}

function text(disk: SimDisk, path: string): string | undefined {
  return disk.stat(path) === undefined ? undefined : disk.readFile(path).toString()
}

/** A file that is safe to the last byte, so that only later writes are at stake. */
function durableFile(disk: SimDisk, path: string, content: string) {
  const file = disk.open(path, 'create')
  file.writev([Buffer.from(content)], 0)
  file.sync()
  disk.syncDirectory('/data')
  return file
}

describe('SimDisk', () => {
  it('keeps what was synced, and loses everything else when asked to', () => {
    const disk = diskWith(1)
    const file = durableFile(disk, '/data/a', 'safe')
    file.writev([Buffer.from('+lost')], 4)
    disk.open('/data/b', 'create').writev([Buffer.from('x')], 0)
    assert.equal(text(disk, '/data/a'), 'safe+lost')
    const after = disk.crash({ lose: 'all' })
    assert.equal(text(after, '/data/a'), 'safe')
    assert.equal(text(after, '/data/b'), undefined)
  })

  it('loses nothing when only the process died', () => {
    const disk = diskWith(1)
    disk.open('/data/b', 'create').writev([Buffer.from('x')], 0)
    assert.equal(text(disk.crash({ lose: 'none' }), '/data/b'), 'x')
  })

  it('keeps a beginning of the unsynced writes, torn at any byte, by the seed', () => {
    const outcomes = new Set<string>()
    for (let seed = 0; seed < 300; seed++) {
      const disk = diskWith(seed)
      const file = durableFile(disk, '/data/a', '')
      for (const [index, part] of ['abc', 'def'].entries()) file.writev([Buffer.from(part)], index * 3)
      outcomes.add(text(disk.crash(), '/data/a') ?? 'gone')
    }
    assert.deepEqual([...outcomes].sort(), ['', 'a', 'ab', 'abc', 'abcd', 'abcde', 'abcdef'])
  })

  it('can keep a later write while an earlier one is lost, with zeros in between', () => {
    const outcomes = new Set<string>()
    for (let seed = 0; seed < 300; seed++) {
      const disk = diskWith(seed)
      const file = durableFile(disk, '/data/a', '')
      for (const [index, part] of ['ab', 'cd', 'ef'].entries()) file.writev([Buffer.from(part)], index * 2)
      outcomes.add(text(disk.crash({ lose: 'some', reorder: true }), '/data/a') ?? 'gone')
    }
    assert.ok(outcomes.has('\0\0\0\0ef'))
    assert.ok(outcomes.has('ab\0\0ef'))
  })

  it('keeps or loses a rename as a whole', () => {
    const outcomes = new Set<string>()
    for (let seed = 0; seed < 50; seed++) {
      const disk = diskWith(seed)
      durableFile(disk, '/data/a', 'content')
      disk.rename('/data/a', '/data/b')
      const after = disk.crash()
      outcomes.add(`${text(after, '/data/a')},${text(after, '/data/b')}`)
    }
    assert.deepEqual([...outcomes].sort(), ['content,undefined', 'undefined,content'])
  })

  it('replaces a file atomically and durably', () => {
    const disk = diskWith(3)
    disk.writeFileAtomic('/data/a', 'old')
    disk.onWriteBoundary(undefined)
    const total = (() => {
      const before = disk.boundaryCount
      disk.writeFileAtomic('/data/a', 'new')
      return disk.boundaryCount - before
    })()
    for (let stop = 0; stop < total; stop++) {
      const other = diskWith(stop)
      other.writeFileAtomic('/data/a', 'old')
      const first = other.boundaryCount
      let after: SimDisk | undefined
      other.onWriteBoundary(({ index }) => {
        if (index === first + stop) after = other.crash()
      })
      assert.throws(() => other.writeFileAtomic('/data/a', 'new'), SimulatedCrash)
      assert.ok(['old', 'new'].includes(text(after!, '/data/a') ?? 'gone'))
    }
    assert.equal(text(disk.crash({ lose: 'all' }), '/data/a'), 'new')
  })

  it('is dead after a crash, with its files and syncs under way', async () => {
    const disk = diskWith(1)
    const file = durableFile(disk, '/data/a', 'x')
    file.writev([Buffer.from('y')], 1)
    const syncing = file.syncAsync()
    const after = disk.crash({ lose: 'all' })
    await assert.rejects(syncing, SimulatedCrash)
    assert.throws(() => file.writev([Buffer.from('z')], 0), SimulatedCrash)
    assert.throws(() => disk.stat('/data'), SimulatedCrash)
    assert.equal(text(after, '/data/a'), 'x')
  })

  it('covers with an asynchronous sync what was written before it, not what came after', async () => {
    const disk = diskWith(1)
    const file = durableFile(disk, '/data/a', '')
    file.writev([Buffer.from('in')], 0)
    const syncing = file.syncAsync()
    file.writev([Buffer.from('out')], 2)
    await syncing
    assert.equal(text(disk.crash({ lose: 'all' }), '/data/a'), 'in')
  })

  it('fails the planned call, with a part of the write done', () => {
    const disk = diskWith(1)
    const file = durableFile(disk, '/data/a', '')
    disk.injectFault({ operation: 'write', code: 'ENOSPC', nth: 1, partialBytes: 2 })
    file.writev([Buffer.from('first')], 0)
    const isFull = (error: unknown): boolean => error instanceof DiskError && error.code === 'ENOSPC'
    assert.throws(() => file.writev([Buffer.from('second')], 5), isFull)
    assert.equal(text(disk, '/data/a'), 'firstse')
    file.writev([Buffer.from('third')], 5)
    disk.injectFault({ operation: 'sync', code: 'EIO', nth: 0, sticky: true })
    assert.throws(() => file.sync(), DiskError)
    assert.throws(() => file.sync(), DiskError)
    disk.clearFaults()
    file.sync()
  })

  it('fills up, and has room again', () => {
    const disk = diskWith(1, 8)
    const file = durableFile(disk, '/data/a', '12345')
    assert.throws(() => file.writev([Buffer.from('6789')], 5), DiskError)
    assert.equal(text(disk, '/data/a'), '12345678')
    file.truncate(5)
    assert.equal(disk.space('/data').usableBytes, 3)
    file.writev([Buffer.from('678')], 5)
  })

  it('leaves the same behind for the same seed', () => {
    const run = (): string => {
      const disk = diskWith(77)
      const file = durableFile(disk, '/data/a', '')
      for (let index = 0; index < 20; index++) file.writev([Buffer.alloc(10, index + 65)], index * 10)
      return text(disk.crash(), '/data/a') ?? 'gone'
    }
    assert.equal(run(), run())
  })
})
