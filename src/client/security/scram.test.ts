import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import type { Random } from '../../base/random.ts'
import { SimRandom } from '../../simulator/sim-random.ts'
import type { SaslConversation } from './sasl.ts'
import { type ScramName, scramMechanism } from './scram.ts'

/** Has the nonce be what a document says it was. */
function nonceOf(nonce: string): Random {
  return { bytes: () => Buffer.from(nonce, 'base64url'), below: () => 0 }
}

function begin(
  options: { name?: ScramName; user?: string; password?: string; random?: Random } = {},
): SaslConversation {
  const { name = 'SCRAM-SHA-256', user = 'user', password = 'pencil', random = new SimRandom(1) } = options
  return scramMechanism(name, { username: user, password }, random).begin() as SaslConversation
}

const attributes = (message: Buffer | string): Record<string, string> =>
  Object.fromEntries(`${message}`.split(',').map((part) => [part[0], part.slice(2)]))

/** The server's side, from its stored and server keys as RFC 5802 has them. */
class Server {
  readonly hash: string
  readonly salt = Buffer.from('salt of the server')
  readonly iterations: number
  readonly #saltedPassword: Buffer
  #firstBare = ''
  #first = ''

  constructor(hash: string, password: string, iterations = 4096) {
    this.hash = hash
    this.iterations = iterations
    this.#saltedPassword = pbkdf2Sync(password, this.salt, iterations, hash === 'sha256' ? 32 : 64, hash)
  }

  challenge(clientFirst: Buffer): Buffer {
    this.#firstBare = clientFirst.toString().slice('n,,'.length)
    const nonce = `${attributes(this.#firstBare).r}of-the-server`
    this.#first = `r=${nonce},s=${this.salt.toString('base64')},i=${this.iterations}`
    return Buffer.from(this.#first)
  }

  /** Whether the client knows the password, and the proof that this server does. */
  verify(clientFinal: Buffer): { knows: boolean; answer: Buffer } {
    const text = clientFinal.toString()
    const signed = `${this.#firstBare},${this.#first},${text.slice(0, text.indexOf(',p='))}`
    const hmac = (key: Buffer, data: string): Buffer => createHmac(this.hash, key).update(data).digest()
    const digest = (data: Buffer): Buffer => createHash(this.hash).update(data).digest()
    const storedKey = digest(hmac(this.#saltedPassword, 'Client Key'))
    const signature = hmac(storedKey, signed)
    const proof = Buffer.from(text.slice(text.indexOf(',p=') + 3), 'base64')
    const clientKey = Buffer.from(proof.map((byte, i) => byte ^ signature[i]!))
    const serverSignature = hmac(hmac(this.#saltedPassword, 'Server Key'), signed)
    return {
      knows: digest(clientKey).equals(storedKey),
      answer: Buffer.from(`v=${serverSignature.toString('base64')}`),
    }
  }
}

test('the conversation of RFC 7677 is had word for word', () => {
  const conversation = begin({ random: nonceOf('rOprNGfwEbeRWgbNEkqO') })
  assert.equal(conversation.first().toString(), 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO')
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
  const challenge = `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`
  assert.equal(
    conversation.next(Buffer.from(challenge))?.toString(),
    `c=biws,r=${nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
  )
  const verdict = Buffer.from('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
  assert.equal(conversation.next(verdict), undefined)
})

test('both sides convince each other, with both hashes', () => {
  for (const [name, hash] of [
    ['SCRAM-SHA-256', 'sha256'],
    ['SCRAM-SHA-512', 'sha512'],
  ] as const) {
    const server = new Server(hash, 'pencil', 5000)
    const conversation = begin({ name })
    const final = conversation.next(server.challenge(conversation.first()))!
    const { knows, answer } = server.verify(final)
    assert.equal(knows, true)
    assert.equal(conversation.next(answer), undefined)
  }
})

test('a wrong password convinces nobody, and a server that does not know it is found out', () => {
  const server = new Server('sha256', 'another')
  const conversation = begin()
  const { knows, answer } = server.verify(conversation.next(server.challenge(conversation.first()))!)
  assert.equal(knows, false)
  assert.throws(() => conversation.next(answer), /the server does not know the password/)
  const cut = begin()
  cut.next(server.challenge(cut.first()))
  assert.throws(() => cut.next(Buffer.from('v=')), /the server does not know the password/)
})

test('names with commas and equals signs are escaped; names and passwords beyond ASCII stay as they are', () => {
  assert.match(begin({ user: 'a=b,c' }).first().toString(), /^n,,n=a=3Db=2Cc,r=/)
  // What RFC 4013 would have turned into `o` and `fi`, Kafka does not.
  const password = 'º ﬁ ü'
  assert.match(begin({ user: 'ﬁ' }).first().toString(), /^n,,n=ﬁ,r=/)
  const server = new Server('sha256', password)
  const conversation = begin({ password })
  assert.equal(server.verify(conversation.next(server.challenge(conversation.first()))!).knows, true)
})

test('each conversation has a nonce of its own', () => {
  const mechanism = scramMechanism(
    'SCRAM-SHA-256',
    { username: 'user', password: 'pencil' },
    new SimRandom(1),
  )
  const nonces = [1, 2].map(() => attributes((mechanism.begin() as SaslConversation).first()).r)
  assert.notEqual(nonces[0], nonces[1])
  assert.ok(nonces[0]!.length >= 32)
})

test('a server that plays false or foul is not answered', () => {
  const salt = `s=${Buffer.from('salt').toString('base64')}`
  const told = (challenge: (nonce: string) => string) => () => {
    const conversation = begin()
    conversation.next(Buffer.from(challenge(attributes(conversation.first()).r!)))
  }
  assert.throws(
    told(() => `r=anothers,${salt},i=4096`),
    /took no part in the nonce/,
  )
  assert.throws(
    told((nonce) => `r=${nonce},${salt},i=4096`),
    /took no part in the nonce/,
  )
  for (const iterations of ['1', '4095', '1000001', 'many', '-4096', '']) {
    assert.throws(
      told((nonce) => `r=${nonce}x,${salt},i=${iterations}`),
      /iterations/,
    )
  }
  assert.throws(
    told((nonce) => `r=${nonce}x,i=4096`),
    /no s in the server's message/,
  )
  assert.throws(
    told(() => 'e=unknown-user'),
    /^Error: unknown-user$/,
  )
})
