/**
 * A member of a consumer group in a process of its own (clients/group-clients.mjs), and the history of a group: what
 * all its members have said.
 */
import { spawn } from 'node:child_process'
import { tied } from '../../scripts/peers/children.mjs'
import { LineSplitter } from './processes.mjs'
import { expect } from './report.mjs'

const exitTimeoutMs = 20_000
const stderrCharsShown = 400

/**
 * @typedef {object} GroupEvent
 * @property {GroupMember} member
 * @property {number} atMs when the member said it, by the machine's clock
 * @property {string} word
 * @property {string[]} args
 */

/** @typedef {{bootstrap: string, topic: string, group: string}} Group */

/** @param {string} text "0,1,2" or "-" @returns {number[]} */
export const partitionsOf = (text) => (text === '-' ? [] : text.split(',').map(Number))

export class GroupMember {
  /** Partitions it owns as far as it has said. @type {Set<number>} */
  owned = new Set()
  generation = -1
  memberId = ''
  /** How many records it has processed. */
  processed = 0
  /** Whether the process has ended. */
  ended = false
  name
  client
  #child
  #exited
  #stderr = ''
  /** Whether it was stopped in order. */
  #closed = false

  /**
   * Starts it.
   * @param {import('./group-history.mjs').GroupHistory} history
   * @param {import('../clients/group-clients.mjs').GroupClient} client
   * @param {Group} group
   * @param {{name?: string, options?: Record<string, string | number>}} [settings]
   */
  constructor(history, client, { bootstrap, topic, group }, { name = client.name, options = {} } = {}) {
    this.name = name
    this.client = client
    const pairs = Object.entries(options).map(([key, value]) => `${key}=${value}`)
    const [program, args] = client.command([bootstrap, topic, group, name, ...pairs])
    this.#child = tied(
      spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...client.env } }),
    )
    const splitter = new LineSplitter((line) => this.#hear(history, line))
    this.#child.stdout.on('data', (chunk) => splitter.push(chunk))
    this.#child.stderr.on('data', (chunk) => {
      this.#stderr = (this.#stderr + chunk).slice(-4000)
    })
    this.#exited = new Promise((resolve) =>
      this.#child.once('close', (code) => {
        this.ended = true
        this.owned.clear()
        resolve(code)
      }),
    )
    history.members.add(this)
  }

  /** Leaves the group in order. */
  async leave() {
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), exitTimeoutMs)
    const code = await this.#exited
    clearTimeout(timer)
    expect(this.#closed, `${this.name} ended with ${code} without having left: ${this.said()}`)
  }

  /** Starts to leave; nobody waits for it. */
  leaveSoon() {
    this.#child.kill('SIGTERM')
  }

  /** Dies without a word. */
  async kill() {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  pause() {
    this.#child.kill('SIGSTOP')
  }

  resume() {
    this.#child.kill('SIGCONT')
  }

  /** The end of its stderr, for messages. */
  said() {
    return this.#stderr.trim().slice(-stderrCharsShown).replaceAll('\n', ' | ')
  }

  /** @param {import('./group-history.mjs').GroupHistory} history @param {string} line */
  #hear(history, line) {
    const [time, word = '', ...args] = line.split(' ')
    if (!(Number(time) > 0)) return // A library that prints to stdout.
    switch (word) {
      case 'assigned':
        this.generation = Number(args[0])
        this.memberId = args[1] ?? ''
        for (const partition of partitionsOf(args[2] ?? '-')) this.owned.add(partition)
        break
      case 'revoked':
      case 'lost':
        for (const partition of partitionsOf(args[0] ?? '-')) this.owned.delete(partition)
        break
      case 'record':
        this.processed++
        break
      case 'closed':
        this.#closed = true
        this.owned.clear()
        break
    }
    history.add({ member: this, atMs: Number(time), word, args }, [...this.owned])
  }
}
