import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MetadataRequest, MetadataResponse } from '../../protocol/messages/03-metadata.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from '../../protocol/messages/18-api-versions.ts'
import { ConnectionClosed, startTestBroker, type TestClient } from './handlers.test.kit.ts'

const client = await startTestBroker()
const software = { clientSoftwareName: 'test', clientSoftwareVersion: '1.0' }

/** The connection is closed, and the broker answers others as before. */
async function assertHangsUp(provoke: (other: TestClient) => Promise<void>, label: string): Promise<void> {
  const other = client.another()
  await provoke(other)
  await assert.rejects(other.next(), ConnectionClosed, label)
  assert.equal((await client.call(MetadataRequest, MetadataResponse, 1, { topics: [] })).controllerId, 1)
}

function header(apiKey: number, apiVersion: number, rest: readonly number[] = []): Buffer {
  const bytes = Buffer.alloc(10)
  bytes.writeInt16BE(apiKey, 0)
  bytes.writeInt16BE(apiVersion, 2)
  bytes.writeInt16BE(-1, 8)
  return Buffer.concat([bytes, Buffer.from(rest)])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

test('every version of ApiVersions lists the same, all that has a handler', async () => {
  const lists = []
  for (let version = 0; version <= 4; version++) {
    const { errorCode, apiKeys } = await client.call(
      ApiVersionsRequest,
      ApiVersionsResponse,
      version,
      software,
    )
    assert.equal(errorCode, 0)
    lists.push(apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion]))
  }
  for (const list of lists) assert.deepEqual(list, lists[0])
  assert.deepEqual(
    lists[0]!.map(([apiKey]) => apiKey).sort((a, b) => a! - b!),
    [
      0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 32, 33, 34,
      35, 37, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 57, 60, 61, 65, 66, 68, 69, 74, 75,
    ],
  )
})

test('unknown keys and versions close the connection', async () => {
  for (const [apiKey, version] of [
    [-1, 0],
    [99, 0],
    [32767, 0],
    [0, 99],
    [1, 19],
    [3, -1],
    [8, 0],
  ] as const) {
    await assertHangsUp((other) => other.send(header(apiKey, version)), `key ${apiKey} version ${version}`)
  }
})

test('frames of impossible size close the connection', async () => {
  for (const size of [-1, -0x80000000, 104_857_601, 0x7fffffff]) {
    await assertHangsUp((other) => other.sendBytes(int32(size)), `size ${size}`)
  }
})

test('requests that cannot be read close the connection', async () => {
  const metadata = (...rest: number[]) => header(3, 1, rest)
  for (const frame of [
    Buffer.alloc(1),
    metadata().subarray(0, 6),
    metadata(),
    metadata(0x7f, 0xff, 0xff, 0xff),
    metadata(0, 0, 0, 1, 0, 9, 65),
    header(0, 2, [0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 116, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0]),
    header(1, 4),
  ]) {
    await assertHangsUp((other) => other.send(frame), frame.toString('hex'))
  }
})
