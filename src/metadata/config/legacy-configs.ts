/**
 * Broker keys of older releases and of guides written for them. Kafka 3.9 would take them for unknown keys; here
 * each either still works or says what replaced it.
 */

/** Keys without an effect, and what the warning about them says. */
const withoutEffect: ReadonlyMap<string, string> = new Map([
  ['replica.lag.max.messages', 'it was removed in Kafka 0.9; replica.lag.time.max.ms alone decides'],
  ['broker.list', 'it is not a broker configuration; brokers find each other through the metadata store'],
  ['replication.factor', 'it belongs to a topic; default.replication.factor is the default of new topics'],
  ['zookeeper.sync.time.ms', 'it was removed in Kafka 3.0'],
  ['quota.producer.default', 'it was removed in Kafka 3.0; quotas are set dynamically'],
  ['quota.consumer.default', 'it was removed in Kafka 3.0; quotas are set dynamically'],
])

/** Keys that still work: they were removed in Kafka 3.0 in favour of the listener keys. */
const hostAndPortKeys = ['host.name', 'port', 'advertised.host.name', 'advertised.port']

/** Keys that only have a meaning for a cluster with a KRaft quorum. */
const quorumKeys =
  /^(?:process\.roles|controller\.(?:quorum\..*|listener\.names)|metadata\.log\.(?!dir$).*|metadata\.max\..*|sasl\.mechanism\.controller\.protocol)$/

export interface Translated {
  readonly properties: ReadonlyMap<string, string>
  readonly warnings: readonly string[]
}

/** Turns old keys into today's. What it returns holds no old key. */
export function translateLegacyConfigs(given: ReadonlyMap<string, string>): Translated {
  const properties = new Map(given)
  const warnings: string[] = []
  for (const name of given.keys()) {
    const reason = withoutEffect.get(name)
    if (reason !== undefined) {
      warnings.push(`The configuration ${name} has no effect: ${reason}.`)
      properties.delete(name)
    } else if (quorumKeys.test(name)) {
      warnings.push(`The configuration ${name} has no effect: there is no KRaft quorum.`)
    } else if (hostAndPortKeys.includes(name)) {
      properties.delete(name)
    }
  }
  translateHostAndPort(given, properties, warnings)
  return { properties, warnings }
}

function translateHostAndPort(
  given: ReadonlyMap<string, string>,
  properties: Map<string, string>,
  warnings: string[],
): void {
  const translate = (
    hostKey: string,
    portKey: string,
    target: string,
    fallback: { host: string; port: string },
  ) => {
    const host = (given.get(hostKey) ?? fallback.host).trim()
    const port = (given.get(portKey) ?? fallback.port).trim()
    const used = [hostKey, portKey].filter((key) => given.has(key)).join(' and ')
    if (used === '') return { host, port }
    const value = `PLAINTEXT://${host.includes(':') ? `[${host}]` : host}:${port}`
    if (given.has(target)) {
      warnings.push(`The configuration ${used} has no effect: ${target} is set.`)
    } else {
      warnings.push(`The configuration ${used} was removed in Kafka 3.0; it is read as ${target}=${value}.`)
      properties.set(target, value)
    }
    return { host, port }
  }
  const bound = translate('host.name', 'port', 'listeners', { host: '', port: '9092' })
  translate('advertised.host.name', 'advertised.port', 'advertised.listeners', bound)
}
