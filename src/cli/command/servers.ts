/** Which brokers a command goes to, where it has the old form's `--zookeeper` as well. */
import { required } from './connection.ts'

/** The brokers of `--bootstrap-server`, or else those that the old form's `--zookeeper` leads to. Throws UsageError. */
export async function serversOf(options: {
  readonly bootstrapServer?: string
  readonly zookeeper?: string
}): Promise<string> {
  const { bootstrapServer, zookeeper } = options
  if (bootstrapServer !== undefined) return bootstrapServer
  const { zookeeperBrokers } = await import('./zookeeper-brokers.ts')
  return zookeeperBrokers(required(zookeeper, 'bootstrap-server'))
}
