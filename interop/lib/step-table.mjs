/** What the steps of one program gave with each of several brokers: a row for a step, a column for a broker. */
import { formatTable } from './report.mjs'

/**
 * @typedef {object} Steps the column of one broker
 * @property {(name: string, step: () => unknown) => Promise<boolean>} run false: it failed
 * @property {(name: string, reason: string) => void} skip
 */

/** Thrown by a step that the broker can't take. */
export class Skip extends Error {}

export class StepTable {
  passedCount = 0
  failedCount = 0
  skippedCount = 0
  /** @type {Map<string, Map<string, string>>} */
  #rows = new Map()
  /** @type {string[]} */
  #reasons = []
  #kinds

  /** @param {readonly string[]} kinds */
  constructor(kinds) {
    this.#kinds = kinds
  }

  /**
   * @param {string} part
   * @param {string} kind
   * @returns {Steps}
   */
  column(part, kind) {
    /** @param {string} name @param {string} mark @param {string} [reason] */
    const note = (name, mark, reason) => {
      const row = `${part}: ${name}`
      const cells = this.#rows.get(row) ?? new Map()
      this.#rows.set(row, cells.set(kind, mark))
      if (reason) this.#reasons.push(`${mark} ${kind} ${row}: ${reason}`)
    }
    /** @param {string} name @param {string} reason */
    const skip = (name, reason) => {
      this.skippedCount++
      note(name, '-', reason)
    }
    return {
      skip,
      run: async (name, step) => {
        try {
          await step()
          this.passedCount++
          note(name, 'ok')
          return true
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error)
          if (error instanceof Skip) {
            skip(name, message)
            return true
          }
          this.failedCount++
          note(name, 'FAIL', error instanceof Error ? (error.stack ?? message) : message)
          return false
        }
      },
    }
  }

  toString() {
    const rows = Array.from(this.#rows, ([row, cells]) => [
      row,
      ...this.#kinds.map((kind) => cells.get(kind) ?? ''),
    ])
    const counts = `${this.passedCount} passed, ${this.failedCount} failed, ${this.skippedCount} skipped`
    const reasons = this.#reasons.length > 0 ? `\n\n${this.#reasons.join('\n')}` : ''
    return `${formatTable([['', ...this.#kinds], ...rows])}${reasons}\n\n${counts}`
  }
}
