/**
 * What a server keeps of a SCRAM password (RFC 5802), and how Kafka writes it down:
 * `salt=...,stored_key=...,server_key=...,iterations=4096`, the bytes in base64.
 */
import { createHash, createHmac } from 'node:crypto'

export type ScramMechanismName = 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

const HASHES = { 'SCRAM-SHA-256': 'sha256', 'SCRAM-SHA-512': 'sha512' } as const

export interface ScramCredential {
  readonly salt: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
  readonly iterations: number
}

export interface SaltedPassword {
  readonly salt: Buffer
  readonly saltedPassword: Buffer
  readonly iterations: number
}

export function scramCredential(
  mechanism: ScramMechanismName,
  { salt, saltedPassword, iterations }: SaltedPassword,
): ScramCredential {
  const hash = HASHES[mechanism]
  const hmac = (text: string): Buffer => createHmac(hash, saltedPassword).update(text).digest()
  const storedKey = createHash(hash).update(hmac('Client Key')).digest()
  return { salt, storedKey, serverKey: hmac('Server Key'), iterations }
}

export function formatScramCredential(credential: ScramCredential): string {
  const { salt, storedKey, serverKey, iterations } = credential
  const [saltText, storedText, serverText] = [salt, storedKey, serverKey].map((each) =>
    each.toString('base64'),
  )
  return `salt=${saltText},stored_key=${storedText},server_key=${serverText},iterations=${iterations}`
}

/** Undefined: the text is something else. */
export function parseScramCredential(text: string): ScramCredential | undefined {
  const fields = new Map<string, string>()
  for (const field of text.split(',')) {
    const equals = field.indexOf('=')
    if (equals < 0) return undefined
    fields.set(field.slice(0, equals), field.slice(equals + 1))
  }
  const salt = fields.get('salt')
  const storedKey = fields.get('stored_key')
  const serverKey = fields.get('server_key')
  const iterations = fields.get('iterations') ?? ''
  if (salt === undefined || storedKey === undefined || serverKey === undefined) return undefined
  if (fields.size !== 4 || !/^\d{1,9}$/.test(iterations)) return undefined
  return {
    salt: Buffer.from(salt, 'base64'),
    storedKey: Buffer.from(storedKey, 'base64'),
    serverKey: Buffer.from(serverKey, 'base64'),
    iterations: Number(iterations),
  }
}
