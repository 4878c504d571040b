/**
 * Read-process-write copies of topics under observation: the process that copies, the transactions that write its
 * input, and the comparison of output and input.
 */
import { spawn } from 'node:child_process'
import { tied } from '../../scripts/peers/children.mjs'
import { LineSplitter } from './processes.mjs'
import { expect } from './report.mjs'

export const inputPartitions = 3
export const outputPartitions = 4
/** A multiple of the input's partitions: a key's records are all in one of them. */
const keys = 21
const transactionTimeoutMs = 10_000
const lifeMsMax = 40_000
const feedEveryMs = 25
const feedRecords = 12

/** @typedef {import('../clients/transactional-clients.mjs').TransactionalClient} TransactionalClient */

/**
 * What is copied by whom, and what came of it.
 * @typedef {object} Copier
 * @property {TransactionalClient} client
 * @property {string} input
 * @property {string} output
 * @property {number} committed transactions, as far as it could say
 * @property {number} aborted
 */

/**
 * Starts a copier's process.
 * @param {Copier} copier
 * @param {{bootstrap: string, size: number, stays: boolean}} options
 */
export function startCopier(copier, { bootstrap, size, stays }) {
  const { client, input, output } = copier
  const id = `copier-${client.name}`
  const command = client.copy?.({
    bootstrap,
    input,
    output,
    id,
    timeoutMs: transactionTimeoutMs,
    size,
    stays,
  })
  if (!command) throw new Error(`${client.name} does not copy`)
  const child = tied(spawn(command[0], command[1], { stdio: ['ignore', 'pipe', 'pipe'] }))
  let lastStep = 'start'
  let stderr = ''
  let [killed, tookTooLong] = [false, false]
  let listener = (/** @type {string} */ _step) => {}
  const splitter = new LineSplitter((line) => {
    const [step = ''] = line.split(' ')
    lastStep = step
    if (step === 'committed') copier.committed++
    if (step === 'aborted') copier.aborted++
    listener(step)
  })
  child.stdout.on('data', (chunk) => splitter.push(chunk))
  child.stderr.on('data', (chunk) => {
    stderr = (stderr + chunk).slice(-2000)
  })
  const timer = setTimeout(() => {
    tookTooLong = true
    child.kill('SIGKILL')
  }, lifeMsMax)
  return {
    /** @param {(step: string) => void} take */
    onStep: (take) => {
      listener = take
    },
    lastStep: () => lastStep,
    kill: () => {
      if (child.exitCode === null && child.kill('SIGKILL')) killed = true
    },
    /** @type {Promise<string>} 'killed', 'end', or how it ended by itself */
    ended: new Promise((resolve) => {
      child.once('close', (code) => {
        clearTimeout(timer)
        if (tookTooLong) resolve(`nothing more for ${lifeMsMax} ms after "${lastStep}"`)
        else if (killed && code === null) resolve('killed')
        else if (code === 0 && lastStep === 'end') resolve('end')
        else
          resolve(`after "${lastStep}": ${stderr.trim().split('\n').slice(0, 2).join(' | ').slice(0, 300)}`)
      })
    }),
  }
}

/**
 * Writes to all inputs, in transactions of which a fifth is aborted, until told to finish. Values are numbers that grow
 * with the offsets; those of transactions that were not committed are missing.
 * @param {TransactionalClient} client
 * @param {string} bootstrap
 * @param {readonly {input: string}[]} copiers
 * @param {number} [from] the first number
 */
export function startFeed(client, bootstrap, copiers, from = 0) {
  let finishing = false
  let number = from
  const counts = { committed: 0, aborted: 0, unknown: 0 }
  const start = async () => {
    const script = client.script?.({
      bootstrap,
      transactionalId: 'copy-feeder',
      timeoutMs: transactionTimeoutMs,
    })
    if (!script) throw new Error(`${client.name} has no script`)
    await script.steps('init')
    return script
  }
  const run = (async () => {
    let script = await start()
    for (let turn = 0; !finishing; turn++) {
      const end = turn % 5 === 4 ? 'abort' : 'commit'
      const puts = Array.from({ length: feedRecords }, () => {
        const value = end === 'abort' ? `aborted-${number}` : String(number)
        const where = `${number % inputPartitions} key-${number++ % keys}`
        return copiers.map(({ input }) => `put ${input} ${where} ${value}`)
      })
      try {
        await script.steps('begin', ...puts.flat(), end)
        if (end === 'commit') counts.committed++
        else counts.aborted++
      } catch {
        // The broker was killed; whether the transaction was committed, the input will show.
        counts.unknown++
        if (!(await script.step('abort')).startsWith('ok')) {
          await script.kill()
          script = await start()
        }
      }
      await delay(feedEveryMs)
    }
    await script.kill()
  })()
  run.catch(() => {}) // It is told by finish().
  return {
    finish: async () => {
      finishing = true
      await run
      return { ...counts, next: number }
    },
  }
}

/**
 * Compares an output with its input, both under read_committed, and counts what read_uncommitted shows besides.
 * @param {TransactionalClient} reader
 * @param {string} bootstrap
 * @param {{input: string, output: string}} topics
 * @param {{sabotage?: boolean}} [options] sabotage: takes what read_uncommitted shows
 * @returns {Promise<{copied: number, aborted: number}>} how many records were copied, and copied in vain
 */
export async function verifyCopy(reader, bootstrap, { input, output }, { sabotage = false } = {}) {
  const read = async (
    /** @type {string} */ topic,
    /** @type {number} */ partitions,
    /** @type {import('../clients/transactional-clients.mjs').Isolation} */ isolation,
  ) => {
    /** @type {Map<string, string[]>} */
    const values = new Map()
    let count = 0
    await reader.read?.({
      bootstrap,
      topic,
      partitions,
      isolation,
      onRecord: ({ key, value }) => {
        count++
        const ofKey = values.get(key)
        if (ofKey) ofKey.push(value)
        else values.set(key, [value])
      },
    })
    return { values, count }
  }
  const source = await read(input, inputPartitions, 'read_committed')
  const copied = await read(output, outputPartitions, sabotage ? 'read_uncommitted' : 'read_committed')
  const uncommitted = await read(output, outputPartitions, 'read_uncommitted')
  expect(source.count > 0, 'the input is empty')
  for (const [key, ofKey] of source.values) {
    const sorted = [...ofKey].sort((a, b) => Number(a) - Number(b))
    expect(new Set(ofKey).size === ofKey.length, `the input has a value of ${key} twice`)
    expect(
      ofKey.every((value) => /^\d+$/.test(value)),
      `read_committed shows aborted input of ${key}`,
    )
    const seen = (copied.values.get(key) ?? []).map((value) => value.replace(/\+$/, ''))
    const at = sorted.findIndex((value, i) => value !== seen[i])
    expect(at < 0, `${key}, number ${at}: ${seen[at] ?? 'nothing'} where ${sorted[at]} was next`)
    expect(seen.length === sorted.length, `${key}: ${seen.length} records, ${sorted.length} in the input`)
  }
  expect(copied.count === source.count, `${copied.count} records, ${source.count} in the input`)
  return { copied: source.count, aborted: uncommitted.count - source.count }
}

const delay = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms))
