/**
 * Plays interop/transcripts/*.txt: each in an installation of its own (links to this one), with a broker on an address of
 * its own in 127.0.0.0/8, so that the ports of the introductions, 9092 and 2181, can stay as they are.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tied } from '../../scripts/peers/children.mjs'
import { runProgram } from '../lib/processes.mjs'
import { expect } from '../lib/report.mjs'
import { differenceOf, parseTranscript } from '../lib/transcript.mjs'
import { delay, waitUntil } from '../lib/wait.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const transcripts = join(root, 'interop/transcripts')
const stepTimeoutMs = 30_000
/** What was seen has this long to be followed by what should not be seen. */
const quietMs = 200

/** @typedef {import('../lib/context.mjs').Context} Context */
/** @typedef {import('../lib/transcript.mjs').Step} Step */

/** @param {Context} context */
export async function checkTranscripts({ report, folder, brokerKind }) {
  if (brokerKind !== 'sluice') return report.skip('transcripts', 'they are about this installation')
  if (process.platform !== 'linux') {
    return report.skip('transcripts', 'only Linux has all of 127.0.0.0/8 for addresses')
  }
  for (const name of readdirSync(transcripts).filter((each) => each.endsWith('.txt'))) {
    await playTranscript(report, name.slice(0, -'.txt'.length), join(folder, name))
  }
}

/** @param {Context['report']} report @param {string} name @param {string} home */
async function playTranscript(report, name, home) {
  const transcript = parseTranscript(readFileSync(join(transcripts, `${name}.txt`), 'utf8'))
  const address = await freeAddress()
  /** @type {[string, string][]} */
  const replacements = [
    ...transcript.hosts.map((host) => /** @type {[string, string]} */ ([host, address])),
    ...transcript.paths.map((path, i) => /** @type {[string, string]} */ ([path, join(home, `data-${i}`)])),
  ]
  const localized = (/** @type {string} */ text) =>
    replacements.reduce((said, [from, to]) => said.replaceAll(from, to), text)
  install(home)
  for (const [path, text] of transcript.files) writeFileSync(join(home, path), localized(text))

  const shell = new Shell(home)
  try {
    for (const step of transcript.steps) {
      const passed = await report.check(`${name}: ${step.command}`, async () => {
        const expected = step.expected.map(localized)
        await shell.play({ ...step, command: localized(step.command) }, expected)
      })
      if (!passed) break // What follows builds on it.
    }
  } finally {
    await shell.end()
  }
}

/** Commands of a transcript, and those of them that stay in the background. */
class Shell {
  /** @type {import('node:child_process').ChildProcess[]} */
  #background = []
  #home

  /** @param {string} home */
  constructor(home) {
    this.#home = home
  }

  /** @param {Step} step @param {string[]} expected */
  async play(step, expected) {
    const { child, seen, text } = this.#start(step)
    const isComplete = () => differenceOf({ ...step, amongOthers: true }, expected, seen()) === undefined
    const isOver = () => child.exitCode !== null || child.signalCode !== null
    if (step.isBackground) {
      this.#background.push(child)
      await waitUntil(() => isComplete() || isOver(), 'lines', stepTimeoutMs).catch(() => {})
    } else {
      for (const line of step.typed) await this.#type(child, line, text)
      if (step.isInterrupted) {
        await waitUntil(() => isComplete() || isOver(), 'lines', stepTimeoutMs).catch(() => {})
        await delay(quietMs)
        if (!isOver()) process.kill(-Number(child.pid), 'SIGINT')
      }
      await waitUntil(isOver, `end of ${step.command}`, stepTimeoutMs).catch((error) => {
        process.kill(-Number(child.pid), 'SIGKILL')
        throw new Error(`${error.message}; seen: ${seen().join(' | ')}`)
      })
      if (!step.isInterrupted)
        expect(child.exitCode === step.exitCode, `exit code ${child.exitCode}; seen: ${seen().join(' | ')}`)
    }
    const shown = [...step.typed.filter((line) => line !== '^D').map((line) => `>${line}`), ...expected]
    const difference = differenceOf(step, shown, seen())
    expect(difference === undefined, String(difference))
  }

  /** @param {Step} step */
  #start(step) {
    // Who is typed to sees a terminal, as a person has one.
    const command = step.typed.length > 0 ? `script -qefc ${quoted(step.command)} /dev/null` : step.command
    const child = tied(
      spawn('bash', ['-c', step.withStderr ? `{ ${command}; } 2>&1` : command], {
        cwd: this.#home,
        env: { ...process.env, PATH: `${this.#home}/bin:${process.env.PATH}`, TERM: 'dumb', LOG_DIR: '' },
        stdio: ['pipe', 'pipe', 'inherit'],
        detached: true, // A group of its own, for Ctrl-C.
      }),
    )
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk
    })
    child.stdin.on('error', () => {})
    if (step.typed.length === 0) child.stdin.end()
    const seen = () => {
      const lines = text.replaceAll('\r', '').replaceAll('^D\b\b', '').split('\n')
      // An empty prompt at the end is where the next line would have been typed.
      if (lines.at(-1) === '' || lines.at(-1) === '>') lines.pop()
      return lines.filter((line) => line !== '')
    }
    return { child, seen, text: () => text }
  }

  /**
   * At the prompt, not before it: a terminal shows what is typed at once.
   * @param {import('node:child_process').ChildProcess} child @param {string} line @param {() => string} text
   */
  async #type(child, line, text) {
    await waitUntil(() => text().endsWith('>'), 'prompt', stepTimeoutMs)
    const before = text()
    child.stdin?.write(line === '^D' ? '\x04' : `${line}\n`)
    if (line !== '^D') await waitUntil(() => text() !== before, 'echo', stepTimeoutMs)
  }

  async end() {
    for (const child of this.#background) {
      if (child.exitCode === null && child.signalCode === null) process.kill(-Number(child.pid), 'SIGKILL')
    }
    // A daemon is in no group of ours.
    await runProgram(['bash', [join(this.#home, 'bin/kafka-server-stop.sh')]], { okCodes: [0, 1] })
  }
}

/** @param {string} home links to this installation, but scripts and configuration of its own */
function install(home) {
  mkdirSync(home, { recursive: true })
  for (const part of ['bin', 'config']) cpSync(join(root, part), join(home, part), { recursive: true })
  for (const part of ['dist', 'node_modules', 'package.json']) symlinkSync(join(root, part), join(home, part))
}

/** One on which nobody has port 9092. */
async function freeAddress() {
  for (;;) {
    const address = `127.${100 + Math.floor(Math.random() * 100)}.${Math.floor(Math.random() * 256)}.${1 + Math.floor(Math.random() * 254)}`
    const server = createServer()
    const isFree = await new Promise((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(9092, address, () => resolve(true))
    })
    await new Promise((resolve) => server.close(resolve))
    if (isFree) return address
  }
}

/** @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`
}
