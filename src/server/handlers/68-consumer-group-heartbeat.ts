/**
 * ConsumerGroupHeartbeat (68), versions 0-1: membership of a group of the consumer protocol, in one request (KIP-848).
 * 1: the client makes up its member id (KIP-1082), and may subscribe with a regular expression.
 */
import {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
} from '../../protocol/messages/68-consumer-group-heartbeat.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { groupClientOf } from './group-client.ts'

type Response = Draft<typeof ConsumerGroupHeartbeatResponse>

export function consumerGroupHeartbeatHandler(
  services: BrokerServices,
): Handler<ConsumerGroupHeartbeatRequest, Response> {
  return defineHandler(
    ConsumerGroupHeartbeatRequest,
    ConsumerGroupHeartbeatResponse,
    [0, 1],
    (request, context) => services.groupCoordinator.consumer.heartbeat(request, groupClientOf(context)),
  )
}
