import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { FileSlice } from '../base/payload.ts'
import { SystemClock } from '../os/clock.ts'
import { SystemDisk } from '../os/disk.ts'
import { SystemNetwork } from '../os/network.ts'
import { FetchRequest, FetchResponse } from '../protocol/messages/01-fetch.ts'
import { SyncGroupRequest, SyncGroupResponse } from '../protocol/messages/14-sync-group.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import { defineHandler } from './handler.ts'
import {
  bodyOf,
  connected,
  correlationIds,
  frameOf,
  framesIn,
  heartbeat,
  kit,
  zeroFetch,
  zeroFile,
} from './socket-server.test.kit.ts'

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

test('a request that waits is told when its client has gone, unless it was answered before', async () => {
  const { client, network, server, waiting } = await connected()
  client.send(Buffer.concat([heartbeat(1, 'wait'), heartbeat(2, 'wait')]))
  network.run()
  const abandoned: number[] = []
  for (const context of waiting) {
    context.whenAbandoned(() => {
      abandoned.push(context.correlationId)
      context.respond({})
    })
  }
  waiting[0]!.respond({})
  network.run()
  client.vanish()
  network.run()
  assert.deepEqual(abandoned, [2])
  assert.equal(server.pool.usedBytes, 0)
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

test('a throttled client that sends ahead is served one request at a time', async () => {
  const { client, network, clock, handled } = await connected()
  client.send(heartbeat(1, 'throttle'))
  network.run()
  client.send(Buffer.concat([2, 3].map((id) => heartbeat(id, 'throttle'))))
  client.send(Buffer.concat([4, 5, 6].map((id) => heartbeat(id))))
  for (const count of [1, 2, 3]) {
    network.run()
    assert.equal(handled.length, count)
    clock.advance(500)
  }
  network.run()
  assert.deepEqual(correlationIds(client.received()), [1, 2, 3, 4, 5, 6])
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
  const { network, port, log } = await connected({
    connectionLimits: { max: 3, perIpMax: 2, perIpMaxOverrides: new Map() },
  })
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

test('an address may have a limit of its own, and limits may change', async () => {
  const { network, port, server } = await connected()
  const limits = { max: 100, perIpMax: 100, perIpMaxOverrides: new Map([['10.0.0.2', 1]]) }
  server.updateConnectionLimits(limits)
  const isTaken = (address: string): boolean => {
    const client = network.connect(port, address)
    network.run()
    return !client.isClosed
  }
  assert.deepEqual([isTaken('10.0.0.2'), isTaken('10.0.0.2'), isTaken('10.0.0.3')], [true, false, true])
  server.updateConnectionLimits({ ...limits, max: 4 })
  assert.deepEqual([isTaken('10.0.0.3'), isTaken('10.0.0.3')], [true, false])
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

// Real sockets

for (const readMode of ['direct', 'data'] as const) {
  for (const sendsFiles of [true, false]) {
    const how = `reading by '${readMode}', ${sendsFiles ? 'sending' : 'writing'} files`
    test(`over real sockets, ${how}: pipelined requests are answered in order, then the stop`, async (t) => {
      const network = new SystemNetwork({ readMode, sendsFiles })
      const { server, table } = kit({ network, clock: new SystemClock() })
      const random = new SimRandom(3)
      const stored = random.bytes(5_000_000)
      const { slice, counts } = realFile(t, stored)
      table.add(
        defineHandler(FetchRequest, FetchResponse, [4, 4], ({ minBytes }) => ({
          responses: [{ topic: 't', partitions: [{ records: slice(minBytes) }, { records: slice(77) }] }],
        })),
      )
      const { port } = await server.listen({ name: 'PLAINTEXT', host: undefined, port: 0 })
      server.startProcessing()
      const client = connect(port, '127.0.0.1')
      const assignment = random.bytes(3_000_000)
      for (let id = 0; id < 500; id++) client.write(heartbeat(id))
      client.write(frameOf(SyncGroupRequest, 0, 500, { assignments: [{ memberId: 'm', assignment }] }))
      for (let id = 501; id < 504; id++) client.write(zeroFetch(id, stored.length))
      client.write(heartbeat(504))
      const received: Buffer[] = []
      let receivedBytes = 0
      const wantedBytes = 501 * 10 + 4 + 4 + 2 + 4 + assignment.length + 3 * (stored.length + 77)
      await new Promise<void>((resolve, reject) => {
        client.on('error', reject)
        client.on('data', (chunk: Buffer) => {
          received.push(chunk)
          receivedBytes += chunk.length
          if (receivedBytes > wantedBytes && chunk.readInt32BE(chunk.length - 6) === 504) resolve()
        })
      })
      const ended = new Promise((resolve) => client.once('close', resolve))
      await server.stop({ timeoutMs: 10_000 })
      await ended
      const frames = framesIn(Buffer.concat(received))
      assert.deepEqual(
        frames.map((frame) => frame.readInt32BE(0)),
        Array.from({ length: 505 }, (_, id) => id),
      )
      assert.ok(bodyOf(SyncGroupResponse, 0, frames[500]!).assignment.equals(assignment))
      for (const frame of frames.slice(501, 504)) {
        const { partitions } = bodyOf(FetchResponse, 4, frame).responses[0]!
        assert.ok(partitions[0]!.records!.equals(stored))
        assert.ok(partitions[1]!.records!.equals(stored.subarray(0, 77)))
      }
      assert.equal(counts.released, 6)
      assert.equal(server.connectionCount, 0)
      assert.equal(server.pool.usedBytes, 0)
    })
  }
}

function realFile(t: TestContext, bytes: Buffer) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-server-'))
  const file = new SystemDisk().open(join(folder, 'file'), 'create')
  t.after(() => {
    file.close()
    rmSync(folder, { recursive: true })
  })
  file.writev([bytes], 0)
  const counts = { released: 0 }
  const release = (): void => {
    counts.released += 1
  }
  return { counts, slice: (byteLength: number): FileSlice => ({ file, position: 0, byteLength, release }) }
}
