/** TLS between a client and a broker, which a proxy ends in front of it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { after, test } from 'node:test'
import { createServer, type TlsOptions } from 'node:tls'
import { startBroker } from '../../testing/index.ts'
import { Admin, type AdminOptions, KafkaError } from '../index.ts'

const fixture = (name: string): string =>
  readFileSync(new URL(`../../../test/fixtures/tls/${name}`, import.meta.url), 'utf8')
const CA = fixture('ca.pem')

const broker = await startBroker()
after(() => broker.close())

/** The bootstrap server of a broker behind TLS. Clients find the broker itself in its metadata, and are told of the proxy. */
async function behindTls(options: TlsOptions & { name?: string } = {}): Promise<string> {
  const { name = 'server', ...rest } = options
  const server = createServer(
    { key: fixture(`${name}.key`), cert: fixture(`${name}.pem`), ...rest },
    (socket) => {
      const upstream = connect(broker.port, '127.0.0.1')
      socket.pipe(upstream).pipe(socket)
      for (const end of [socket, upstream]) {
        end.on('error', () => {})
        end.on('close', () => {
          socket.destroy()
          upstream.destroy()
        })
      }
    },
  )
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const toProxy = (_: unknown, next: () => Promise<{ brokers: object[] }>) =>
    next().then((answer) => ({ ...answer, brokers: answer.brokers.map((each) => ({ ...each, port })) }))
  const undo = [broker.intercept('Metadata', toProxy), broker.intercept('DescribeCluster', toProxy)]
  after(() => {
    for (const each of undo) each()
    server.close()
  })
  return `localhost:${port}`
}

function adminOf(bootstrapServers: string, options: AdminOptions): Admin {
  const admin = new Admin({ bootstrapServers, securityProtocol: 'SSL', ...options } as AdminOptions)
  after(() => admin.close())
  return admin
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const startMs = performance.now()
  const error = await promise.then(
    () => assert.fail('it was not refused'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof KafkaError, String(error))
  assert.deepEqual([error.code, error.retriable], ['AUTHENTICATION', false], error.message)
  assert.ok(performance.now() - startMs < 5000)
  return error.message
}

test('a server that a trusted authority vouches for is talked to, by its name and by its address', async () => {
  const server = await behindTls()
  for (const address of [server, server.replace('localhost', '127.0.0.1')]) {
    const admin = adminOf(address, { 'ssl.truststore.certificates': CA })
    assert.equal((await admin.describeCluster()).clusterId, broker.clusterId)
    // Over the connection to the broker itself, too.
    assert.equal((await admin.describeLogDirs()).length, 1)
  }
})

test('a server that nobody vouches for is not talked to', async () => {
  const server = await behindTls()
  assert.match(await refusal(adminOf(server, {}).listTopics()), /unable to verify|self[- ]signed/i)
})

test('a server of another name is not talked to, unless names are not looked at', async () => {
  const server = await behindTls({ name: 'elsewhere' })
  const trusting = { 'ssl.truststore.certificates': CA }
  assert.match(await refusal(adminOf(server, trusting).listTopics()), /localhost/)
  const admin = adminOf(server, { ...trusting, 'ssl.endpoint.identification.algorithm': '' })
  assert.deepEqual(await admin.listTopics(), [])
  const named = adminOf(server, { ...trusting, ssl: { servername: 'broker.elsewhere.example' } })
  assert.deepEqual(await named.listTopics(), [])
})

test('a client says who it is by a certificate of its own, with a key that may be encrypted', async () => {
  const server = await behindTls({ requestCert: true, rejectUnauthorized: true, ca: CA })
  const trusting = { 'ssl.truststore.certificates': CA }
  const chain = { ...trusting, 'ssl.keystore.certificate.chain': fixture('client.pem') }
  const plain = adminOf(server, { ...chain, 'ssl.keystore.key': fixture('client.key') })
  assert.deepEqual(await plain.listTopics(), [])
  const encrypted = adminOf(server, {
    ...chain,
    'ssl.keystore.key': fixture('client-encrypted.key'),
    'ssl.key.password': 'fixture',
  })
  assert.deepEqual(await encrypted.listTopics(), [])
  const wrongKey = adminOf(server, { ...chain, 'ssl.keystore.key': fixture('server.key') })
  assert.match(await refusal(wrongKey.listTopics()), /key values mismatch/)
})

test('a server that refuses the client after the handshake, as TLS 1.3 has it, is AUTHENTICATION', async () => {
  const port = Number((await behindTls()).split(':')[1])
  const alert = Buffer.from([21, 3, 3, 0, 2, 2, 42])
  const refusing = createTcpServer((socket) => {
    const upstream = connect(port, '127.0.0.1')
    upstream.pipe(socket, { end: false })
    upstream.on('error', () => {})
    socket.on('error', () => {})
    socket.once('data', (hello) => {
      upstream.write(hello)
      // What comes next ends the handshake, for the client.
      socket.once('data', () => {
        upstream.unpipe(socket)
        socket.end(alert)
      })
    })
    socket.on('close', () => upstream.destroy())
  })
  await new Promise<void>((resolve) => void refusing.listen(0, '127.0.0.1', resolve))
  after(() => refusing.close())
  const address = `localhost:${(refusing.address() as AddressInfo).port}`
  await refusal(adminOf(address, { 'ssl.truststore.certificates': CA }).listTopics())
})

test('what stands in the way of a broker that speaks no TLS is told', async () => {
  const admin = adminOf(broker.bootstrapServers, { 'ssl.truststore.certificates': CA })
  await assert.rejects(admin.listTopics({ timeoutMs: 500 }), {
    code: 'TIMEOUT',
    message: /before secure TLS connection/,
  })
})
