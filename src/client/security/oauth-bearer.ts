/** SASL OAUTHBEARER (RFC 7628): the client shows a token that somebody else has given out. */
import type { SaslMechanism } from './sasl.ts'

/** `value` is what is sent; `lifetimeMs` the wall-clock time at which it ends; `extensions` as of KIP-342. */
export interface Token {
  readonly value: string
  readonly lifetimeMs?: number
  readonly extensions?: Readonly<Record<string, string>>
}

export type TokenProvider = () => Token | Promise<Token>

/** Separates the parts of a message. */
const SEPARATOR = '\x01'

export function oauthBearerMechanism(provider: TokenProvider): SaslMechanism {
  return {
    name: 'OAUTHBEARER',
    begin: async () => {
      const { value, extensions = {} } = await provider()
      const pairs = Object.entries({ ...extensions, auth: `Bearer ${value}` })
      const parts = pairs.map(([key, text]) => `${key}=${text}${SEPARATOR}`).join('')
      return {
        first: () => Buffer.from(`n,,${SEPARATOR}${parts}${SEPARATOR}`),
        // A server that refuses says why in JSON, and wants an answer before it hangs up.
        next: (challenge) => {
          if (challenge.length > 0) throw new Error(challenge.toString())
          return undefined
        },
      }
    },
  }
}
