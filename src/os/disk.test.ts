import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SystemDisk } from './disk.ts'
import { diskConformance, hasCode } from './disk-conformance.test.kit.ts'
import { libcFunction } from './libc.ts'

const disk = new SystemDisk()
let folder = ''

before(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'sluice-disk-'))
})
after(() => {
  fs.rmSync(folder, { recursive: true, force: true })
})

diskConformance('the system', disk, () => folder)

describe('SystemDisk', () => {
  it('reports the code of a device that is full as a DiskError', {
    skip: !fs.existsSync('/dev/full'),
  }, () => {
    const full = disk.open('/dev/full', 'write')
    assert.throws(() => full.writev([Buffer.from('x'), Buffer.from('y')], 0), hasCode('ENOSPC'))
    full.close()
  })

  it('tells what is in the page cache from what the device would have to bring', async (t) => {
    const path = join(folder, 'cached')
    const file = disk.open(path, 'create')
    const bytes = Buffer.alloc(3_000_000, 1)
    file.writev([bytes], 0)
    assert.ok(file.isCached(0, bytes.length))
    assert.ok(file.isCached(12_345, 1))
    await file.syncAsync()
    const advise = libcFunction<(fd: number, position: number, length: number, advice: number) => number>(
      'int posix_fadvise(int fd, intptr_t offset, intptr_t length, int advice)',
    )
    const POSIX_FADV_DONTNEED = 4
    advise?.(file.descriptor!, 0, 0, POSIX_FADV_DONTNEED)
    const isTold = !file.isCached(0, bytes.length)
    await file.readAsync(bytes, 0, bytes.length, 0)
    assert.ok(file.isCached(0, bytes.length))
    file.close()
    if (!isTold) t.diagnostic('this system does not tell, or does not let go of pages')
  })

  it('lists a link as what it leads to', () => {
    const inner = join(folder, 'links', 'deep')
    disk.makeDirectory(inner)
    fs.symlinkSync(inner, join(folder, 'links', 'link'))
    assert.deepEqual(
      disk.list(join(folder, 'links')).sort((a, b) => (a.name < b.name ? -1 : 1)),
      [
        { name: 'deep', kind: 'directory' },
        { name: 'link', kind: 'directory' },
      ],
    )
  })

  it('gives a lock once within the process, by any path to the file', () => {
    const path = join(folder, '.lock-linked')
    const lock = disk.tryLock(path)
    assert.ok(lock)
    fs.symlinkSync(folder, join(folder, 'loop'))
    assert.equal(disk.tryLock(join(folder, 'loop', '.lock-linked')), undefined)
    lock.release()
    fs.rmSync(join(folder, 'loop'))
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
