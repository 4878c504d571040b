/**
 * What a row of the benchmark is.
 *
 * @typedef {import('../lib/limits.mjs').Limits} Limits
 *
 * @typedef {object} Setting what a row is given
 * @property {import('../lib/contender.mjs').Contender} contender
 * @property {import('../lib/load-programs.mjs').LoadPrograms} programs
 * @property {number} seconds a measurement is to last
 * @property {number} bytesMax that it may write
 *
 * @typedef {object} Goal a bound for a ratio
 * @property {string} metric
 * @property {'at least' | 'at most'} bound
 * @property {number} ratio
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {string} title
 * @property {string} [family] of rows that a summary takes together; by default a row is one by itself
 * @property {boolean} [isFresh] whether each measurement has a broker of its own; the others share one that is warm
 * @property {Goal[]} [goals] Sluice's figure to Apache Kafka's
 * @property {Goal[]} [machineGoals] Sluice's figure to the machine's
 * @property {(limits: Limits) => Record<string, number>} [ceilings] the machine's figure for a metric
 * @property {(setting: Setting) => Promise<Record<string, number>>} measure figures by metric
 */

/** @param {string} metric @param {number} ratio @returns {Goal} */
export const atLeast = (metric, ratio) => ({ metric, bound: 'at least', ratio })

/** @param {string} metric @param {number} ratio @returns {Goal} */
export const atMost = (metric, ratio) => ({ metric, bound: 'at most', ratio })

/** @param {Limits} limits */
export const writeCeilings = (limits) => ({
  mbPerSecond: Math.min(limits.loopbackMbPerSecond, limits.appendMbPerSecond),
})

/** @param {Limits} limits */
export const readCeilings = (limits) => ({ mbPerSecond: limits.loopbackMbPerSecond })

/**
 * The figures of a load that went through a broker.
 * @param {import('../lib/load-programs.mjs').Throughput} load
 * @param {number} brokerCpuSeconds
 */
export function throughputFigures(load, brokerCpuSeconds) {
  return {
    mbPerSecond: load.bytes / 1e6 / load.seconds,
    recordsPerSecond: load.records / load.seconds,
    brokerCpuPerGb: brokerCpuSeconds / (load.bytes / 1e9),
    clientCpuPerGb: load.cpuSeconds / (load.bytes / 1e9),
  }
}
