/** Puts the parts of a client's network together, from its settings. */
import type { Clock } from '../../base/clock.ts'
import type { Connector } from '../../base/connector.ts'
import type { Random } from '../../base/random.ts'
import type { CommonSettings } from '../options/common-options.ts'
import { invalid } from '../options/option.ts'
import { authenticatorOf, tlsOptionsOf } from '../security/security-settings.ts'
import { Cluster } from './cluster.ts'
import { ConnectionPool } from './connection-pool.ts'

/** What a client needs of the machine; the real one, but in tests. */
export interface ClientPlatform {
  readonly clock: Clock
  readonly random: Random
  readonly connector: Connector
}

/** Nothing is connected yet. Throws KafkaError (INVALID_CONFIG). */
export function openCluster(
  settings: CommonSettings,
  platform: ClientPlatform,
  options: { readonly allowAutoTopicCreation?: boolean } = {},
): Cluster {
  if (settings.bootstrapServers.length === 0) throw invalid('bootstrap.servers is missing')
  const { clock, random, connector } = platform
  const pool = new ConnectionPool({
    clientId: settings.clientId,
    connectTimeoutMs: settings.socketConnectionSetupTimeoutMs,
    requestTimeoutMs: settings.requestTimeoutMs,
    maxIdleMs: settings.connectionsMaxIdleMs,
    reconnectBackoff: { minMs: settings.reconnectBackoffMs, maxMs: settings.reconnectBackoffMaxMs },
    tls: tlsOptionsOf(settings),
    authenticator: authenticatorOf(settings, platform),
    connector,
    clock,
    random,
  })
  return new Cluster({
    bootstrapServers: settings.bootstrapServers,
    clientId: settings.clientId,
    metadataMaxAgeMs: settings.metadataMaxAgeMs,
    retryBackoff: { minMs: settings.retryBackoffMs, maxMs: settings.retryBackoffMaxMs },
    allowAutoTopicCreation: options.allowAutoTopicCreation ?? false,
    pool,
    clock,
    random,
  })
}
