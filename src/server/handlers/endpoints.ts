/**
 * The brokers as the client of one connection should see them: by the endpoints of the listener it came through. A
 * broker that advertises no host is reached where this client reached us.
 */
import type { BrokerServices } from '../broker-services.ts'
import type { RequestContext } from '../request-context.ts'

export interface AdvertisedBroker {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/** Live brokers with an endpoint for the client's listener. */
export function advertisedBrokers(services: BrokerServices, context: RequestContext): AdvertisedBroker[] {
  const brokers: AdvertisedBroker[] = []
  for (const id of services.metadataCache.brokerIds()) {
    const broker = advertisedBroker(services, context, id)
    if (broker !== undefined) brokers.push(broker)
  }
  return brokers
}

export function advertisedBroker(
  services: BrokerServices,
  context: RequestContext,
  brokerId: number,
): AdvertisedBroker | undefined {
  const broker = services.metadataCache.broker(brokerId)
  const endpoint = broker?.endpoints.get(context.connection.listenerName)
  if (broker === undefined || endpoint === undefined) return undefined
  const host = endpoint.host === '' ? context.connection.localAddress : endpoint.host
  return { nodeId: brokerId, host, port: endpoint.port, rack: broker.rack }
}
