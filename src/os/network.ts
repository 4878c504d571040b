/**
 * TCP through node:net.
 *
 * Receiving: bytes land straight in the memory that the handler names. Node offers that (`onread`) for sockets it
 * connects itself; for accepted ones it takes a constructor form that is not in the documentation but is the same on
 * Node 20 to 26: the accepted connection's handle goes into a second `net.Socket` that has `onread`. Whether it works
 * here is tried once, on a loopback connection, before the first listener opens. Where it doesn't, or where
 * SLUICE_SOCKET_READ=data asks so, 'data' events are copied into the same memory (at twice the CPU time).
 *
 * Sending: all buffers of a write go out in one writev, as they are. `write` returns true when everything has been
 * handed to the kernel, so the caller may use the memory again; otherwise it may once onDrain was called. Bytes of
 * files go by sendfile(2) past the stream, which is safe while the stream holds nothing: the descriptor is asked of the
 * live handle for each call, which returns before anything else can run, so a number whose socket was closed (and that
 * may be another's by now) is never used. SLUICE_SEND_FILE=off does without.
 */
import { lookup } from 'node:dns'
import { type AddressInfo, createServer, Socket as NetSocket, type Server } from 'node:net'
import { assert } from '../base/assert.ts'
import type { DiskFile } from '../base/disk.ts'
import type { Listener, ListenOptions, Network, SendFile, Socket, SocketHandler } from '../base/network.ts'
import { NetworkError } from '../base/network.ts'
import { type FileRange, loadSendFile, type SystemSendFile } from './send-file.ts'

/** 'direct': into the handler's memory. 'data': by 'data' events and a copy. 'auto': direct if it works here. */
export type SocketReadMode = 'auto' | 'direct' | 'data'

/** Kafka's default of `socket.listen.backlog.size`. */
const BACKLOG_SIZE_DEFAULT = 50

interface NodeHandle {
  /** Below 0 once it is closed; missing on systems without descriptors. */
  readonly fd?: number
}

/** The undocumented form of net.Socket's options, and the field that holds its handle. */
interface HandleOptions {
  handle: NodeHandle
  allowHalfOpen: boolean
  onread: { buffer: () => Uint8Array; callback: (byteCount: number) => boolean }
}
interface HandleOwner {
  _handle: NodeHandle | null
}

export interface SystemNetworkOptions {
  readonly readMode?: SocketReadMode
  /** False: bytes of files are read and written, as if there were no sendfile(2). */
  readonly sendsFiles?: boolean
}

export class SystemNetwork implements Network {
  readonly #readMode: SocketReadMode
  readonly #sendsFiles: boolean
  #probed: Promise<boolean> | undefined

  constructor({ readMode, sendsFiles }: SystemNetworkOptions = {}) {
    this.#readMode = readMode ?? readModeFromEnvironment()
    this.#sendsFiles = sendsFiles ?? process.env.SLUICE_SEND_FILE !== 'off'
  }

  /** Which of the two ways of reading is used here. */
  async readMode(): Promise<'direct' | 'data'> {
    if (this.#readMode !== 'auto') return this.#readMode
    this.#probed ??= probeDirectReads()
    return (await this.#probed) ? 'direct' : 'data'
  }

  async listen(options: ListenOptions, accept: (socket: Socket) => SocketHandler): Promise<Listener> {
    const isDirect = (await this.readMode()) === 'direct'
    return listen(options, { isDirect, sendFile: this.#sendsFiles ? loadSendFile() : null }, accept)
  }

  addressOf(host: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      // As Java: the first address, IPv4 before IPv6.
      lookup(host, { order: 'ipv4first' }, (error, address) =>
        resolve(error === null ? plainAddress(address) : undefined),
      )
    })
  }
}

function readModeFromEnvironment(): SocketReadMode {
  const mode = process.env.SLUICE_SOCKET_READ
  return mode === 'direct' || mode === 'data' ? mode : 'auto'
}

/** How connections of a listener move their bytes. */
interface Transfer {
  readonly isDirect: boolean
  readonly sendFile: SystemSendFile | null
}

function listen(
  options: ListenOptions,
  transfer: Transfer,
  accept: (socket: Socket) => SocketHandler,
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
    server.on('connection', (accepted) => new SystemSocket(accepted, transfer).start(accept))
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new NetworkError(error.code ?? 'EIO', error.message, { cause: error }))
    })
    const place = options.host === undefined ? {} : { host: options.host }
    const backlog = options.backlogSize ?? BACKLOG_SIZE_DEFAULT
    server.listen({ ...place, port: options.port, backlog }, () => {
      server.removeAllListeners('error')
      // A failed accept (EMFILE) costs one connection; the listener goes on.
      server.on('error', () => {})
      resolve(new SystemListener(server))
    })
  })
}

class SystemListener implements Listener {
  readonly address: string
  readonly port: number
  readonly #server: Server

  constructor(server: Server) {
    const place = server.address() as AddressInfo
    this.#server = server
    this.address = place.address
    this.port = place.port
  }

  /** The port is free when it returns. Node's own 'close' waits for open connections too, so nobody waits for it. */
  close(): Promise<void> {
    this.#server.close()
    return Promise.resolve()
  }
}

class SystemSocket implements Socket {
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
  readonly sendFile: SendFile | undefined
  readonly #isDirect: boolean
  #socket: NetSocket
  #handler: SocketHandler | undefined
  #error: Error | undefined
  #paused = false
  #ended = false
  #destroyed = false
  #awaitsDrain = false
  /** In 'data' mode: what came after the handler paused in the middle of a chunk. */
  #rest: Buffer | undefined
  readonly #onWritten = (): void => this.#written()

  constructor(accepted: NetSocket, { isDirect, sendFile }: Transfer) {
    this.#socket = accepted
    this.#isDirect = isDirect
    this.sendFile =
      sendFile === null
        ? undefined
        : (file, position, length) => this.#sendFile(sendFile, file, { position, length })
    this.localAddress = plainAddress(accepted.localAddress)
    this.localPort = accepted.localPort ?? 0
    this.remoteAddress = plainAddress(accepted.remoteAddress)
    this.remotePort = accepted.remotePort ?? 0
  }

  start(accept: (socket: Socket) => SocketHandler): void {
    const accepted = this.#socket
    const handler = accept(this)
    this.#handler = handler
    const socket = this.#isDirect && !this.#destroyed ? this.#takeOver(accepted, handler) : accepted
    this.#socket = socket
    socket.on('error', (error) => {
      this.#error ??= error
    })
    socket.on('end', () => handler.onEnd())
    socket.on('close', () => this.#closed())
    if (this.#destroyed) {
      socket.destroy()
      return
    }
    socket.setNoDelay(true)
    socket.setKeepAlive(true)
    if (socket === accepted) socket.on('data', (chunk: Buffer) => this.#copyIn(chunk))
    if (this.#paused) socket.pause()
    else socket.resume()
  }

  /** Moves the connection into a socket that reads into the handler's memory. */
  #takeOver(accepted: NetSocket, handler: SocketHandler): NetSocket {
    const owner = accepted as unknown as HandleOwner
    const handle = owner._handle
    assert(handle !== null, 'an accepted connection has a handle')
    const options: HandleOptions = {
      handle,
      allowHalfOpen: true,
      onread: {
        buffer: () => handler.readBuffer(),
        callback: (byteCount) => {
          handler.onRead(byteCount)
          return true
        },
      },
    }
    const socket = new NetSocket(options as object)
    // The first socket is an empty shell now; destroying it keeps the server's count of connections right.
    owner._handle = null
    accepted.destroy()
    return socket
  }

  #copyIn(chunk: Buffer): void {
    const handler = this.#handler!
    let position = 0
    while (position < chunk.length) {
      if (this.#paused || this.#destroyed) {
        this.#rest = chunk.subarray(position)
        return
      }
      const range = handler.readBuffer()
      const byteCount = chunk.copy(range, 0, position)
      position += byteCount
      handler.onRead(byteCount)
    }
  }

  write(buffers: readonly Uint8Array[]): boolean {
    const socket = this.#socket
    const last = buffers.length - 1
    if (this.#destroyed || this.#ended || last < 0) return true
    if (last > 0) socket.cork()
    for (let i = 0; i < last; i++) socket.write(buffers[i]!)
    socket.write(buffers[last]!, this.#onWritten)
    if (last > 0) socket.uncork()
    this.#awaitsDrain = socket.writableLength > 0
    return !this.#awaitsDrain
  }

  #written(): void {
    if (!this.#awaitsDrain || this.#destroyed || this.#socket.writableLength > 0) return
    this.#awaitsDrain = false
    this.#handler!.onDrain()
  }

  #sendFile(sendFile: SystemSendFile, file: DiskFile, range: FileRange): number {
    const socket = this.#socket
    if (this.#destroyed || this.#ended || socket.writableLength > 0) return 0
    const socketDescriptor = (socket as unknown as HandleOwner)._handle?.fd ?? -1
    const fileDescriptor = file.descriptor ?? -1
    if (socketDescriptor < 0 || fileDescriptor < 0) return 0
    return Math.max(0, sendFile(socketDescriptor, fileDescriptor, range))
  }

  pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    const rest = this.#rest
    this.#rest = undefined
    if (rest !== undefined) this.#copyIn(rest)
    if (!this.#paused && !this.#destroyed) this.#socket.resume()
  }

  end(): void {
    if (this.#destroyed || this.#ended) return
    this.#ended = true
    this.#socket.end(() => this.destroy())
  }

  destroy(error?: Error): void {
    if (this.#destroyed) return
    this.#destroyed = true
    this.#error ??= error
    this.#socket.destroy()
  }

  #closed(): void {
    this.#destroyed = true
    this.#rest = undefined
    this.#handler!.onClose(this.#error)
  }
}

/** Dual-stack sockets report IPv4 peers as IPv6; Kafka and its clients speak of them as IPv4. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return ''
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address
}

const PROBE_BYTES = Buffer.from('sluice')
const PROBE_TIMEOUT_MS = 2_000

/** Whether bytes that come over an accepted connection land in named memory, and a pause and the end are seen. */
function probeDirectReads(): Promise<boolean> {
  return new Promise((resolve) => {
    let listener: Listener | undefined
    let timer: NodeJS.Timeout | undefined
    const client = new NetSocket()
    const finish = (works: boolean): void => {
      clearTimeout(timer)
      client.destroy()
      void listener?.close()
      resolve(works)
    }
    const target = Buffer.alloc(64)
    const accept = (socket: Socket): SocketHandler => ({
      readBuffer: () => target,
      onRead: (byteCount) => {
        finish(byteCount === PROBE_BYTES.length && target.subarray(0, byteCount).equals(PROBE_BYTES))
        socket.destroy()
      },
      onDrain: () => {},
      onEnd: () => finish(false),
      onClose: () => {},
    })
    timer = setTimeout(() => finish(false), PROBE_TIMEOUT_MS)
    client.on('error', () => finish(false))
    listen({ host: '127.0.0.1', port: 0 }, { isDirect: true, sendFile: null }, (socket) =>
      accept(socket),
    ).then(
      (opened) => {
        listener = opened
        client.connect(opened.port, '127.0.0.1', () => client.write(PROBE_BYTES))
      },
      () => finish(false),
    )
  })
}
