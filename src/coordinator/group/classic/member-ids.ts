/** Member ids as Kafka makes them: what the client calls itself, and a random UUID. */
import type { Random } from '../../../base/random.ts'
import { STRING_BYTES_MAX } from '../../../protocol/plan.ts'

/** Undefined: the name is so long that no response could carry the id. */
export function newMemberId(
  random: Random,
  clientId: string,
  groupInstanceId: string | null,
): string | undefined {
  const memberId = `${groupInstanceId ?? clientId}-${dashedUuid(random)}`
  return Buffer.byteLength(memberId) > STRING_BYTES_MAX ? undefined : memberId
}

/** A random (version 4) UUID in the form with dashes. */
function dashedUuid(random: Random): string {
  const bytes = random.bytes(16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
