/** Randomness from outside, so that a simulation can replay a run from its seed. */
export interface Random {
  bytes(byteCount: number): Buffer
  /** A uniform integer in [0, bound). `bound` is at most 2^31. */
  below(bound: number): number
}

/** A random (version 4) UUID as Kafka prints it: 22 characters of URL-safe base64 that never start with '-'. */
export function randomUuid(random: Random): string {
  for (;;) {
    const bytes = random.bytes(16)
    bytes[6] = (bytes[6]! & 0x0f) | 0x40
    bytes[8] = (bytes[8]! & 0x3f) | 0x80
    const text = bytes.toString('base64url')
    if (!text.startsWith('-')) return text
  }
}
