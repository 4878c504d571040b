import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ApiKey, apiName, isFlexible } from './api-keys.ts'
import { APIS, apiByKey } from './apis.ts'
import { decodeBytes, encodeToBuffer } from './codec.ts'
import { RequestHeader, ResponseHeader, requestHeaderVersion, responseHeaderVersion } from './headers.ts'
import { inVersions } from './schema.ts'

describe('headers', () => {
  test('requests have header 1, flexible ones 2', () => {
    assert.equal(requestHeaderVersion(ApiKey.PRODUCE, 8), 1)
    assert.equal(requestHeaderVersion(ApiKey.PRODUCE, 9), 2)
    assert.equal(requestHeaderVersion(ApiKey.API_VERSIONS, 3), 2)
    assert.equal(requestHeaderVersion(ApiKey.SASL_HANDSHAKE, 1), 1)
  })

  test('version 0 of ControlledShutdown has header 0, which has no client id', () => {
    assert.equal(requestHeaderVersion(ApiKey.CONTROLLED_SHUTDOWN, 0), 0)
    assert.equal(requestHeaderVersion(ApiKey.CONTROLLED_SHUTDOWN, 1), 1)
    const bytes = encodeToBuffer(RequestHeader, 0, {
      requestApiKey: 7,
      correlationId: 5,
      clientId: 'dropped',
    })
    assert.equal(bytes.toString('hex'), '0007000000000005')
  })

  test('responses have header 0, flexible ones 1, and those to ApiVersions always 0', () => {
    assert.equal(responseHeaderVersion(ApiKey.PRODUCE, 8), 0)
    assert.equal(responseHeaderVersion(ApiKey.PRODUCE, 9), 1)
    for (const version of [0, 1, 2, 3, 4])
      assert.equal(responseHeaderVersion(ApiKey.API_VERSIONS, version), 0)
    assert.equal(encodeToBuffer(ResponseHeader, 1, { correlationId: 1 }).toString('hex'), '0000000100')
  })

  test('the client id of a flexible header keeps its plain length', () => {
    const bytes = Buffer.from('0012000300000001000463616665' + '00', 'hex')
    const header = decodeBytes(RequestHeader, 2, bytes)
    assert.equal(header.clientId, 'cafe')
    assert.deepEqual(encodeToBuffer(RequestHeader, 2, header), bytes)
  })

  test('an unknown key has header 1, so that the request can be refused by its correlation id', () => {
    assert.equal(requestHeaderVersion(999, 0), 1)
    assert.equal(responseHeaderVersion(999, 0), 0)
  })
})

describe('api keys', () => {
  test('names and flexible versions agree with the descriptions', () => {
    assert.equal(APIS.length, Object.keys(ApiKey).length)
    for (const { key, name, request, response, minVersion, maxVersion } of APIS) {
      assert.equal(apiName(key)?.replaceAll('_', '').toLowerCase(), name.toLowerCase())
      assert.equal(response.apiKey, key)
      assert.deepEqual([response.minVersion, response.maxVersion], [minVersion, maxVersion], name)
      for (let version = minVersion; version <= maxVersion; version++) {
        assert.equal(isFlexible(key, version), inVersions(request.flexible, version), `${name} v${version}`)
        assert.equal(isFlexible(key, version), inVersions(response.flexible, version), `${name} v${version}`)
      }
    }
  })

  test('a key that Kafka does not have is undefined', () => {
    assert.equal(apiByKey(93), undefined)
    assert.equal(apiByKey(-1), undefined)
    assert.equal(apiName(-1), undefined)
  })
})
