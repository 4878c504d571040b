/**
 * The programs of bench/load/, compiled when a benchmark begins, and run with options "name=value". Each prints one
 * line of JSON.
 */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runProgram } from '../../interop/lib/processes.mjs'
import { tied } from '../../scripts/peers/children.mjs'
import { debian } from '../../scripts/peers/peers.mjs'

const sources = fileURLToPath(new URL('../load/', import.meta.url))
const programs = /** @type {const} */ ([
  'limits',
  'raw-fetch',
  'raw-latency',
  'raw-produce',
  'rdkafka-consume',
  'rdkafka-produce',
])
const timeoutMs = 300_000

/** @typedef {typeof programs[number]} Program */
/** @typedef {Record<string, string | number>} Options; `X` is a client setting "property=value" or several */
/** @typedef {{records: number, bytes: number, requests: number, seconds: number, cpuSeconds: number}} Throughput */

export class LoadPrograms {
  #folder

  /** @param {string} folder */
  constructor(folder) {
    this.#folder = folder
  }

  /**
   * @param {string} folder for the programs
   * @returns {Promise<LoadPrograms>}
   * @throws {Error} where there is no compiler or no librdkafka
   */
  static async compile(folder) {
    for (const name of /** @type {const} */ (['gcc', 'librdkafka'])) {
      const peer = await debian(name)
      if ('missing' in peer) throw new Error(`${name}: ${peer.missing}`)
    }
    mkdirSync(folder, { recursive: true })
    for (const program of programs) {
      const libraries = program.startsWith('rdkafka') ? ['-lrdkafka'] : []
      const source = join(sources, `${program}.c`)
      const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-o', join(folder, program), source]
      await runProgram(['cc', [...flags, ...libraries]])
    }
    return new LoadPrograms(folder)
  }

  /**
   * Runs a program to its end.
   * @param {Program} program
   * @param {Options} options
   * @param {string[]} [settings] "property=value" of librdkafka
   * @returns {Promise<any>} what it printed
   */
  async run(program, options, settings = []) {
    const { stdout } = await runProgram([join(this.#folder, program), argumentsOf(options, settings)], {
      timeoutMs,
    })
    return JSON.parse(stdout)
  }

  /**
   * Starts a program that says "ready" when it is.
   * @param {Program} program
   * @param {Options} options
   * @param {string[]} [settings]
   * @returns {Promise<{done: Promise<any>}>} done: what it printed
   */
  async start(program, options, settings = []) {
    const child = tied(
      spawn(join(this.#folder, program), argumentsOf(options, settings), {
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    )
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    const done = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => {
        if (code === 0) resolve(JSON.parse(stdout))
        else reject(new Error(`${program} ended with ${code}: ${stderr.trim()}`))
      })
    })
    await Promise.race([
      new Promise((resolve) => {
        child.stderr.on('data', (chunk) => {
          stderr += chunk
          if (stderr.includes('ready\n')) resolve(undefined)
        })
      }),
      done,
    ])
    return { done }
  }
}

/** @param {Options} options @param {string[]} settings */
function argumentsOf(options, settings) {
  return [
    ...Object.entries(options).map(([name, value]) => `${name}=${value}`),
    ...settings.flatMap((setting) => ['-X', setting]),
  ]
}
