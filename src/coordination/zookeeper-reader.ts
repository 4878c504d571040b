/**
 * Reads nodes of a ZooKeeper by its wire protocol: who their children are, and what they hold. It sets no watches, makes no
 * nodes, and asks one thing at a time.
 *
 * A frame is its length in four bytes, then what is told; numbers are big-endian, strings and buffers have their length in
 * front. No frame larger than FRAME_BYTES_MAX is taken, which is what ZooKeeper itself sends at most.
 */
import type { Clock } from '../base/clock.ts'
import type { Connector } from '../base/connector.ts'
import { NetworkError, type Socket, type SocketHandler } from '../base/network.ts'

const FRAME_BYTES_MAX = 1024 * 1024
const READ_BYTES = 4096
const PASSWORD_BYTES = 16
const GET_DATA = 4
const GET_CHILDREN = 8
const CLOSE_SESSION = -11
const NO_NODE = -101

export interface ZookeeperAddress {
  readonly host: string
  readonly port: number
}

export interface ZookeeperPlatform {
  readonly connector: Connector
  readonly clock: Clock
}

/** What was asked for is not what a ZooKeeper answers. */
export class ZookeeperError extends Error {
  override readonly name = 'ZookeeperError'
}

export class ZookeeperReader {
  readonly #connection: Connection
  #xid = 0

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  /**
   * Resolves with an open session; `timeoutMs` is for the connection, and for each answer. All methods reject with
   * NetworkError, or with ZookeeperError where something else answers.
   */
  static async open(
    { connector, clock }: ZookeeperPlatform,
    { host, port }: ZookeeperAddress,
    timeoutMs: number,
  ): Promise<ZookeeperReader> {
    const connection = new Connection(clock, timeoutMs)
    await connector.connect({ host, port, tls: undefined, timeoutMs }, (socket) => connection.attach(socket))
    const reader = new ZookeeperReader(connection)
    try {
      await reader.#startSession(timeoutMs)
      return reader
    } catch (error) {
      connection.destroy()
      throw error
    }
  }

  /** The names of the children; undefined: there is no such node. */
  async children(path: string): Promise<readonly string[] | undefined> {
    const answer = await this.#ask(GET_CHILDREN, path)
    return answer && Array.from({ length: answer.count() }, () => answer.buffer().toString())
  }

  /** Undefined: there is no such node. */
  async data(path: string): Promise<Buffer | undefined> {
    return (await this.#ask(GET_DATA, path))?.buffer()
  }

  close(): void {
    const header = Buffer.alloc(8)
    header.writeInt32BE(++this.#xid, 0)
    header.writeInt32BE(CLOSE_SESSION, 4)
    this.#connection.end(header)
  }

  async #startSession(timeoutMs: number): Promise<void> {
    // Protocol version, last zxid seen, timeout, session id, password, read-only.
    const request = Buffer.alloc(4 + 8 + 4 + 8 + 4 + PASSWORD_BYTES + 1)
    request.writeInt32BE(timeoutMs, 12)
    request.writeInt32BE(PASSWORD_BYTES, 24)
    const answer = await this.#connection.exchange(request)
    const [protocolVersion, , sessionHigh, sessionLow] = [
      answer.int(),
      answer.int(),
      answer.int(),
      answer.int(),
    ]
    if (protocolVersion !== 0 || (sessionHigh === 0 && sessionLow === 0))
      throw new ZookeeperError('a session was refused')
  }

  async #ask(type: number, path: string): Promise<Answer | undefined> {
    const name = Buffer.from(path)
    const request = Buffer.alloc(4 + 4 + 4 + name.length + 1)
    request.writeInt32BE(++this.#xid, 0)
    request.writeInt32BE(type, 4)
    request.writeInt32BE(name.length, 8)
    name.copy(request, 12)
    const answer = await this.#connection.exchange(request)
    if (answer.int() !== this.#xid) throw new ZookeeperError('an answer to something else')
    answer.skip(8) // zxid
    const errorCode = answer.int()
    if (errorCode === NO_NODE) return undefined
    if (errorCode !== 0) throw new ZookeeperError(`error ${errorCode} for ${path}`)
    return answer
  }
}

/** Reads what an answer holds, and no further. */
class Answer {
  readonly #bytes: Buffer
  #position = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int(): number {
    this.#check(4)
    const value = this.#bytes.readInt32BE(this.#position)
    this.#position += 4
    return value
  }

  skip(byteCount: number): void {
    this.#check(byteCount)
    this.#position += byteCount
  }

  /** How many things with lengths follow: no more than there is room for. */
  count(): number {
    const count = this.int()
    this.#check(Math.max(0, count) * 4)
    return Math.max(0, count)
  }

  /** Null is -1 bytes long. */
  buffer(): Buffer {
    const byteCount = Math.max(0, this.int())
    this.#check(byteCount)
    this.#position += byteCount
    return this.#bytes.subarray(this.#position - byteCount, this.#position)
  }

  #check(byteCount: number): void {
    if (this.#position + byteCount > this.#bytes.length)
      throw new ZookeeperError('an answer that is cut short')
  }
}

interface Waiting {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}

/** One question at a time, each answered by a frame. */
class Connection implements SocketHandler {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #read = Buffer.allocUnsafe(READ_BYTES)
  #received: Buffer[] = []
  #receivedBytes = 0
  #socket: Socket | undefined
  #waiting: Waiting | undefined
  #failure: Error | undefined

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  attach(socket: Socket): this {
    this.#socket = socket
    return this
  }

  async exchange(payload: Buffer): Promise<Answer> {
    const late = (): void => {
      this.#fail(new NetworkError('ETIMEDOUT', `no answer within ${this.#timeoutMs} ms`))
    }
    const timer = this.#clock.after(this.#timeoutMs, late, { keepsAlive: true })
    try {
      return await new Promise((resolve, reject) => {
        if (this.#failure !== undefined) return reject(this.#failure)
        this.#waiting = { resolve, reject }
        this.#socket!.write([frameOf(payload)])
      })
    } finally {
      timer.cancel()
    }
  }

  end(payload: Buffer): void {
    this.#socket!.write([frameOf(payload)])
    this.#socket!.end()
  }

  destroy(): void {
    this.#socket!.destroy()
  }

  readBuffer(): Uint8Array {
    return this.#read
  }

  onRead(byteCount: number): void {
    this.#received.push(Buffer.from(this.#read.subarray(0, byteCount)))
    this.#receivedBytes += byteCount
    if (this.#receivedBytes < 4) return
    let bytes = Buffer.concat(this.#received)
    const frameBytes = bytes.readInt32BE(0)
    if (frameBytes < 0 || frameBytes > FRAME_BYTES_MAX) {
      this.#fail(new ZookeeperError(`no ZooKeeper: a frame of ${frameBytes} bytes`))
      return
    }
    const isWhole = bytes.length >= 4 + frameBytes
    const payload = bytes.subarray(4, 4 + frameBytes)
    if (isWhole) bytes = bytes.subarray(4 + frameBytes)
    this.#received = [bytes]
    this.#receivedBytes = bytes.length
    if (!isWhole) return
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve(new Answer(payload))
  }

  onDrain(): void {}

  onEnd(): void {
    this.#fail(new NetworkError('ECONNRESET', 'the connection was closed'))
  }

  onClose(error: Error | undefined): void {
    this.#fail(error ?? new NetworkError('ECONNRESET', 'the connection was closed'))
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#waiting?.reject(this.#failure)
    this.#waiting = undefined
    this.#socket!.destroy()
  }
}

function frameOf(payload: Buffer): Buffer {
  const frame = Buffer.alloc(4 + payload.length)
  frame.writeInt32BE(payload.length, 0)
  payload.copy(frame, 4)
  return frame
}
