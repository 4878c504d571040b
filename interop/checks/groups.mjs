/** Consumer groups: the clients of the run as members of shared groups, and Kafka's tools over groups. */
import { groupClients } from '../clients/group-clients.mjs'
import { checkAssignment } from './groups-assignment.mjs'
import { checkGroupKills, checkGroupRestarts } from './groups-kill.mjs'
import { checkCooperative, checkStaticMembers } from './groups-restart.mjs'
import { checkRolling } from './groups-rolling.mjs'
import { checkGroupTools } from './groups-tools.mjs'

/** @typedef {import('../lib/context.mjs').Context} Context */

/** Clients that speak the classic protocol, in the order in which they join. */
const classicCast = [
  'kafka-python',
  'kafkajs',
  'librdkafka',
  'sluice',
  'platformatic',
  'java-3.9',
  'java-4.1',
]

/** And the consumer protocol (KIP-848). */
const consumerCast = ['java-4.1', 'librdkafka-new', 'sluice', 'java-4.1', 'librdkafka-new']
/** A group that moves from the one to the other and back. */
const mixedCast = {
  classic: ['kafka-python', 'java-3.9', 'librdkafka'],
  consumer: ['java-4.1', 'librdkafka-new'],
}

/** What --only takes: "groups" for all of it, or some of these. */
export const groupParts = /** @type {const} */ ([
  'groups-assignment',
  'groups-restart',
  'groups-tools',
  'groups-kill',
  'groups-rolling',
])

/**
 * @param {Context} context
 * @param {(typeof groupParts[number])[]} parts
 * @param {{record: boolean}} options whether to write down what Apache Kafka's tools say
 */
export async function checkGroups(context, parts, { record }) {
  const { report, folder, brokerKind } = context
  const found = await groupClients(folder)
  for (const { name, missing } of found) if (missing) report.skip(`groups with ${name}`, missing)
  const clients = new Map(found.filter(({ missing }) => !missing).map((client) => [client.name, client]))
  /** @param {string[]} names of clients, one for each member @param {Record<string, string>} options */
  const cast = (names, options) =>
    names.flatMap((name, index) => {
      const client = clients.get(name)
      return client
        ? [{ client, name: `${name}-${options.protocol ?? 'classic'}-${index + 1}`, options }]
        : []
    })

  const some = (/** @type {string[]} */ ...names) => names.flatMap((name) => clients.get(name) ?? [])
  const hasConsumerProtocol = brokerKind !== 'apache-3.9'
  if (!hasConsumerProtocol)
    report.skip('groups of the consumer protocol', 'Apache Kafka 3.9 has it switched off')

  if (parts.includes('groups-assignment')) {
    const cases = some('java-4.1', 'kafka-python', 'sluice').flatMap((client) =>
      /** @type {const} */ (['range', 'roundrobin']).map(
        (assignor) => /** @type {const} */ ({ client, assignor, protocol: 'classic' }),
      ),
    )
    const consumer = hasConsumerProtocol ? some('java-4.1', 'sluice') : []
    await checkAssignment(context, [
      ...cases,
      ...consumer.map((client) => /** @type {const} */ ({ client, assignor: 'range', protocol: 'consumer' })),
    ])
  }

  if (parts.includes('groups-restart')) {
    await checkStaticMembers(context, some('java-4.1', 'librdkafka', 'sluice', 'java-3.9'), 'classic')
    if (hasConsumerProtocol) {
      await checkStaticMembers(context, some('java-4.1', 'librdkafka-new', 'sluice'), 'consumer')
    }
    await checkCooperative(context, some('java-4.1', 'sluice', 'java-3.9', 'java-4.1'))
    await checkCooperative(context, some('librdkafka-new', 'librdkafka-new', 'librdkafka-new'))
  }

  if (parts.includes('groups-tools')) {
    for (const client of some('java-4.1')) {
      await checkGroupTools(context, { client, hasConsumerProtocol, record })
    }
  }

  if (parts.includes('groups-kill') && brokerKind === 'running') {
    report.skip('kills and restarts under groups', 'a running broker is not ours to kill')
  } else if (parts.includes('groups-kill')) {
    const clients = some('librdkafka', 'java-4.1', 'kafka-python', 'sluice')
    for (const visitor of some('librdkafka')) await checkGroupKills(context, { clients, visitor })
    await checkGroupRestarts(context, {
      clients: some('java-4.1', 'librdkafka', 'sluice'),
      protocol: 'classic',
    })
    if (hasConsumerProtocol) {
      const ofConsumerProtocol = some('java-4.1', 'librdkafka-new', 'sluice')
      await checkGroupRestarts(context, { clients: ofConsumerProtocol, protocol: 'consumer' })
    }
  }

  if (parts.includes('groups-rolling')) {
    const classic = cast(classicCast, { assignor: 'range' })
    const title = 'one group, classic protocol'
    await checkRolling(context, { title, group: 'rolling-classic', roles: classic })
    if (hasConsumerProtocol) {
      await checkRolling(context, {
        title: 'one group, consumer protocol',
        group: 'rolling-consumer',
        roles: cast(consumerCast, { assignor: 'uniform', protocol: 'consumer' }),
        sameGeneration: false,
      })
      await checkRolling(context, {
        title: 'one group, members of both protocols',
        group: 'rolling-mixed',
        roles: [
          ...cast(mixedCast.classic, { assignor: 'range' }),
          ...cast(mixedCast.consumer, { assignor: 'range', protocol: 'consumer' }),
        ],
        sameGeneration: false,
      })
    }
  }
}
