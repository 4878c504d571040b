import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { DiskFile } from '../base/disk.ts'
import type { FileSlice } from '../base/payload.ts'
import { SystemClock } from '../os/clock.ts'
import { SystemNetwork } from '../os/network.ts'
import { decode, encode } from '../protocol/codec.ts'
import {
  RequestHeader,
  ResponseHeader,
  requestHeaderVersion,
  responseHeaderVersion,
} from '../protocol/headers.ts'
import { FetchRequest, FetchResponse } from '../protocol/messages/01-fetch.ts'
import { HeartbeatRequest, HeartbeatResponse } from '../protocol/messages/12-heartbeat.ts'
import { SyncGroupRequest, SyncGroupResponse } from '../protocol/messages/14-sync-group.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from '../protocol/messages/18-api-versions.ts'
import type { Draft, Infer, Message } from '../protocol/schema.ts'
import { SimClock } from '../simulator/sim-clock.ts'
import { SimNetwork } from '../simulator/sim-network.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { Dispatcher, HandlerTable } from './dispatch.ts'
import { defineHandler, LATER } from './handler.ts'
import { apiVersionsHandler } from './handlers/18-api-versions.ts'
import type { RequestContext } from './request-context.ts'
import { SocketServer, type SocketServerOptions } from './socket-server.ts'

const REQUEST_BYTES_MAX = 4 * 1024 * 1024

function frameOf<A>(schema: Message<unknown, A>, apiVersion: number, correlationId: number, body: A): Buffer {
  const writer = new Writer()
  writer.beginFrame()
  const headerVersion = requestHeaderVersion(schema.apiKey!, apiVersion)
  const header = {
    requestApiKey: schema.apiKey!,
    requestApiVersion: apiVersion,
    correlationId,
    clientId: 'test',
  }
  encode(RequestHeader, headerVersion, header, writer)
  encode(schema, apiVersion, body, writer)
  writer.endFrame()
  return Buffer.concat(writer.finish() as Uint8Array[])
}

/** A Heartbeat whose group names what the test's handler does with it. */
function heartbeat(correlationId: number, groupId = 'now'): Buffer {
  return frameOf(HeartbeatRequest, 0, correlationId, { groupId, memberId: 'm' })
}

function framesIn(stream: Buffer): Buffer[] {
  const frames: Buffer[] = []
  let position = 0
  while (position < stream.length) {
    const size = stream.readInt32BE(position)
    frames.push(stream.subarray(position + 4, position + 4 + size))
    position += 4 + size
  }
  assert.equal(position, stream.length, 'the stream ends with a whole frame')
  return frames
}

function correlationIds(stream: Buffer): number[] {
  return framesIn(stream).map((frame) => frame.readInt32BE(0))
}

function bodyOf<D>(schema: Message<D, unknown>, apiVersion: number, frame: Buffer): D {
  const reader = new Reader(frame)
  decode(ResponseHeader, responseHeaderVersion(schema.apiKey!, apiVersion), reader)
  const body = decode(schema, apiVersion, reader)
  assert.equal(reader.remaining, 0)
  return body
}

/** A file of zeros that counts what is done with it. */
function zeroFile(fileBytes = Number.POSITIVE_INFINITY) {
  const counts = { readBytes: 0, released: 0 }
  const file = {
    path: 'zeros',
    descriptor: undefined,
    read(target: Uint8Array, targetStart: number, length: number, position: number) {
      const byteCount = Math.max(0, Math.min(length, fileBytes - position))
      target.fill(0x5a, targetStart, targetStart + byteCount)
      counts.readBytes += byteCount
      return byteCount
    },
  } as unknown as DiskFile
  const slice = (byteLength: number): FileSlice => ({
    file,
    position: 0,
    byteLength,
    release: () => {
      counts.released += 1
    },
  })
  return { counts, slice }
}

type Waiting = RequestContext<Draft<typeof HeartbeatResponse>>

function kit(options: { seed?: number; windowBytes?: number } & Partial<SocketServerOptions> = {}) {
  const { seed = 1, windowBytes = 64 * 1024, ...more } = options
  const clock = new SimClock()
  const random = new SimRandom(seed)
  const network = new SimNetwork({ clock, random, windowBytes })
  const log: string[] = []
  const note =
    (level: string) =>
    (message: string): void => {
      log.push(`${level} ${message}`)
    }
  const logger = { debug: note('DEBUG'), info: note('INFO'), warn: note('WARN'), error: note('ERROR') }
  const waiting: Waiting[] = []
  const zeros = zeroFile()
  const handled: string[] = []
  const table = new HandlerTable()
  const heartbeats = defineHandler(HeartbeatRequest, HeartbeatResponse, [0, 0], ({ groupId }, context) => {
    handled.push(groupId)
    if (groupId === 'now') return {}
    if (groupId === 'none') return undefined
    if (groupId === 'promise') return Promise.resolve({ errorCode: 5 })
    if (groupId === 'rejects') return Promise.reject(new Error('the handler broke'))
    if (groupId === 'throws') throw new Error('the handler broke')
    if (groupId === 'closes') {
      context.closeConnection()
      return LATER
    }
    if (groupId.startsWith('throttle')) {
      context.throttle(500)
      return {}
    }
    waiting.push(context)
    return LATER
  })
  const echo = defineHandler(SyncGroupRequest, SyncGroupResponse, [0, 0], ({ assignments }) => {
    return { assignment: assignments[0]!.assignment }
  })
  const fetch = defineHandler(FetchRequest, FetchResponse, [4, 4], ({ minBytes }) => ({
    responses: [{ topic: 't', partitions: [{ records: zeros.slice(minBytes) }] }],
  }))
  for (const handler of [heartbeats, echo, fetch, apiVersionsHandler(table)]) table.add(handler)
  const server = new SocketServer({
    network,
    clock,
    logger,
    dispatcher: new Dispatcher(table, logger),
    brokerId: 0,
    requestBytesMax: REQUEST_BYTES_MAX,
    connectionsMaxIdleMs: 600_000,
    ...more,
  })
  return { clock, random, network, log, waiting, zeros, handled, table, server }
}

async function connected(options: Parameters<typeof kit>[0] = {}) {
  const all = kit(options)
  const { port } = await all.server.listen({ name: 'PLAINTEXT', host: '127.0.0.1', port: 0 })
  all.server.startProcessing()
  return { ...all, port, client: all.network.connect(port) }
}

const zeroFetch = (correlationId: number, minBytes: number): Buffer =>
  frameOf(FetchRequest, 4, correlationId, { minBytes, topics: [] })

test('responses leave in the order of the requests, whatever the order in which they are ready', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const { client, network, waiting, random } = await connected({ seed })
    const groups = ['now', 'wait', 'none', 'wait', 'wait', 'now', 'wait', 'none', 'now']
    client.send(Buffer.concat(groups.map((group, id) => heartbeat(id, group))))
    network.run()
    assert.deepEqual(correlationIds(client.received()), [0])
    while (waiting.length > 0) {
      const [context] = waiting.splice(random.below(waiting.length), 1)
      context!.respond({ errorCode: context!.correlationId })
      if (random.oneIn(2)) network.run()
    }
    network.run()
    assert.deepEqual(correlationIds(client.received()), [1, 3, 4, 5, 6, 8])
  }
})

test('a connection that comes while the broker starts is served once it has started', async () => {
  const { server, network, handled } = kit()
  const { port } = await server.listen({ name: 'PLAINTEXT', host: '127.0.0.1', port: 0 })
  const client = network.connect(port)
  client.send(heartbeat(1))
  network.run()
  assert.deepEqual(handled, [])
  server.startProcessing()
  network.run()
  assert.deepEqual(correlationIds(client.received()), [1])
})

test('answers of one turn leave in one write', async () => {
  const { client, network, clock } = await connected()
  client.send(Buffer.concat([heartbeat(1), heartbeat(2), heartbeat(3)]))
  // The bytes may arrive in several turns; every turn's answers are there after its end.
  while (client.outgoing.length > 0) network.step()
  clock.tick()
  assert.deepEqual(correlationIds(client.received()), [1, 2, 3])
})

test('a promised answer is sent when it is there', async () => {
  const { client, network } = await connected()
  client.send(heartbeat(7, 'promise'))
  network.run()
  await Promise.resolve()
  network.run()
  const [frame] = framesIn(client.received())
  assert.equal(bodyOf(HeartbeatResponse, 0, frame!).errorCode, 5)
})

test('large requests and responses pass unharmed in any pieces', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { client, network, random, server } = await connected({ seed })
    const assignments = Array.from({ length: 4 }, () => random.bytes(random.below(700_000)))
    assignments.forEach((assignment, id) => {
      client.send(frameOf(SyncGroupRequest, 0, id, { assignments: [{ memberId: 'm', assignment }] }))
      client.send(heartbeat(100 + id))
    })
    network.run()
    const frames = framesIn(client.received())
    assert.equal(frames.length, 8)
    assignments.forEach((assignment, id) => {
      assert.ok(bodyOf(SyncGroupResponse, 0, frames[id * 2]!).assignment.equals(assignment), `seed ${seed}`)
    })
    assert.equal(server.requestMemory.usedBytes, 0)
    client.end()
    network.run()
    assert.equal(server.pool.usedBytes, 0)
  }
})

test('slices of files are sent in their place and released', async () => {
  const { client, network, zeros } = await connected()
  client.send(Buffer.concat([heartbeat(1), zeroFetch(2, 1_000_000), heartbeat(3), zeroFetch(4, 0)]))
  network.run()
  const frames = framesIn(client.received())
  assert.deepEqual(
    frames.map((frame) => frame.readInt32BE(0)),
    [1, 2, 3, 4],
  )
  const { records } = bodyOf(FetchResponse, 4, frames[1]!).responses[0]!.partitions[0]!
  assert.ok(records!.equals(Buffer.alloc(1_000_000, 0x5a)))
  assert.equal(zeros.counts.released, 2)
})

test('a client that does not read costs a bounded amount of memory, and gets everything when it reads', async () => {
  const { client, network, server, zeros, handled } = await connected()
  client.reads = false
  const sliceBytes = 600_000
  for (let id = 0; id < 200; id++) client.send(zeroFetch(id, sliceBytes))
  for (let id = 200; id < 1000; id++) client.send(heartbeat(id))
  network.run()
  assert.ok(zeros.counts.readBytes < 1_000_000, 'a file is read only as the socket takes it')
  assert.ok(server.pool.usedBytes < 1_000_000)
  assert.equal(handled.length, 0, 'nothing more is read from it')
  const frames: Buffer[] = []
  client.reads = true
  client.take()
  network.run()
  frames.push(...framesIn(client.received()))
  assert.deepEqual(
    frames.map((frame) => frame.readInt32BE(0)),
    Array.from({ length: 1000 }, (_, id) => id),
  )
  assert.equal(zeros.counts.released, 200)
})

test('at most 64 requests of a connection are under way', async () => {
  const { client, network, handled, waiting } = await connected()
  for (let id = 0; id < 100; id++) client.send(heartbeat(id, 'wait'))
  network.run()
  assert.equal(handled.length, 64)
  waiting[0]!.respond({})
  network.run()
  assert.equal(handled.length, 65)
})

test('requests of all connections together stay within their share of memory', async () => {
  const { client, network, port, server, waiting } = await connected({ queuedRequestBytesMax: 2000 })
  const padded = 'wait'.padEnd(400, '.')
  const second = network.connect(port)
  for (let id = 0; id < 20; id++) {
    client.send(heartbeat(id, padded))
    second.send(heartbeat(id, padded))
  }
  for (let answered = 0; answered < 40; answered++) {
    network.run()
    assert.ok(server.requestMemory.usedBytes < 2000 + 500, 'the limit is passed by one request at most')
    waiting.shift()!.respond({})
  }
  network.run()
  assert.equal(correlationIds(client.received()).length, 20)
  assert.equal(correlationIds(second.received()).length, 20)
})

test('a request whose bytes are given back early makes room for others', async () => {
  const { client, network, server, waiting } = await connected({ queuedRequestBytesMax: 100 })
  client.send(Buffer.concat([heartbeat(1, 'wait'.padEnd(200, '.')), heartbeat(2, 'wait')]))
  network.run()
  assert.equal(waiting.length, 1)
  waiting[0]!.release()
  network.run()
  assert.equal(waiting.length, 2)
  assert.ok(server.requestMemory.usedBytes < 100)
})

for (const [name, sizeBytes, text] of [
  ['negative', -1, 'Invalid receive (size = -1)'],
  ['too large', REQUEST_BYTES_MAX + 1, `Invalid receive (size = 4194305 larger than ${REQUEST_BYTES_MAX})`],
  ['text', 0x47455420, `Invalid receive (size = 1195725856 larger than ${REQUEST_BYTES_MAX})`],
] as const) {
  test(`a size that is ${name} closes this connection, with a line in the log, and no other`, async () => {
    const { client, network, port, log } = await connected()
    const other = network.connect(port)
    const size = Buffer.alloc(4)
    size.writeInt32BE(sizeBytes)
    client.send(size)
    other.send(heartbeat(1))
    network.run()
    assert.ok(client.isClosed)
    assert.deepEqual(correlationIds(other.received()), [1])
    assert.ok(log.some((line) => line.startsWith('WARN') && line.endsWith(text)))
  })
}

for (const [name, frame, text] of [
  ['an empty frame', Buffer.alloc(4), 'Error parsing request header'],
  ['an unknown API', requestBytes(99, 0), 'Received request api key 99 with version 0 which is not enabled'],
  ['a negative API key', requestBytes(-2, 0), 'Received request api key -2'],
  [
    'an unknown version',
    requestBytes(12, 9),
    'Received request api key 12 with version 9 which is not enabled',
  ],
  ['a body cut short', requestBytes(12, 0), 'Error getting request for apiKey: 12, apiVersion: 0'],
] as const) {
  test(`${name} closes the connection`, async () => {
    const { client, network, log, server } = await connected()
    client.send(frame)
    network.run()
    assert.ok(client.isClosed)
    assert.equal(client.received().length, 0)
    assert.ok(log.some((line) => line.startsWith('ERROR') && line.includes(text)))
    assert.equal(server.pool.usedBytes, 0)
  })
}

/** A frame with a header and nothing behind it. */
function requestBytes(apiKey: number, apiVersion: number): Buffer {
  const bytes = Buffer.alloc(4 + 10)
  bytes.writeInt32BE(10)
  bytes.writeInt16BE(apiKey, 4)
  bytes.writeInt16BE(apiVersion, 6)
  bytes.writeInt16BE(-1, 12)
  return bytes
}

for (const group of ['throws', 'rejects']) {
  test(`a handler that ${group} costs its connection, not the broker`, async () => {
    const { client, network, port, log } = await connected()
    client.send(Buffer.concat([heartbeat(1), heartbeat(2, group)]))
    network.run()
    await Promise.resolve()
    network.run()
    assert.deepEqual(correlationIds(client.received()), [1])
    assert.ok(client.isClosed)
    assert.ok(
      log.some(
        (line) => line.startsWith('ERROR') && line.includes('HeartbeatRequest(version=0, correlationId=2'),
      ),
    )
    const other = network.connect(port)
    other.send(heartbeat(3))
    network.run()
    assert.deepEqual(correlationIds(other.received()), [3])
  })
}

test('a request that closes its connection lets those before it be answered', async () => {
  const { client, network, waiting } = await connected()
  client.send(Buffer.concat([heartbeat(1, 'wait'), heartbeat(2, 'closes'), heartbeat(3)]))
  network.run()
  assert.ok(!client.isClosed)
  waiting[0]!.respond({})
  network.run()
  assert.deepEqual(correlationIds(client.received()), [1])
  assert.ok(client.isClosed)
})

test('a client that stops sending still gets its answers, then the end', async () => {
  const { client, network, waiting } = await connected()
  client.send(Buffer.concat([heartbeat(1), heartbeat(2, 'wait')]))
  client.end()
  network.run()
  assert.ok(!client.hasEnded)
  waiting[0]!.respond({})
  network.run()
  assert.deepEqual(correlationIds(client.received()), [1, 2])
  assert.ok(client.hasEnded)
})

test('a client that vanishes leaves nothing behind, also what is answered later', async () => {
  const { client, network, server, waiting, zeros } = await connected()
  client.reads = false
  client.send(
    Buffer.concat([zeroFetch(1, 9_000_000), zeroFetch(2, 9_000_000), heartbeat(3, 'wait'), zeroFetch(4, 5)]),
  )
  network.run()
  client.vanish()
  network.run()
  assert.equal(server.connectionCount, 0)
  waiting[0]!.respond({})
  assert.equal(zeros.counts.released, 3)
  assert.equal(server.pool.usedBytes, 0)
  assert.equal(server.requestMemory.usedBytes, 0)
})

test('a file that ends before its slice breaks the connection', async () => {
  const { client, network, log, table } = await connected()
  const short = zeroFile(1000)
  table.add(
    defineHandler(FetchRequest, FetchResponse, [4, 4], () => ({
      responses: [{ topic: 't', partitions: [{ records: short.slice(5000) }] }],
    })),
  )
  client.send(zeroFetch(1, 0))
  network.run()
  assert.ok(client.isClosed)
  assert.equal(short.counts.released, 1)
  assert.ok(log.some((line) => line.startsWith('ERROR')))
})

test('a throttled client is answered first and not read from for a while', async () => {
  const { client, network, clock, handled } = await connected()
  client.send(heartbeat(1, 'throttle'))
  network.run()
  assert.deepEqual(correlationIds(client.received()), [1])
  client.send(heartbeat(2))
  network.run()
  // What lies in the next read is taken in, not handled.
  assert.deepEqual(handled, ['throttle'])
  clock.advance(499)
  network.run()
  assert.deepEqual(handled, ['throttle'])
  clock.advance(1)
  network.run()
  assert.deepEqual(correlationIds(client.received()), [2])
})

test('idle connections are closed; those that wait for us or are busy are not', async () => {
  const { client, network, clock, port, server } = await connected({ connectionsMaxIdleMs: 10_000 })
  const polling = network.connect(port)
  const busy = network.connect(port)
  polling.send(heartbeat(1, 'wait'))
  for (let second = 0; second < 12; second++) {
    busy.send(heartbeat(second))
    network.run()
    clock.advance(1000)
  }
  network.run()
  assert.deepEqual([client.isClosed, polling.isClosed, busy.isClosed], [true, false, false])
  assert.equal(server.connectionCount, 2)
})

test('a client that takes no bytes of its response for so long is closed too', async () => {
  const { client, network, clock, zeros } = await connected({ connectionsMaxIdleMs: 10_000 })
  client.reads = false
  client.send(zeroFetch(1, 1_000_000))
  network.run()
  clock.advance(12_000)
  network.run()
  assert.ok(client.isClosed)
  assert.equal(zeros.counts.released, 1)
})

test('connections beyond the limits are refused', async () => {
  const { network, port, log } = await connected({ connectionsPerIpMax: 2, connectionsMax: 3 })
  const second = network.connect(port)
  const third = network.connect(port)
  const elsewhere = network.connect(port, '10.0.0.2')
  const fifth = network.connect(port, '10.0.0.3')
  network.run()
  assert.deepEqual(
    [second, third, elsewhere, fifth].map((client) => client.isClosed),
    [false, true, false, true],
  )
  assert.ok(log.some((line) => line.includes('Rejected connection from /127.0.0.1')))
  second.vanish()
  network.run()
  const again = network.connect(port)
  network.run()
  assert.ok(!again.isClosed)
})

test('a stop answers what is under way, reads nothing more, and closes', async () => {
  const { client, network, server, waiting, handled, port } = await connected()
  const idle = network.connect(port)
  client.send(Buffer.concat([heartbeat(1, 'wait'), zeroFetch(2, 500_000)]))
  network.run()
  const stopped = server.stop({ timeoutMs: 5000, answerWaiting: () => waiting[0]!.respond({}) })
  client.send(heartbeat(3))
  await Promise.resolve()
  await Promise.resolve()
  await Promise.resolve()
  network.run()
  await stopped
  assert.deepEqual(correlationIds(client.received()), [1, 2])
  assert.ok(client.hasEnded && idle.hasEnded)
  assert.deepEqual(handled, ['wait'])
  assert.throws(() => network.connect(port))
})

test('a stop does not wait longer than it was told to', async () => {
  const { client, network, server, clock } = await connected()
  client.send(heartbeat(1, 'wait'))
  network.run()
  const stopped = server.stop({ timeoutMs: 5000 })
  await new Promise(setImmediate)
  clock.advance(5000)
  network.run()
  await stopped
  assert.ok(client.isClosed && !client.hasEnded)
})

// ApiVersions

const LATEST_SOFTWARE = { clientSoftwareName: 'librdkafka', clientSoftwareVersion: '2.14.0-rc.1' }

async function apiVersions(
  apiVersion: number,
  body: Draft<typeof ApiVersionsRequest>,
  answerVersion = apiVersion,
) {
  const { client, network, table } = await connected()
  client.send(frameOf(ApiVersionsRequest, apiVersion, 1, body))
  network.run()
  const [frame] = framesIn(client.received())
  const response: Infer<typeof ApiVersionsResponse> = bodyOf(ApiVersionsResponse, answerVersion, frame!)
  return { response, table }
}

const ADVERTISED = [
  { apiKey: 1, minVersion: 4, maxVersion: 4 },
  { apiKey: 12, minVersion: 0, maxVersion: 0 },
  { apiKey: 14, minVersion: 0, maxVersion: 0 },
  { apiKey: 18, minVersion: 0, maxVersion: 4 },
]

test('ApiVersions lists exactly what has a handler', async () => {
  for (const version of [0, 1, 2, 3, 4]) {
    const { response } = await apiVersions(version, version >= 3 ? LATEST_SOFTWARE : {})
    assert.equal(response.errorCode, 0)
    assert.deepEqual(
      response.apiKeys.map(({ apiKey, minVersion, maxVersion }) => ({ apiKey, minVersion, maxVersion })),
      ADVERTISED,
    )
    assert.equal(response.finalizedFeaturesEpoch, version >= 3 ? 0 : -1)
  }
})

test('an ApiVersions request of a later version is answered in version 0, with the list', async () => {
  const { client, network } = await connected()
  const future = frameOf(ApiVersionsRequest, 4, 77, LATEST_SOFTWARE)
  future.writeInt16BE(9, 6)
  client.send(future)
  network.run()
  const [frame] = framesIn(client.received())
  assert.equal(frame!.readInt32BE(0), 77)
  const response = bodyOf(ApiVersionsResponse, 0, frame!)
  assert.equal(response.errorCode, 35)
  assert.equal(response.apiKeys.length, ADVERTISED.length)
  assert.ok(!client.isClosed)
})

test('a client that calls itself something impossible is told so', async () => {
  const { response } = await apiVersions(3, { clientSoftwareName: '-', clientSoftwareVersion: '1' })
  assert.equal(response.errorCode, 42)
  assert.equal(response.apiKeys.length, 0)
})

// Real sockets

for (const readMode of ['direct', 'data'] as const) {
  test(`over real sockets, reading by '${readMode}': pipelined requests are answered in order, then the stop`, async () => {
    const { server } = kit({ network: new SystemNetwork(readMode), clock: new SystemClock() })
    const { port } = await server.listen({ name: 'PLAINTEXT', host: undefined, port: 0 })
    server.startProcessing()
    const client = connect(port, '127.0.0.1')
    const assignment = new SimRandom(3).bytes(3_000_000)
    const expectedBytes = [18, 4 + 4 + 2 + 4 + assignment.length, 10, 5_000_000]
    for (let id = 0; id < 500; id++) client.write(heartbeat(id))
    client.write(frameOf(SyncGroupRequest, 0, 500, { assignments: [{ memberId: 'm', assignment }] }))
    client.write(zeroFetch(501, 5_000_000))
    const received: Buffer[] = []
    let receivedBytes = 0
    const wantedBytes = 500 * 10 + expectedBytes[1]! + 5_000_000
    await new Promise<void>((resolve, reject) => {
      client.on('error', reject)
      client.on('data', (chunk: Buffer) => {
        received.push(chunk)
        receivedBytes += chunk.length
        if (receivedBytes > wantedBytes) resolve()
      })
    })
    const ended = new Promise((resolve) => client.once('close', resolve))
    await server.stop({ timeoutMs: 10_000 })
    await ended
    const frames = framesIn(Buffer.concat(received))
    assert.deepEqual(
      frames.map((frame) => frame.readInt32BE(0)),
      Array.from({ length: 502 }, (_, id) => id),
    )
    assert.ok(bodyOf(SyncGroupResponse, 0, frames[500]!).assignment.equals(assignment))
    assert.equal(server.connectionCount, 0)
    assert.equal(server.pool.usedBytes, 0)
  })
}
