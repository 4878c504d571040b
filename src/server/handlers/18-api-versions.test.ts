import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiVersionsRequest, ApiVersionsResponse } from '../../protocol/messages/18-api-versions.ts'
import type { Draft, Infer } from '../../protocol/schema.ts'
import { bodyOf, connected, frameOf, framesIn } from '../socket-server.test.kit.ts'

const LATEST_SOFTWARE = { clientSoftwareName: 'librdkafka', clientSoftwareVersion: '2.14.0-rc.1' }

async function apiVersions(
  apiVersion: number,
  body: Draft<typeof ApiVersionsRequest>,
  answerVersion = apiVersion,
) {
  const { client, network, table } = await connected()
  client.send(frameOf(ApiVersionsRequest, apiVersion, 1, body))
  network.run()
  const [frame] = framesIn(client.received())
  const response: Infer<typeof ApiVersionsResponse> = bodyOf(ApiVersionsResponse, answerVersion, frame!)
  return { response, table }
}

const ADVERTISED = [
  { apiKey: 1, minVersion: 4, maxVersion: 4 },
  { apiKey: 12, minVersion: 0, maxVersion: 0 },
  { apiKey: 14, minVersion: 0, maxVersion: 0 },
  { apiKey: 18, minVersion: 0, maxVersion: 4 },
]

test('ApiVersions lists exactly what has a handler', async () => {
  for (const version of [0, 1, 2, 3, 4]) {
    const { response } = await apiVersions(version, version >= 3 ? LATEST_SOFTWARE : {})
    assert.equal(response.errorCode, 0)
    assert.deepEqual(
      response.apiKeys.map(({ apiKey, minVersion, maxVersion }) => ({ apiKey, minVersion, maxVersion })),
      ADVERTISED,
    )
    assert.equal(response.finalizedFeaturesEpoch, version >= 3 ? 0 : -1)
  }
})

test('features are told from version 3 on, and those that begin at version 0 are supported from 4 on', async () => {
  const finalized = [
    { name: 'group.version', maxVersionLevel: 1, minVersionLevel: 1 },
    { name: 'transaction.version', maxVersionLevel: 2, minVersionLevel: 2 },
  ]
  for (const version of [0, 2, 3, 4]) {
    const { response } = await apiVersions(version, version >= 3 ? LATEST_SOFTWARE : {})
    const supported = response.supportedFeatures.map(({ name, minVersion, maxVersion }) => [
      name,
      minVersion,
      maxVersion,
    ])
    const expected = [
      ['group.version', 0, 1],
      ['transaction.version', 0, 2],
    ]
    assert.deepEqual(supported, version >= 4 ? expected : [])
    const told = response.finalizedFeatures.map(({ name, maxVersionLevel, minVersionLevel }) => ({
      name,
      maxVersionLevel,
      minVersionLevel,
    }))
    assert.deepEqual(told, version >= 3 ? finalized : [])
  }
})

test('an ApiVersions request of a later version is answered in version 0, with the list', async () => {
  const { client, network } = await connected()
  const future = frameOf(ApiVersionsRequest, 4, 77, LATEST_SOFTWARE)
  future.writeInt16BE(9, 6)
  client.send(future)
  network.run()
  const [frame] = framesIn(client.received())
  assert.equal(frame!.readInt32BE(0), 77)
  const response = bodyOf(ApiVersionsResponse, 0, frame!)
  assert.equal(response.errorCode, 35)
  assert.equal(response.apiKeys.length, ADVERTISED.length)
  assert.ok(!client.isClosed)
})

test('a client that calls itself something impossible is told so', async () => {
  const { response } = await apiVersions(3, { clientSoftwareName: '-', clientSoftwareVersion: '1' })
  assert.equal(response.errorCode, 42)
  assert.equal(response.apiKeys.length, 0)
})
