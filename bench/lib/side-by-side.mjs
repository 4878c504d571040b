/**
 * Measures rows on both brokers, round by round. Those that rows share are started and warmed when the first row asks for
 * them; in each round the two are measured one right after the other, and which is first alternates.
 */
import { statfsSync } from 'node:fs'
import { Contender, contenderKinds } from './contender.mjs'
import { measureLimits, medianLimits } from './limits.mjs'
import { PageCache } from './page-cache.mjs'
import { resultOf } from './results.mjs'

/** @typedef {import('./contender.mjs').ContenderKind} ContenderKind */
/** @typedef {import('../rows/row.mjs').Row} Row */
/** @typedef {import('./limits.mjs').Limits} Limits */
/** @typedef {Record<ContenderKind, Record<string, number>[]>} Measured figures by round */
/**
 * @typedef {object} Settings
 * @property {string} folder for data
 * @property {import('./load-programs.mjs').LoadPrograms} programs
 * @property {number} rounds that count
 * @property {number} seconds of a measurement
 * @property {number} warmUpSeconds
 */

/** A measurement ends when it has written so much: less than what Linux lets lie about unwritten on such a machine. */
const bytesMax = 3e9
const diskBytesMin = 10e9
const reversed = [...contenderKinds].reverse()

export class SideBySide {
  #settings
  #pageCache
  /** @type {Map<ContenderKind, Contender>} */
  #shared = new Map()
  /** @type {Limits[]} */
  #limits = []
  /** @type {{row: Row, measured: Measured}[]} */
  #done = []

  /** @param {Settings} settings */
  constructor(settings) {
    this.#settings = settings
    this.#pageCache = new PageCache(settings.folder)
  }

  /**
   * @param {Row} row
   * @throws {Error} if it can't be measured
   */
  async measure(row) {
    const { folder, programs, rounds } = this.#settings
    const { bavail, bsize } = statfsSync(folder)
    if (bavail * bsize < diskBytesMin) throw new Error(`less than 10 GB are free below ${folder}`)
    this.#pageCache.fill()
    this.#limits.push(await measureLimits(programs, folder))
    /** @type {Measured} */
    const measured = { 'apache-4.1': [], sluice: [] }
    // Round -1 warms both up for this kind of work; a broker that is started for each measurement is never warm.
    for (let round = row.isFresh ? 0 : -1; round < rounds; round++) {
      for (const kind of round % 2 === 0 ? contenderKinds : reversed) {
        const figures = await this.#measureOnce(row, kind)
        if (round >= 0) measured[kind].push(figures)
      }
    }
    this.#done.push({ row, measured })
  }

  /** What the machine did by itself, so far. */
  get limits() {
    return medianLimits(this.#limits)
  }

  /** Of the rows measured so far. */
  get results() {
    const { limits } = this
    return this.#done.map(({ row, measured }) => resultOf(row, measured, limits))
  }

  async stop() {
    for (const contender of this.#shared.values()) await contender.stop()
    this.#pageCache.close()
  }

  /** @param {Row} row @param {ContenderKind} kind */
  async #measureOnce(row, kind) {
    const { folder, programs, seconds } = this.#settings
    const setting = { programs, seconds, bytesMax }
    if (!row.isFresh) {
      const contender = await this.#warm(kind)
      this.#pageCache.fill()
      return row.measure({ contender, ...setting })
    }
    const contender = await Contender.start(kind, folder)
    try {
      return await row.measure({ contender, ...setting })
    } finally {
      await contender.stop()
    }
  }

  /** @param {ContenderKind} kind */
  async #warm(kind) {
    const running = this.#shared.get(kind)
    if (running) return running
    const { folder, programs, warmUpSeconds } = this.#settings
    const contender = await Contender.start(kind, folder)
    this.#shared.set(kind, contender)
    await contender.withTopic(1, (topic) => {
      const options = { port: contender.port, topic, seconds: warmUpSeconds, maxBytes: 2 * bytesMax }
      return programs.run('rdkafka-produce', options)
    })
    return contender
  }
}
