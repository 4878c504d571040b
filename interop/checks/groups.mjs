/** Consumer groups: the clients of the run as members of shared groups, and Kafka's tools over groups. */
import { groupClients } from '../clients/group-clients.mjs'
import { checkAssignment } from './groups-assignment.mjs'
import { checkCooperative, checkStaticMembers } from './groups-restart.mjs'
import { checkRolling } from './groups-rolling.mjs'

/** @typedef {import('../lib/context.mjs').Context} Context */

/** Clients that speak the classic protocol, in the order in which they join. */
const classicCast = ['kafka-python', 'kafkajs', 'librdkafka', 'platformatic', 'java-3.9', 'java-4.1']

/** And the consumer protocol (KIP-848). */
const consumerCast = ['java-4.1', 'librdkafka-new', 'java-4.1', 'librdkafka-new']
/** A group that moves from the one to the other and back. */
const mixedCast = {
  classic: ['kafka-python', 'java-3.9', 'librdkafka'],
  consumer: ['java-4.1', 'librdkafka-new'],
}

/** @param {Context} context */
export async function checkGroups(context) {
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

  const cases = some('java-4.1', 'kafka-python').flatMap((client) =>
    /** @type {const} */ (['range', 'roundrobin']).map(
      (assignor) => /** @type {const} */ ({ client, assignor, protocol: 'classic' }),
    ),
  )
  if (hasConsumerProtocol) {
    const [client] = some('java-4.1')
    if (client) cases.push({ client, assignor: 'range', protocol: 'consumer' })
  }
  await checkAssignment(context, cases)
  await checkStaticMembers(context, some('java-4.1', 'librdkafka', 'java-3.9'), 'classic')
  if (hasConsumerProtocol) await checkStaticMembers(context, some('java-4.1', 'librdkafka-new'), 'consumer')
  await checkCooperative(context, some('java-4.1', 'java-3.9', 'java-4.1'))
  await checkCooperative(context, some('librdkafka-new', 'librdkafka-new', 'librdkafka-new'))

  const classic = cast(classicCast, { assignor: 'range' })
  await checkRolling(context, {
    title: 'one group, classic protocol',
    group: 'rolling-classic',
    roles: classic,
  })

  if (!hasConsumerProtocol) return
  const consumer = cast(consumerCast, { assignor: 'uniform', protocol: 'consumer' })
  await checkRolling(context, {
    title: 'one group, consumer protocol',
    group: 'rolling-consumer',
    roles: consumer,
    sameGeneration: false,
  })
  const mixed = [...cast(mixedCast.classic, { assignor: 'range' })]
  mixed.push(...cast(mixedCast.consumer, { assignor: 'range', protocol: 'consumer' }))
  await checkRolling(context, {
    title: 'one group, members of both protocols',
    group: 'rolling-mixed',
    roles: mixed,
    sameGeneration: false,
  })
}
