/**
 * What every disk must do, as tests: run against the real one and the one in memory, and against any that comes.
 * `folder` is an empty folder of the disk, there when the tests run.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Disk, DiskError } from '../base/disk.ts'

export function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof DiskError && error.code === code
}

export function diskConformance(name: string, disk: Disk, folder: () => string): void {
  const at = (path: string): string => `${folder()}/${path}`
  const write = (path: string, text: string): void => disk.writeFileAtomic(at(path), text)
  const read = (path: string): string => disk.readFile(at(path)).toString()
  const names = (path: string): string[] =>
    disk
      .list(at(path))
      .map((entry) => `${entry.name} ${entry.kind}`)
      .sort()

  describe(`disk: ${name}`, () => {
    it('writes many buffers one after the other at a position and reads them back', () => {
      const file = disk.open(at('many'), 'create')
      const buffers = Array.from({ length: 3000 }, (_, index) => Buffer.alloc(1 + (index % 7), index & 0xff))
      file.writev([Buffer.from('head')], 0)
      file.writev(buffers, 4)
      const whole = Buffer.concat([Buffer.from('head'), ...buffers])
      assert.equal(file.sizeBytes(), whole.length)
      const target = Buffer.alloc(whole.length + 10)
      assert.equal(file.read(target, 0, target.length, 0), whole.length)
      assert.deepEqual(target.subarray(0, whole.length), whole)
      file.close()
      file.close()
    })

    it('writes over what is there, and fills what lies between the end and a later position with zeros', () => {
      const file = disk.open(at('over'), 'create')
      file.writev([Buffer.from('abcdef')], 0)
      file.writev([Buffer.from('XY')], 2)
      assert.equal(read('over'), 'abXYef')
      file.truncate(3)
      file.writev([Buffer.from('z')], 5)
      assert.equal(read('over'), 'abX\0\0z')
      file.writev([], 100)
      assert.equal(file.sizeBytes(), 6)
      file.close()
    })

    it('reads fewer bytes only at the end of the file, also through the pool', async () => {
      const file = disk.open(at('short'), 'create')
      file.writev([Buffer.from('0123456789')], 0)
      const target = Buffer.alloc(8, '.')
      assert.equal(file.read(target, 2, 6, 7), 3)
      assert.equal(target.toString(), '..789...')
      assert.equal(file.read(target, 0, 1, 10), 0)
      assert.equal(await file.readAsync(target, 0, 8, 6), 4)
      assert.equal(target.toString('utf8', 0, 4), '6789')
      await file.syncAsync()
      file.truncate(2)
      assert.equal(file.sizeBytes(), 2)
      file.truncate(4)
      assert.equal(read('short'), '01\0\0')
      file.close()
    })

    it('opens a file that is there as it is, and what is missing only to create it', () => {
      write('there', 'kept')
      disk.open(at('there'), 'create').close()
      assert.equal(read('there'), 'kept')
      for (const mode of ['read', 'write'] as const)
        assert.throws(() => disk.open(at('missing'), mode), hasCode('ENOENT'))
      assert.throws(() => disk.open(at('no-folder/a'), 'create'), hasCode('ENOENT'))
    })

    it('lets two openings of a file see the same bytes', () => {
      const one = disk.open(at('twice'), 'create')
      const other = disk.open(at('twice'), 'write')
      one.writev([Buffer.alloc(5000, 'a')], 0)
      other.writev([Buffer.from('b')], 5000)
      const target = Buffer.alloc(2)
      assert.equal(one.read(target, 0, 2, 4999), 2)
      assert.equal(target.toString(), 'ab')
      one.close()
      other.close()
    })

    it('refuses what the system refuses, with its code', () => {
      disk.makeDirectory(at('refusals/folder'))
      write('refusals/file', 'x')
      assert.throws(() => disk.readFile(at('refusals/folder')), hasCode('EISDIR'))
      assert.throws(() => disk.readFile(at('refusals/missing')), hasCode('ENOENT'))
      assert.throws(() => disk.open(at('refusals/folder'), 'create'), hasCode('EISDIR'))
      assert.throws(() => disk.open(at('refusals/folder'), 'write'), hasCode('EISDIR'))
      assert.throws(() => disk.list(at('refusals/missing')), hasCode('ENOENT'))
      assert.throws(() => disk.list(at('refusals/file')), hasCode('ENOTDIR'))
      assert.throws(() => disk.makeDirectory(at('refusals/file')), hasCode('EEXIST'))
      assert.throws(() => disk.makeDirectory(at('refusals/file/inner')), hasCode('ENOTDIR'))
      assert.throws(() => disk.syncDirectory(at('refusals/missing')), hasCode('ENOENT'))
      assert.throws(() => disk.setModifiedMs(at('refusals/missing'), 0), hasCode('ENOENT'))
      assert.throws(() => disk.rename(at('refusals/missing'), at('refusals/other')), hasCode('ENOENT'))
      assert.throws(() => disk.rename(at('refusals/file'), at('refusals/no/a')), hasCode('ENOENT'))
      assert.throws(() => disk.rename(at('refusals/file'), at('refusals/folder')), hasCode('EISDIR'))
      assert.throws(() => disk.rename(at('refusals/folder'), at('refusals/file')), hasCode('ENOTDIR'))
      const readOnly = disk.open(at('refusals/file'), 'read')
      assert.throws(() => readOnly.writev([Buffer.from('y')], 0), hasCode('EBADF'))
      readOnly.close()
      assert.equal(read('refusals/file'), 'x')
      assert.deepEqual(names('refusals'), ['file file', 'folder directory'])
    })

    it('refuses to use a closed file, whose descriptor may be that of another by now', () => {
      const file = disk.open(at('closed'), 'create')
      file.close()
      assert.equal(file.descriptor, undefined)
      assert.throws(() => file.sizeBytes(), /closed/)
      assert.throws(() => file.writev([Buffer.from('x')], 0), /closed/)
      assert.throws(() => file.read(Buffer.alloc(1), 0, 1, 0), /closed/)
    })

    it('replaces a file as a whole and leaves no temporary file behind', () => {
      disk.makeDirectory(at('atomic'))
      write('atomic/a', 'a longer first text')
      const before = disk.open(at('atomic/a'), 'read')
      disk.writeFileAtomic(at('atomic/a'), Buffer.from('second'))
      assert.equal(read('atomic/a'), 'second')
      assert.deepEqual(names('atomic'), ['a file'])
      assert.throws(() => write('atomic/no/a', 'x'), hasCode('ENOENT'))
      const target = Buffer.alloc(8)
      before.read(target, 0, 8, 0)
      assert.equal(target.toString(), 'a longer')
      before.close()
    })

    it('keeps the bytes it was given when their owner uses them for something else', () => {
      const given = Buffer.from('given')
      disk.writeFileAtomic(at('given'), given)
      const file = disk.open(at('written'), 'create')
      file.writev([given], 0)
      given.fill('!')
      disk.readFile(at('given')).fill('?')
      assert.equal(read('given'), 'given')
      assert.equal(read('written'), 'given')
      file.close()
    })

    it('renames a file over another, and a folder with all it holds', () => {
      disk.makeDirectory(at('names/old/inner'))
      write('names/old/inner/f', 'inside')
      write('names/a', 'a')
      write('names/b', 'b')
      const open = disk.open(at('names/a'), 'write')
      disk.rename(at('names/a'), at('names/b'))
      open.writev([Buffer.from('!')], 1)
      assert.equal(read('names/b'), 'a!')
      disk.rename(at('names/old'), at('names/new'))
      assert.equal(read('names/new/inner/f'), 'inside')
      assert.deepEqual(names('names'), ['b file', 'new directory'])
      assert.equal(disk.stat(at('names/old/inner')), undefined)
      open.close()
    })

    it('reads on in a file that was removed while it is open', async () => {
      write('removed', 'still here')
      const file = disk.open(at('removed'), 'read')
      await disk.removeAsync(at('removed'))
      await disk.removeAsync(at('removed'))
      const target = Buffer.alloc(5)
      assert.equal(file.read(target, 0, 5, 0), 5)
      assert.equal(target.toString(), 'still')
      assert.equal(disk.stat(at('removed')), undefined)
      file.close()
    })

    it('takes missing files and folders for removed, and tells kinds and sizes', async () => {
      disk.makeDirectory(at('kinds/deep'))
      disk.makeDirectory(at('kinds/deep'))
      write('kinds/deep/f', 'four')
      assert.equal(disk.stat(at('kinds'))?.kind, 'directory')
      assert.equal(disk.stat(at('kinds/deep/f'))?.kind, 'file')
      assert.equal(disk.stat(at('kinds/deep/f'))?.sizeBytes, 4)
      assert.equal(disk.stat(at('kinds/deep/g')), undefined)
      disk.rename(at('kinds/deep/f'), at('kinds/deep/g'))
      disk.syncDirectory(at('kinds/deep'))
      disk.remove(at('kinds/deep/f'))
      disk.remove(at('kinds/deep/g'))
      assert.deepEqual(names('kinds/deep'), [])
      write('kinds/deep/f', 'again')
      await disk.removeDirectory(at('kinds'))
      await disk.removeDirectory(at('kinds'))
      assert.equal(disk.stat(at('kinds/deep/f')), undefined)
      assert.equal(disk.stat(at('kinds')), undefined)
      const { totalBytes, usableBytes } = disk.space(folder())
      assert.ok(totalBytes >= usableBytes && usableBytes > 0)
    })

    it('tells when a file was changed, and lets it be said', () => {
      write('dated', 'x')
      const writtenMs = disk.stat(at('dated'))!.modifiedMs
      assert.ok(Math.abs(Date.now() - writtenMs) < 60_000)
      disk.setModifiedMs(at('dated'), 1_500_000_000_123)
      assert.equal(disk.stat(at('dated'))?.modifiedMs, 1_500_000_000_123)
      const file = disk.open(at('dated'), 'write')
      file.writev([Buffer.from('y')], 0)
      assert.ok(disk.stat(at('dated'))!.modifiedMs > 1_500_000_000_123)
      file.close()
    })

    it('gives a lock once until it is released', () => {
      const lock = disk.tryLock(at('.lock'))
      assert.ok(lock)
      assert.equal(disk.tryLock(at('.lock')), undefined)
      lock.release()
      lock.release()
      const again = disk.tryLock(at('.lock'))
      assert.ok(again)
      assert.equal(disk.stat(at('.lock'))?.sizeBytes, 0)
      again.release()
      assert.throws(() => disk.tryLock(at('no-folder/.lock')), hasCode('ENOENT'))
    })
  })
}
