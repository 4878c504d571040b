/** SASL OAUTHBEARER (RFC 7628): the client shows a token that somebody else has given out. */

/** `value` is what is sent; `lifetimeMs` the wall-clock time at which it ends; `extensions` as of KIP-342. */
export interface Token {
  readonly value: string
  readonly lifetimeMs?: number
  readonly extensions?: Readonly<Record<string, string>>
}

export type TokenProvider = () => Token | Promise<Token>
