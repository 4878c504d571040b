/** All rows, in the order in which they are run: first those with brokers of their own. */
import { consumeRows } from './consume.mjs'
import { latencyRows } from './latency.mjs'
import { processRows } from './process.mjs'
import { produceRows } from './produce.mjs'
import { rawRows } from './raw.mjs'

/** @type {import('./row.mjs').Row[]} */
export const rows = [...processRows, ...latencyRows, ...rawRows, ...consumeRows, ...produceRows]
