/** What was copied out of the broker's configuration is brought up to date when that changes; all else is read anew. */
import type { LogManager } from '../log/log-manager.ts'
import { effectiveTopicConfig } from '../metadata/config/topic-config.ts'
import type { DynamicBrokerConfig } from '../metadata/dynamic-broker-config.ts'
import type { ConnectionQuotas } from '../server/quotas/connection-quotas.ts'
import type { SocketServer } from '../server/socket-server.ts'

/** Now, and after each change. */
export function applyDynamicConfig(options: {
  brokerConfig: DynamicBrokerConfig
  logManager: LogManager
  socketServer: SocketServer
  connectionQuotas: ConnectionQuotas
}): void {
  const { brokerConfig, logManager, socketServer, connectionQuotas } = options
  const config = brokerConfig.current
  const apply = (): void => {
    socketServer.updateConnectionLimits({
      max: config.maxConnections,
      perIpMax: config.maxConnectionsPerIp,
      perIpMaxOverrides: config.maxConnectionsPerIpOverrides,
    })
    connectionQuotas.updateBrokerBound(config.maxConnectionCreationRate)
    logManager.updateDefaultConfig(effectiveTopicConfig(new Map(), config))
  }
  apply()
  brokerConfig.onChange(apply)
}
