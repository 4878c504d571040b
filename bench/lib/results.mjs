/**
 * What a benchmark found, as it is kept in JSON and printed: for each row and metric the spread of both brokers, the ratio
 * of the two (the median of the rounds' ratios, since the two of a round met the same machine), the machine's own figure
 * and the goal.
 */
import { formatTable } from '../../interop/lib/report.mjs'
import { metricOf, shown } from './metrics.mjs'
import { spreadOf } from './statistics.mjs'

/** @typedef {import('./statistics.mjs').Spread} Spread */
/** @typedef {import('./contender.mjs').ContenderKind} ContenderKind */
/** @typedef {import('../rows/row.mjs').Goal} Goal */
/**
 * @typedef {Goal & {isMet: boolean, ofMachine: boolean, found: number}} JudgedGoal
 *
 * @typedef {object} FigureResult
 * @property {string} metric
 * @property {Spread} apache
 * @property {Spread} sluice
 * @property {Spread} ratio
 * @property {number} [ceiling]
 * @property {JudgedGoal[]} goals
 *
 * @typedef {{name: string, title: string, family: string, rounds: number, figures: FigureResult[]}} RowResult
 */

/**
 * @param {import('../rows/row.mjs').Row} row
 * @param {Record<ContenderKind, Record<string, number>[]>} measured by round
 * @param {import('./limits.mjs').Limits} limits
 * @returns {RowResult}
 */
export function resultOf(row, measured, limits) {
  const names = Object.keys(measured.sluice[0] ?? {})
  const ceilings = row.ceilings?.(limits) ?? {}
  return {
    name: row.name,
    title: row.title,
    family: row.family ?? row.title,
    rounds: measured.sluice.length,
    figures: names.map((metric) => {
      const apache = spreadOf(measured['apache-4.1'].map((each) => each[metric] ?? Number.NaN))
      const sluice = spreadOf(measured.sluice.map((each) => each[metric] ?? Number.NaN))
      const ratio = spreadOf(
        sluice.values.map((value, round) => value / (apache.values[round] ?? Number.NaN)),
      )
      const ceiling = ceilings[metric]
      const ofKafka = (row.goals ?? []).map((goal) => judged(goal, ratio.median, false))
      const ofMachine = (row.machineGoals ?? []).map((goal) =>
        judged(goal, sluice.median / (ceiling ?? Number.NaN), true),
      )
      return {
        metric,
        apache,
        sluice,
        ratio,
        ...(ceiling === undefined ? {} : { ceiling }),
        goals: [...ofKafka, ...ofMachine].filter((goal) => goal.metric === metric),
      }
    }),
  }
}

/** @param {Goal} goal @param {number} found @param {boolean} ofMachine @returns {JudgedGoal} */
function judged(goal, found, ofMachine) {
  const isMet = goal.bound === 'at least' ? found >= goal.ratio : found <= goal.ratio
  return { ...goal, found, isMet, ofMachine }
}

/** Every figure of the rows, as text. @param {RowResult[]} results */
export function figuresTable(results) {
  const head = [
    'row',
    'figure',
    'Apache Kafka',
    '(spread)',
    'Sluice',
    '(spread)',
    'ratio',
    '(spread)',
    'machine',
    'goal',
  ]
  const lines = results.flatMap(({ name, figures }) =>
    figures.map(({ metric, apache, sluice, ratio, ceiling, goals }) => {
      const { title, unit } = metricOf(metric)
      return [
        name,
        unit ? `${title}, ${unit}` : title,
        shown(metric, apache.median),
        spreadText(metric, apache),
        shown(metric, sluice.median),
        spreadText(metric, sluice),
        ratio.median.toFixed(2),
        `${ratio.min.toFixed(2)}-${ratio.max.toFixed(2)}`,
        ceiling === undefined ? '' : shown(metric, ceiling),
        goals.map(goalText).join('; '),
      ]
    }),
  )
  return [head, ...lines]
}

/** @param {JudgedGoal} goal */
export function goalText(goal) {
  return `${boundText(goal)}${goal.ofMachine ? ` (${goal.found.toFixed(2)})` : ''}: ${goal.isMet ? 'met' : 'BEHIND'}`
}

/** @param {JudgedGoal} goal */
export function boundText({ bound, ratio, ofMachine }) {
  const rounded = ratio >= 0.3 ? String(ratio) : `1/${Math.round(1 / ratio)}`
  return `${bound} ${rounded}${ofMachine ? ' of the machine' : ''}`
}

/** @param {string} metric @param {Spread} spread */
function spreadText(metric, { min, max }) {
  return `${shown(metric, min)}-${shown(metric, max)}`
}

/** @param {RowResult[]} results */
export function printResults(results) {
  console.log(formatTable(figuresTable(results)))
}
