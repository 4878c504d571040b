/**
 * Whether a range of a file is in memory, so that to read it does not wait for the device: cachestat(2), which Linux
 * has from 6.5 on and which takes a microsecond. Where it can't be asked, the answer is yes, as for most of what is
 * read it is.
 */
import process from 'node:process'
import { libcFunction } from './libc.ts'

/** The same on all architectures that Node runs on: calls of these years share one table. */
const CACHESTAT = 451
/** struct cachestat: nr_cache, nr_dirty, nr_writeback, nr_evicted, nr_recently_evicted. */
const CACHESTAT_FIELDS = 5

type Cachestat = (
  call: number,
  descriptor: number,
  range: BigUint64Array,
  result: BigUint64Array,
  flags: number,
) => number
type CachedPages = (descriptor: number, position: number, length: number) => number

/** undefined: not tried yet; null: not to be had here. */
let cachedPages: CachedPages | null | undefined
let pageBytes = 4096

export function isInPageCache(descriptor: number, position: number, length: number): boolean {
  if (cachedPages === undefined) cachedPages = bind()
  if (cachedPages === null || length <= 0) return true
  const found = cachedPages(descriptor, position, length)
  if (found < 0) {
    // The kernel is older, or a sandbox does not let us ask.
    cachedPages = null
    return true
  }
  return found >= Math.floor((position + length - 1) / pageBytes) - Math.floor(position / pageBytes) + 1
}

function bind(): CachedPages | null {
  if (process.platform !== 'linux') return null
  const call = libcFunction<Cachestat>(
    'intptr_t syscall(intptr_t call, int descriptor, void *range, void *result, unsigned int flags)',
  )
  const getPageSize = libcFunction<() => number>('int getpagesize()')
  if (call === null || getPageSize === null) return null
  pageBytes = getPageSize()
  const range = new BigUint64Array(2)
  const result = new BigUint64Array(CACHESTAT_FIELDS)
  return (descriptor, position, length) => {
    range[0] = BigInt(position)
    range[1] = BigInt(length)
    return call(CACHESTAT, descriptor, range, result, 0) === 0 ? Number(result[0]) : -1
  }
}
