/** SASL PLAIN (RFC 4616): name and password as they are. For connections that are encrypted otherwise. */
import type { SaslMechanism } from './sasl.ts'

export function plainMechanism(username: string, password: string): SaslMechanism {
  return {
    name: 'PLAIN',
    begin: () => ({
      first: () => Buffer.from(`\0${username}\0${password}`),
      next: () => undefined,
    }),
  }
}
