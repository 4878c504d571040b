import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DiskError } from '../base/disk.ts'
import { SystemDisk } from './disk.ts'

const disk = new SystemDisk()
let folder = ''

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof DiskError && error.code === code
}

describe('SystemDisk', () => {
  before(() => {
    folder = fs.mkdtempSync(join(tmpdir(), 'sluice-disk-'))
  })
  after(() => {
    fs.rmSync(folder, { recursive: true, force: true })
  })

  it('writes many buffers one after the other at a position and reads them back', () => {
    const file = disk.open(join(folder, 'many'), 'create')
    const buffers = Array.from({ length: 3000 }, (_, index) => Buffer.alloc(1 + (index % 7), index & 0xff))
    file.writev([Buffer.from('head')], 0)
    file.writev(buffers, 4)
    const whole = Buffer.concat([Buffer.from('head'), ...buffers])
    assert.equal(file.sizeBytes(), whole.length)
    const read = Buffer.alloc(whole.length + 10)
    assert.equal(file.read(read, 0, read.length, 0), whole.length)
    assert.deepEqual(read.subarray(0, whole.length), whole)
    file.close()
    file.close()
  })

  it('reads fewer bytes only at the end of the file, also through the pool', async () => {
    const file = disk.open(join(folder, 'short'), 'create')
    file.writev([Buffer.from('0123456789')], 0)
    const target = Buffer.alloc(8, '.')
    assert.equal(file.read(target, 2, 6, 7), 3)
    assert.equal(target.toString(), '..789...')
    assert.equal(await file.readAsync(target, 0, 8, 6), 4)
    assert.equal(target.toString('utf8', 0, 4), '6789')
    await file.syncAsync()
    file.truncate(2)
    assert.equal(file.sizeBytes(), 2)
    file.truncate(4)
    assert.deepEqual(disk.readFile(file.path), Buffer.from('01\0\0'))
    file.close()
  })

  it('reports the code of what the system refuses as a DiskError', async () => {
    assert.throws(() => disk.open(join(folder, 'missing'), 'read'), hasCode('ENOENT'))
    assert.throws(() => disk.readFile(folder), hasCode('EISDIR'))
    assert.throws(() => disk.list(join(folder, 'missing')), hasCode('ENOENT'))
    const file = disk.open(join(folder, 'readable'), 'create')
    file.close()
    const readOnly = disk.open(join(folder, 'readable'), 'read')
    assert.throws(() => readOnly.writev([Buffer.from('x')], 0), hasCode('EBADF'))
    readOnly.close()
    if (fs.existsSync('/dev/full')) {
      const full = disk.open('/dev/full', 'write')
      assert.throws(() => full.writev([Buffer.from('x'), Buffer.from('y')], 0), hasCode('ENOSPC'))
      full.close()
    }
  })

  it('refuses to use a closed file, whose descriptor may be that of another by now', () => {
    const file = disk.open(join(folder, 'closed'), 'create')
    file.close()
    assert.equal(file.descriptor, undefined)
    assert.throws(() => file.sizeBytes(), /closed/)
    assert.throws(() => file.writev([Buffer.from('x')], 0), /closed/)
  })

  it('replaces a file as a whole and leaves no temporary file behind', () => {
    const inner = join(folder, 'atomic')
    disk.makeDirectory(inner)
    disk.writeFileAtomic(join(inner, 'a'), 'a longer first text')
    disk.writeFileAtomic(join(inner, 'a'), Buffer.from('second'))
    assert.equal(disk.readFile(join(inner, 'a')).toString(), 'second')
    assert.deepEqual(disk.list(inner), [{ name: 'a', kind: 'file' }])
    assert.throws(() => disk.writeFileAtomic(join(inner, 'no', 'a'), 'x'), hasCode('ENOENT'))
  })

  it('takes missing files and folders for removed, and tells kinds and sizes', async () => {
    const inner = join(folder, 'kinds', 'deep')
    disk.makeDirectory(inner)
    disk.makeDirectory(inner)
    disk.writeFileAtomic(join(inner, 'f'), 'four')
    fs.symlinkSync(inner, join(folder, 'kinds', 'link'))
    assert.deepEqual(
      disk.list(join(folder, 'kinds')).sort((a, b) => (a.name < b.name ? -1 : 1)),
      [
        { name: 'deep', kind: 'directory' },
        { name: 'link', kind: 'directory' },
      ],
    )
    assert.equal(disk.stat(join(inner, 'f'))?.sizeBytes, 4)
    assert.equal(disk.stat(join(inner, 'g')), undefined)
    disk.rename(join(inner, 'f'), join(inner, 'g'))
    disk.syncDirectory(inner)
    disk.remove(join(inner, 'f'))
    disk.remove(join(inner, 'g'))
    assert.deepEqual(disk.list(inner), [])
    disk.open(join(inner, 'h'), 'create').close()
    disk.setModifiedMs(join(inner, 'h'), 1_600_000_000_123)
    assert.equal(disk.stat(join(inner, 'h'))?.modifiedMs, 1_600_000_000_123)
    await disk.removeAsync(join(inner, 'h'))
    await disk.removeAsync(join(inner, 'h'))
    assert.deepEqual(disk.list(inner), [])
    await disk.removeDirectory(join(folder, 'kinds'))
    await disk.removeDirectory(join(folder, 'kinds'))
    assert.equal(disk.stat(inner), undefined)
    const { totalBytes, usableBytes } = disk.space(folder)
    assert.ok(totalBytes >= usableBytes && usableBytes > 0)
  })

  it('gives a lock once within the process, by any path to the file, until it is released', () => {
    const path = join(folder, '.lock')
    const lock = disk.tryLock(path)
    assert.ok(lock)
    fs.symlinkSync(folder, join(folder, 'loop'))
    assert.equal(disk.tryLock(path), undefined)
    assert.equal(disk.tryLock(join(folder, 'loop', '.lock')), undefined)
    lock.release()
    lock.release()
    const again = disk.tryLock(path)
    assert.ok(again)
    assert.equal(fs.statSync(path).size, 0)
    again.release()
  })

  it('keeps other processes out of a locked folder', () => {
    const module = fileURLToPath(
      new URL(`./disk.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
    )
    const path = join(folder, '.lock-other')
    const lock = disk.tryLock(path)
    assert.ok(lock)
    const script = `import { SystemDisk } from ${JSON.stringify(module)}
      console.log(new SystemDisk().tryLock(${JSON.stringify(path)}) === undefined ? 'held' : 'free')`
    const ask = (): string =>
      spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout.trim()
    const whileHeld = ask()
    assert.equal(whileHeld, 'held')
    lock.release()
    assert.equal(ask(), 'free')
  })
})
