/**
 * The lock on a data folder's `.lock` file, in the form that Apache Kafka's Java takes it: a POSIX record lock, so
 * that the two never share a folder. Node has no call for it, so it is taken by lockf(3).
 *
 * Such a lock belongs to the process: it does not exclude the process itself (a table of held paths does), and it is
 * gone as soon as any descriptor of the file is closed, so nobody else may open `.lock`. The file stays empty.
 *
 * Without koffi only the table is left: two brokers of one process exclude each other, two processes do not.
 */
import * as fs from 'node:fs'
import type { DiskLock } from '../base/disk.ts'
import { libcFunction } from './libc.ts'

/** lockf's command for "lock, or fail at once", on Linux and macOS alike. */
const F_TLOCK = 2

type Lockf = (descriptor: number, command: number, length: number) => number

const heldPaths = new Set<string>()
/** undefined: not tried yet; null: not to be had here. */
let lockf: Lockf | null | undefined

/** undefined if another process, or another owner in this one, holds the lock. Throws the errors of open(2). */
export function tryLockFile(path: string): DiskLock | undefined {
  const descriptor = openOrCreate(path)
  if (descriptor === undefined) return undefined
  const realPath = fs.realpathSync(path)
  lockf ??= libcFunction<Lockf>('int lockf(int fd, int cmd, long len)')
  if (lockf !== null && lockf(descriptor, F_TLOCK, 0) !== 0) {
    fs.closeSync(descriptor)
    return undefined
  }
  heldPaths.add(realPath)
  let released = false
  return {
    release() {
      if (released) return
      released = true
      heldPaths.delete(realPath)
      fs.closeSync(descriptor)
    },
  }
}

/** Looks into the table before it opens: to open and close a file that is locked here would drop the lock. */
function openOrCreate(path: string): number | undefined {
  if (fs.existsSync(path) && heldPaths.has(fs.realpathSync(path))) return undefined
  return fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644)
}
