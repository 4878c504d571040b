import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FetchResponse } from '../protocol/messages/01-fetch.ts'
import { HeartbeatResponse } from '../protocol/messages/12-heartbeat.ts'
import { SyncGroupRequest, SyncGroupResponse } from '../protocol/messages/14-sync-group.ts'
import {
  bodyOf,
  connected,
  correlationIds,
  frameOf,
  framesIn,
  heartbeat,
  kit,
  REQUEST_BYTES_MAX,
  zeroFetch,
} from './socket-server.test.kit.ts'

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

for (const sendsFiles of [true, false]) {
  const how = sendsFiles ? 'sent by the kernel' : 'read and written'

  test(`${how}: slices of files are sent in their place and released`, async () => {
    const { client, network, zeros } = await connected({ sendsFiles })
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

  test(`${how}: a client that does not read costs a bounded amount of memory, and gets everything when it reads`, async () => {
    const { client, network, server, zeros, handled } = await connected({ sendsFiles })
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
}

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
