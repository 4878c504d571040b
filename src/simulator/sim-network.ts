/**
 * A network in memory. Nothing moves by itself: `run` carries bytes until nothing moves any more, in pieces cut at
 * places that the seed picks, and ends a turn of the clock before each round.
 *
 * It is as unkind as a real one: a receiver's memory is named one read ahead (as the real adapter does), written
 * buffers are looked at only when they leave (so memory that is reused too early is seen), a client that does not read
 * fills its window and then the writer's, files are sent in part or not at all, and either side may vanish.
 */
import { assert } from '../base/assert.ts'
import type { Listener, ListenOptions, Network, SendFile, Socket, SocketHandler } from '../base/network.ts'
import { NetworkError } from '../base/network.ts'
import type { SimClock } from './sim-clock.ts'
import type { SimRandom } from './sim-random.ts'

const WINDOW_BYTES = 64 * 1024
const FIRST_FREE_PORT = 30_000

export interface SimNetworkOptions {
  readonly clock: SimClock
  readonly random: SimRandom
  /** The largest piece in which bytes arrive. */
  readonly pieceBytesMax?: number
  /** Bytes that are on their way to a client that does not read. */
  readonly windowBytes?: number
  /** Whether sockets send files themselves (Socket.sendFile); true if not given. */
  readonly sendsFiles?: boolean
}

interface OpenListener {
  readonly options: ListenOptions
  readonly accept: (socket: Socket) => SocketHandler
}

export class SimNetwork implements Network {
  readonly #clock: SimClock
  readonly #random: SimRandom
  readonly #pieceBytesMax: number
  readonly #windowBytes: number
  readonly #sendsFiles: boolean
  readonly #listeners = new Map<number, OpenListener>()
  #sockets: SimSocket[] = []
  #nextPort = FIRST_FREE_PORT

  constructor(options: SimNetworkOptions) {
    const {
      clock,
      random,
      pieceBytesMax = 64 * 1024,
      windowBytes = WINDOW_BYTES,
      sendsFiles = true,
    } = options
    this.#sendsFiles = sendsFiles
    this.#clock = clock
    this.#random = random
    this.#pieceBytesMax = pieceBytesMax
    this.#windowBytes = windowBytes
  }

  async listen(options: ListenOptions, accept: (socket: Socket) => SocketHandler): Promise<Listener> {
    const port = options.port === 0 ? this.#nextPort++ : options.port
    if (this.#listeners.has(port)) throw new NetworkError('EADDRINUSE', `port ${port} is in use`)
    this.#listeners.set(port, { options, accept })
    return {
      address: options.host ?? '::',
      port,
      close: async () => {
        this.#listeners.delete(port)
      },
    }
  }

  /** Names are not known here, addresses are. */
  async addressOf(host: string): Promise<string | undefined> {
    return /^[0-9.]+$|:/.test(host) ? host : undefined
  }

  connect(port: number, address = '127.0.0.1'): SimClient {
    const listener = this.#listeners.get(port)
    if (listener === undefined) throw new NetworkError('ECONNREFUSED', `nobody listens on port ${port}`)
    const client = new SimClient()
    const socket = new SimSocket(client, this.#windowBytes, {
      localPort: port,
      remoteAddress: address,
      remotePort: this.#nextPort++,
    })
    if (this.#sendsFiles) {
      socket.sendFile = (file, position, length) => {
        const byteCount = this.#random.below(1 + Math.min(length, socket.roomBytes))
        const bytes = Buffer.alloc(byteCount)
        return socket.sendAtOnce(bytes.subarray(0, file.read(bytes, 0, byteCount, position)))
      }
    }
    this.#sockets.push(socket)
    socket.open(listener.accept(socket))
    return client
  }

  /** Carries everything that can move. */
  run(): void {
    for (let round = 0; this.step(); round++) assert(round < 10_000_000, 'the network never comes to rest')
  }

  /** One round: the turn ends, then each connection moves something, in an order that the seed picks. */
  step(): boolean {
    let moved = false
    this.#clock.tick()
    const sockets = [...this.#sockets]
    while (sockets.length > 0) {
      const [socket] = sockets.splice(this.#random.below(sockets.length), 1)
      if (socket!.move(1 + this.#random.below(this.#pieceBytesMax))) moved = true
    }
    this.#sockets = this.#sockets.filter((socket) => !socket.isClosed)
    return moved
  }
}

/** A client's end of a connection. */
export class SimClient {
  /** False: what arrives stays in the window until `take`. */
  reads = true
  /** The broker has sent its last byte. */
  hasEnded = false
  /** The connection is gone. */
  isClosed = false
  readonly outgoing: Uint8Array[] = []
  sentEnd = false
  vanished = false
  #window: Buffer[] = []
  #windowBytes = 0
  #received: Buffer[] = []

  send(bytes: Uint8Array): void {
    this.outgoing.push(Buffer.from(bytes))
  }

  /** Sends nothing more. */
  end(): void {
    this.sentEnd = true
  }

  /** The connection breaks. */
  vanish(): void {
    this.vanished = true
  }

  get waitingBytes(): number {
    return this.#windowBytes
  }

  arrive(bytes: Buffer): void {
    this.#window.push(bytes)
    this.#windowBytes += bytes.length
    if (this.reads) this.take()
  }

  /** Reads what is in the window. */
  take(): void {
    this.#received.push(...this.#window)
    this.#window = []
    this.#windowBytes = 0
  }

  /** Everything that was read since the last call. */
  received(): Buffer {
    const all = Buffer.concat(this.#received)
    this.#received = []
    return all
  }
}

interface SimAddresses {
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
}

class SimSocket implements Socket {
  readonly localAddress = '127.0.0.1'
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
  sendFile: SendFile | undefined
  readonly #client: SimClient
  readonly #windowBytes: number
  #handler: SocketHandler | undefined
  #range: Uint8Array | undefined
  #isPaused = false
  #isEnding = false
  #isDestroyed = false
  #sawEnd = false
  #error: Error | undefined
  /** Written and not yet in the client's window, and how much of the first buffer is. */
  #outgoing: Uint8Array[] = []
  #outgoingStart = 0
  #awaitsDrain = false
  isClosed = false

  constructor(client: SimClient, windowBytes: number, addresses: SimAddresses) {
    this.#client = client
    this.#windowBytes = windowBytes
    this.localPort = addresses.localPort
    this.remoteAddress = addresses.remoteAddress
    this.remotePort = addresses.remotePort
  }

  open(handler: SocketHandler): void {
    this.#handler = handler
    if (!this.#isDestroyed) this.#range = handler.readBuffer()
  }

  move(byteCountMax: number): boolean {
    if (this.isClosed) return false
    if (this.#isDestroyed || this.#client.vanished) return this.#close()
    const wrote = this.#carryOut(byteCountMax)
    const read = !this.#isDestroyed && this.#carryIn(byteCountMax)
    return wrote || read
  }

  #close(): boolean {
    this.isClosed = true
    this.#client.isClosed = true
    if (this.#client.vanished) this.#error ??= new NetworkError('ECONNRESET', 'the client vanished')
    this.#isDestroyed = true
    this.#handler!.onClose(this.#error)
    return true
  }

  #carryIn(byteCountMax: number): boolean {
    if (this.#isPaused || this.#sawEnd || this.#isEnding) return false
    const { outgoing } = this.#client
    const first = outgoing[0]
    if (first === undefined) {
      if (!this.#client.sentEnd) return false
      this.#sawEnd = true
      this.#handler!.onEnd()
      return true
    }
    const range = this.#range!
    assert(range.length > 0, 'a range to read into is not empty')
    const byteCount = Math.min(byteCountMax, range.length, first.length)
    range.set(first.subarray(0, byteCount))
    if (byteCount === first.length) outgoing.shift()
    else outgoing[0] = first.subarray(byteCount)
    this.#handler!.onRead(byteCount)
    if (!this.#isDestroyed) this.#range = this.#handler!.readBuffer()
    return true
  }

  #carryOut(byteCountMax: number): boolean {
    let moved = false
    let roomBytes = Math.min(byteCountMax, this.#windowBytes - this.#client.waitingBytes)
    while (roomBytes > 0 && this.#outgoing.length > 0) {
      const first = this.#outgoing[0]!
      const end = Math.min(first.length, this.#outgoingStart + roomBytes)
      this.#client.arrive(Buffer.from(first.subarray(this.#outgoingStart, end)))
      roomBytes -= end - this.#outgoingStart
      this.#outgoingStart = end
      moved = true
      if (end === first.length) {
        this.#outgoing.shift()
        this.#outgoingStart = 0
      }
    }
    if (this.#outgoing.length > 0) return moved
    if (this.#isEnding) {
      this.#client.hasEnded = true
      this.destroy()
      return true
    }
    if (!this.#awaitsDrain) return moved
    this.#awaitsDrain = false
    this.#handler!.onDrain()
    return true
  }

  write(buffers: readonly Uint8Array[]): boolean {
    if (this.#isDestroyed || this.#isEnding) return true
    assert(!this.#awaitsDrain, 'nothing is written while a write is under way')
    for (const buffer of buffers) if (buffer.length > 0) this.#outgoing.push(buffer)
    // As much as the window takes leaves at once, as in the kernel.
    const roomBytes = this.#windowBytes - this.#client.waitingBytes
    if (roomBytes > 0) this.#carryOut(roomBytes)
    this.#awaitsDrain = this.#outgoing.length > 0
    return !this.#awaitsDrain
  }

  /** What leaves at once if it is written now. */
  get roomBytes(): number {
    if (this.#isDestroyed || this.#isEnding || this.#outgoing.length > 0) return 0
    return Math.max(0, this.#windowBytes - this.#client.waitingBytes)
  }

  sendAtOnce(bytes: Buffer): number {
    assert(!this.#awaitsDrain, 'nothing is sent while a write is under way')
    if (bytes.length > 0) this.#client.arrive(bytes)
    return bytes.length
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
  }

  end(): void {
    this.#isEnding = true
  }

  destroy(error?: Error): void {
    this.#isDestroyed = true
    this.#error ??= error
  }
}
