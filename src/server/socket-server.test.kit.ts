import assert from 'node:assert/strict'
import type { DiskFile } from '../base/disk.ts'
import type { FileSlice } from '../base/payload.ts'
import { decode, encode } from '../protocol/codec.ts'
import {
  RequestHeader,
  ResponseHeader,
  requestHeaderVersion,
  responseHeaderVersion,
} from '../protocol/headers.ts'
import { FetchRequest, FetchResponse } from '../protocol/messages/01-fetch.ts'
import { HeartbeatRequest, HeartbeatResponse } from '../protocol/messages/12-heartbeat.ts'
import { SyncGroupRequest, SyncGroupResponse } from '../protocol/messages/14-sync-group.ts'
import type { Draft, Message } from '../protocol/schema.ts'
import { SimClock } from '../simulator/sim-clock.ts'
import { SimNetwork } from '../simulator/sim-network.ts'
import { SimRandom } from '../simulator/sim-random.ts'
import { Reader } from '../wire/reader.ts'
import { Writer } from '../wire/writer.ts'
import { Dispatcher, HandlerTable } from './dispatch.ts'
import { defineHandler, LATER } from './handler.ts'
import { apiVersionsHandler } from './handlers/18-api-versions.ts'
import { ConnectionQuotas } from './quotas/connection-quotas.ts'
import { RequestTimeQuotas } from './quotas/request-time-quotas.ts'
import type { RequestContext } from './request-context.ts'
import { SocketServer, type SocketServerOptions } from './socket-server.ts'

/** A server over a simulated network with handlers that answer at once, later, in any order, or break. */

export const QUOTA_WINDOW = { windowMs: 1000, samples: 11 }
export const REQUEST_BYTES_MAX = 4 * 1024 * 1024

export function frameOf<A>(
  schema: Message<unknown, A>,
  apiVersion: number,
  correlationId: number,
  body: A,
): Buffer {
  const writer = new Writer()
  writer.beginFrame()
  const headerVersion = requestHeaderVersion(schema.apiKey!, apiVersion)
  const header = {
    requestApiKey: schema.apiKey!,
    requestApiVersion: apiVersion,
    correlationId,
    clientId: 'test',
  }
  encode(RequestHeader, headerVersion, header, writer)
  encode(schema, apiVersion, body, writer)
  writer.endFrame()
  return Buffer.concat(writer.finish() as Uint8Array[])
}

/** A Heartbeat whose group names what the test's handler does with it. */
export function heartbeat(correlationId: number, groupId = 'now'): Buffer {
  return frameOf(HeartbeatRequest, 0, correlationId, { groupId, memberId: 'm' })
}

export function framesIn(stream: Buffer): Buffer[] {
  const frames: Buffer[] = []
  let position = 0
  while (position < stream.length) {
    const size = stream.readInt32BE(position)
    frames.push(stream.subarray(position + 4, position + 4 + size))
    position += 4 + size
  }
  assert.equal(position, stream.length, 'the stream ends with a whole frame')
  return frames
}

export function correlationIds(stream: Buffer): number[] {
  return framesIn(stream).map((frame) => frame.readInt32BE(0))
}

export function bodyOf<D>(schema: Message<D, unknown>, apiVersion: number, frame: Buffer): D {
  const reader = new Reader(frame)
  decode(ResponseHeader, responseHeaderVersion(schema.apiKey!, apiVersion), reader)
  const body = decode(schema, apiVersion, reader)
  assert.equal(reader.remaining, 0)
  return body
}

/** A file of zeros that counts what is done with it. */
export function zeroFile(fileBytes = Number.POSITIVE_INFINITY) {
  const counts = { readBytes: 0, released: 0 }
  const file = {
    path: 'zeros',
    descriptor: undefined,
    read(target: Uint8Array, targetStart: number, length: number, position: number) {
      const byteCount = Math.max(0, Math.min(length, fileBytes - position))
      target.fill(0x5a, targetStart, targetStart + byteCount)
      counts.readBytes += byteCount
      return byteCount
    },
    isCached: () => true,
  } as unknown as DiskFile
  const slice = (byteLength: number): FileSlice => ({
    file,
    position: 0,
    byteLength,
    release: () => {
      counts.released += 1
    },
  })
  return { counts, slice }
}

type Waiting = RequestContext<Draft<typeof HeartbeatResponse>>

interface KitOptions extends Partial<SocketServerOptions> {
  readonly seed?: number
  readonly windowBytes?: number
  readonly connectionRate?: number
  /** False: slices of files are read and written, as over TLS. */
  readonly sendsFiles?: boolean
}

export function kit(options: KitOptions = {}) {
  const { seed = 1, windowBytes = 64 * 1024, connectionRate, sendsFiles = true, ...more } = options
  const clock = new SimClock()
  const random = new SimRandom(seed)
  const network = new SimNetwork({ clock, random, windowBytes, sendsFiles })
  const log: string[] = []
  const note =
    (level: string) =>
    (message: string): void => {
      log.push(`${level} ${message}`)
    }
  const logger = { debug: note('DEBUG'), info: note('INFO'), warn: note('WARN'), error: note('ERROR') }
  const waiting: Waiting[] = []
  const zeros = zeroFile()
  const handled: string[] = []
  const table = new HandlerTable()
  const heartbeats = defineHandler(HeartbeatRequest, HeartbeatResponse, [0, 0], ({ groupId }, context) => {
    handled.push(groupId)
    if (groupId === 'now') return {}
    if (groupId === 'none') return undefined
    if (groupId === 'promise') return Promise.resolve({ errorCode: 5 })
    if (groupId === 'rejects') return Promise.reject(new Error('the handler broke'))
    if (groupId === 'throws') throw new Error('the handler broke')
    if (groupId === 'closes') {
      context.closeConnection()
      return LATER
    }
    if (groupId.startsWith('throttle')) {
      context.throttle(500)
      return {}
    }
    waiting.push(context)
    return LATER
  })
  const echo = defineHandler(SyncGroupRequest, SyncGroupResponse, [0, 0], ({ assignments }) => {
    return { assignment: assignments[0]!.assignment }
  })
  const fetch = defineHandler(FetchRequest, FetchResponse, [4, 4], ({ minBytes }) => ({
    responses: [{ topic: 't', partitions: [{ records: zeros.slice(minBytes) }] }],
  }))
  for (const handler of [heartbeats, echo, fetch, apiVersionsHandler(table)]) table.add(handler)
  const requestTimes = new RequestTimeQuotas(clock, QUOTA_WINDOW)
  const server = new SocketServer({
    network,
    clock,
    logger,
    dispatcher: new Dispatcher(table, logger, requestTimes),
    connectionQuotas: new ConnectionQuotas(clock, QUOTA_WINDOW, connectionRate),
    brokerId: 0,
    requestBytesMax: REQUEST_BYTES_MAX,
    connectionsMaxIdleMs: 600_000,
    ...more,
  })
  return { clock, random, network, log, waiting, zeros, handled, table, requestTimes, server }
}

export async function connected(options: KitOptions = {}) {
  const all = kit(options)
  const { port } = await all.server.listen({ name: 'PLAINTEXT', host: '127.0.0.1', port: 0 })
  all.server.startProcessing()
  return { ...all, port, client: all.network.connect(port) }
}

export const zeroFetch = (correlationId: number, minBytes: number): Buffer =>
  frameOf(FetchRequest, 4, correlationId, { minBytes, topics: [] })
