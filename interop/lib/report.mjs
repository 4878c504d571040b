/**
 * What the interop run says: one line for each check as it ends, skips by name and reason, and the count at the
 * end, whose last line is plain: "N passed, N failed, N skipped".
 */

/** @typedef {'passed' | 'failed' | 'skipped'} Outcome */

export class Report {
  /** @type {Record<Outcome, number>} */
  counts = { passed: 0, failed: 0, skipped: 0 }
  /** @type {string[]} */
  #failures = []
  #startedAtMs = performance.now()

  /**
   * Runs a check: it passes unless it throws, and whatever it returns (a string) is printed behind its name.
   * @param {string} name
   * @param {() => unknown} check
   * @returns {Promise<boolean>} whether it passed
   */
  async check(name, check) {
    const startedAtMs = performance.now()
    try {
      const note = await check()
      this.#print('passed', name, startedAtMs, typeof note === 'string' ? note : '')
      return true
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      this.#failures.push(`${name}: ${message}`)
      this.#print('failed', name, startedAtMs, message)
      return false
    }
  }

  /** @param {string} name @param {string} reason */
  skip(name, reason) {
    this.#print('skipped', name, performance.now(), `SKIPPED: ${reason}`)
  }

  /** A line that is no check. @param {string} text */
  say(text) {
    console.log(text)
  }

  /** Prints a table of steps, which count as checks. @param {import('./step-table.mjs').StepTable} table */
  add(table) {
    console.log(`\n${table}\n`)
    this.counts.passed += table.passedCount
    this.counts.failed += table.failedCount
    this.counts.skipped += table.skippedCount
  }

  /** Prints failures again and the counts. @returns {number} the exit code */
  end() {
    const seconds = Math.round((performance.now() - this.#startedAtMs) / 1000)
    if (this.#failures.length > 0)
      console.log(`\nfailures:\n${this.#failures.map((line) => `  ${line}`).join('\n')}`)
    console.log(`\nafter ${seconds} s`)
    const { passed, failed, skipped } = this.counts
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
    return failed === 0 && passed > 0 ? 0 : 1
  }

  /** @param {Outcome} outcome @param {string} name @param {number} startedAtMs @param {string} note */
  #print(outcome, name, startedAtMs, note) {
    this.counts[outcome]++
    const mark = { passed: 'ok  ', failed: 'FAIL', skipped: '-   ' }[outcome]
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1).padStart(5)
    console.log(`${mark} ${seconds}s ${name}${note ? ` (${note})` : ''}`)
  }
}

/**
 * A table of text, columns as wide as their widest cell.
 * @param {string[][]} rows the first is the head
 */
export function formatTable(rows) {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n')
}

/**
 * @param {boolean} condition
 * @param {string} message
 */
export function expect(condition, message) {
  if (!condition) throw new Error(message)
}
