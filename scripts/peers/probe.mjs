/**
 * Asks a broker whether it serves, without any client library: one Metadata v1 request for no topics, written
 * out by hand. A broker serves when it names at least one broker in the answer.
 */
import net from 'node:net'

const apiMetadata = 3
const retryMs = 10

/** A frame: size, api key, version, correlation id, client id "probe", an empty list of topics. */
function metadataRequest() {
  const clientId = 'probe'
  const frame = Buffer.alloc(4 + 8 + 2 + clientId.length + 4)
  frame.writeInt32BE(frame.length - 4, 0)
  frame.writeInt16BE(apiMetadata, 4)
  frame.writeInt16BE(1, 6)
  frame.writeInt32BE(1, 8)
  frame.writeInt16BE(clientId.length, 12)
  frame.write(clientId, 14, 'latin1')
  frame.writeInt32BE(0, 14 + clientId.length)
  return frame
}

/**
 * One attempt.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
export function isServing(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    let held = Buffer.alloc(0)
    const finish = (/** @type {boolean} */ serving) => {
      socket.destroy()
      resolve(serving)
    }
    socket.on('connect', () => socket.write(metadataRequest()))
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk])
      // Size, correlation id, then the number of brokers.
      if (held.length >= 12) finish(held.readInt32BE(8) > 0)
    })
    socket.on('error', () => finish(false))
    socket.on('close', () => finish(false))
  })
}

/**
 * Waits until the broker at 127.0.0.1:port serves.
 * @param {{port: number, timeoutMs: number, isAlive: () => boolean}} options
 */
export async function waitUntilServing({ port, timeoutMs, isAlive }) {
  const deadline = performance.now() + timeoutMs
  while (!(await isServing(port))) {
    if (!isAlive()) throw new Error('the broker exited before it served')
    if (performance.now() > deadline) throw new Error(`the broker did not serve within ${timeoutMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, retryMs))
  }
}

/**
 * A TCP port that is free now on 127.0.0.1.
 * @returns {Promise<number>}
 */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {net.AddressInfo} */ (server.address())
      server.close(() => resolve(port))
    })
  })
}
