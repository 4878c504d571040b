/**
 * A client of one socket that speaks the protocol by our codecs and shows what a broker did with each request:
 * answered, closed the connection, or kept silent. It retries nothing and hides nothing.
 */
import net from 'node:net'
import {
  apiByKey,
  decode,
  encodeToBuffer,
  RequestHeader,
  ResponseHeader,
  requestHeaderVersion,
  responseHeaderVersion,
} from '../../dist/protocol/index.js'
import { Reader } from '../../dist/wire/reader.js'

/** Longer than any case waits on purpose; what takes longer counts as silence. */
const answerTimeoutMs = 2500

/**
 * What became of a request.
 * @typedef {{response: any} | {closed: true} | {silent: true} | {undecodable: string}} Outcome
 */

export class Peer {
  #port
  /** @type {net.Socket | undefined} */
  #socket
  #held = Buffer.alloc(0)
  /** @type {((frame: Buffer | undefined) => void) | undefined} takes the next frame; undefined: closed */
  #waiting
  #correlationId = 0

  /** @param {number} port on 127.0.0.1 */
  constructor(port) {
    this.#port = port
  }

  get port() {
    return this.#port
  }

  /**
   * Sends a request and waits for what comes back.
   * @param {number} apiKey
   * @param {number} version
   * @param {unknown} request
   * @param {{clientId?: string | null, timeoutMs?: number}} [options]
   * @returns {Promise<Outcome>}
   */
  async call(apiKey, version, request, { clientId = 'differential', timeoutMs = answerTimeoutMs } = {}) {
    await this.send(this.requestFrame(apiKey, version, request, clientId))
    const frame = await this.next(timeoutMs)
    return Buffer.isBuffer(frame) ? this.#decode(frame, apiKey, version) : frame
  }

  /**
   * The bytes of a request, without the size in front.
   * @param {number} apiKey
   * @param {number} version
   * @param {unknown} request
   * @param {string | null} [clientId]
   */
  requestFrame(apiKey, version, request, clientId = 'differential') {
    const api = apiByKey(apiKey)
    if (!api) throw new Error(`no API ${apiKey}`)
    const header = encodeToBuffer(RequestHeader, requestHeaderVersion(apiKey, version), {
      requestApiKey: apiKey,
      requestApiVersion: version,
      correlationId: ++this.#correlationId,
      clientId,
    })
    return Buffer.concat([
      header,
      encodeToBuffer(/** @type {any} */ (api.request), version, /** @type {never} */ (request)),
    ])
  }

  /**
   * Sends the frame and waits for the next one.
   * @param {Buffer} frame without its size
   * @returns {Promise<Buffer | {closed: true} | {silent: true}>}
   */
  async exchange(frame) {
    await this.send(frame)
    return this.next()
  }

  /** @param {Buffer} frame without its size */
  async send(frame) {
    const size = Buffer.alloc(4)
    size.writeInt32BE(frame.length)
    await this.sendBytes(Buffer.concat([size, frame]))
  }

  /** @param {Buffer} bytes as they are */
  async sendBytes(bytes) {
    const socket = await this.#connected()
    socket.write(bytes)
  }

  /** @returns {Promise<Buffer | {closed: true} | {silent: true}>} the next frame that comes */
  async next(timeoutMs = answerTimeoutMs) {
    const ready = this.#takeFrame()
    if (ready) return ready
    if (!this.#socket) return { closed: true }
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting = undefined
        this.close()
        resolve({ silent: true })
      }, timeoutMs)
      this.#waiting = (frame) => {
        this.#waiting = undefined
        clearTimeout(timer)
        resolve(frame ?? { closed: true })
      }
    })
  }

  close() {
    this.#socket?.destroy()
    this.#socket = undefined
    this.#held = Buffer.alloc(0)
  }

  /** @param {Buffer} frame @param {number} apiKey @param {number} version @returns {Outcome} */
  #decode(frame, apiKey, version) {
    const reader = new Reader(frame)
    try {
      decode(ResponseHeader, responseHeaderVersion(apiKey, version), reader)
      const response = decode(/** @type {any} */ (apiByKey(apiKey)).response, version, reader)
      if (reader.remaining > 0) return { undecodable: `${reader.remaining} bytes left over` }
      return { response }
    } catch (error) {
      return { undecodable: String(error) }
    }
  }

  /** @returns {Promise<net.Socket>} */
  async #connected() {
    if (this.#socket) return this.#socket
    const socket = net.connect(this.#port, '127.0.0.1')
    socket.setNoDelay(true)
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    socket.removeAllListeners('error')
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
      if (!this.#waiting) return
      const frame = this.#takeFrame()
      if (frame) this.#waiting(frame)
    })
    socket.on('close', () => {
      if (this.#socket !== socket) return
      this.close()
      this.#waiting?.(undefined)
    })
    this.#socket = socket
    return socket
  }

  #takeFrame() {
    if (this.#held.length < 4) return undefined
    const end = 4 + this.#held.readInt32BE(0)
    if (this.#held.length < end) return undefined
    const frame = Buffer.from(this.#held.subarray(4, end))
    this.#held = this.#held.subarray(end)
    return frame
  }
}
