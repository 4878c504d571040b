import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimClock } from '../../simulator/sim-clock.ts'
import { SimRandom } from '../../simulator/sim-random.ts'
import { KafkaError } from '../kafka-error.ts'
import { COMMON_OPTIONS, type CommonSettings } from '../options/common-options.ts'
import { type OptionsOf, parseOptions } from '../options/option.ts'
import { authenticatorOf, tlsOptionsOf } from './security-settings.ts'

const platform = {
  clock: new SimClock(),
  random: new SimRandom(1),
  connector: { connect: () => assert.fail('nothing is connected to') },
}

function settingsOf(options: OptionsOf<typeof COMMON_OPTIONS>): CommonSettings {
  return parseOptions(COMMON_OPTIONS, {}, options as Record<string, unknown>)
}

/** What an authenticator of these options says first, over a connection that takes anything. */
async function saidBy(options: OptionsOf<typeof COMMON_OPTIONS>): Promise<string> {
  const authenticator = authenticatorOf(
    settingsOf({ 'security.protocol': 'SASL_SSL', ...options }),
    platform,
  )!
  let said = ''
  const connection = {
    call: async (_: unknown, body: { authBytes?: Buffer }) => {
      if (body.authBytes !== undefined) said = body.authBytes.toString().replaceAll('\0', '/')
      return { errorCode: 0, mechanisms: [], authBytes: Buffer.alloc(0), sessionLifetimeMs: 0 }
    },
  }
  await authenticator.authenticate(connection as never)
  return said
}

const refusal = (options: OptionsOf<typeof COMMON_OPTIONS>): KafkaError => {
  try {
    authenticatorOf(settingsOf({ 'security.protocol': 'SASL_PLAINTEXT', ...options }), platform)
  } catch (error) {
    assert.ok(error instanceof KafkaError)
    return error
  }
  return assert.fail('it was not refused')
}

test('name and password are taken from their options, or out of sasl.jaas.config as Kafka writes it', async () => {
  const module = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
  for (const options of [
    { 'sasl.username': 'alice', 'sasl.password': 'a "secret"; x' },
    { 'sasl.jaas.config': `${module} username="alice" password="a \\"secret\\"; x";` },
    { 'sasl.jaas.config': `${module}\n  password='a "secret"; x'\n  username=alice;` },
    {
      'sasl.jaas.config': `${module} username="bob" password="a \\"secret\\"; x";`,
      'sasl.username': 'alice',
    },
  ]) {
    assert.equal(await saidBy({ 'sasl.mechanism': 'PLAIN', ...options }), '/alice/a "secret"; x')
  }
})

test('a delegation token is shown as one where sasl.jaas.config says so', async () => {
  const module = 'org.apache.kafka.common.security.scram.ScramLoginModule required'
  const settings = (tokenauth: string) =>
    settingsOf({
      'security.protocol': 'SASL_SSL',
      'sasl.mechanism': 'SCRAM-SHA-256',
      'sasl.jaas.config': `${module} username="id" password="hmac" ${tokenauth};`,
    })
  for (const [tokenauth, end] of [
    ['tokenauth="true"', ',tokenauth=true'],
    ['tokenauth="false"', ''],
    ['', ''],
  ] as const) {
    let said = ''
    const connection = {
      call: async (_: unknown, body: { authBytes?: Buffer }) => {
        if (body.authBytes !== undefined) said = body.authBytes.toString()
        return { errorCode: said === '' ? 0 : 58, mechanisms: [], errorMessage: null }
      },
    }
    const authenticator = authenticatorOf(settings(tokenauth), platform)!
    await assert.rejects(authenticator.authenticate(connection as never))
    assert.match(said, new RegExp(`^n,,n=id,r=[\\w-]+${end}$`))
  }
})

test('credentials that are missing are named before anything is connected', () => {
  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
    const error = refusal({ 'sasl.mechanism': mechanism, 'sasl.username': 'alice' })
    assert.equal(error.code, 'INVALID_CONFIG')
    assert.match(error.message, new RegExp(`^${mechanism} needs sasl.username and sasl.password`))
  }
  assert.match(
    refusal({ 'sasl.mechanism': 'OAUTHBEARER' }).message,
    /sasl\.oauthbearer\.token\.provider is missing/,
  )
  assert.match(refusal({}).message, /GSSAPI \(Kerberos\) is not there/)
})

test('without SASL nobody is authenticated, without SSL nothing is encrypted', () => {
  for (const [protocol, isEncrypted, isAuthenticated] of [
    ['PLAINTEXT', false, false],
    ['SSL', true, false],
    ['SASL_PLAINTEXT', false, true],
    ['SASL_SSL', true, true],
  ] as const) {
    const settings = settingsOf({
      'security.protocol': protocol,
      'sasl.mechanism': 'PLAIN',
      'sasl.username': 'u',
      'sasl.password': 'p',
    })
    assert.equal(tlsOptionsOf(settings) !== undefined, isEncrypted, protocol)
    assert.equal(authenticatorOf(settings, platform) !== undefined, isAuthenticated, protocol)
  }
})

test("the options of TLS are Kafka's, and those of node:tls over them", () => {
  const settings = settingsOf({
    'security.protocol': 'SSL',
    'ssl.truststore.certificates': 'CA',
    'ssl.keystore.certificate.chain': 'CHAIN',
    'ssl.keystore.key': 'KEY',
    'ssl.key.password': 'PASSWORD',
    ssl: { servername: 'broker.example', ca: 'ANOTHER' },
  })
  assert.deepEqual(tlsOptionsOf(settings), {
    ca: 'ANOTHER',
    cert: 'CHAIN',
    key: 'KEY',
    passphrase: 'PASSWORD',
    servername: 'broker.example',
  })
  assert.deepEqual(tlsOptionsOf(settingsOf({ 'security.protocol': 'SSL' })), {})
})

test('an empty ssl.endpoint.identification.algorithm accepts a certificate for any name', () => {
  const tls = tlsOptionsOf(
    settingsOf({ 'security.protocol': 'SSL', 'ssl.endpoint.identification.algorithm': '' }),
  )
  assert.equal(tls!.checkServerIdentity!('any.name'), undefined)
})
