/** Connections that are open and say nothing: memory, descriptors, processor time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { inLanes } from '../../interop/lib/processes.mjs'
import { Connection } from '../lib/connection.mjs'
import { atMost } from './row.mjs'

const apiVersions = 18
/** Opened before memory is read for the first time: what the first few bring along is no cost of a connection. */
const firstFew = 20
/** Fewer than a listener's backlog. */
const openedAtOnce = 20

/** @type {import('./row.mjs').Row[]} */
export const connectionRows = [1000, 2000].map((count) => ({
  name: `connections-${count}`,
  title: `${count.toLocaleString('en')} connections that have asked for ApiVersions and are idle`,
  family: `${count.toLocaleString('en')} connections`,
  isFresh: true,
  goals: count === 2000 ? [atMost('residentKibEach', 1 / 4)] : [],
  measure: async ({ contender, seconds }) => {
    const first = await openAll(contender.port, firstFew)
    await sleep(1000)
    const before = contender.measureMemory()
    const rest = await openAll(contender.port, count - firstFew)
    await sleep(1000)
    const residentKibEach = contender.memoryGrowthKib(before) / rest.length
    const { fileDescriptors, residentMiB } = contender
    const { brokerCpuSeconds } = await contender.measured(() => sleep(seconds * 1000))
    for (const connection of [...first, ...rest]) connection.close()
    return {
      residentKibEach,
      residentMiB,
      fileDescriptors,
      idleCpuPercent: (brokerCpuSeconds / seconds) * 100,
    }
  },
}))

/** @param {number} port @param {number} count */
async function openAll(port, count) {
  /** @type {Connection[]} */
  const connections = []
  await inLanes([...Array(count).keys()], openedAtOnce, async () => {
    const connection = await Connection.open(port)
    await connection.call(apiVersions, 2, {})
    connections.push(connection)
  })
  return connections
}
