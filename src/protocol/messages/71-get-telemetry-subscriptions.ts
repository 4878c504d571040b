/**
 * GetTelemetrySubscriptions: which metrics a client shall push, and how often (KIP-714). A zero instance id asks
 * for one.
 * Errors: UNSUPPORTED_VERSION, THROTTLING_QUOTA_EXCEEDED.
 */
import type { Infer } from '../schema.ts'
import { array, bool, int8, int16, int32, message, string, uuid } from '../schema.ts'

export const GetTelemetrySubscriptionsRequest = message(
  'GetTelemetrySubscriptionsRequest',
  71,
  { versions: '0', flexible: '0+' },
  {
    clientInstanceId: uuid(),
  },
)
export type GetTelemetrySubscriptionsRequest = Infer<typeof GetTelemetrySubscriptionsRequest>

export const GetTelemetrySubscriptionsResponse = message(
  'GetTelemetrySubscriptionsResponse',
  71,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    acceptedCompressionTypes: array(int8()),
    pushIntervalMs: int32(),
    telemetryMaxBytes: int32(),
    deltaTemporality: bool(),
    requestedMetrics: array(string()),
  },
)
export type GetTelemetrySubscriptionsResponse = Infer<typeof GetTelemetrySubscriptionsResponse>
