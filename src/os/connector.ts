/**
 * Outgoing connections through node:net and node:tls. Plain ones read straight into the handler's memory; TLS decrypts
 * into memory of its own, which is copied.
 */
import { connect as connectTcp, type Socket as NetSocket, type TcpNetConnectOpts } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { ConnectOptions, Connector } from '../base/connector.ts'
import { NetworkError, type Socket, type SocketHandler } from '../base/network.ts'

const FIRST_READ_BYTES = 4096

export class SystemConnector implements Connector {
  connect(options: ConnectOptions, handle: (socket: Socket) => SocketHandler): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = new OutgoingSocket(options, handle)
      socket.opened.then(resolve, reject)
    })
  }
}

class OutgoingSocket implements Socket {
  readonly opened: Promise<Socket>
  readonly #socket: NetSocket
  /** Memory is named one read ahead, and for the first one before there is a handler that names it. */
  readonly #firstRead = Buffer.allocUnsafe(FIRST_READ_BYTES)
  #handler: SocketHandler | undefined
  #isOpen = false
  #isDestroyed = false
  #awaitsDrain = false
  #error: Error | undefined
  readonly #onWritten = (): void => this.#written()

  constructor(options: ConnectOptions, handle: (socket: Socket) => SocketHandler) {
    const { host, port, tls, timeoutMs } = options
    const isPlain = tls === undefined
    this.#socket = isPlain
      ? connectTcp({
          host,
          port,
          noDelay: true,
          keepAlive: true,
          autoSelectFamily: true,
          onread: {
            buffer: () => this.#handler?.readBuffer() ?? this.#firstRead,
            callback: (byteCount, buffer) => {
              if (buffer === this.#firstRead) this.#copyIn(this.#firstRead.subarray(0, byteCount))
              else this.#handler!.onRead(byteCount)
              return true
            },
          },
        } satisfies TcpNetConnectOpts)
      : connectSecurely({ host, port, servername: isName(host) ? host : '', ...tls } as ConnectionOptions)
    const socket = this.#socket
    this.opened = new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.destroy(timedOut(host, port, timeoutMs)), timeoutMs)
      socket.on('error', (error) => {
        this.#error ??= error
      })
      socket.on('end', () => {
        // TLS that has failed says so first, and that nothing more comes after: why is told when it closes.
        if (this.#error === undefined) this.#handler?.onEnd()
      })
      socket.on('close', () => {
        clearTimeout(timer)
        this.#isDestroyed = true
        if (this.#isOpen) this.#handler!.onClose(this.#error)
        else reject(asNetworkError(this.#error, host, port))
      })
      socket.once(isPlain ? 'connect' : 'secureConnect', () => {
        clearTimeout(timer)
        this.#isOpen = true
        socket.setNoDelay(true)
        this.#handler = handle(this)
        if (!isPlain) socket.on('data', (chunk: Buffer) => this.#copyIn(chunk))
        resolve(this)
      })
    })
  }

  get localAddress(): string {
    return this.#socket.localAddress ?? ''
  }
  get localPort(): number {
    return this.#socket.localPort ?? 0
  }
  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? ''
  }
  get remotePort(): number {
    return this.#socket.remotePort ?? 0
  }

  write(buffers: readonly Uint8Array[]): boolean {
    const socket = this.#socket
    const last = buffers.length - 1
    if (this.#isDestroyed || last < 0) return true
    if (last > 0) socket.cork()
    for (let i = 0; i < last; i++) socket.write(buffers[i]!)
    socket.write(buffers[last]!, this.#onWritten)
    if (last > 0) socket.uncork()
    this.#awaitsDrain = socket.writableLength > 0
    return !this.#awaitsDrain
  }

  pause(): void {
    this.#socket.pause()
  }
  resume(): void {
    this.#socket.resume()
  }
  end(): void {
    this.#socket.end(() => this.destroy())
  }

  destroy(error?: Error): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    this.#error ??= error
    this.#socket.destroy()
  }

  #copyIn(chunk: Buffer): void {
    for (let position = 0; position < chunk.length && !this.#isDestroyed; ) {
      const byteCount = chunk.copy(this.#handler!.readBuffer(), 0, position)
      position += byteCount
      this.#handler!.onRead(byteCount)
    }
  }

  #written(): void {
    if (!this.#awaitsDrain || this.#isDestroyed || this.#socket.writableLength > 0) return
    this.#awaitsDrain = false
    this.#handler!.onDrain()
  }
}

/** Throws NetworkError where keys and certificates are none, or don't belong together. */
function connectSecurely(options: ConnectionOptions): NetSocket {
  try {
    return connectTls(options)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new NetworkError('ERR_TLS_OPTIONS', `the options of TLS can't be used: ${reason}`, { cause: error })
  }
}

/** A literal address is no server name (RFC 6066). */
function isName(host: string): boolean {
  return !/^[\d.]+$/.test(host) && !host.includes(':')
}

function timedOut(host: string, port: number, timeoutMs: number): NetworkError {
  return new NetworkError('ETIMEDOUT', `no connection to ${host}:${port} within ${timeoutMs} ms`)
}

function asNetworkError(error: Error | undefined, host: string, port: number): NetworkError {
  if (error instanceof NetworkError) return error
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  // With several addresses tried there are several errors and no message.
  const reason = error?.message || code || 'the connection was closed'
  return new NetworkError(code ?? 'ECONNRESET', `no connection to ${host}:${port}: ${reason}`, {
    cause: error,
  })
}
