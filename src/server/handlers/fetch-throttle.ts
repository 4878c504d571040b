/** The quotas on fetched bytes and on request time, for a Fetch whose answer is ready. */
import type { BrokerServices } from '../broker-services.ts'
import type { RequestContext } from '../request-context.ts'

/**
 * True: the client has to be quiet for the context's `throttleMs`, and gets an empty answer at once, so that it knows
 * (KIP-219). What it didn't get doesn't count.
 */
export function withholdsFetch(
  { quotas }: BrokerServices,
  context: RequestContext,
  responseBytes: () => number,
): boolean {
  context.chargeTime()
  if (quotas.fetch.isEnabled) {
    const byteCount = responseBytes()
    context.throttle(quotas.fetch.record(context, byteCount))
    if (context.throttleMs > 0) quotas.fetch.record(context, -byteCount)
  }
  return context.throttleMs > 0
}
