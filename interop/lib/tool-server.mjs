/** Apache Kafka's tools of one release, run one after another in one JVM (../clients/ToolServer.java). */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { javaCommand, toolClass } from '../../scripts/peers/apache-kafka.mjs'
import { tied } from '../../scripts/peers/children.mjs'
import { runProgram } from './processes.mjs'

const source = fileURLToPath(new URL('../clients/ToolServer.java', import.meta.url))
const timeoutMs = 60_000

/** @typedef {{exitCode: number, stdout: string, stderr: string}} ToolResult */

const encode = (/** @type {string} */ text) => `.${Buffer.from(text).toString('base64')}`
const decode = (/** @type {string} */ word) => Buffer.from(word.slice(1), 'base64').toString()

export class ToolServer {
  #home
  #child
  /** @type {AsyncIterator<string>} */
  #answers
  #said = ''

  /**
   * @param {string} home
   * @param {import('node:child_process').ChildProcessWithoutNullStreams} child
   */
  constructor(home, child) {
    this.#home = home
    this.#child = child
    this.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    child.stderr.on('data', (chunk) => {
      this.#said = (this.#said + chunk).slice(-2000)
    })
    child.stdin.on('error', () => {})
  }

  /**
   * @param {string} home a folder with libs/
   * @param {string} folder for the compiled class
   */
  static async start(home, folder) {
    mkdirSync(folder, { recursive: true })
    await runProgram(['javac', ['-cp', `${home}/libs/*`, '-d', folder, source]])
    const [program, args] = javaCommand(home, 'ToolServer', [], folder)
    return new ToolServer(home, tied(spawn(program, args, { stdio: 'pipe' })))
  }

  /**
   * One at a time.
   * @param {import('../../scripts/peers/apache-kafka.mjs').Tool} tool
   * @param {readonly string[]} args
   * @param {string} [input]
   * @returns {Promise<ToolResult>}
   */
  async run(tool, args, input = '') {
    const words = [input, toolClass(this.#home, tool), ...args]
    this.#child.stdin.write(`${words.map(encode).join(' ')}\n`)
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs)
    const { done, value } = await this.#answers.next()
    clearTimeout(timer)
    if (done) throw new Error(`${tool} did not end, or ended the JVM: ${this.#said}`)
    const [exitCode, stdout = '.', stderr = '.'] = value.split(' ')
    return { exitCode: Number(exitCode), stdout: decode(stdout), stderr: decode(stderr) }
  }

  stop() {
    this.#child.kill('SIGKILL')
  }
}
