/**
 * A TCP proxy that writes down the Kafka frames going through it, for golden bytes.
 *
 * It changes nothing: bytes are forwarded as they come, and a copy is cut into frames beside the stream. The
 * broker behind it must advertise the proxy's port, or clients would leave the proxy after their first Metadata.
 * A response is matched to its request by correlation id; a Produce with acks=0 has none and is dropped.
 */
import net from 'node:net'

/**
 * @typedef {{apiKey: number, apiVersion: number, client: string, request: Buffer, response: Buffer}} Exchange
 *   one request and its response, both without the 4-byte size
 */

/** Cuts a byte stream into size-prefixed frames; chunks may split a frame anywhere. */
class FrameCutter {
  #held = Buffer.alloc(0)
  #onFrame

  /** @param {(frame: Buffer) => void} onFrame */
  constructor(onFrame) {
    this.#onFrame = onFrame
  }

  /** @param {Buffer} chunk */
  push(chunk) {
    this.#held = Buffer.concat([this.#held, chunk])
    while (this.#held.length >= 4) {
      const end = 4 + this.#held.readInt32BE(0)
      if (this.#held.length < end) return
      this.#onFrame(Buffer.from(this.#held.subarray(4, end)))
      this.#held = this.#held.subarray(end)
    }
  }
}

/**
 * Starts the proxy on 127.0.0.1.
 * @param {{port: number, backendPort: number, onExchange: (exchange: Exchange) => void}} options
 * @returns {Promise<{client: string, close: () => Promise<void>}>} set `client` to label what follows
 */
export async function startRecordProxy({ port, backendPort, onExchange }) {
  /** @type {Set<net.Socket>} */
  const sockets = new Set()
  const proxy = {
    client: 'unknown',
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  const server = net.createServer((near) => {
    const client = proxy.client
    const far = net.connect(backendPort, '127.0.0.1')
    /** @type {Map<number, Buffer>} */
    const waiting = new Map()
    const requests = new FrameCutter((frame) => waiting.set(frame.readInt32BE(4), frame))
    const responses = new FrameCutter((response) => {
      const request = waiting.get(response.readInt32BE(0))
      if (!request) return
      waiting.delete(response.readInt32BE(0))
      onExchange({
        apiKey: request.readInt16BE(0),
        apiVersion: request.readInt16BE(2),
        client,
        request,
        response,
      })
    })
    near.on('data', (chunk) => requests.push(chunk))
    far.on('data', (chunk) => responses.push(chunk))
    near.pipe(far)
    far.pipe(near)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {
        near.destroy()
        far.destroy()
      })
      socket.on('close', () => sockets.delete(socket))
    }
  })
  await new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(undefined))
  })
  return proxy
}
