/** What a process has used, from /proc. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100

/**
 * Seconds of processor time so far, of the process and of each of its threads.
 * @param {number} pid
 * @returns {{total: number, main: number, threads: Map<number, number>}}
 */
export function processorSeconds(pid) {
  const threads = new Map()
  for (const name of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${name}/stat`, 'utf8')
    threads.set(Number(name), secondsOf(stat))
  }
  return {
    total: secondsOf(readFileSync(`/proc/${pid}/stat`, 'utf8')),
    main: threads.get(pid) ?? 0,
    threads,
  }
}

/** @param {string} stat */
function secondsOf(stat) {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/**
 * @param {number} pid
 * @param {'VmRSS' | 'VmHWM'} what resident now, or at most so far
 */
export function residentKib(pid, what) {
  const match = new RegExp(`^${what}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return match ? Number(match[1]) : Number.NaN
}

/**
 * @param {number} pid
 * @param {'VmRSS' | 'VmHWM'} what
 */
export const residentMiB = (pid, what) => Math.round(residentKib(pid, what) / 1024)

/**
 * What is alive in a JVM's heap, after a full collection.
 * @param {number} pid
 */
export function liveHeapKib(pid) {
  const jcmd = (/** @type {string} */ command) =>
    execFileSync('jcmd', [String(pid), command], { encoding: 'utf8' })
  jcmd('GC.run')
  const [, kib] = /^ .*heap .* used (\d+)K/m.exec(jcmd('GC.heap_info')) ?? []
  if (kib === undefined) throw new Error('jcmd GC.heap_info names no used heap')
  return Number(kib)
}
