/** The options that producers, consumers and administrators have in common, with Kafka's names and defaults. */
import type { TlsOptions } from '../../base/connector.ts'
import type { TokenProvider } from '../security/oauth-bearer.ts'
import {
  type FormerNames,
  integer,
  invalid,
  isFunction,
  isObject,
  list,
  type Option,
  oneOf,
  type SettingsOf,
  text,
  value,
} from './option.ts'

/** `host:port`, as an array or separated by commas; an IPv6 address stands in brackets. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
}

const servers: Option<string | readonly string[], readonly ServerAddress[]> = {
  parse: (given, name) => {
    const addresses = list([])
      .parse(given, name)
      .map((address) => parseAddress(address, name))
    if (addresses.length === 0) throw invalid(`${name} names no server`)
    return addresses
  },
  fallback: [],
}

export const COMMON_OPTIONS = {
  'bootstrap.servers': servers,
  'client.id': text('sluice'),
  'request.timeout.ms': integer(30_000, { min: 0 }),
  'retry.backoff.ms': integer(100, { min: 0 }),
  'retry.backoff.max.ms': integer(1000, { min: 0 }),
  'reconnect.backoff.ms': integer(50, { min: 0 }),
  'reconnect.backoff.max.ms': integer(1000, { min: 0 }),
  'connections.max.idle.ms': integer(540_000, { min: -1 }),
  'metadata.max.age.ms': integer(300_000, { min: 0 }),
  'socket.connection.setup.timeout.ms': integer(10_000, { min: 1 }),
  'security.protocol': oneOf('PLAINTEXT', ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']),
  'sasl.mechanism': oneOf('GSSAPI', ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER', 'GSSAPI']),
  /** As Kafka writes it: `... required username="u" password="p";`. Or give the two that follow. */
  'sasl.jaas.config': text(undefined),
  'sasl.username': text(undefined),
  'sasl.password': text(undefined),
  /** Asked for a token when one is needed. */
  'sasl.oauthbearer.token.provider': value<TokenProvider>('a function', isFunction),
  /** Options of node:tls, over those that follow. */
  ssl: value<TlsOptions>('an object', isObject),
  'ssl.truststore.certificates': text(undefined),
  'ssl.keystore.certificate.chain': text(undefined),
  'ssl.keystore.key': text(undefined),
  'ssl.key.password': text(undefined),
  'ssl.endpoint.identification.algorithm': oneOf('https', ['https', '']),
}

export type CommonSettings = SettingsOf<typeof COMMON_OPTIONS>

/** Settings of Kafka 0.8's clients that mean something else today, or nothing; and of Java's that mean nothing here. */
export const COMMON_FORMER_NAMES = {
  'metadata.broker.list': 'bootstrap.servers',
  'zookeeper.session.timeout.ms': null,
  'zookeeper.connection.timeout.ms': null,
  'zookeeper.sync.time.ms': null,
  'auto.include.jmx.reporter': null,
  'client.dns.lookup': null,
  'enable.metrics.push': null,
  'metadata.recovery.rebootstrap.trigger.ms': null,
  'metadata.recovery.strategy': null,
  'metric.reporters': null,
  'metrics.num.samples': null,
  'metrics.recording.level': null,
  'metrics.sample.window.ms': null,
  'receive.buffer.bytes': null,
  'security.providers': null,
  'send.buffer.bytes': null,
  'socket.connection.setup.timeout.max.ms': null,
} as const satisfies FormerNames

function parseAddress(address: string, name: string): ServerAddress {
  // A listener's name in front, as in PLAINTEXT://host:9092, is passed over.
  const match = /^(?:[A-Za-z0-9_]+:\/\/)?(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]/]+)):(\d{1,5})$/.exec(address)
  const port = Number(match?.[3])
  if (match === null || port < 1 || port > 65_535) {
    throw invalid(`${name} must be host:port, or several, and ${JSON.stringify(address)} is not`)
  }
  return { host: match[1] ?? match[2]!, port }
}
