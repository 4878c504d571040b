/** A connection that sends requests without waiting for answers, and matches these in their order. */
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

export class Connection {
  #socket
  #received = Buffer.alloc(0)
  /** @type {((frame: Buffer) => void)[]} */
  #waiting = []
  #failure = /** @type {Error | undefined} */ (undefined)

  /** @param {net.Socket} socket */
  constructor(socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (bytes) => this.#onData(bytes))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the broker closed the connection')))
  }

  /**
   * @param {number} port on 127.0.0.1
   * @returns {Promise<Connection>}
   */
  static open(port) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1')
      socket.once('error', reject)
      socket.once('connect', () => resolve(new Connection(socket)))
    })
  }

  /**
   * Sends a frame, its size in front; `onAnswer` is given the answer's frame without its size.
   * @param {Buffer} frame not to be changed until the answer is there
   * @param {(frame: Buffer) => void} onAnswer
   * @returns {boolean} false: what was sent before still waits for the socket
   */
  send(frame, onAnswer) {
    if (this.#failure) throw this.#failure
    this.#waiting.push(onAnswer)
    return this.#socket.write(frame)
  }

  /**
   * @param {number} apiKey
   * @param {number} version
   * @param {unknown} request
   * @returns {Promise<any>}
   */
  call(apiKey, version, request) {
    return new Promise((resolve) => {
      this.send(requestFrame(apiKey, version, request), (frame) =>
        resolve(decodeAnswer(apiKey, version, frame)),
      )
    })
  }

  /** Resolves when the socket takes more. */
  drained() {
    return new Promise((resolve) => this.#socket.once('drain', resolve))
  }

  close() {
    this.#socket.removeAllListeners('close')
    this.#socket.destroy()
  }

  /** @param {Buffer} bytes */
  #onData(bytes) {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes])
    let at = 0
    while (this.#received.length - at >= 4) {
      const end = at + 4 + this.#received.readInt32BE(at)
      if (this.#received.length < end) break
      this.#waiting.shift()?.(this.#received.subarray(at + 4, end))
      at = end
    }
    this.#received = this.#received.subarray(at)
  }

  /** @param {Error} error */
  #fail(error) {
    this.#failure ??= error
    if (this.#waiting.length > 0) throw this.#failure
  }
}

/**
 * @param {number} apiKey
 * @param {number} version
 * @param {unknown} request
 */
export function requestFrame(apiKey, version, request) {
  const api = apiByKey(apiKey)
  if (!api) throw new Error(`no API ${apiKey}`)
  const header = encodeToBuffer(RequestHeader, requestHeaderVersion(apiKey, version), {
    requestApiKey: apiKey,
    requestApiVersion: version,
    correlationId: 0,
    clientId: 'bench',
  })
  const body = encodeToBuffer(/** @type {any} */ (api.request), version, /** @type {never} */ (request))
  const size = Buffer.alloc(4)
  size.writeInt32BE(header.length + body.length)
  return Buffer.concat([size, header, body])
}

/**
 * @param {number} apiKey
 * @param {number} version
 * @param {Buffer} frame
 * @returns {any}
 */
export function decodeAnswer(apiKey, version, frame) {
  const reader = new Reader(frame)
  decode(ResponseHeader, responseHeaderVersion(apiKey, version), reader)
  return decode(/** @type {any} */ (apiByKey(apiKey)?.response), version, reader)
}
