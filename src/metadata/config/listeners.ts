/**
 * `listeners`, `advertised.listeners` and the keys around them: where the broker binds, and what it tells clients.
 *
 * A listener without a host, or on 0.0.0.0 or [::], advertises no host of its own: clients are told the address
 * they dialled. (Kafka refuses 0.0.0.0 there, or advertises the machine's name, which is a common trap.)
 * Only PLAINTEXT can be served today; the security room will lift that.
 */
import { ConfigError } from './config-def.ts'
import type { ConfigValues } from './config-values.ts'

export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

export interface Endpoint {
  /** In capitals: PLAINTEXT, INTERNAL. */
  readonly listenerName: string
  readonly securityProtocol: SecurityProtocol
  /** undefined: in `listeners` every address; in `advertisedListeners` the address that the client dialled. */
  readonly host: string | undefined
  /** 0 takes a free port. */
  readonly port: number
}

export interface ListenerSettings {
  readonly listeners: readonly Endpoint[]
  /** One for each name that clients may use; the names are a subset of those in `listeners`. */
  readonly advertisedListeners: readonly Endpoint[]
  readonly interBrokerListenerName: string
  readonly warnings: readonly string[]
}

const securityProtocols: readonly string[] = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']
const wildcards: readonly (string | undefined)[] = ['0.0.0.0', '::', '::0', '0:0:0:0:0:0:0:0']

/** Reads all listener keys. Throws ConfigError with Kafka's words. */
export function readListeners(values: ConfigValues, given: ReadonlyMap<string, string>): ListenerSettings {
  const warnings: string[] = []
  const controllerNames = (values.stringOrUndefined('controller.listener.names') ?? '')
    .split(',')
    .map((name) => name.trim().toUpperCase())
    .filter((name) => name !== '')
  const protocols = readProtocolMap(values, given, controllerNames)

  const listenersText = values.string('listeners')
  const all = parseEndpoints(listenersText, protocols)
  checkDistinct(all, listenersText)
  const listeners = all.filter((endpoint) => !controllerNames.includes(endpoint.listenerName))
  if (listeners.length < all.length) {
    warnings.push(`The listeners in controller.listener.names (${controllerNames.join(',')}) are not opened.`)
  }
  const unbuilt = listeners.find((endpoint) => endpoint.securityProtocol !== 'PLAINTEXT')
  if (unbuilt !== undefined) {
    throw new ConfigError(
      `Invalid value ${listenersText} for configuration listeners: ${unbuilt.securityProtocol} is not built yet (listener ${unbuilt.listenerName}); use PLAINTEXT`,
    )
  }

  const advertisedText = values.stringOrUndefined('advertised.listeners')
  const advertised =
    advertisedText === undefined
      ? listeners.map((endpoint) =>
          wildcards.includes(endpoint.host) ? { ...endpoint, host: undefined } : endpoint,
        )
      : parseEndpoints(advertisedText, protocols).filter(
          ({ listenerName }) => !controllerNames.includes(listenerName),
        )
  checkAdvertised(listeners, advertised, advertisedText ?? listenersText)

  const interBrokerListenerName = readInterBrokerListenerName(values, given, protocols)
  if (!advertised.some(({ listenerName }) => listenerName === interBrokerListenerName)) {
    throw new ConfigError(
      `inter.broker.listener.name must be a listener name defined in advertised.listeners. The valid options based on currently configured listeners are ${namesOf(advertised)}`,
    )
  }
  return { listeners, advertisedListeners: advertised, interBrokerListenerName, warnings }
}

/** Parses `NAME://host:port,...`. Throws ConfigError. */
export function parseEndpoints(
  text: string,
  protocols: ReadonlyMap<string, SecurityProtocol>,
): readonly Endpoint[] {
  const entries = text.split(',').map((entry) => entry.trim())
  return entries
    .filter((entry) => entry !== '')
    .map((entry) => {
      const match = /^(.*):\/\/\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)$/.exec(entry)
      if (match === null) throw badListeners(text, `Unable to parse ${entry} to a broker endpoint`)
      const [, name = '', host = '', portText = ''] = match
      const listenerName = name.toUpperCase()
      const securityProtocol = protocols.get(listenerName)
      if (securityProtocol === undefined) {
        throw badListeners(text, `No security protocol defined for listener ${listenerName}`)
      }
      const port = Number(portText)
      if (port < 0 || port > 65535) throw badListeners(text, `port out of range: ${portText}`)
      return { listenerName, securityProtocol, host: host === '' ? undefined : host, port }
    })
}

function badListeners(text: string, problem: string): ConfigError {
  return new ConfigError(`Error creating broker listeners from '${text}': ${problem}`)
}

function namesOf(endpoints: readonly Endpoint[]): string {
  return endpoints.map(({ listenerName }) => listenerName).join(',')
}

function readProtocolMap(
  values: ConfigValues,
  given: ReadonlyMap<string, string>,
  controllerNames: readonly string[],
): ReadonlyMap<string, SecurityProtocol> {
  const key = 'listener.security.protocol.map'
  const text = values.string(key)
  const protocols = new Map<string, SecurityProtocol>()
  for (const entry of text.split(',').filter((each) => each.trim() !== '')) {
    const colon = entry.lastIndexOf(':')
    if (colon < 0) {
      throw new ConfigError(
        `Error parsing configuration property '${key}': ${entry.trim()} is not of the form name:protocol`,
      )
    }
    protocols.set(
      entry.slice(0, colon).trim().toUpperCase(),
      securityProtocolOf(entry.slice(colon + 1).trim(), key),
    )
  }
  if (!given.has(key)) {
    for (const name of controllerNames) if (!protocols.has(name)) protocols.set(name, 'PLAINTEXT')
  }
  return protocols
}

function securityProtocolOf(name: string, key: string): SecurityProtocol {
  const upper = name.toUpperCase()
  if (!securityProtocols.includes(upper)) {
    throw new ConfigError(`Invalid security protocol \`${name}\` defined in ${key}`)
  }
  return upper as SecurityProtocol
}

function checkDistinct(endpoints: readonly Endpoint[], text: string): void {
  const names = new Set(endpoints.map(({ listenerName }) => listenerName))
  if (names.size < endpoints.length) {
    throw new ConfigError(`Each listener must have a different name, listeners: ${text}`)
  }
  for (const endpoint of endpoints) {
    const same = endpoints.filter(({ port }) => port === endpoint.port && port !== 0)
    if (
      same.length > 1 &&
      !(same.length === 2 && isIpv4(same[0]) !== isIpv4(same[1]) && same.every(isAddress))
    ) {
      throw new ConfigError(
        same.every(isAddress)
          ? `If you have two listeners on the same port then one needs to be IPv4 and the other IPv6, listeners: ${text}, port: ${endpoint.port}`
          : `Each listener must have a different port, listeners: ${text}`,
      )
    }
  }
}

function isIpv4(endpoint: Endpoint | undefined): boolean {
  return /^[0-9]+(?:\.[0-9]+){3}$/.test(endpoint?.host ?? '')
}

function isAddress(endpoint: Endpoint): boolean {
  return isIpv4(endpoint) || (endpoint.host?.includes(':') ?? false)
}

function checkAdvertised(
  listeners: readonly Endpoint[],
  advertised: readonly Endpoint[],
  text: string,
): void {
  if (advertised.length === 0) {
    throw new ConfigError(`There must be at least one broker advertised listener. (listeners=${text})`)
  }
  if (new Set(namesOf(advertised).split(',')).size < advertised.length) {
    throw new ConfigError(`Each listener must have a different name, listeners: ${text}`)
  }
  const known = listeners.map(({ listenerName }) => listenerName)
  if (!advertised.every(({ listenerName }) => known.includes(listenerName))) {
    throw new ConfigError(
      `advertised.listeners listener names must be equal to or a subset of the ones defined in listeners. Found ${namesOf(advertised)}. The valid options based on the current configuration are ${namesOf(listeners)}`,
    )
  }
  if (advertised.some(({ host }) => host === '0.0.0.0')) {
    throw new ConfigError(
      'advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.',
    )
  }
}

function readInterBrokerListenerName(
  values: ConfigValues,
  given: ReadonlyMap<string, string>,
  protocols: ReadonlyMap<string, SecurityProtocol>,
): string {
  const name = values.stringOrUndefined('inter.broker.listener.name')?.toUpperCase()
  if (name === undefined) {
    return securityProtocolOf(
      values.string('security.inter.broker.protocol'),
      'security.inter.broker.protocol',
    )
  }
  if (given.has('security.inter.broker.protocol')) {
    throw new ConfigError(
      'Only one of inter.broker.listener.name and security.inter.broker.protocol should be set.',
    )
  }
  if (!protocols.has(name)) {
    throw new ConfigError(
      `Listener with name ${name} defined in inter.broker.listener.name not found in listener.security.protocol.map.`,
    )
  }
  return name
}
