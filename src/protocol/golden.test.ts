/**
 * Frames captured between real clients and Apache Kafka: each request and response is decoded, header first, and
 * must encode to the same bytes again. The format of the files is described in test/fixtures/golden.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { apiByKey } from './apis.ts'
import { createCodec } from './codec.ts'
import { RequestHeader, ResponseHeader, requestHeaderVersion, responseHeaderVersion } from './headers.ts'
import type { Message } from './schema.ts'

interface Capture {
  apiKey: number
  apiVersion: number
  client: string
  requestHex: string
  /** Absent where there was none: Produce with acks=0. */
  responseHex?: string | null
}

const folder = fileURLToPath(new URL('../../test/fixtures/golden/', import.meta.url))
const skip = existsSync(folder) ? false : `${folder} is absent: nothing captured to compare with`

function assertSurvives(frame: Buffer, parts: readonly (readonly [Message, number])[], where: string): void {
  for (const kind of ['generated', 'interpreted'] as const) {
    const reader = new Reader(frame)
    const writer = new Writer()
    for (const [schema, version] of parts) {
      const codec = createCodec(schema, version, kind)
      codec.encode(codec.decode(reader), writer)
    }
    assert.equal(reader.remaining, 0, `${where}: bytes are left over`)
    const again = Buffer.concat(writer.finish() as Uint8Array[])
    assert.equal(again.toString('hex'), frame.toString('hex'), `${where}, ${kind}`)
  }
}

test('frames of real clients and brokers decode and encode to the same bytes', { skip }, (t) => {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const captures = files.flatMap((name) => JSON.parse(readFileSync(folder + name, 'utf8')) as Capture[])
  assert.ok(captures.length > 0, `${folder} holds no captures`)
  for (const { apiKey, apiVersion, client, requestHex, responseHex } of captures) {
    const api = apiByKey(apiKey)
    assert.ok(api, `key ${apiKey}`)
    const where = `${api.name} v${apiVersion} of ${client}`
    const request = Buffer.from(requestHex, 'hex')
    const requestHeader = [RequestHeader, requestHeaderVersion(apiKey, apiVersion)] as const
    assertSurvives(request, [requestHeader, [api.request, apiVersion]], `request ${where}`)
    if (responseHex === undefined || responseHex === null || responseHex === '') continue
    const responseHeader = [ResponseHeader, responseHeaderVersion(apiKey, apiVersion)] as const
    assertSurvives(
      Buffer.from(responseHex, 'hex'),
      [responseHeader, [api.response, apiVersion]],
      `response ${where}`,
    )
  }
  t.diagnostic(`${captures.length} exchanges of ${files.length} files`)
})
