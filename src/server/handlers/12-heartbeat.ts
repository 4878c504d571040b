/**
 * Heartbeat (12), versions 0-4: keeps a member in its group, and tells it with REBALANCE_IN_PROGRESS to join again.
 * 3: static members (KIP-345).
 */
import { HeartbeatRequest, HeartbeatResponse } from '../../protocol/messages/12-heartbeat.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof HeartbeatResponse>

export function heartbeatHandler(services: BrokerServices): Handler<HeartbeatRequest, Response> {
  return defineHandler(HeartbeatRequest, HeartbeatResponse, [0, 4], async (request) => ({
    errorCode: await services.groupCoordinator.membership.heartbeat(request),
  }))
}
