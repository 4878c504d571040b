/**
 * One group shared by every client, on a topic that is written to all the time. Membership rolls in two parts:
 *
 *   in order    each joins, then each leaves and comes back: every record is processed exactly once
 *   by force    some are killed, some paused until their session has ended: every record is processed at least once
 *
 * Throughout, no partition has two owners in one generation, and in the end the committed offsets are the log's ends.
 * The schedule is fixed.
 */
import { groupAdmin, startLoad } from '../lib/group-admin.mjs'
import { GroupHistory } from '../lib/group-history.mjs'
import { GroupMember } from '../lib/group-member.mjs'
import { expect } from '../lib/report.mjs'
import { delay, waitUntil } from '../lib/wait.mjs'

const partitions = 11
const perSecond = 200
/** Lower than the 6 s that a broker allows by default; the run sets group.min.session.timeout.ms. */
const sessionMs = 3000
const heartbeatMs = 300
/** A paused member stays so for this long after the others have taken over. */
const overtakenMs = 500

/** @typedef {import('../lib/context.mjs').Context} Context */
/** @typedef {import('../clients/group-clients.mjs').GroupClient} GroupClient */
/** @typedef {{client: GroupClient, name: string, options: Record<string, string | number>}} Role */

/**
 * @param {Context} context
 * @param {{title: string, group: string, roles: Role[], sameGeneration?: boolean}} cast the members in the order in
 *   which they join
 */
export async function checkRolling(context, { title, group, roles, sameGeneration = true }) {
  const { report, bootstrap, createTopic } = context
  const topic = group
  if (!(await createTopic(topic, partitions))) return
  const admin = await groupAdmin(bootstrap)
  const history = new GroupHistory()
  const load = await startLoad(bootstrap, topic, { partitions, perSecond })

  /** @type {Map<Role, GroupMember>} */
  const members = new Map()
  const stable = () => history.stable({ partitions, members: [...members.values()], sameGeneration })
  const join = (/** @type {Role} */ role) => {
    const options = { session: sessionMs, heartbeat: heartbeatMs, ...role.options }
    members.set(
      role,
      new GroupMember(history, role.client, { bootstrap, topic, group }, { name: role.name, options }),
    )
  }
  const leave = async (/** @type {Role} */ role) => {
    const member = members.get(role)
    members.delete(role)
    await member?.leave()
  }
  try {
    const isOrdered = await report.check(
      `${title}: joining and leaving in order, each record once`,
      async () => {
        for (const role of roles) {
          join(role)
          await stable()
        }
        for (const role of roles) {
          await leave(role)
          await stable()
          join(role)
          await stable()
        }
        history.expectOneOwner()
        history.expectOneOwnerAtATime()
        history.expectNoDuplicates()
        return `${roles.length} members, ${history.processed.size} records`
      },
    )
    if (!isOrdered) return
    await report.check(`${title}: killed and paused members, each record at least once`, async () => {
      const killed = roles.filter((_, index) => index % 2 === 0)
      const paused = roles.filter((_, index) => index % 2 === 1)
      const kills = killed.map((role) => members.get(role)?.kill())
      for (const role of killed) members.delete(role)
      await Promise.all(kills)
      await stable()
      for (const role of killed) join(role)
      await stable()

      const sleepers = paused.map((role) => members.get(role))
      for (const role of paused) members.delete(role)
      for (const sleeper of sleepers) sleeper?.pause()
      await stable()
      await delay(overtakenMs)
      for (const sleeper of sleepers) sleeper?.resume()
      for (const [index, role] of paused.entries()) {
        const sleeper = sleepers[index]
        if (sleeper) members.set(role, sleeper)
      }
      await stable()
      history.expectOneOwner()
    })
    await report.check(`${title}: in the end all is processed and committed`, async () => {
      const sent = await load.stop()
      const ends = await admin.ends(topic)
      const isCommitted = async () => {
        const committed = await admin.committed(group, topic)
        return [...ends].every(([partition, end]) => committed.get(partition) === end)
      }
      await waitUntil(isCommitted, 'committed offsets at the ends of the logs')
      history.expectAllProcessed(ends)
      await Promise.all([...members.keys()].map(leave))
      await waitUntil(async () => {
        const { state } = await admin.describe(group)
        return sameGeneration ? state === 'Empty' : true
      }, 'empty group')
      const workers = new Set(
        [...history.members].filter(({ processed }) => processed > 0).map(({ name }) => name),
      )
      expect(workers.size === roles.length, `only ${[...workers].join(', ')} have processed records`)
      const total = [...ends.values()].reduce((sum, end) => sum + end, 0)
      expect(total >= sent, `${total} records in the log, ${sent} were written`)
      return `${total} records, ${history.duplicates} of them again after force`
    })
  } finally {
    await history.killAll()
    await load.stop().catch(() => {})
    await admin.close()
  }
}
