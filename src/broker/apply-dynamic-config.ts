/** What was copied out of the broker's configuration is brought up to date when that changes; all else is read anew. */
import type { LogConfig } from '../log/log-config.ts'
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
  /** Of a topic, with what it inherits from the broker. */
  topicConfig: (topic: string) => LogConfig
}): void {
  const { brokerConfig, logManager, socketServer, connectionQuotas, topicConfig } = options
  const config = brokerConfig.current
  const apply = (): void => {
    socketServer.updateConnectionLimits({
      max: config.maxConnections,
      perIpMax: config.maxConnectionsPerIp,
      perIpMaxOverrides: config.maxConnectionsPerIpOverrides,
    })
    connectionQuotas.updateBrokerBound(config.maxConnectionCreationRate)
    logManager.updateDefaultConfig(effectiveTopicConfig(new Map(), config))
    const topics = new Set([...logManager.allLogs()].map(({ topic }) => topic))
    for (const topic of topics) logManager.updateTopicConfig(topic, topicConfig(topic))
  }
  apply()
  brokerConfig.onChange(apply)
}
