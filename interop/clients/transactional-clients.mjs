/**
 * The clients that know transactions, behind one shape: a script of steps typed into a process of theirs, the copy of
 * a topic, and reading under an isolation level. What one can't do is absent.
 */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toolCommand } from '../../scripts/peers/apache-kafka.mjs'
import { tied } from '../../scripts/peers/children.mjs'
import { apacheKafka, debian, nodeVersion, npmClients } from '../../scripts/peers/peers.mjs'
import { LineSplitter, runProgram } from '../lib/processes.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const consoleIdleMs = 4000

/** @typedef {'read_committed' | 'read_uncommitted'} Isolation */
/** @typedef {{partition: number, offset: number, key: string, value: string}} KeyedRecord */
/** @typedef {[string, string[]]} Command */

/**
 * @typedef {object} TransactionalClient
 * @property {string} name
 * @property {string} [missing] why this machine does not have it
 * @property {(options: {bootstrap: string, transactionalId: string, timeoutMs?: number}) => Script} [script]
 * @property {(options: CopyOptions) => Command} [copy]
 * @property {(options: {bootstrap: string, topic: string, partitions: number, isolation: Isolation,
 *   onRecord: (record: KeyedRecord) => void}) => Promise<unknown>} [read] every record of the topic
 */

/**
 * @typedef {object} CopyOptions
 * @property {string} bootstrap
 * @property {string} input
 * @property {string} output
 * @property {string} id of the group, and of the producer
 * @property {number} timeoutMs of its transactions
 * @property {number} size records in a transaction, at most
 * @property {boolean} stays or ends when everything is copied
 */

const defaultTimeoutMs = 60_000

/** A producer in a process of its own that does what it is told, step by step. */
export class Script {
  #child
  /** @type {((reply: string) => void)[]} */
  #waiting = []
  #exited

  /** @param {Command} command */
  constructor([program, args]) {
    this.#child = tied(spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] }))
    const splitter = new LineSplitter((line) => this.#waiting.shift()?.(line))
    this.#child.stdout.on('data', (chunk) => splitter.push(chunk))
    this.#child.stdin.on('error', () => {}) // It may end before it has read everything.
    this.#exited = new Promise((resolve) => this.#child.once('close', resolve)).then(() => {
      for (const resolve of this.#waiting.splice(0)) resolve('error PROCESS_ENDED fatal')
    })
  }

  /**
   * Takes a step; steps may be queued.
   * @param {string} line
   * @returns {Promise<string>} "ok ..." or "error NAME KIND"
   */
  step(line) {
    if (this.#child.exitCode !== null) return Promise.resolve('error PROCESS_ENDED fatal')
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#child.stdin.write(`${line}\n`)
    })
  }

  /** Takes steps that must succeed. @param {string[]} lines @returns {Promise<string[]>} what came behind "ok" */
  async steps(...lines) {
    const replies = await Promise.all(lines.map((line) => this.step(line)))
    const failed = replies.findIndex((reply) => !reply.startsWith('ok'))
    if (failed >= 0) throw new Error(`"${lines[failed]}" ended with "${replies[failed]}"`)
    return replies.map((reply) => reply.slice('ok '.length))
  }

  /** Ends the process at once: what it began stays open. */
  async kill() {
    this.#child.kill('SIGKILL')
    await this.#exited
  }
}

/** @param {(record: KeyedRecord) => void} onRecord @returns {(line: string) => void} */
function parser(onRecord) {
  return (line) => {
    const [partition, offset, key = '', value = ''] = line.split('\t')
    onRecord({ partition: Number(partition), offset: Number(offset), key, value })
  }
}

/** @param {CopyOptions} options @returns {string[]} the arguments that all programs take */
const copyArguments = ({ bootstrap, input, output, id, timeoutMs, size, stays }) => [
  'copy',
  bootstrap,
  input,
  output,
  id,
  id,
  String(timeoutMs),
  String(size),
  stays ? 'stay' : 'end',
]

/** @param {string} folder @returns {Promise<TransactionalClient>} */
async function librdkafka(folder) {
  const name = 'librdkafka'
  for (const each of /** @type {const} */ (['gcc', 'librdkafka'])) {
    const peer = await debian(each)
    if ('missing' in peer) return { name, missing: peer.missing }
  }
  mkdirSync(folder, { recursive: true })
  const program = join(folder, 'transactional-librdkafka')
  const source = join(here, 'transactional-librdkafka.c')
  await runProgram(['gcc', ['-O1', '-Wall', '-o', program, source, '-lrdkafka']])
  return {
    name,
    script: ({ bootstrap, transactionalId, timeoutMs = defaultTimeoutMs }) =>
      new Script([program, ['script', bootstrap, transactionalId, String(timeoutMs)]]),
    copy: (options) => [program, copyArguments(options)],
    read: ({ bootstrap, topic, partitions, isolation, onRecord }) =>
      runProgram([program, ['read', bootstrap, topic, String(partitions), isolation]], {
        onLine: parser(onRecord),
      }),
  }
}

/** @returns {Promise<TransactionalClient>} */
async function kcat() {
  const peer = await debian('kcat')
  if ('missing' in peer) return { name: 'kcat', missing: peer.missing }
  return {
    name: 'kcat',
    read: ({ bootstrap, topic, isolation, onRecord }) => {
      const args = ['-C', '-q', '-e', '-b', bootstrap, '-t', topic, '-o', 'beginning']
      args.push('-X', `isolation.level=${isolation}`, '-f', '%p\t%o\t%k\t%s\n')
      return runProgram(['kcat', args], { onLine: parser(onRecord) })
    },
  }
}

/** @param {'3.9' | '4.1'} line @param {string} folder @returns {Promise<TransactionalClient>} */
async function java(line, folder) {
  const name = `java-${line}`
  const peer = await apacheKafka(line)
  if ('missing' in peer) return { name, missing: peer.missing }
  const home = peer.path
  const classes = join(folder, name)
  mkdirSync(classes, { recursive: true })
  const source = join(here, 'transactional-java.java')
  const compiled = await runProgram(['javac', ['-cp', `${home}/libs/*`, '-d', classes, source]]).catch(
    (/** @type {Error} */ error) => error,
  )
  if (compiled instanceof Error) return { name, missing: compiled.message }
  /** @param {string[]} args @returns {Command} the tools' JVM, with another main class */
  const program = (args) => {
    const [command, options] = toolCommand(home, 'kafka-transactions', [])
    const classPath = options.indexOf('-cp') + 1
    return [
      command,
      [...options.slice(0, classPath), `${classes}:${options[classPath]}`, 'TransactionalJava', ...args],
    ]
  }
  return {
    name,
    script: ({ bootstrap, transactionalId, timeoutMs = defaultTimeoutMs }) =>
      new Script(program(['script', bootstrap, transactionalId, String(timeoutMs)])),
    copy: (options) => program(copyArguments(options)),
    read: ({ bootstrap, topic, isolation, onRecord }) => {
      const args = ['--bootstrap-server', bootstrap, '--topic', topic, '--from-beginning']
      args.push('--isolation-level', isolation, '--timeout-ms', String(consoleIdleMs))
      for (const what of ['partition', 'offset', 'key', 'value'])
        args.push('--property', `print.${what}=true`)
      return runProgram(toolCommand(home, 'kafka-console-consumer', args), {
        // "Partition:0 TAB Offset:5 TAB key TAB value"
        onLine: (said) => parser(onRecord)(said.replace(/^Partition:(\d+)\tOffset:/, '$1\t')),
      })
    },
  }
}

/**
 * @param {string} name
 * @param {string} file
 * @param {{path: string} | {missing: string}} node
 * @returns {Promise<TransactionalClient>}
 */
async function npmClient(name, file, node) {
  const installed = await npmClients()
  if ('missing' in installed) return { name, missing: installed.missing }
  if ('missing' in node) return { name, missing: node.missing }
  const program = join(here, file)
  return {
    name,
    script: ({ bootstrap, transactionalId, timeoutMs = defaultTimeoutMs }) =>
      new Script([node.path, [program, 'script', bootstrap, transactionalId, String(timeoutMs)]]),
    read: ({ bootstrap, topic, partitions, isolation, onRecord }) =>
      runProgram([node.path, [program, 'read', bootstrap, topic, String(partitions), isolation]], {
        onLine: parser(onRecord),
      }),
  }
}

/**
 * All of them, those this machine cannot have included (`missing`).
 * @param {string} folder for compiled programs
 * @returns {Promise<TransactionalClient[]>}
 */
export async function transactionalClients(folder) {
  return [
    await librdkafka(folder),
    await java('3.9', folder),
    await java('4.1', folder),
    await kcat(),
    await npmClient('kafkajs', 'transactional-kafkajs.mjs', { path: process.execPath }),
    await npmClient('platformatic', 'transactional-platformatic.mjs', await nodeVersion(24)),
  ]
}
