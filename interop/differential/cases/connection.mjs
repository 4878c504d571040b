/** Requests that no handler sees: unknown keys and versions, bodies that can't be read, frames of odd sizes. */
import { apiByKey, decodeBytes } from '../../../dist/protocol/index.js'
import { API_VERSIONS, FETCH, METADATA, PRODUCE } from './kit.mjs'

/** @type {import('./kit.mjs').Case[]} */
export const cases = [
  { name: 'unknown keys and versions', run: unknown },
  { name: 'odd frames', run: oddFrames },
  { name: 'odd bodies', run: oddBodies },
]

/**
 * A request header of version 1 or, with tags, 2.
 * @param {number} apiKey @param {number} version @param {Buffer} [rest]
 */
function frame(apiKey, version, rest = Buffer.alloc(0), { clientIdLength = 1, flexible = false } = {}) {
  const header = Buffer.alloc(10)
  header.writeInt16BE(apiKey, 0)
  header.writeInt16BE(version, 2)
  header.writeInt32BE(99, 4)
  header.writeInt16BE(clientIdLength, 8)
  return Buffer.concat([header, Buffer.from('c'), flexible ? Buffer.alloc(1) : Buffer.alloc(0), rest])
}

/** What came back, by its correlation id and size class. @param {import('./kit.mjs').Probe} probe @param {string} label @param {Buffer} bytes */
async function send(probe, label, bytes) {
  probe.peer.close()
  const answer = await probe.peer.exchange(bytes)
  probe.note(label, Buffer.isBuffer(answer) ? { correlationId: answer.readInt32BE(0) } : answer)
}

/** @param {import('./kit.mjs').Probe} probe */
async function unknown(probe) {
  for (const key of [-1, 93, 99, 1000, 32767]) await send(probe, `key ${key}`, frame(key, 0))
  for (const [key, version] of [
    [PRODUCE, 99],
    [FETCH, 99],
    [METADATA, 99],
    [METADATA, -1],
    [PRODUCE, -1],
    [18, -1],
  ]) {
    await send(probe, `key ${key} version ${version}`, frame(Number(key), Number(version)))
  }
  for (const version of [5, 99, 32767, -1]) {
    probe.peer.close()
    const answer = await probe.peer.exchange(
      frame(API_VERSIONS, version, Buffer.from([1, 1, 0]), { flexible: true }),
    )
    if (!Buffer.isBuffer(answer)) probe.note(`ApiVersions ${version}`, answer)
    else {
      const { errorCode, apiKeys } = /** @type {any} */ (
        decodeBytes(/** @type {any} */ (apiByKey(18)).response, 0, answer.subarray(4))
      )
      probe.note(`ApiVersions ${version}`, { errorCode, hasKeys: apiKeys.length > 0 })
    }
  }
}

/** @param {import('./kit.mjs').Probe} probe */
async function oddFrames(probe) {
  for (const [label, bytes] of /** @type {[string, Buffer][]} */ ([
    ['negative size', int32(-1)],
    ['lowest size', int32(-0x80000000)],
    ['100 MB and one', int32(104857601)],
    ['2 GB', int32(0x7fffffff)],
    ['a size of 0', int32(0)],
    ['"GET / HTTP/1.1"', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a TLS hello', Buffer.from('160301020001000001fc0303', 'hex')],
  ])) {
    probe.peer.close()
    await probe.peer.sendBytes(bytes)
    probe.note(label, await probe.peer.next())
  }
  await send(probe, 'one byte', Buffer.alloc(1))
  await send(probe, 'half a header', frame(METADATA, 1).subarray(0, 6))
  await send(
    probe,
    'client id beyond the frame',
    frame(METADATA, 1, Buffer.alloc(0), { clientIdLength: 500 }),
  )
  await send(probe, 'client id of length -2', frame(METADATA, 1, int32(0), { clientIdLength: -2 }))
  await send(
    probe,
    'null client id',
    Buffer.concat([frame(METADATA, 1, Buffer.alloc(0), { clientIdLength: -1 }).subarray(0, 10), int32(0)]),
  )
}

/** @param {import('./kit.mjs').Probe} probe */
async function oddBodies(probe) {
  await send(probe, 'Metadata without a body', frame(METADATA, 1))
  await send(
    probe,
    'Metadata with bytes left over',
    frame(METADATA, 1, Buffer.concat([int32(0), Buffer.alloc(5)])),
  )
  await send(probe, 'Metadata with 2 billion topics', frame(METADATA, 1, int32(0x7fffffff)))
  await send(probe, 'Metadata with -2 topics', frame(METADATA, 1, int32(-2)))
  await send(probe, 'Metadata 0 with null topics', frame(METADATA, 0, int32(-1)))
  await send(
    probe,
    'Metadata with a cut name',
    frame(METADATA, 1, Buffer.concat([int32(1), Buffer.from([0, 9, 65])])),
  )
  await send(
    probe,
    'Metadata 9 with unknown tags',
    frame(METADATA, 9, Buffer.from([1, 1, 0, 0, 1, 77, 1, 5]), { flexible: true }),
  )
  await send(
    probe,
    'Produce cut in its records',
    frame(
      PRODUCE,
      2,
      Buffer.concat([
        Buffer.from([0, 1]),
        int32(1000),
        int32(1),
        Buffer.from([0, 1, 116]),
        int32(1),
        int32(0),
        int32(500),
      ]),
    ),
  )
  await send(probe, 'Fetch without a body', frame(FETCH, 4))
}

/** @param {number} value */
function int32(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
