/**
 * A broker that is killed while groups rebalance and commit, and one that is restarted in order.
 *
 *   killed      SIGKILL a dozen times, as a member comes and goes before each kill and the others commit all the time:
 *               no acknowledged commit is lost, no generation has two assignments, and in the end every record is
 *               processed and committed
 *   restarted   SIGTERM and SIGKILL between rebalances: the group is what it was, members go on in their generation
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startBroker } from '../lib/broker.mjs'
import { groupAdmin, startLoad } from '../lib/group-admin.mjs'
import { GroupHistory } from '../lib/group-history.mjs'
import { GroupMember } from '../lib/group-member.mjs'
import { runProgram } from '../lib/processes.mjs'
import { expect } from '../lib/report.mjs'
import { delay, waitUntil } from '../lib/wait.mjs'

const createProgram = fileURLToPath(new URL('../clients/create-topic.mjs', import.meta.url))
const partitions = 6
const perSecond = 200
const kills = 12
/** From the start of the rebalance to the kill. */
const lifeMs = { shortest: 20, longest: 900 }
const commitsPerLife = 3
const heartbeatMs = 300
const killedSessionMs = 6000
/** Longer than a restart, so that members that find the broker again have not been forgotten. */
const restartedSessionMs = 20_000
const serveTimeoutMs = 30_000

/** @typedef {import('../lib/context.mjs').Context} Context */
/** @typedef {import('../clients/group-clients.mjs').GroupClient} GroupClient */

/**
 * Starts a broker with a topic of its own; `restart` ends it and starts it on the same port and folder.
 * @param {Context} context
 * @param {string} topic
 */
async function ownBroker(context, topic) {
  const kind = /** @type {import('../lib/broker.mjs').BrokerKind} */ (context.brokerKind)
  const { overrides } = context
  const folder = join(context.folder, topic)
  let broker = await startBroker({ kind, folder, overrides })
  const { port } = broker
  const bootstrap = `127.0.0.1:${port}`
  await runProgram([process.execPath, [createProgram, bootstrap, topic, String(partitions)]])
  return {
    bootstrap,
    stop: (/** @type {NodeJS.Signals} */ signal) => broker.stop(signal),
    start: async () => {
      broker = await startBroker({ kind, folder, port, overrides })
    },
  }
}

/**
 * @param {Context} context
 * @param {{clients: GroupClient[], visitor: GroupClient}} cast
 *   those that stay, and the one that comes and goes
 */
export async function checkGroupKills(context, { clients, visitor }) {
  const topic = 'groups-killed'
  await context.report.check(`${kills} kills while a group rebalances and commits`, async () => {
    const broker = await ownBroker(context, topic)
    const { bootstrap } = broker
    const history = new GroupHistory()
    const options = { session: killedSessionMs, heartbeat: heartbeatMs, assignor: 'range' }
    const start = (/** @type {GroupClient} */ client, /** @type {string} */ name) =>
      new GroupMember(history, client, { bootstrap, topic, group: topic }, { name, options })
    const admin = await groupAdmin(bootstrap)
    const load = await startLoad(bootstrap, topic, { partitions, perSecond })
    const members = clients.map((client) => start(client, client.name))
    let commits = 0
    try {
      await history.stable({ partitions, members })
      /** @type {GroupMember | undefined} */
      let guest
      for (let kill = 1; kill <= kills; kill++) {
        const commitsBefore = countCommits(history)
        await waitUntil(
          () => countCommits(history) >= commitsBefore + commitsPerLife,
          `commits in life ${kill}`,
          serveTimeoutMs,
        )
        // It comes before one kill, and goes before the next one without waiting for an answer.
        if (guest) guest.leaveSoon()
        else guest = start(visitor, `visitor-${kill}`)
        if (kill % 2 === 0) guest = undefined
        // Spread evenly rather than at random: no two lives are the same, and a failure can be repeated.
        const shareOfLife = ((kill * 7) % kills) / kills
        await delay(lifeMs.shortest + shareOfLife * (lifeMs.longest - lifeMs.shortest))
        await broker.stop('SIGKILL')
        const acknowledged = new Map(history.committed)
        await broker.start()
        const found = await admin.committed(topic, topic)
        for (const [partition, offset] of acknowledged) {
          const kept = found.get(partition) ?? -1
          expect(
            kept >= offset,
            `kill ${kill}: partition ${partition} was committed at ${offset}, now at ${kept}`,
          )
        }
        commits = countCommits(history)
      }
      await Promise.all(
        [...history.members].filter((member) => !members.includes(member)).map((one) => one.kill()),
      )
      await history.stable({ partitions, members })
      await load.stop()
      const ends = await admin.ends(topic)
      await waitUntil(async () => {
        const found = await admin.committed(topic, topic)
        return [...ends].every(([partition, end]) => found.get(partition) === end)
      }, 'committed offsets at the ends of the logs')
      history.expectAllProcessed(ends)
      history.expectOneOwner()
      return `${history.processed.size} records, ${history.duplicates} of them again, ${commits} commits`
    } finally {
      await history.killAll()
      await load.stop().catch(() => {})
      await admin.close()
      await broker.stop('SIGKILL')
    }
  })
}

/** @param {GroupHistory} history */
const countCommits = (history) => history.events.filter(({ word }) => word === 'committed').length

/**
 * @param {Context} context
 * @param {{clients: GroupClient[], protocol: 'classic' | 'consumer' }} cast
 */
export async function checkGroupRestarts(context, { clients, protocol }) {
  const { report } = context
  const topic = `groups-restarted-${protocol}`
  const broker = await ownBroker(context, topic)
  const { bootstrap } = broker
  const history = new GroupHistory()
  const options = { protocol, session: restartedSessionMs, heartbeat: heartbeatMs, assignor: 'range' }
  const members = clients.map(
    (client, index) =>
      new GroupMember(
        history,
        client,
        { bootstrap, topic, group: topic },
        { name: `${client.name}-${index}`, options },
      ),
  )
  const admin = await groupAdmin(bootstrap)
  const load = await startLoad(bootstrap, topic, { partitions, perSecond })
  try {
    await history.stable({ partitions, members, sameGeneration: protocol === 'classic' })
    for (const signal of /** @type {const} */ (['SIGTERM', 'SIGKILL'])) {
      await report.check(
        `${protocol} group: ${signal}, restart, and members go on as if nothing had been`,
        async () => {
          const before = protocol === 'classic' ? await admin.describe(topic) : undefined
          const changes = () => history.events.filter(({ word }) => /assigned|revoked|lost/.test(word)).length
          const changesBefore = changes()
          await broker.stop(signal)
          const acknowledged = new Map(history.committed)
          await broker.start()
          if (before) {
            const after = await admin.describe(topic)
            expect(
              JSON.stringify(after) === JSON.stringify(before),
              `${JSON.stringify(before)} became ${JSON.stringify(after)}`,
            )
          }
          const found = await admin.committed(topic, topic)
          for (const [partition, offset] of acknowledged) {
            const kept = found.get(partition) ?? -1
            expect(kept >= offset, `partition ${partition} was committed at ${offset}, now at ${kept}`)
          }
          const processed = members.map((member) => member.processed)
          const isWorking = () => members.every((member, index) => member.processed > (processed[index] ?? 0))
          await waitUntil(isWorking, 'record processed by each member', serveTimeoutMs)
          const commits = countCommits(history)
          await waitUntil(() => countCommits(history) > commits + members.length, 'commit')
          expect(changes() === changesBefore, `${changes() - changesBefore} changes of what they own`)
          history.expectNoDuplicates()
        },
      )
    }
  } finally {
    await history.killAll()
    await load.stop().catch(() => {})
    await admin.close()
    await broker.stop('SIGKILL')
  }
}
