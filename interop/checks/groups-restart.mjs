/**
 * Members that are restarted one after the other, as in an upgrade, and what the rest of the group notices of it.
 *
 *   static members (KIP-345)              nothing: the same partitions, the same generation
 *   cooperative-sticky (KIP-429)          only what moves is given up; what stays is read all the while
 */
import { startLoad } from '../lib/group-admin.mjs'
import { GroupHistory } from '../lib/group-history.mjs'
import { GroupMember, partitionsOf } from '../lib/group-member.mjs'
import { expect } from '../lib/report.mjs'
import { delay, waitUntil } from '../lib/wait.mjs'

const partitions = 12
const perSecond = 200
const heartbeatMs = 300
/** Longer than any client takes to come back. */
const staticSessionMs = 15_000
/** For changes that must not come. */
const quietMs = 1500

/** @typedef {import('../lib/context.mjs').Context} Context */
/** @typedef {import('../clients/group-clients.mjs').GroupClient} GroupClient */

const sorted = (/** @type {Iterable<number>} */ numbers) => [...numbers].sort((a, b) => a - b).join(',')

/** @param {Context} context @param {GroupClient[]} clients @param {'classic' | 'consumer'} protocol */
export async function checkStaticMembers({ report, bootstrap, createTopic }, clients, protocol) {
  const topic = `static-${protocol}`
  if (!(await createTopic(topic, partitions))) return
  const history = new GroupHistory()
  const options = { protocol, session: staticSessionMs, heartbeat: heartbeatMs }
  const start = (/** @type {GroupClient} */ client, /** @type {number} */ index) =>
    new GroupMember(
      history,
      client,
      { bootstrap, topic, group: topic },
      {
        name: client.name,
        options: { ...options, assignor: 'range', instance: `instance-${index}` },
      },
    )
  const members = clients.map(start)
  const stable = () => history.stable({ partitions, members, sameGeneration: protocol === 'classic' })
  /** Changes of ownership that members other than one have said. @param {GroupMember} except */
  const changes = (except) =>
    history.events.filter(
      ({ member, word }) =>
        member !== except && members.includes(member) && /assigned|revoked|lost/.test(word),
    ).length

  try {
    // Under the consumer protocol a member that has just come owns nothing at first, which may look stable.
    const isEven = () => {
      const counts = members.map(({ owned }) => owned.size)
      return Math.max(...counts) - Math.min(...counts) <= 1
    }
    await report.check(`static members, ${protocol} protocol: join`, async () => {
      await waitUntil(isEven, 'even assignment')
      // What members still say of their joining is no part of what follows.
      await delay(quietMs)
      await stable()
    })
    for (const [index, client] of clients.entries()) {
      // Under the consumer protocol an instance id stays taken until the session of one that was killed has ended.
      const ways = protocol === 'classic' ? ['in order', 'after SIGKILL'] : ['in order']
      for (const how of ways) {
        await report.check(
          `static members, ${protocol} protocol: ${client.name} comes back ${how}, unnoticed`,
          async () => {
            const old = members[index]
            if (!old) return
            const { generation } = old
            const owned = sorted(old.owned)
            const before = changes(old)
            await (how === 'in order' ? old.leave() : old.kill())
            const back = start(client, index)
            members[index] = back
            await stable()
            await delay(quietMs)
            expect(sorted(back.owned) === owned, `owned ${owned}, now ${sorted(back.owned)}`)
            expect(changes(back) === before, 'the others noticed')
            if (protocol === 'classic')
              expect(back.generation === generation, `generation ${generation} became ${back.generation}`)
          },
        )
      }
    }
    if (protocol === 'consumer') return
    for (const [index, client] of clients.entries()) {
      await report.check(
        `static members: a second ${client.name} with the same instance id fences the first`,
        async () => {
          const old = members[index]
          if (!old) return
          const owned = sorted(old.owned)
          const before = changes(old)
          const back = start(client, index)
          members[index] = back
          const isFenced = () =>
            history.events.some(
              ({ member, word, args }) => member === old && word === 'fatal' && /fenced/i.test(args[0] ?? ''),
            )
          await waitUntil(isFenced, 'fenced member')
          await old.kill()
          await stable()
          expect(sorted(back.owned) === owned, `owned ${owned}, now ${sorted(back.owned)}`)
          expect(changes(back) === before, 'the others noticed')
        },
      )
    }
  } finally {
    await history.killAll()
  }
}

/** @param {Context} context @param {GroupClient[]} clients */
export async function checkCooperative({ report, bootstrap, createTopic }, clients) {
  const topic = `cooperative-${clients.map(({ name }) => name).join('-')}`
  if (!(await createTopic(topic, partitions))) return
  const history = new GroupHistory()
  const load = await startLoad(bootstrap, topic, { partitions, perSecond })
  const start = (/** @type {GroupClient} */ client, /** @type {number} */ index) =>
    new GroupMember(
      history,
      client,
      { bootstrap, topic, group: topic },
      {
        name: `${client.name}-${index}`,
        options: { session: 6000, heartbeat: heartbeatMs, assignor: 'cooperative-sticky' },
      },
    )
  /** @type {GroupMember[]} */
  const members = []
  const stable = () => history.stable({ partitions, members })
  /** What has been given up since an event. @param {number} index */
  const givenUpSince = (index) =>
    history.events
      .slice(index)
      .filter(({ member, word }) => members.includes(member) && /revoked|lost/.test(word))
      .flatMap(({ args }) => partitionsOf(args[0] ?? '-'))

  try {
    await report.check(`${topic}: members join one by one, and only what moves is given up`, async () => {
      for (const [index, client] of clients.entries()) {
        const from = history.events.length
        const joining = start(client, index)
        members.push(joining)
        await stable()
        const givenUp = givenUpSince(from)
        expect(
          index === 0 || sorted(givenUp) === sorted(joining.owned),
          `${sorted(givenUp)} given up, ${sorted(joining.owned)} moved`,
        )
      }
    })
    await report.check(
      `${topic}: each is restarted; the others keep what they have, each record once`,
      async () => {
        for (const [index, client] of clients.entries()) {
          const [leaving] = members.splice(index, 1)
          let from = history.events.length
          await leaving?.leave()
          await stable()
          expect(
            givenUpSince(from).length === 0,
            `${sorted(givenUpSince(from))} given up as ${client.name} left`,
          )
          from = history.events.length
          const back = start(client, index)
          members.splice(index, 0, back)
          await stable()
          const givenUp = sorted(givenUpSince(from))
          expect(givenUp === sorted(back.owned), `${givenUp} given up, ${sorted(back.owned)} moved`)
        }
        history.expectOneOwner()
        history.expectOneOwnerAtATime()
        history.expectNoDuplicates()
        return `${history.processed.size} records`
      },
    )
  } finally {
    await history.killAll()
    await load.stop().catch(() => {})
  }
}
