/**
 * A plain connection to a broker: sends frames, finds the frames in what comes back. It knows no API; a response is its
 * correlation id and, where somebody waits for it, its bytes.
 */
import { createConnection, type Socket } from 'node:net'

/** No answer of a broker to these requests is larger; a larger size means that its framing went wrong. */
const RESPONSE_BYTES_MAX = 32 * 1024 * 1024

export class Connection {
  readonly #socket: Socket
  readonly #onResponse: (correlationId: number, frame: Buffer) => void
  #pending: Buffer[] = []
  #pendingBytes = 0
  #wantedBytes = 4
  #isClosed = false
  /** Set when the broker sent something that cannot be a response. */
  fault: string | undefined
  responses = 0
  /** Settles when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>
  readonly connected: Promise<boolean>

  constructor(
    address: { readonly host: string; readonly port: number },
    onResponse: (correlationId: number, frame: Buffer) => void = () => {},
  ) {
    this.#onResponse = onResponse
    this.#socket = createConnection({ ...address, noDelay: true })
    this.connected = new Promise((resolve) => {
      this.#socket.once('connect', () => resolve(true))
      this.#socket.once('close', () => resolve(false))
    })
    this.closed = new Promise((resolve) => {
      this.#socket.once('close', () => {
        this.#isClosed = true
        resolve()
      })
    })
    // A reset is one of the ways in which a broker may answer rubbish; 'close' follows.
    this.#socket.on('error', () => {})
    this.#socket.on('data', (bytes: Buffer) => this.#receive(bytes))
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  send(bytes: Buffer): void {
    if (!this.#isClosed) this.#socket.write(bytes)
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Goes away without a word: the broker sees a reset. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  #receive(bytes: Buffer): void {
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes < this.#wantedBytes) return
    const all = this.#pending.length === 1 ? bytes : Buffer.concat(this.#pending)
    let at = 0
    this.#wantedBytes = 4
    while (all.length - at >= 4) {
      const size = all.readInt32BE(at)
      if (size < 4 || size > RESPONSE_BYTES_MAX) {
        this.fault = `a response claims ${size} bytes`
        this.destroy()
        return
      }
      if (all.length - at - 4 < size) {
        this.#wantedBytes = 4 + size
        break
      }
      this.responses++
      this.#onResponse(all.readInt32BE(at + 4), all.subarray(at + 4, at + 4 + size))
      at += 4 + size
    }
    this.#pending = at === all.length ? [] : [all.subarray(at)]
    this.#pendingBytes = all.length - at
  }
}
