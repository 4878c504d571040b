/**
 * SASL SCRAM (RFC 5802): proves to know the password without sending it, and has the server prove the same.
 *
 *   client  n,,n=user,r=nonce           server  r=nonce+theirs,s=salt,i=iterations
 *   client  c=biws,r=...,p=proof        server  v=signature
 *
 * Names and passwords stay as they are given: Kafka stores them so, and does not prepare them as RFC 4013 would.
 */
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import type { Random } from '../../base/random.ts'
import type { SaslConversation, SaslMechanism } from './sasl.ts'

const HASHES = { 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' } as const
export type ScramName = keyof typeof HASHES

/** `n,,` in base64: no channel is bound, and nobody is acted for. */
const HEADER = 'n,,'
const NONCE_BYTES = 24
/** RFC 5802 asks for as many at least; the upper bound keeps a false server from holding the loop. */
const ITERATIONS_MIN = 4096
const ITERATIONS_MAX = 1_000_000

export interface ScramCredentials {
  readonly username: string
  readonly password: string
  /** They are the id and the hmac, in base64, of a delegation token (KIP-48). */
  readonly isToken?: boolean
}

export function scramMechanism(
  name: ScramName,
  credentials: ScramCredentials,
  random: Random,
): SaslMechanism {
  return { name, begin: () => new ScramConversation(HASHES[name], credentials, random) }
}

class ScramConversation implements SaslConversation {
  readonly #hash: string
  readonly #password: string
  readonly #nonce: string
  readonly #firstBare: string
  #serverSignature: Buffer | undefined

  constructor(hash: string, { username, password, isToken = false }: ScramCredentials, random: Random) {
    this.#hash = hash
    this.#password = password
    this.#nonce = random.bytes(NONCE_BYTES).toString('base64url')
    const name = username.replaceAll('=', '=3D').replaceAll(',', '=2C')
    this.#firstBare = `n=${name},r=${this.#nonce}${isToken ? ',tokenauth=true' : ''}`
  }

  first(): Buffer {
    return Buffer.from(HEADER + this.#firstBare)
  }

  next(challenge: Buffer): Buffer | undefined {
    const text = challenge.toString()
    if (this.#serverSignature === undefined) return this.#prove(text)
    const signature = Buffer.from(attributeOf(text, 'v'), 'base64')
    const expected = this.#serverSignature
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw new Error('the server does not know the password')
    }
    return undefined
  }

  #prove(serverFirst: string): Buffer {
    const nonce = attributeOf(serverFirst, 'r')
    const salt = Buffer.from(attributeOf(serverFirst, 's'), 'base64')
    const iterations = Number(attributeOf(serverFirst, 'i'))
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length)
      throw new Error('the server took no part in the nonce')
    if (!(iterations >= ITERATIONS_MIN && iterations <= ITERATIONS_MAX))
      throw new Error(`${iterations} iterations`)
    const hash = this.#hash
    const keyBytes = hash === 'sha256' ? 32 : 64
    const salted = pbkdf2Sync(this.#password, salt, iterations, keyBytes, hash)
    const clientKey = hmac(hash, salted, 'Client Key')
    const storedKey = createHash(hash).update(clientKey).digest()
    const finalBare = `c=${Buffer.from(HEADER).toString('base64')},r=${nonce}`
    const signed = `${this.#firstBare},${serverFirst},${finalBare}`
    const signature = hmac(hash, storedKey, signed)
    const proof = Buffer.from(clientKey.map((byte, i) => byte ^ signature[i]!))
    this.#serverSignature = hmac(hash, hmac(hash, salted, 'Server Key'), signed)
    return Buffer.from(`${finalBare},p=${proof.toString('base64')}`)
  }
}

function hmac(hash: string, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text).digest()
}

/** Throws an Error with what the server says is wrong, or if it says nothing of the attribute. */
function attributeOf(text: string, name: string): string {
  const attributes = new Map(text.split(',').map((part) => [part.slice(0, 1), part.slice(2)]))
  const failure = attributes.get('e')
  if (failure !== undefined) throw new Error(failure)
  const found = attributes.get(name)
  if (found === undefined) throw new Error(`no ${name} in the server's message`)
  return found
}
