/** Child processes of the interop run: started without a shell, bounded in time, their output read as lines. */
import { spawn } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { tied } from '../../scripts/peers/children.mjs'

const defaultTimeoutMs = 120_000
/** How much of a failed program's stderr goes into the message. */
const stderrCharsShown = 600

/**
 * @typedef {object} RunOptions
 * @property {string} [input] written to stdin
 * @property {string} [inputFile] a file streamed to stdin instead
 * @property {(line: string) => void} [onLine] takes stdout line by line; without it stdout is collected
 * @property {number} [timeoutMs] the program is killed after it
 * @property {number[]} [okCodes] exit codes that count as success, [0] by default
 * @property {Record<string, string>} [env]
 * @property {string} [cwd]
 */

/**
 * Runs a program to its end.
 * @param {[string, string[]]} command
 * @param {RunOptions} [options]
 * @returns {Promise<{stdout: string, stderr: string}>} stdout is empty when `onLine` took it
 * @throws {Error} naming the program and the end of its stderr when it fails
 */
export async function runProgram([program, args], options = {}) {
  const { input, inputFile, onLine, timeoutMs = defaultTimeoutMs, okCodes = [0], env, cwd } = options
  const child = tied(
    spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(cwd ? { cwd } : {}),
    }),
  )
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    child.kill('SIGKILL')
  }, timeoutMs)

  let stdout = ''
  let stderr = ''
  /** @type {unknown} what `onLine` threw: it ends the program, and is thrown from here */
  let refusal
  const splitter = onLine ? new LineSplitter(onLine) : undefined
  child.stdout.on('data', (chunk) => {
    if (!splitter) stdout += chunk
    else if (refusal === undefined) {
      try {
        splitter.push(chunk)
      } catch (error) {
        refusal = error
        child.kill('SIGKILL')
      }
    }
  })
  child.stderr.on('data', (chunk) => {
    stderr = (stderr + chunk).slice(-20_000)
  })
  child.stdin.on('error', () => {}) // The program may end before it has read its input.
  if (inputFile) createReadStream(inputFile).pipe(child.stdin)
  else child.stdin.end(input ?? '')

  try {
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    if (refusal !== undefined) throw refusal
    splitter?.end()
    if (timedOut) throw new Error(`${program} did not end within ${timeoutMs} ms: ${lastOf(stderr)}`)
    if (!okCodes.includes(Number(code))) {
      throw new Error(
        `${program} ended with ${code}: ${lastOf(`${stdout.slice(-stderrCharsShown)}${stderr}`)}`,
      )
    }
    return { stdout, stderr }
  } finally {
    clearTimeout(timer)
  }
}

/** @param {string} text */
const lastOf = (text) => text.trim().slice(-stderrCharsShown).replaceAll('\n', ' | ')

/** Turns chunks into lines without their line end; a line may be megabytes long and span many chunks. */
export class LineSplitter {
  #decoder = new StringDecoder('utf8')
  /** @type {string[]} */
  #parts = []
  #onLine

  /** @param {(line: string) => void} onLine */
  constructor(onLine) {
    this.#onLine = onLine
  }

  /** @param {Buffer} chunk */
  push(chunk) {
    const text = this.#decoder.write(chunk)
    let from = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      this.#parts.push(text.slice(from, end))
      this.#onLine(this.#parts.length === 1 ? (this.#parts[0] ?? '') : this.#parts.join(''))
      this.#parts = []
      from = end + 1
    }
    if (from < text.length) this.#parts.push(text.slice(from))
  }

  end() {
    if (this.#parts.length > 0) this.#onLine(this.#parts.join(''))
    this.#parts = []
  }
}

/**
 * Runs tasks with at most `lanes` of them at a time.
 * @template T
 * @param {readonly T[]} items
 * @param {number} lanes
 * @param {(item: T) => Promise<void>} task
 */
export async function inLanes(items, lanes, task) {
  const queue = [...items]
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await task(item)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
