/**
 * PushTelemetry: a client's metrics in OTLP form (KIP-714).
 * Errors: UNKNOWN_SUBSCRIPTION_ID, TELEMETRY_TOO_LARGE, UNSUPPORTED_COMPRESSION_TYPE, THROTTLING_QUOTA_EXCEEDED,
 * INVALID_RECORD.
 */
import type { Infer } from '../schema.ts'
import { bool, bytes, int8, int16, int32, message, uuid } from '../schema.ts'

export const PushTelemetryRequest = message(
  'PushTelemetryRequest',
  72,
  { versions: '0', flexible: '0+' },
  {
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    terminating: bool(),
    compressionType: int8(),
    metrics: bytes(),
  },
)
export type PushTelemetryRequest = Infer<typeof PushTelemetryRequest>

export const PushTelemetryResponse = message(
  'PushTelemetryResponse',
  72,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
  },
)
export type PushTelemetryResponse = Infer<typeof PushTelemetryResponse>
