/**
 * `npm run bench:report`: writes what benchmarks found, docs/performance/results/*.json, into the pages that show it. No
 * figure there is copied by hand.
 *
 * The pages say where: between `<!-- bench: NAMES -->` and `<!-- /bench -->` come the tables of results/NAME.json, and
 * between `<!-- bench-goals: NAMES -->` and the same end the goals of their rows, shortly.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { metricOf, shown } from './lib/metrics.mjs'
import { boundText, goalText } from './lib/results.mjs'

/**
 * @typedef {import('./lib/results.mjs').RowResult} RowResult
 * @typedef {import('./lib/results.mjs').FigureResult} FigureResult
 * @typedef {import('./lib/statistics.mjs').Spread} Spread
 * @typedef {ReturnType<typeof import('./lib/machine.mjs').describeMachine>} Machine
 * @typedef {ReturnType<typeof import('./lib/machine.mjs').describeVersions>} Versions
 *
 * @typedef {object} Run
 * @property {string} date
 * @property {string} command
 * @property {Machine} machine
 * @property {Versions} versions
 * @property {number} rounds
 * @property {number} seconds
 * @property {number[]} loadBefore
 * @property {number[]} loadAfter
 * @property {import('./lib/limits.mjs').Limits} limits
 * @property {RowResult[]} results
 * @property {string[]} failures
 */

const root = new URL('../', import.meta.url)
const pages = ['README.md', 'docs/performance/README.md']

for (const page of pages) {
  const file = fileURLToPath(new URL(page, root))
  const text = readFileSync(file, 'utf8')
  const written = text.replace(
    /(<!-- (bench|bench-goals): ([\w -]+) -->\n).*?(<!-- \/bench -->)/gs,
    (_, begin, kind, names, end) => {
      const runs = names.split(' ').flatMap(runsOf)
      const shown = kind === 'bench' ? runs.map(wholeTable).join('\n\n') : goalsTable(runs)
      return `${begin}\n${runs.length === 0 ? 'Not run yet.' : shown}\n\n${end}`
    },
  )
  writeFileSync(file, written)
}

/** None if there is no such file. @param {string} name @returns {Run[]} */
function runsOf(name) {
  const file = new URL(`docs/performance/results/${name}.json`, root)
  return existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8'))] : []
}

/** @param {Run} run */
function wholeTable(run) {
  const lines = run.results.flatMap(({ title, figures }) =>
    figures.map((figure, index) => [
      index === 0 ? title : '',
      figureName(figure),
      spreadText(figure.metric, figure.apache),
      spreadText(figure.metric, figure.sluice),
      `${figure.ratio.median.toFixed(2)} (${figure.ratio.min.toFixed(2)}-${figure.ratio.max.toFixed(2)})`,
      figure.ceiling === undefined ? '' : shown(figure.metric, figure.ceiling),
      figure.goals.map(goalText).join('; '),
    ]),
  )
  const head = ['row', 'figure', 'Apache Kafka', 'Sluice', 'ratio', 'machine', 'goal']
  const failures = run.failures.map((failure) => `Failed: ${failure}`)
  return [commandText(run), machineText(run), markdownTable(head, lines), limitsText(run), ...failures].join(
    '\n\n',
  )
}

/** Of rows of one family, the goal is met if all meet it. @param {Run[]} runs */
function goalsTable(runs) {
  /** @type {Map<string, {cells: string[], goals: import('./lib/results.mjs').JudgedGoal[]}>} */
  const lines = new Map()
  for (const { family, figures } of runs.flatMap(({ results }) => results)) {
    for (const figure of figures) {
      for (const goal of figure.goals) {
        const key = [family, goal.metric, goal.ofMachine].join()
        const line = lines.get(key) ?? {
          cells: [family, metricOf(goal.metric).title, boundText(goal)],
          goals: [],
        }
        lines.set(key, line)
        line.goals.push(goal)
      }
    }
  }
  const cells = [...lines.values()].map(({ cells, goals }) => {
    const found = goals.map((goal) => goal.found).sort((a, b) => a - b)
    const met = goals.filter((goal) => goal.isMet).length
    const range = found.length === 1 ? [found[0]] : [found[0], found.at(-1)]
    const verdict =
      met === goals.length
        ? 'met'
        : `**behind**${goals.length > 1 ? ` in ${goals.length - met} of ${goals.length} rows` : ''}`
    return [...cells, range.map((ratio) => ratio?.toFixed(2)).join(' to '), verdict]
  })
  const head = ['what', 'figure', 'goal, Apache Kafka being 1', 'found', '']
  return [markdownTable(head, cells), ...runs.slice(0, 1).map(machineText), ...runs.map(commandText)].join(
    '\n\n',
  )
}

/** @param {Run} run */
function commandText({ command, date, rounds, seconds, loadBefore, loadAfter }) {
  const load = [loadBefore[0], loadAfter[0]].map((each) => (each ?? Number.NaN).toFixed(1)).join(' and ')
  return (
    `\`${command.trim()}\`, ${date.slice(0, 10)}: ${rounds} interleaved pairs of ${seconds} s; the machine's load average ` +
    `was ${load} before and after.`
  )
}

/** @param {Run} run */
function machineText({ machine, versions }) {
  return (
    `${machine.cores} cores of ${machine.processor}, ${machine.memoryGiB} GiB, ${machine.system}; Sluice ${versions.sluice} ` +
    `on Node ${versions.node}; Apache Kafka ${versions.apacheKafka} on ${versions.java}; librdkafka ${versions.librdkafka}.`
  )
}

/** @param {Run} run */
function limitsText({ limits }) {
  const { loopbackMbPerSecond, appendMbPerSecond, copyMbPerSecond, roundTrip, requestsPerSecond, node } =
    limits
  return (
    `The machine itself, in the same run: ${mb(loopbackMbPerSecond)} through one connection of the loopback, ` +
    `${mb(appendMbPerSecond)} appended to a file, ${mb(copyMbPerSecond)} copied in memory; 1 KiB there and back at 2,000/s ` +
    `${us(roundTrip.p50)} p50, ${us(roundTrip.p99)} p99, ${us(roundTrip.p999)} p99.9; ` +
    `${Math.round(requestsPerSecond).toLocaleString('en')} requests of 100 B a second answered by a program that does no more; Node by ` +
    `itself up in ${Math.round(node.startMs)} ms with ${Math.round(node.residentMiB)} MiB.`
  )
}

/** @param {number} value */
function mb(value) {
  return `${Math.round(value).toLocaleString('en')} MB/s`
}

/** @param {number} value */
function us(value) {
  return `${Math.round(value).toLocaleString('en')} us`
}

/** @param {FigureResult} figure */
function figureName({ metric }) {
  const { title, unit } = metricOf(metric)
  return unit ? `${title}, ${unit}` : title
}

/** @param {string} metric @param {Spread} spread */
function spreadText(metric, { median, min, max }) {
  return `${shown(metric, median)} (${shown(metric, min)}-${shown(metric, max)})`
}

/** @param {string[]} head @param {string[][]} lines */
function markdownTable(head, lines) {
  const row = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`
  return [row(head), row(head.map(() => '---')), ...lines.map(row)].join('\n')
}
