/**
 * `npm run bench`: Apache Kafka and Sluice side by side, under the same load from the same outside programs.
 *
 *   node bench/bench.mjs [--rows PATTERN] [--goals] [--rounds 5] [--seconds 5] [--quick] [--json FILE] [--list]
 *                       [--scaling]
 *
 * --rows takes the rows whose name matches; --goals those that have a goal; --scaling the points of the curves over
 * partitions, connections, topics and log size instead. Rounds are interleaved: in each one the two
 * brokers are measured one right after the other, and which is first alternates. Before the first round that counts both
 * are warmed, and each row has a round that doesn't count. The machine's own limits are taken before each row. --quick is
 * for trying a change: three rounds of two seconds. Ends with 1 if a row failed; a goal that is not met is no failure.
 *
 * Needs Linux, Java, a C compiler and librdkafka (installed from Debian where this runs as root) and some 10 GB of disk
 * below the folder for temporary files. NODE names the node that Sluice runs on. Needs `npm run build`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { LoadPrograms } from './lib/load-programs.mjs'
import { describeMachine, describeVersions } from './lib/machine.mjs'
import { printResults } from './lib/results.mjs'
import { SideBySide } from './lib/side-by-side.mjs'
import { rows as comparedRows, scalingRows } from './rows/index.mjs'

const { values: args } = parseArgs({
  options: {
    rows: { type: 'string', default: '' },
    goals: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    scaling: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
})
const rounds = Number(args.rounds ?? (args.quick ? 3 : 5))
const seconds = Number(args.seconds ?? (args.quick ? 2 : 5))
const warmUpSeconds = args.quick ? 4 : 10

const rows = (args.scaling ? scalingRows : comparedRows).filter(
  ({ name, goals = [] }) => new RegExp(args.rows).test(name) && (!args.goals || goals.length > 0),
)
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
  command: commandText(),
  machine: describeMachine(),
  versions: describeVersions(),
  rounds,
  seconds,
  loadBefore: os.loadavg(),
}
const programs = await LoadPrograms.compile(join(folder, 'programs'))
const sideBySide = new SideBySide({ folder, programs, rounds, seconds, warmUpSeconds })
/** @type {string[]} */
const failures = []
try {
  for (const row of rows) {
    console.log(`\n${row.title}`)
    try {
      await sideBySide.measure(row)
      printResults(sideBySide.results.slice(-1))
    } catch (error) {
      failures.push(`${row.name}: ${error instanceof Error ? error.message : error}`)
      console.log(`FAILED: ${failures.at(-1)}`)
    }
    if (args.json) save(args.json)
  }
} finally {
  await sideBySide.stop()
}
console.log(`\nthe machine: ${JSON.stringify(sideBySide.limits)}\n`)
printResults(sideBySide.results)
for (const failure of failures) console.log(`FAILED: ${failure}`)
process.exitCode = failures.length > 0 ? 1 : 0

/** What to type for the same again. */
function commandText() {
  const options = Object.entries(args)
    .filter(([name, value]) => name !== 'json' && value !== false && value !== '')
    .flatMap(([name, value]) => (value === true ? [`--${name}`] : [`--${name}`, `'${value}'`]))
  return ['npm run bench --', ...options].join(' ')
}

/** After each row: what was measured is kept if the run is broken off. @param {string} file */
function save(file) {
  const { limits, results } = sideBySide
  const loadAfter = os.loadavg()
  writeFileSync(file, `${JSON.stringify({ ...about, loadAfter, limits, results, failures }, null, 1)}\n`)
}
