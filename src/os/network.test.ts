import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket as NetSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { type TestContext, test } from 'node:test'
import type { DiskFile } from '../base/disk.ts'
import { type Listener, NetworkError, type Socket, type SocketHandler } from '../base/network.ts'
import { SystemDisk } from './disk.ts'
import { SystemNetwork } from './network.ts'
import { loadSendFile } from './send-file.ts'

/** A handler that keeps what it reads and lets a test wait for things. */
class Recorder implements SocketHandler {
  readonly socket: Socket
  readonly log: string[] = []
  received = Buffer.alloc(0)
  readonly #range = Buffer.alloc(1000)
  #waiting: (() => void)[] = []
  onBytes: (byteCount: number) => void = () => {}

  constructor(socket: Socket) {
    this.socket = socket
  }

  readBuffer(): Uint8Array {
    return this.#range
  }

  onRead(byteCount: number): void {
    this.received = Buffer.concat([this.received, this.#range.subarray(0, byteCount)])
    this.onBytes(byteCount)
    this.#wake()
  }

  onDrain(): void {
    this.#note('drain')
  }

  onEnd(): void {
    this.#note('end')
  }

  onClose(error: Error | undefined): void {
    this.#note(error === undefined ? 'close' : `close: ${(error as NodeJS.ErrnoException).code}`)
  }

  #note(what: string): void {
    this.log.push(what)
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}

function temporaryFile(t: TestContext, bytes: Buffer): DiskFile {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-network-'))
  const file = new SystemDisk().open(join(folder, 'file'), 'create')
  t.after(() => {
    file.close()
    rmSync(folder, { recursive: true })
  })
  file.writev([bytes], 0)
  return file
}

interface Pair {
  readonly listener: Listener
  readonly client: NetSocket
  readonly server: Recorder
}

test('reading straight into named memory works on this version of Node', async () => {
  assert.equal(await new SystemNetwork({ readMode: 'auto' }).readMode(), 'direct')
})

test('without sendfile(2), or told to do without, a connection offers none', async () => {
  const offers = async (network: SystemNetwork): Promise<boolean> => {
    let accepted: (socket: Socket) => void
    const acceptance = new Promise<Socket>((resolve) => {
      accepted = resolve
    })
    const listener = await network.listen({ host: '127.0.0.1', port: 0 }, (socket) => {
      accepted(socket)
      return new Recorder(socket)
    })
    const client = connect(listener.port, '127.0.0.1')
    const socket = await acceptance
    client.destroy()
    socket.destroy()
    await listener.close()
    return socket.sendFile !== undefined
  }
  assert.equal(await offers(new SystemNetwork({ sendsFiles: false })), false)
  assert.equal(await offers(new SystemNetwork({ sendsFiles: true })), loadSendFile() !== null)
  if (process.platform === 'linux') assert.ok(loadSendFile() !== null)
})

for (const mode of ['direct', 'data'] as const) {
  const network = new SystemNetwork({ readMode: mode })

  async function pair(
    host: string | undefined = '127.0.0.1',
    onAccept = (_: Socket): void => {},
  ): Promise<Pair> {
    let accepted: (recorder: Recorder) => void
    const acceptance = new Promise<Recorder>((resolve) => {
      accepted = resolve
    })
    const listener = await network.listen({ host, port: 0 }, (socket) => {
      const recorder = new Recorder(socket)
      onAccept(socket)
      accepted(recorder)
      return recorder
    })
    const client = connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true })
    client.on('error', () => {})
    await once(client, 'connect')
    return { listener, client, server: await acceptance }
  }

  async function close({ listener, client, server }: Pair): Promise<void> {
    client.destroy()
    server.socket.destroy()
    await server.until(() => server.log.at(-1)?.startsWith('close') === true)
    await listener.close()
  }

  test(`${mode}: bytes arrive in order, however many`, async () => {
    const all = await pair()
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251))
    all.client.write(bytes)
    await all.server.until(() => all.server.received.length === bytes.length)
    assert.ok(all.server.received.equals(bytes))
    await close(all)
  })

  test(`${mode}: nothing is read during a pause, and nothing is lost by it`, async () => {
    const all = await pair()
    const { server, client } = all
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 241))
    let isPaused = false
    server.onBytes = () => {
      assert.ok(!isPaused, 'read while paused')
      isPaused = true
      server.socket.pause()
      setImmediate(() => {
        isPaused = false
        server.socket.resume()
      })
    }
    client.write(bytes)
    await server.until(() => server.received.length === bytes.length)
    assert.ok(server.received.equals(bytes))
    await close(all)
  })

  test(`${mode}: several buffers are written in order`, async () => {
    const all = await pair()
    assert.ok(all.server.socket.write([Buffer.from('one '), Buffer.from('two '), Buffer.from('three')]))
    const [data] = await once(all.client, 'data')
    assert.equal(String(data), 'one two three')
    await close(all)
  })

  test(`${mode}: a peer that does not read stops the writer until it reads again`, async () => {
    const all = await pair()
    const { server, client } = all
    const piece = Buffer.alloc(1_000_000, 1)
    client.pause()
    let writtenBytes = 0
    do writtenBytes += piece.length
    while (server.socket.write([piece]))
    assert.deepEqual(server.log, [])
    let receivedBytes = 0
    client.on('data', (chunk: Buffer) => {
      receivedBytes += chunk.length
    })
    client.resume()
    await server.until(() => server.log.includes('drain'))
    assert.deepEqual(server.log, ['drain'])
    assert.ok(server.socket.write([Buffer.from('x')]))
    while (receivedBytes < writtenBytes + 1) await once(client, 'data')
    await close(all)
    assert.deepEqual(server.log, ['drain', 'close'])
  })

  test(`${mode}: after the peer's end bytes can still be sent, then both sides close`, async () => {
    const all = await pair()
    const { server, client, listener } = all
    client.end('last words')
    await server.until(() => server.log.includes('end'))
    assert.equal(server.received.toString(), 'last words')
    server.socket.write([Buffer.from('good')])
    server.socket.write([Buffer.from('bye')])
    server.socket.end()
    let answer = ''
    for await (const chunk of client) answer += chunk
    assert.equal(answer, 'goodbye')
    await server.until(() => server.log.length === 2)
    assert.deepEqual(server.log, ['end', 'close'])
    await listener.close()
  })

  test(`${mode}: an end delivers everything that was written before it`, async () => {
    const all = await pair()
    const piece = Buffer.alloc(3_000_000, 7)
    all.server.socket.write([piece, piece])
    all.server.socket.end()
    let receivedBytes = 0
    for await (const chunk of all.client) receivedBytes += (chunk as Buffer).length
    assert.equal(receivedBytes, 2 * piece.length)
    await close(all)
  })

  test(`${mode}: a broken connection is closed with its error, once`, async () => {
    const { server, client, listener } = await pair()
    client.resetAndDestroy()
    await server.until(() => server.log.length > 0)
    assert.deepEqual(server.log, ['close: ECONNRESET'])
    server.socket.write([Buffer.from('x')])
    server.socket.pause()
    server.socket.resume()
    server.socket.end()
    server.socket.destroy()
    await new Promise(setImmediate)
    assert.equal(server.log.length, 1)
    await listener.close()
  })

  test(`${mode}: a connection can be refused while it is accepted`, async () => {
    const { server, client, listener } = await pair('127.0.0.1', (socket) => socket.destroy())
    await server.until(() => server.log.length > 0)
    assert.deepEqual(server.log, ['close'])
    client.resume()
    await once(client, 'end')
    client.destroy()
    await listener.close()
  })

  test(`${mode}: a dual-stack listener speaks of IPv4 peers as IPv4`, async () => {
    const all = await pair(undefined)
    assert.equal(all.server.socket.remoteAddress, '127.0.0.1')
    assert.equal(all.server.socket.localAddress, '127.0.0.1')
    assert.equal(all.server.socket.localPort, all.listener.port)
    assert.equal(all.server.socket.remotePort, all.client.localPort)
    await close(all)
  })

  test(`${mode}: a busy process's listener holds as many connections as its backlog says`, async () => {
    const accept = (socket: Socket): SocketHandler => new Recorder(socket)
    const listener = await network.listen({ host: '127.0.0.1', port: 0, backlogSize: 300 }, accept)
    // While the child connects, this process waits and accepts none. The kernel repeats what it dropped after 1 s.
    const program = `
      let left = 300
      const done = () => --left || process.exit(0)
      for (let i = left; i > 0; i--) require('net').connect(${listener.port}, '127.0.0.1', done)
      setTimeout(() => process.exit(1), 900)`
    const { status } = spawnSync(process.execPath, ['-e', program], { timeout: 10_000 })
    await listener.close()
    assert.equal(status, 0)
  })

  test(`${mode}: files are sent in their order with what is written, however slow the peer`, {
    skip: loadSendFile() === null,
  }, async (t) => {
    const bytes = Buffer.from(Array.from({ length: 6_000_000 }, (_, index) => index % 239))
    const file = temporaryFile(t, bytes)
    const all = await pair()
    const { socket } = all.server
    assert.ok(socket.write([Buffer.from('head')]))
    all.client.pause()
    let sentBytes = 0
    // Until the peer's window and the kernel's buffer are full.
    for (let taken = -1; taken !== 0; sentBytes += taken) {
      taken = socket.sendFile!(file, sentBytes, bytes.length - sentBytes)
    }
    assert.ok(sentBytes > 0 && sentBytes < bytes.length)
    assert.equal(socket.write([bytes.subarray(sentBytes)]), false)
    assert.equal(socket.sendFile!(file, 0, 10), 0, 'not past what waits in the stream')
    const received: Buffer[] = []
    all.client.on('data', (chunk: Buffer) => received.push(chunk))
    all.client.resume()
    await all.server.until(() => all.server.log.includes('drain'))
    assert.equal(socket.sendFile!(file, 239, 5), 5)
    assert.equal(socket.sendFile!(file, bytes.length, 5), 0, 'the end of the file')
    socket.end()
    assert.equal(socket.sendFile!(file, 0, 10), 0, 'not after the end')
    await once(all.client, 'end')
    const tail = Buffer.from([0, 1, 2, 3, 4])
    assert.ok(Buffer.concat(received).equals(Buffer.concat([Buffer.from('head'), bytes, tail])))
    await close(all)
  })

  test(`${mode}: nothing is sent from a closed file, or to a closed or broken connection`, {
    skip: loadSendFile() === null,
  }, async (t) => {
    const file = temporaryFile(t, Buffer.from('something'))
    const closed = temporaryFile(t, Buffer.from('else'))
    closed.close()
    const all = await pair()
    const { socket } = all.server
    assert.equal(socket.sendFile!(closed, 0, 4), 0)
    socket.destroy()
    assert.equal(socket.sendFile!(file, 0, 9), 0)
    // Sockets of now may have the numbers of those that were closed.
    const next = await pair()
    assert.equal(socket.sendFile!(file, 0, 9), 0)
    assert.equal(next.server.socket.sendFile!(file, 0, 9), 9)
    const [data] = await once(next.client, 'data')
    assert.equal(String(data), 'something')
    next.client.resetAndDestroy()
    await next.server.until(() => next.server.log.length > 0)
    assert.equal(next.server.socket.sendFile!(file, 0, 9), 0)
    await close(all)
    await next.listener.close()
  })

  test(`${mode}: a port in use is an error with the system's code, and free after close`, async () => {
    const accept = (socket: Socket): SocketHandler => new Recorder(socket)
    const first = await network.listen({ host: '127.0.0.1', port: 0 }, accept)
    const again = { host: '127.0.0.1', port: first.port }
    await assert.rejects(network.listen(again, accept), (error) => {
      return error instanceof NetworkError && error.code === 'EADDRINUSE'
    })
    await first.close()
    await (await network.listen(again, accept)).close()
  })
}

test('addresses are their own, names are looked up, and what is unknown has none', async () => {
  const network = new SystemNetwork()
  assert.equal(await network.addressOf('10.1.2.3'), '10.1.2.3')
  assert.equal(await network.addressOf('::ffff:10.1.2.3'), '10.1.2.3')
  assert.equal(await network.addressOf('localhost'), '127.0.0.1')
  assert.equal(await network.addressOf('no such host'), undefined)
})
