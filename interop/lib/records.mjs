/**
 * The records that every producer writes and every reader must find again.
 *
 * A record is written as one line, `headers TAB key TAB value` with NULL for what is absent, the very format of
 * the Java console producer; all values are therefore text without tabs or line ends. Bytes that are no text are
 * the business of checks/binary.mjs. A producer's records form a block that opens with a record naming it, so a
 * reader's stream can be cut into blocks even when one producer failed halfway.
 */
import { writeFileSync } from 'node:fs'

export const codecs = /** @type {const} */ (['none', 'gzip', 'snappy', 'lz4', 'zstd'])
/** @typedef {typeof codecs[number]} Codec */

/** Just under the default limits of the clients (1 MiB a request) and the broker (message.max.bytes). */
export const bigValueBytes = 1_048_000
const beginKey = 'begin'

/** @param {string | null} key @param {string | null} value @param {string | null} [headers] */
export const recordLine = (key, value, headers = null) =>
  `${headers ?? 'NULL'}\t${key ?? 'NULL'}\t${value ?? 'NULL'}`

/** Text that no codec shrinks to nothing; the same on each run. @param {number} length */
function noise(length) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  let state = 0x9e3779b9
  let text = ''
  while (text.length < length) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    text += alphabet[state & 63]
  }
  return text
}
const bigValue = noise(bigValueBytes)

/**
 * The block of one producer: the odd records first, then `smallCount` small ones, every other one keyed.
 * @param {string} producer
 * @param {number} smallCount
 * @param {{big?: boolean}} [options] whether to have the record of 1 MB
 * @returns {string[]} lines
 */
export function blockOf(producer, smallCount, { big = true } = {}) {
  const lines = [
    recordLine(beginKey, producer),
    recordLine(null, 'a value without a key'),
    recordLine('empty value', ''),
    recordLine('tombstone', null),
    recordLine('with headers', `from ${producer}`, 'h1:v1,h1:again,h2:a longer value'),
    recordLine('größe', 'Grüße, 世界 ✓ 🚀'),
  ]
  if (big) lines.push(recordLine('big', bigValue))
  for (let index = 0; index < smallCount; index++) {
    lines.push(recordLine(index % 2 === 0 ? null : `key-${index % 100}`, `small ${index} of ${producer}`))
  }
  return lines
}

/** @param {string} file @param {readonly string[]} lines */
export function writeBlock(file, lines) {
  writeFileSync(file, `${lines.join('\n')}\n`)
}

/**
 * A record as a reader saw it.
 * @typedef {object} SeenRecord
 * @property {number} partition
 * @property {number} offset
 * @property {'CreateTime' | 'LogAppendTime' | 'NoTimestampType'} timestampType
 * @property {number} timestampMs
 * @property {string} line as recordLine makes it
 */

/**
 * @typedef {object} Expectation
 * @property {string[]} lines the block
 * @property {{fromMs: number, toMs: number}} window when it was produced
 */

/**
 * Compares a stream of records with the blocks that were produced to it, without holding them: offsets dense from
 * the first expected one on, and each block's records in order, equal, and stamped within its window.
 */
export class BlockVerifier {
  #expected
  #timestampType
  #limit
  /** @type {Map<string, {count: number, problem: string | undefined}>} */
  #seen = new Map()
  /** @type {string | undefined} */
  #current
  #nextOffset = 0
  /** @type {string | undefined} */
  #streamProblem

  /**
   * @param {Map<string, Expectation>} expected by producer
   * @param {'CreateTime' | 'LogAppendTime'} timestampType
   * @param {number} [limit] how many records of each block were asked for; all by default. With a limit the
   *   offsets jump from block to block.
   */
  constructor(expected, timestampType, limit = Number.POSITIVE_INFINITY) {
    this.#expected = expected
    this.#timestampType = timestampType
    this.#limit = limit
  }

  /** @param {SeenRecord} record */
  add(record) {
    const producer = this.#opens(record.line)
    if (producer !== undefined) {
      this.#current = producer
      if (this.#seen.has(producer)) this.#note(`its block appears twice, again at offset ${record.offset}`)
      else this.#seen.set(producer, { count: 0, problem: undefined })
      if (this.#limit !== Number.POSITIVE_INFINITY) this.#nextOffset = record.offset
    }
    if (this.#current === undefined) {
      this.#streamProblem ??= `offset ${record.offset} belongs to no block: ${record.line.slice(0, 80)}`
      return
    }
    const state = this.#seen.get(this.#current)
    const expectation = this.#expected.get(this.#current)
    if (!state || !expectation) return
    const wanted = expectation.lines[state.count]
    if (record.offset !== this.#nextOffset) {
      this.#note(`offset ${record.offset} where ${this.#nextOffset} was next`)
    }
    if (record.line !== wanted) {
      this.#note(
        `record ${state.count} is "${record.line.slice(0, 90)}", not "${(wanted ?? 'nothing').slice(0, 90)}"`,
      )
    }
    const { fromMs, toMs } = expectation.window
    if (record.timestampType !== this.#timestampType)
      this.#note(`offset ${record.offset} has ${record.timestampType}`)
    if (record.timestampMs < fromMs || record.timestampMs > toMs) {
      this.#note(`offset ${record.offset} is stamped ${record.timestampMs}, outside ${fromMs}..${toMs}`)
    }
    state.count++
    this.#nextOffset = record.offset + 1
  }

  /**
   * What is wrong with one producer's block, or undefined.
   * @param {string} producer
   */
  problemOf(producer) {
    const state = this.#seen.get(producer)
    const wanted = Math.min(this.#limit, this.#expected.get(producer)?.lines.length ?? 0)
    if (!state) return this.#streamProblem ?? 'its block was not read at all'
    if (state.problem) return state.problem
    return state.count === wanted ? undefined : `${state.count} of ${wanted} records were read`
  }

  /** @param {string} line @returns {string | undefined} the producer whose block it opens */
  #opens(line) {
    const prefix = `NULL\t${beginKey}\t`
    return line.startsWith(prefix) ? line.slice(prefix.length) : undefined
  }

  /** Keeps the first problem of a block. @param {string} problem */
  #note(problem) {
    const state = this.#current === undefined ? undefined : this.#seen.get(this.#current)
    if (state) state.problem ??= problem
  }
}
