/** SASL over connections: what is asked before anything else, and what becomes of connections that are refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { SaslHandshakeRequest, SaslHandshakeResponse } from '../../protocol/messages/17-sasl-handshake.ts'
import {
  SaslAuthenticateRequest,
  SaslAuthenticateResponse,
} from '../../protocol/messages/36-sasl-authenticate.ts'
import { Admin } from '../admin/admin.ts'
import { KafkaError } from '../kafka-error.ts'
import { ScriptedCluster } from '../network/scripted-cluster.test.kit.ts'
import type { AdminOptions } from '../options/admin-options.ts'

const HANDSHAKE = { request: SaslHandshakeRequest, response: SaslHandshakeResponse }
const AUTHENTICATE = { request: SaslAuthenticateRequest, response: SaslAuthenticateResponse }

/** A broker that takes PLAIN from those who know the password. */
function guarded(options: { sessionLifetimeMs?: number; versions?: readonly [number, number] } = {}) {
  const cluster = new ScriptedCluster([1])
  const said: string[] = []
  cluster.answer(HANDSHAKE, [0, 1], ({ mechanism }: SaslHandshakeRequest) => ({
    errorCode: mechanism === 'PLAIN' ? ErrorCode.NONE : ErrorCode.UNSUPPORTED_SASL_MECHANISM,
    mechanisms: ['PLAIN'],
  }))
  cluster.answer(
    AUTHENTICATE,
    options.versions ?? [0, 2],
    ({ authBytes }: SaslAuthenticateRequest, { version }) => {
      said.push(authBytes.toString().replaceAll('\0', '/'))
      return authBytes.toString().endsWith('\0right')
        ? version > 0
          ? { sessionLifetimeMs: options.sessionLifetimeMs ?? 0 }
          : {}
        : { errorCode: ErrorCode.SASL_AUTHENTICATION_FAILED, errorMessage: 'Invalid username or password' }
    },
  )
  return { cluster, said }
}

function adminOf(cluster: ScriptedCluster, options: AdminOptions): Admin {
  const { bootstrapServers, platform } = cluster
  return new Admin(
    { bootstrapServers, securityProtocol: 'SASL_PLAINTEXT', ...options } as AdminOptions,
    platform,
  )
}

const PLAIN: AdminOptions = { saslMechanism: 'PLAIN', saslUsername: 'alice', saslPassword: 'right' }

async function failure(promise: Promise<unknown>): Promise<KafkaError> {
  const error = await promise.then(
    () => assert.fail('it did not fail'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof KafkaError, String(error))
  return error
}

test('who one is, is said before anything is asked', async () => {
  const { cluster, said } = guarded()
  await cluster.settled(adminOf(cluster, PLAIN).listTopics())
  assert.deepEqual(cluster.log, ['SaslHandshake@1 v1', 'SaslAuthenticate@1 v2', 'Metadata@1 v12'])
  assert.deepEqual(said, ['/alice/right'])
})

test('brokers that know only the first version are authenticated to all the same', async () => {
  const { cluster } = guarded({ versions: [0, 0] })
  await cluster.settled(adminOf(cluster, PLAIN).listTopics())
  assert.deepEqual(cluster.log.slice(0, 2), ['SaslHandshake@1 v1', 'SaslAuthenticate@1 v0'])
})

test('a wrong password is AUTHENTICATION with the words of the broker, at once and not tried again', async () => {
  const { cluster, said } = guarded()
  const admin = adminOf(cluster, { ...PLAIN, saslPassword: 'wrong' })
  const error = await failure(cluster.settled(admin.listTopics()))
  assert.deepEqual(
    [error.code, error.message, error.retriable],
    ['AUTHENTICATION', 'Invalid username or password', false],
  )
  assert.equal(said.length, 1)
  assert.equal(cluster.openConnectionCount, 0)
})

test('a mechanism that the broker does not take is AUTHENTICATION, and names those that it does', async () => {
  const { cluster, said } = guarded()
  const error = await failure(
    cluster.settled(adminOf(cluster, { ...PLAIN, saslMechanism: 'SCRAM-SHA-512' }).listTopics()),
  )
  assert.equal(error.code, 'AUTHENTICATION')
  assert.match(error.message, /does not take SCRAM-SHA-512; it offers PLAIN/)
  assert.deepEqual(said, [])
})

test('a server that can not prove to know the password is not trusted', async () => {
  const cluster = new ScriptedCluster([1])
  cluster.answer(HANDSHAKE, [0, 1], () => ({}))
  cluster.answer(AUTHENTICATE, [0, 2], ({ authBytes }: SaslAuthenticateRequest) => {
    const nonce = /r=([^,]*)/.exec(authBytes.toString())![1]
    const isFirst = authBytes.toString().startsWith('n,,')
    const text = isFirst ? `r=${nonce}more,s=${Buffer.from('salt').toString('base64')},i=4096` : 'v=AAAA'
    return { authBytes: Buffer.from(text) }
  })
  const options = { ...PLAIN, saslMechanism: 'SCRAM-SHA-256' } as const
  const error = await failure(cluster.settled(adminOf(cluster, options).listTopics()))
  assert.deepEqual(
    [error.code, error.message],
    ['AUTHENTICATION', 'SCRAM-SHA-256: the server does not know the password'],
  )
})

test('a token that can not be had is AUTHENTICATION', async () => {
  const { cluster } = guarded()
  cluster.answer(HANDSHAKE, [0, 1], () => ({}))
  const admin = adminOf(cluster, {
    saslMechanism: 'OAUTHBEARER',
    saslOauthbearerTokenProvider: () => Promise.reject(new Error('the issuer is down')),
  })
  const error = await failure(cluster.settled(admin.listTopics()))
  assert.deepEqual(
    [error.code, error.message],
    ['AUTHENTICATION', 'no credentials for OAUTHBEARER: the issuer is down'],
  )
})

test('before a session ends another connection takes over, and says anew who it is (KIP-368)', async () => {
  const { cluster, said } = guarded({ sessionLifetimeMs: 10_000 })
  const admin = adminOf(cluster, PLAIN)
  await cluster.settled(admin.listTopics())
  cluster.clock.advance(8000)
  await cluster.settled(admin.listTopics())
  const before = said.length
  cluster.clock.advance(8000)
  await cluster.settled(admin.listTopics())
  assert.equal(said.length, before + 1)
})
