/**
 * Eleven partitions over three members, counted from one: Range gives 1-4, 5-8 and 9-11, RoundRobin gives 1 4 7 10,
 * 2 5 8 11 and 3 6 9. The members are in the order of their ids, which begin with their names.
 */
import { GroupHistory } from '../lib/group-history.mjs'
import { GroupMember } from '../lib/group-member.mjs'
import { expect } from '../lib/report.mjs'
import { waitUntil } from '../lib/wait.mjs'

const partitions = 11
const topic = 'assignment'
const wanted = {
  range: '[1 2 3 4] [5 6 7 8] [9 10 11]',
  roundrobin: '[1 4 7 10] [2 5 8 11] [3 6 9]',
}

/**
 * @typedef {object} Case
 * @property {import('../clients/group-clients.mjs').GroupClient} client
 * @property {keyof typeof wanted} assignor
 * @property {'classic' | 'consumer'} protocol
 */

/**
 * @param {import('../lib/context.mjs').Context} context
 * @param {Case[]} cases
 */
export async function checkAssignment({ report, bootstrap, createTopic }, cases) {
  if (!(await createTopic(topic, partitions))) return
  for (const { client, assignor, protocol } of cases) {
    const group = `assignment-${client.name}-${protocol}-${assignor}`
    await report.check(`${group}: 11 partitions over 3 members are ${wanted[assignor]}`, async () => {
      const history = new GroupHistory()
      const members = [1, 2, 3].map(
        (number) =>
          new GroupMember(
            history,
            client,
            { bootstrap, topic, group },
            {
              name: `member-${number}`,
              options: { assignor, protocol, heartbeat: 300 },
            },
          ),
      )
      try {
        await history.stable({ partitions, members, sameGeneration: protocol === 'classic' })
        const found = () =>
          members
            .toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1))
            .map(({ owned }) => [...owned].sort((a, b) => a - b).map((partition) => partition + 1))
            .map((list) => `[${list.join(' ')}]`)
            .join(' ')
        // Between two steps of a reassignment (KIP-848) all partitions are owned as well.
        await waitUntil(() => found() === wanted[assignor], 'such assignment').catch(() => {})
        expect(found() === wanted[assignor], found())
      } finally {
        await history.killAll()
      }
    })
  }
}
