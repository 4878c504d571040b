/**
 * Brokers that say what a test has them say: in memory, in virtual time, of any number and any age. What they advertise is
 * what they were given an answer for; Metadata and FindCoordinator they know by themselves, from the fields below.
 *
 * It stands where the real network does (`Connector`), so that all of the client but the socket is at work.
 */
import type { ConnectOptions, Connector } from '../../base/connector.ts'
import { NetworkError, type Socket, type SocketHandler } from '../../base/network.ts'
import { decode, encode } from '../../protocol/codec.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  RequestHeader,
  ResponseHeader,
  requestHeaderVersion,
  responseHeaderVersion,
} from '../../protocol/headers.ts'
import { MetadataRequest, MetadataResponse } from '../../protocol/messages/03-metadata.ts'
import {
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from '../../protocol/messages/10-find-coordinator.ts'
import { ApiVersionsRequest, ApiVersionsResponse } from '../../protocol/messages/18-api-versions.ts'
import type { Message } from '../../protocol/schema.ts'
import { SimClock } from '../../simulator/sim-clock.ts'
import { SimRandom } from '../../simulator/sim-random.ts'
import { Reader } from '../../wire/reader.ts'
import { Writer } from '../../wire/writer.ts'
import type { ClientPlatform } from './open-cluster.ts'

/** In place of an answer: none comes, or the connection breaks. */
export const SILENCE = Symbol('SILENCE')
export const BREAK = Symbol('BREAK')

export interface ScriptedCall {
  readonly nodeId: number
  readonly version: number
}

export type Answer<Req, Res> = (request: Req, call: ScriptedCall) => Res | typeof SILENCE | typeof BREAK

interface Script {
  readonly request: Message
  readonly response: Message
  readonly versions: readonly [min: number, max: number]
  readonly answer: Answer<never, unknown>
}

const PORT = 9092
const STEP_MS = 10
const STEPS_MAX = 100_000

export class ScriptedCluster implements Connector {
  readonly clock = new SimClock()
  readonly platform: ClientPlatform
  /** Brokers that are up, by id. */
  nodeIds: number[]
  controllerId = 1
  /** Topics: the leader of each of their partitions; -1: none. */
  topics: Record<string, number[]> = {}
  coordinatorOf: (key: string) => number = () => this.nodeIds[0]!
  /** Every request but ApiVersions: `CreateTopics@2 v7`. */
  readonly log: string[] = []
  readonly #scripts = new Map<number, Script>()
  readonly #sockets = new Map<ScriptedSocket, number>()

  constructor(nodeIds: number[] = [1]) {
    this.nodeIds = nodeIds
    this.platform = { clock: this.clock, random: new SimRandom(1), connector: this }
    this.answer({ request: MetadataRequest, response: MetadataResponse }, [1, 12], (request) =>
      this.#metadata(request as MetadataRequest),
    )
    this.answer({ request: FindCoordinatorRequest, response: FindCoordinatorResponse }, [0, 5], (request) =>
      this.#coordinators(request as FindCoordinatorRequest),
    )
  }

  get bootstrapServers(): string {
    return this.nodeIds.map((id) => `node-${id}:${PORT}`).join(',')
  }

  /** What the brokers answer from now on, in these versions. Where that is more than before, they start anew. */
  answer(
    { request, response }: { readonly request: Message; readonly response: Message },
    versions: readonly [min: number, max: number],
    // biome-ignore lint/suspicious/noExplicitAny: tests look at what they asked for, and answer as tersely as encoders take it
    answer: Answer<any, any>,
  ): void {
    if (!this.#scripts.has(request.apiKey!)) for (const socket of [...this.#sockets.keys()]) socket.break()
    this.#scripts.set(request.apiKey!, { request, response, versions, answer })
  }

  /** Of an API that it knows: only these versions, as an older broker has them. */
  limit(api: string, versions: readonly [min: number, max: number]): void {
    for (const [apiKey, script] of this.#scripts)
      if (script.request.name === `${api}Request`) this.#scripts.set(apiKey, { ...script, versions })
  }

  get openConnectionCount(): number {
    return this.#sockets.size
  }

  /** Lets time pass until it is settled. */
  async settled<Result>(promise: Promise<Result>): Promise<Result> {
    let isDone = false
    promise.then(
      () => (isDone = true),
      () => (isDone = true),
    )
    for (let step = 0; step < STEPS_MAX; step++) {
      await new Promise<void>((resolve) => void setImmediate(resolve))
      if (isDone) return promise
      this.clock.advance(STEP_MS)
    }
    throw new Error(`not settled after ${(STEPS_MAX * STEP_MS) / 1000} s`)
  }

  stop(nodeId: number): void {
    this.nodeIds = this.nodeIds.filter((id) => id !== nodeId)
    for (const [socket, id] of [...this.#sockets]) if (id === nodeId) socket.break()
  }

  async connect({ host, port }: ConnectOptions, handle: (socket: Socket) => SocketHandler): Promise<Socket> {
    const nodeId = Number(host.slice('node-'.length))
    if (!this.nodeIds.includes(nodeId)) throw new NetworkError('ECONNREFUSED', `no broker at ${host}:${port}`)
    const socket = new ScriptedSocket(
      (frame) => this.#serve(nodeId, frame),
      () => void this.#sockets.delete(socket),
    )
    this.#sockets.set(socket, nodeId)
    socket.handler = handle(socket)
    return socket
  }

  #serve(nodeId: number, frame: Buffer): Buffer | typeof SILENCE | typeof BREAK {
    const [apiKey, version] = [frame.readInt16BE(0), frame.readInt16BE(2)]
    const reader = new Reader(frame)
    const { correlationId } = decode(RequestHeader, requestHeaderVersion(apiKey, version), reader)
    const writer = new Writer()
    encode(ResponseHeader, responseHeaderVersion(apiKey, version), { correlationId }, writer)
    if (apiKey === ApiVersionsRequest.apiKey) {
      encode(ApiVersionsResponse, version, { apiKeys: this.#advertised() }, writer)
      return Buffer.concat(writer.finish() as Buffer[])
    }
    const script = this.#scripts.get(apiKey)
    if (script === undefined) throw new Error(`nothing was said of API ${apiKey}`)
    this.log.push(`${script.request.name.replace('Request', '')}@${nodeId} v${version}`)
    const request = decode(script.request, version, reader)
    const answer = script.answer(request as never, { nodeId, version })
    if (answer === SILENCE || answer === BREAK) return answer
    encode(script.response as Message<unknown, never>, version, answer as never, writer)
    return Buffer.concat(writer.finish() as Buffer[])
  }

  #advertised() {
    const own = { apiKey: ApiVersionsRequest.apiKey!, minVersion: 0, maxVersion: 4 }
    const scripted = Array.from(this.#scripts, ([apiKey, { versions }]) => ({
      apiKey,
      minVersion: versions[0],
      maxVersion: versions[1],
    }))
    return [own, ...scripted]
  }

  #metadata({ topics }: MetadataRequest) {
    const names = topics === null ? Object.keys(this.topics) : topics.map(({ name }) => name!)
    return {
      brokers: this.nodeIds.map((nodeId) => ({ nodeId, host: `node-${nodeId}`, port: PORT })),
      clusterId: 'scripted',
      controllerId: this.controllerId,
      topics: names.map((name) => {
        const leaders = this.topics[name]
        if (leaders === undefined) return { name, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }
        const partitions = leaders.map((leaderId, partitionIndex) => ({ partitionIndex, leaderId }))
        return { name, partitions }
      }),
    }
  }

  #coordinators({ coordinatorKeys, key }: FindCoordinatorRequest) {
    const found = (each: string) => ({
      key: each,
      nodeId: this.coordinatorOf(each),
      host: `node-${this.coordinatorOf(each)}`,
      port: PORT,
    })
    if (coordinatorKeys.length > 0) return { coordinators: coordinatorKeys.map(found) }
    const { key: _, ...rest } = found(key)
    return rest
  }
}

class ScriptedSocket implements Socket {
  readonly localAddress = 'client'
  readonly localPort = 0
  readonly remoteAddress = 'node'
  readonly remotePort = PORT
  handler: SocketHandler | undefined
  readonly #serve: (frame: Buffer) => Buffer | typeof SILENCE | typeof BREAK
  readonly #onGone: () => void
  #received = Buffer.alloc(0)
  #isGone = false

  constructor(serve: (frame: Buffer) => Buffer | typeof SILENCE | typeof BREAK, onGone: () => void) {
    this.#serve = serve
    this.#onGone = onGone
  }

  write(buffers: readonly Uint8Array[]): boolean {
    this.#received = Buffer.concat([this.#received, ...buffers])
    queueMicrotask(() => this.#answer())
    return true
  }

  pause(): void {}
  resume(): void {}

  end(): void {
    this.destroy()
  }

  destroy(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#onGone()
    queueMicrotask(() => this.handler!.onClose(undefined))
  }

  /** The broker is gone. */
  break(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#onGone()
    this.handler!.onClose(new NetworkError('ECONNRESET', 'the broker is gone'))
  }

  #answer(): void {
    while (!this.#isGone && this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0)
      if (this.#received.length < end) return
      const answer = this.#serve(this.#received.subarray(4, end))
      this.#received = this.#received.subarray(end)
      if (answer === BREAK) this.break()
      else if (answer !== SILENCE) this.#deliver(answer)
    }
  }

  #deliver(payload: Buffer): void {
    const size = Buffer.alloc(4)
    size.writeInt32BE(payload.length)
    let bytes = Buffer.concat([size, payload])
    while (bytes.length > 0 && !this.#isGone) {
      const target = this.handler!.readBuffer()
      const byteCount = Math.min(target.length, bytes.length)
      target.set(bytes.subarray(0, byteCount))
      bytes = bytes.subarray(byteCount)
      this.handler!.onRead(byteCount)
    }
  }
}
