/**
 * Connections as the server and the client see them. Bytes arrive in memory that the receiver names, so a large
 * frame is read straight to where it stays; they leave as lists of buffers that go out in one write.
 */
import type { DiskFile } from './disk.ts'

export interface SocketHandler {
  /** Where the next bytes go: a non-empty range that stays valid until onRead is called for it. */
  readBuffer(): Uint8Array
  /** `byteCount` (> 0) bytes were placed at the start of the range last returned by readBuffer. */
  onRead(byteCount: number): void
  /** After a write that returned false: what was written has left. */
  onDrain(): void
  /** The peer will send nothing more. */
  onEnd(): void
  /** Exactly once, last: the connection is gone; no call on the socket has an effect from here on. */
  onClose(error: Error | undefined): void
}

export type SendFile = (file: DiskFile, position: number, length: number) => number

export interface Socket {
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
  /**
   * Takes all of it. True: all of it has reached the kernel, so the memory may be used again. False: some still waits;
   * the memory is read until onDrain, and nothing more should be written before.
   */
  write(buffers: readonly Uint8Array[]): boolean
  /**
   * Has the kernel send bytes of a file, without reading them here, and returns how many it took; their turn comes
   * after everything written before. 0: it takes none now, for whatever reason. Whoever sends then reads and writes
   * some of them: that write waits for the peer, or fails, as writes do. Undefined where there is no such thing.
   */
  readonly sendFile?: SendFile | undefined
  pause(): void
  resume(): void
  /** Sends what was written, then closes. */
  end(): void
  /** Closes now. */
  destroy(error?: Error): void
}

export interface Listener {
  readonly address: string
  readonly port: number
  /** Stops accepting; open connections stay. */
  close(): Promise<void>
}

export interface Network {
  /** Rejects with a NetworkError (EADDRINUSE, EADDRNOTAVAIL, EACCES). Port 0 takes a free one. */
  listen(options: ListenOptions, accept: (socket: Socket) => SocketHandler): Promise<Listener>
  /** The address of a host, which may be an address itself, as `Socket.remoteAddress` has it; undefined: unknown. */
  addressOf(host: string): Promise<string | undefined>
}

export interface ListenOptions {
  /** undefined: every address of the machine. */
  readonly host: string | undefined
  readonly port: number
  readonly sendBufferBytes?: number
  readonly receiveBufferBytes?: number
  /** Connections that the kernel holds until they are accepted; 50 if not given, as Kafka. */
  readonly backlogSize?: number
}

export class NetworkError extends Error {
  override name = 'NetworkError'
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
