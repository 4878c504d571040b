/** The topics that members of the protocol type `consumer` subscribe to, out of the metadata that they join with. */

import { decode } from '../../../protocol/codec.ts'
import { ConsumerProtocolSubscription } from '../../../protocol/messages/consumer-protocol.ts'
import { DecodeError, Reader } from '../../../wire/reader.ts'

export const CONSUMER_PROTOCOL_TYPE = 'consumer'

/** Behind the version all versions begin alike: the topics come first, and no more is read. */
const VERSION = 0
const VERSION_BYTES = 2

/** Undefined: someone's metadata is not that of a consumer. */
export function topicsOf(subscriptions: readonly Uint8Array[]): ReadonlySet<string> | undefined {
  const topics = new Set<string>()
  try {
    for (const bytes of subscriptions) {
      const { topics: subscribed } = decode(
        ConsumerProtocolSubscription,
        VERSION,
        new Reader(bytes, VERSION_BYTES),
      )
      for (const topic of subscribed) topics.add(topic)
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return undefined
  }
  return topics
}
