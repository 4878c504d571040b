/** All rows, in the order in which they are run, and apart from them the points of curves. */
import { connectionRows } from './connections.mjs'
import { consumeRows } from './consume.mjs'
import { latencyRows } from './latency.mjs'
import { partitionRows } from './partitions.mjs'
import { processRows } from './process.mjs'
import { produceRows } from './produce.mjs'
import { produceJavaRows } from './produce-java.mjs'
import { rawRows } from './raw.mjs'

export { scalingRows } from './scaling.mjs'

/** @type {import('./row.mjs').Row[]} */
export const rows = [
  ...processRows,
  ...connectionRows,
  ...partitionRows,
  ...latencyRows,
  ...rawRows,
  ...consumeRows,
  ...produceRows,
  ...produceJavaRows,
]
