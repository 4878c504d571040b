import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket as NetSocket } from 'node:net'
import { test } from 'node:test'
import { type Listener, NetworkError, type Socket, type SocketHandler } from '../base/network.ts'
import { SystemNetwork } from './network.ts'

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

interface Pair {
  readonly listener: Listener
  readonly client: NetSocket
  readonly server: Recorder
}

test('reading straight into named memory works on this version of Node', async () => {
  assert.equal(await new SystemNetwork('auto').readMode(), 'direct')
})

for (const mode of ['direct', 'data'] as const) {
  const network = new SystemNetwork(mode)

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
