/** What the machine does by itself, without a broker: the figures that stand beside those of the brokers as ceilings. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tied } from '../../scripts/peers/children.mjs'
import { residentKib } from './process-usage.mjs'
import { median } from './statistics.mjs'

/**
 * @typedef {object} Limits
 * @property {number} loopbackMbPerSecond through one connection
 * @property {number} appendMbPerSecond into a file, and so into the page cache
 * @property {number} copyMbPerSecond in memory
 * @property {{p50: number, p99: number, p999: number}} roundTrip of 1 KiB over the loopback at 2,000/s, microseconds
 * @property {number} requestsPerSecond of 100 B over 100 connections, 10 in flight each, answered by a program that does no more
 * @property {{startMs: number, residentMiB: number}} node that runs one line of script
 */

/**
 * @param {import('./load-programs.mjs').LoadPrograms} programs
 * @param {string} folder on the disk that is measured
 * @returns {Promise<Limits>}
 */
export async function measureLimits(programs, folder) {
  const small = {
    port: 0,
    topic: 'bench',
    records: 1,
    bytes: 100,
    connections: 100,
    inFlight: 10,
    seconds: 1,
  }
  const { requests, seconds } = await programs.run('raw-produce', small)
  return {
    ...(await programs.run('limits', { folder })),
    requestsPerSecond: requests / seconds,
    node: await startNode(),
  }
}

async function startNode() {
  const startedAtMs = performance.now()
  const script = 'process.stdout.write("up"); setInterval(() => {}, 1000)'
  const child = tied(
    spawn(process.env.NODE ?? 'node', ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] }),
  )
  await once(child.stdout, 'data')
  const startMs = performance.now() - startedAtMs
  const residentMiB = residentKib(Number(child.pid), 'VmRSS') / 1024
  child.kill('SIGKILL')
  return { startMs, residentMiB }
}

/** @param {Limits[]} all @returns {Limits} */
export function medianLimits(all) {
  const of = (/** @type {(limits: Limits) => number} */ pick) => median(all.map(pick))
  return {
    loopbackMbPerSecond: of((each) => each.loopbackMbPerSecond),
    appendMbPerSecond: of((each) => each.appendMbPerSecond),
    copyMbPerSecond: of((each) => each.copyMbPerSecond),
    roundTrip: {
      p50: of((each) => each.roundTrip.p50),
      p99: of((each) => each.roundTrip.p99),
      p999: of((each) => each.roundTrip.p999),
    },
    requestsPerSecond: of((each) => each.requestsPerSecond),
    node: { startMs: of((each) => each.node.startMs), residentMiB: of((each) => each.node.residentMiB) },
  }
}
