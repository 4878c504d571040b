/**
 * `npm run bench`: Apache Kafka and Sluice side by side, under the same load from the same outside programs.
 *
 *   node bench/bench.mjs [--rows PATTERN] [--goals] [--rounds 5] [--seconds 5] [--quick] [--json FILE] [--list]
 *
 * --rows takes the rows whose name matches; --goals those that have a goal. Rounds are interleaved: in each one the two
 * brokers are measured one right after the other, and which is first alternates. Before the first round that counts both
 * are warmed, and each row has a round that doesn't count. The machine's own limits are taken before each row. --quick is
 * for trying a change: three rounds of two seconds. Ends with 1 if a row failed; a goal that is not met is no failure.
 *
 * Needs Linux, Java, a C compiler and librdkafka (installed from Debian where this runs as root) and some 10 GB of disk
 * below the folder for temporary files. NODE names the node that Sluice runs on. Needs `npm run build`.
 */
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Contender, contenderKinds } from './lib/contender.mjs'
import { LoadPrograms } from './lib/load-programs.mjs'
import { describeMachine, describeVersions } from './lib/machine.mjs'
import { printResults, resultOf } from './lib/results.mjs'
import { median } from './lib/statistics.mjs'
import { rows as allRows } from './rows/index.mjs'

/** @typedef {import('./lib/contender.mjs').ContenderKind} ContenderKind */
/** @typedef {import('./rows/row.mjs').Row} Row */
/** @typedef {import('./rows/row.mjs').Limits} Limits */

const { values: args } = parseArgs({
  options: {
    rows: { type: 'string', default: '' },
    goals: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})
const rounds = Number(args.rounds ?? (args.quick ? 3 : 5))
const seconds = Number(args.seconds ?? (args.quick ? 2 : 5))
const warmUpSeconds = args.quick ? 4 : 10
/** A measurement ends when it has written so much: less than what Linux lets lie about unwritten on such a machine. */
const bytesMax = 3e9
const diskBytesMin = 10e9

const rows = allRows.filter(
  (row) =>
    new RegExp(args.rows).test(row.name) &&
    (!args.goals || (row.goals ?? []).length > 0 || (row.machineGoals ?? []).length > 0),
)
const order = [...contenderKinds]

/** @param {string} folder @param {LoadPrograms} programs */
async function run(folder, programs) {
  /** @type {Map<ContenderKind, Contender>} those that several rows share */
  const shared = new Map()
  /** @type {Limits[]} */
  const limits = []
  /** @type {{row: Row, measured: Record<ContenderKind, Record<string, number>[]>}[]} */
  const done = []
  /** @type {string[]} */
  const failures = []

  /** @param {Row} row @param {ContenderKind} kind */
  async function measureOnce(row, kind) {
    if (!row.isFresh) return row.measure({ contender: await warm(kind), programs, seconds, bytesMax })
    const contender = await Contender.start(kind, folder)
    try {
      return await row.measure({ contender, programs, seconds, bytesMax })
    } finally {
      await contender.stop()
    }
  }

  /** @param {ContenderKind} kind */
  async function warm(kind) {
    const running = shared.get(kind)
    if (running) return running
    const contender = await Contender.start(kind, folder)
    shared.set(kind, contender)
    await contender.withTopic(1, (topic) => {
      const options = { port: contender.port, topic, seconds: warmUpSeconds, maxBytes: 2 * bytesMax }
      return programs.run('rdkafka-produce', options)
    })
    return contender
  }

  try {
    for (const row of rows) {
      const { bavail, bsize } = statfsSync(folder)
      if (bavail * bsize < diskBytesMin) throw new Error(`less than 10 GB are free below ${folder}`)
      limits.push(await programs.run('limits', { folder }))
      const measured = /** @type {Record<ContenderKind, Record<string, number>[]>} */ ({
        'apache-4.1': [],
        sluice: [],
      })
      try {
        // Round -1 warms both up for this kind of work.
        for (let round = -1; round < rounds; round++) {
          for (const kind of round % 2 === 0 ? order : [...order].reverse()) {
            const figures = await measureOnce(row, kind)
            if (round >= 0) measured[kind].push(figures)
          }
        }
        done.push({ row, measured })
        console.log(`\n${row.title}`)
        printResults([resultOf(row, measured, medianLimits(limits))])
      } catch (error) {
        failures.push(`${row.name}: ${error instanceof Error ? error.message : error}`)
        console.log(`\n${row.title}\nFAILED: ${failures.at(-1)}`)
      }
    }
  } finally {
    for (const contender of shared.values()) await contender.stop()
  }
  const results = done.map(({ row, measured }) => resultOf(row, measured, medianLimits(limits)))
  return { limits: medianLimits(limits), results, failures }
}

/** @param {Limits[]} all @returns {Limits} */
function medianLimits(all) {
  const of = (/** @type {(limits: Limits) => number} */ pick) => median(all.map(pick))
  return {
    loopbackMbPerSecond: of((each) => each.loopbackMbPerSecond),
    appendMbPerSecond: of((each) => each.appendMbPerSecond),
    copyMbPerSecond: of((each) => each.copyMbPerSecond),
    roundTrip: {
      p50: of((each) => each.roundTrip.p50),
      p99: of((each) => each.roundTrip.p99),
      p999: of((each) => each.roundTrip.p999),
    },
  }
}

if (args.list) {
  for (const { name, title } of rows) console.log(`${name.padEnd(34)} ${title}`)
  process.exit(0)
}
if (rows.length === 0) throw new Error(`no row matches ${args.rows}`)
const folder = mkdtempSync(join(os.tmpdir(), 'sluice-bench-'))
// Whatever ends the run: the brokers, which write there, end with this process.
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

const about = {
  date: new Date().toISOString(),
  command: `npm run bench -- ${process.argv.slice(2).join(' ')}`,
  machine: describeMachine(),
  versions: describeVersions(),
  rounds,
  seconds,
  loadBefore: os.loadavg(),
}
const programs = await LoadPrograms.compile(join(folder, 'programs'))
const outcome = await run(folder, programs)
console.log(`\nthe machine: ${JSON.stringify(outcome.limits)}\n`)
printResults(outcome.results)
for (const failure of outcome.failures) console.log(`FAILED: ${failure}`)
if (args.json) writeFileSync(args.json, `${JSON.stringify({ ...about, ...outcome }, null, 1)}\n`)
process.exitCode = outcome.failures.length > 0 ? 1 : 0
