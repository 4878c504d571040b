/**
 * Our client over every kind of connection that Apache Kafka has: TLS with and without certificates of clients, and SASL
 * with each mechanism, both with and without TLS. Who the broker takes the client for is seen by what an authorizer lets
 * it do. Sluice listens without security so far, and is skipped.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Admin, KafkaError, Producer } from '../../dist/client/index.js'
import { startApacheKafka, toolCommand } from '../../scripts/peers/apache-kafka.mjs'
import { apacheKafka } from '../../scripts/peers/peers.mjs'
import { freePort } from '../../scripts/peers/probe.mjs'
import { runProgram } from '../lib/processes.mjs'
import { delay, waitUntil } from '../lib/wait.mjs'

const fixtures = fileURLToPath(new URL('../../test/fixtures/tls/', import.meta.url))
const fixture = (/** @type {string} */ name) => readFileSync(join(fixtures, name), 'utf8')
const jaas = 'org.apache.kafka.common.security'
const topic = 'guarded'
/** Kafka lets a session live so long before the client has to authenticate anew. */
const sessionMs = 1500

/** The listeners by name: what stands in security.protocol, and the settings of the broker. */
const listeners = /** @type {const} */ ({
  TLS: { protocol: 'SSL' },
  MTLS: { protocol: 'SSL', 'ssl.client.auth': 'required' },
  SASL: { protocol: 'SASL_PLAINTEXT', ...saslSettings() },
  SASLTLS: { protocol: 'SASL_SSL', ...saslSettings() },
})

function saslSettings() {
  return {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    'plain.sasl.jaas.config': `${jaas}.plain.PlainLoginModule required user_alice="wonder, \\"land\\"";`,
    'scram-sha-256.sasl.jaas.config': `${jaas}.scram.ScramLoginModule required;`,
    'scram-sha-512.sasl.jaas.config': `${jaas}.scram.ScramLoginModule required;`,
    'oauthbearer.sasl.jaas.config': `${jaas}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
    'connections.max.reauth.ms': String(sessionMs),
  }
}

/** @param {{kind: import('../lib/broker.mjs').BrokerKind, folder: string, steps: import('../lib/step-table.mjs').Steps}} run */
export async function checkClientSecurity({ kind, folder, steps }) {
  if (kind === 'sluice') return steps.skip('TLS and SASL', 'Sluice listens without security so far')
  const peer = await apacheKafka(kind === 'apache-3.9' ? '3.9' : '4.1')
  if ('missing' in peer) return steps.skip('TLS and SASL', peer.missing)
  const { broker, ports } = await startSecureKafka(peer.path, folder)
  /** @type {{close: () => Promise<void>}[]} */
  const clients = []
  /** @param {keyof typeof listeners} listener @param {object} options */
  const optionsOf = (listener, options) => ({
    bootstrapServers: `localhost:${ports[listener]}`,
    'security.protocol': listeners[listener].protocol,
    'request.timeout.ms': 5000,
    ...options,
  })
  /** @param {keyof typeof listeners} listener @param {object} options */
  const adminOf = (listener, options) => {
    const admin = new Admin({ ...optionsOf(listener, options), 'default.api.timeout.ms': 10_000 })
    clients.push(admin)
    return admin
  }
  /** @param {keyof typeof listeners} listener @param {object} options */
  const producerOf = (listener, options) => {
    const producer = new Producer({ ...optionsOf(listener, options), 'enable.idempotence': false })
    clients.push(producer)
    return producer
  }
  /** Writes there as this user, who may when it is allowed to. @param {keyof typeof listeners} listener @param {object} options @param {string} user */
  const worksAs = async (listener, options, user) => {
    const admin = adminOf(listener, options)
    const refused = await failure(
      admin.createTopics([{ name: `${topic}-of-${user}` }], { validateOnly: true }),
    )
    assert.match(refused.code, /AUTHORIZATION_FAILED/)
    const producer = producerOf(listener, options)
    const acl = /** @type {const} */ ({
      resourceType: 'topic',
      resourceName: topic,
      principal: `User:${user}`,
    })
    await root.createAcls([{ ...acl, operation: 'write' }])
    await waitUntil(
      () =>
        producer.send({ topic, value: user }).then(
          () => true,
          (error) => {
            if (error.code !== 'TOPIC_AUTHORIZATION_FAILED') throw error
            return false
          },
        ),
      'right to write',
    )
    await root.deleteAcls([acl])
  }
  const root = new Admin({ bootstrapServers: `127.0.0.1:${ports.PLAINTEXT}` })
  clients.push(root)
  try {
    await root.createTopics([{ name: topic, partitions: 1 }])
    await checkTls({ steps, adminOf, worksAs })
    await checkSasl({ steps, adminOf, producerOf, worksAs, root })
    await checkScram({ steps, adminOf, worksAs, root, home: peer.path, port: ports.PLAINTEXT })
  } finally {
    await Promise.all(clients.map((client) => client.close()))
    await broker.stop()
  }
}

/** @param {string} home @param {string} folder */
async function startSecureKafka(home, folder) {
  mkdirSync(folder, { recursive: true })
  const keystore = join(folder, 'keystore.pem')
  writeFileSync(keystore, fixture('server.key') + fixture('server.pem'))
  const names = /** @type {(keyof typeof listeners)[]} */ (Object.keys(listeners))
  /** @type {Record<string, number>} */
  const ports = { PLAINTEXT: await freePort() }
  for (const name of names) ports[name] = await freePort()
  const controllerPort = await freePort()
  const addresses = Object.entries(ports).map(([name, port]) => `${name}://localhost:${port}`)
  const settings = names.flatMap((name) =>
    Object.entries(listeners[name])
      .filter(([key]) => key !== 'protocol')
      // A properties file takes a backslash for the beginning of an escape.
      .map(([key, value]) => [
        `listener.name.${name.toLowerCase()}.${key}`,
        String(value).replaceAll('\\', '\\\\'),
      ]),
  )
  const broker = await startApacheKafka({
    home,
    folder,
    port: Number(ports.PLAINTEXT),
    controllerPort,
    overrides: {
      listeners: [...addresses, `CONTROLLER://127.0.0.1:${controllerPort}`].join(','),
      'advertised.listeners': addresses.join(','),
      'listener.security.protocol.map': [
        'CONTROLLER:PLAINTEXT',
        'PLAINTEXT:PLAINTEXT',
        ...names.map((name) => `${name}:${listeners[name].protocol}`),
      ].join(','),
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': keystore,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': join(fixtures, 'ca.pem'),
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
      'delegation.token.secret.key': 'a secret',
      'auto.create.topics.enable': 'false',
      ...Object.fromEntries(settings),
    },
  })
  return { broker, ports }
}

/** @param {Promise<unknown>} promise @returns {Promise<KafkaError>} */
async function failure(promise) {
  const error = await promise.then(
    () => assert.fail('it did not fail'),
    (reason) => reason,
  )
  assert.ok(error instanceof KafkaError, String(error?.stack ?? error))
  return error
}

/** At once, and not after as many attempts as there is time for. @param {Promise<unknown>} promise @param {RegExp} message */
async function isRefused(promise, message) {
  const startedAtMs = performance.now()
  const error = await failure(promise)
  assert.equal(error.code, 'AUTHENTICATION', error.message)
  assert.match(error.message, message)
  assert.ok(performance.now() - startedAtMs < 5000)
}

const trusting = { 'ssl.truststore.certificates': fixture('ca.pem') }
const certified = {
  ...trusting,
  'ssl.keystore.certificate.chain': fixture('client.pem'),
  'ssl.keystore.key': fixture('client-encrypted.key'),
  'ssl.key.password': 'fixture',
}

/**
 * @typedef {object} SecurityContext
 * @property {import('../lib/step-table.mjs').Steps} steps
 * @property {(listener: keyof typeof listeners, options: object) => Admin} adminOf
 * @property {(listener: keyof typeof listeners, options: object, user: string) => Promise<void>} worksAs
 */

/** @param {SecurityContext} context */
async function checkTls({ steps, adminOf, worksAs }) {
  await steps.run('TLS: a server that is trusted, and one that is not', async () => {
    assert.equal((await adminOf('TLS', trusting).describeCluster()).brokers.length, 1)
    await isRefused(adminOf('TLS', {}).describeCluster(), /unable to verify|self[- ]signed/i)
  })
  await steps.run('TLS: a client that says who it is by a certificate', async () => {
    await worksAs('MTLS', certified, 'CN=client')
    await isRefused(adminOf('MTLS', trusting).describeCluster(), /certificate/i)
  })
}

/** @param {SecurityContext & {root: Admin, producerOf: (listener: keyof typeof listeners, options: object) => Producer}} context */
async function checkSasl({ steps, adminOf, producerOf, worksAs, root }) {
  const plain = { 'sasl.mechanism': 'PLAIN', 'sasl.username': 'alice', 'sasl.password': 'wonder, "land"' }
  for (const listener of /** @type {const} */ (['SASL', 'SASLTLS'])) {
    const secured = listener === 'SASLTLS' ? trusting : {}
    await steps.run(`${listeners[listener].protocol}: PLAIN`, async () => {
      await worksAs(listener, { ...secured, ...plain }, 'alice')
      const config = `${jaas}.plain.PlainLoginModule required username="alice" password="wonder, \\"land\\"";`
      const byJaas = { ...secured, 'sasl.mechanism': 'PLAIN', 'sasl.jaas.config': config }
      assert.equal((await adminOf(listener, byJaas).describeCluster()).brokers.length, 1)
      const wrong = adminOf(listener, { ...secured, ...plain, 'sasl.password': 'wrong' })
      await isRefused(wrong.describeCluster(), /Invalid username or password/)
    })
    await steps.run(`${listeners[listener].protocol}: OAUTHBEARER`, async () => {
      const oauth = (/** @type {number} */ secondsLeft) => ({
        ...secured,
        'sasl.mechanism': 'OAUTHBEARER',
        'sasl.oauthbearer.token.provider': async () => ({ value: unsecuredToken('carol', secondsLeft) }),
      })
      await worksAs(listener, oauth(60), 'carol')
      await isRefused(adminOf(listener, oauth(-60)).describeCluster(), /invalid_token|expired|exp/i)
    })
  }
  await steps.run('SASL: a session that ends is followed by another, and nobody notices', async () => {
    const acl = /** @type {const} */ ({ resourceType: 'topic', resourceName: topic, principal: 'User:alice' })
    await root.createAcls([{ ...acl, operation: 'write' }])
    const [admin, producer] = [adminOf('SASL', plain), producerOf('SASL', plain)]
    const untilMs = performance.now() + 2.5 * sessionMs
    for (; performance.now() < untilMs; await delay(100)) {
      await admin.describeCluster()
      await producer.send({ topic, value: 'v' })
    }
    await root.deleteAcls([acl])
  })
}

/** A token that nobody has signed, as the broker's default takes it. @param {string} sub @param {number} secondsLeft */
function unsecuredToken(sub, secondsLeft) {
  const now = Math.floor(Date.now() / 1000)
  const part = (/** @type {object} */ json) => Buffer.from(JSON.stringify(json)).toString('base64url')
  return `${part({ alg: 'none' })}.${part({ sub, iat: now - 120, exp: now + secondsLeft })}.`
}

/** @param {SecurityContext & {root: Admin, home: string, port: number | undefined}} context */
async function checkScram({ steps, adminOf, worksAs, root, home, port }) {
  const mechanisms = /** @type {const} */ (['SCRAM-SHA-256', 'SCRAM-SHA-512'])
  const user = 'dora=x,y'
  // A user is changed once in a request.
  for (const mechanism of mechanisms)
    await root.alterUserScramCredentials([{ user, mechanism, password: `ex,plo=rer ${mechanism} ﬁ` }])
  const count = async () => (await root.describeUserScramCredentials())[0]?.credentials.length
  await waitUntil(async () => (await count()) === mechanisms.length, 'credentials')
  for (const mechanism of mechanisms) {
    const credentials = {
      'sasl.mechanism': mechanism,
      'sasl.username': user,
      'sasl.password': `ex,plo=rer ${mechanism} ﬁ`,
    }
    for (const listener of /** @type {const} */ (['SASL', 'SASLTLS'])) {
      const secured = listener === 'SASLTLS' ? trusting : {}
      await steps.run(`${listeners[listener].protocol}: ${mechanism}`, async () => {
        await worksAs(listener, { ...secured, ...credentials }, user)
        const wrong = adminOf(listener, { ...secured, ...credentials, 'sasl.password': 'wrong' })
        await isRefused(wrong.describeCluster(), /invalid credentials/)
      })
    }
  }
  await steps.run("SCRAM: a password beyond ASCII that Kafka's own tool has set", async () => {
    const config = `SCRAM-SHA-256=[iterations=4096,password=ﬁndé º]`
    const args = [
      '--bootstrap-server',
      `127.0.0.1:${port}`,
      '--alter',
      '--add-config',
      config,
      '--entity-type',
      'users',
      '--entity-name',
      'emil',
    ]
    await runProgram(toolCommand(home, 'kafka-configs', args), { env: { LC_ALL: 'C.UTF-8' } })
    const emil = { 'sasl.mechanism': 'SCRAM-SHA-256', 'sasl.username': 'emil', 'sasl.password': 'ﬁndé º' }
    await waitUntil(
      () =>
        adminOf('SASL', emil)
          .describeCluster()
          .then(
            () => true,
            () => false,
          ),
      'way in for who has that password',
      5000,
    )
  })
  await steps.run('delegation tokens: handed out, used to say who one is, renewed and expired', async () => {
    const credentials = {
      'sasl.mechanism': 'SCRAM-SHA-256',
      'sasl.username': user,
      'sasl.password': 'ex,plo=rer SCRAM-SHA-256 ﬁ',
    }
    const owner = adminOf('SASLTLS', { ...trusting, ...credentials })
    const token = await owner.createDelegationToken({
      renewers: [{ name: 'frank' }],
      maxLifetimeMs: 3_600_000,
    })
    assert.deepEqual(
      [token.owner, token.renewers],
      [{ type: 'User', name: user }, [{ type: 'User', name: 'frank' }]],
    )
    await waitUntil(async () => (await owner.describeDelegationTokens()).length === 1, 'token')
    const [described] = await owner.describeDelegationTokens({ owners: [{ name: user }] })
    assert.deepEqual([described?.tokenId, described?.hmac], [token.tokenId, token.hmac])
    const asToken = {
      ...trusting,
      'sasl.mechanism': 'SCRAM-SHA-256',
      'sasl.jaas.config': `${jaas}.scram.ScramLoginModule required username="${token.tokenId}" password="${token.hmac.toString('base64')}" tokenauth="true";`,
    }
    await worksAs('SASLTLS', asToken, user)
    assert.ok((await owner.renewDelegationToken(token.hmac, { renewPeriodMs: 60_000 })) <= token.maxTimeMs)
    await owner.expireDelegationToken(token.hmac)
    await waitUntil(async () => (await owner.describeDelegationTokens()).length === 0, 'end of the token')
    await isRefused(adminOf('SASLTLS', asToken).describeCluster(), /invalid credentials/)
  })
}
