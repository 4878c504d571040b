/**
 * What the fuzzer starts from: requests that real clients sent to Apache Kafka (test/fixtures/golden), and requests
 * with random values from our own encoder, for every API and version that the broker under test advertises. Frames are
 * held without their size prefix.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { apiByKey } from '../../src/protocol/apis.ts'
import { encodeToBuffer } from '../../src/protocol/codec.ts'
import { RequestHeader, requestHeaderVersion } from '../../src/protocol/headers.ts'
import { planMessage } from '../../src/protocol/plan.ts'
import { RandomValues } from '../../src/protocol/random-values.testing.ts'
import type { Message } from '../../src/protocol/schema.ts'
import { buildBatch } from '../../src/records/record-batch-builder.ts'

export interface Frame {
  readonly apiKey: number
  readonly apiVersion: number
  readonly bytes: Buffer
}

export interface AdvertisedApi {
  readonly apiKey: number
  readonly minVersion: number
  readonly maxVersion: number
}

const PRODUCE = 0
const FETCH = 1
const CREATE_TOPICS = 19
const CREATE_PARTITIONS = 37
/** Longest wait that a generated fetch asks for: a request that waits for a minute tests nothing. */
const MAX_WAIT_MS = 20

/** A request frame: header and body, without the size. */
export function requestFrame(
  api: { readonly apiKey: number; readonly apiVersion: number },
  correlationId: number,
  body: unknown,
): Buffer {
  const header = encodeToBuffer(RequestHeader, requestHeaderVersion(api.apiKey, api.apiVersion), {
    requestApiKey: api.apiKey,
    requestApiVersion: api.apiVersion,
    correlationId,
    clientId: 'fuzz',
  })
  const request = apiByKey(api.apiKey)!.request as Message<unknown, unknown>
  return Buffer.concat([header, encodeToBuffer(request, api.apiVersion, body)])
}

/** The recorded requests of all APIs, the ones that this broker does not advertise included. */
export function recordedFrames(folder: string): Frame[] {
  if (!existsSync(folder)) return []
  const frames: Frame[] = []
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith('.json')) continue
    const captures = JSON.parse(readFileSync(join(folder, name), 'utf8')) as {
      apiKey: number
      apiVersion: number
      requestHex: string
    }[]
    for (const { apiKey, apiVersion, requestHex } of captures) {
      frames.push({ apiKey, apiVersion, bytes: Buffer.from(requestHex, 'hex') })
    }
  }
  return frames
}

/** Some requests for every version of every API in `advertised`; produce and fetch aim at `topic` in part. */
export function generatedFrames(
  advertised: readonly AdvertisedApi[],
  options: { readonly seed: number; readonly perVersion: number; readonly topic: string },
): Frame[] {
  const random = new RandomValues(options.seed)
  const frames: Frame[] = []
  for (const { apiKey, minVersion, maxVersion } of advertised) {
    const request = apiByKey(apiKey)?.request as Message<unknown, unknown> | undefined
    if (request === undefined) continue
    for (let apiVersion = minVersion; apiVersion <= maxVersion; apiVersion++) {
      for (let count = 0; count < options.perVersion; count++) {
        const body = random.message(planMessage(request, apiVersion)) as Record<string, unknown>
        tame(apiKey, body, random, options.topic)
        frames.push({ apiKey, apiVersion, bytes: requestFrame({ apiKey, apiVersion }, count, body) })
      }
    }
  }
  return frames
}

/** Makes a random request one that reaches further than the first check, and does not ask for the impossible. */
function tame(apiKey: number, body: Record<string, unknown>, random: RandomValues, topic: string): void {
  const entries = (value: unknown): Record<string, unknown>[] => (Array.isArray(value) ? value : [])
  if ('timeoutMs' in body) body.timeoutMs = random.below(MAX_WAIT_MS)
  if (apiKey === PRODUCE) {
    body.acks = random.below(3) - 1
    body.transactionalId = null
    for (const data of entries(body.topicData)) {
      if (typeof data.name === 'string' && data.name !== '') data.name = topic
      for (const partition of entries(data.partitionData)) {
        partition.index = random.below(3)
        partition.records = randomBatch(random)
      }
    }
  } else if (apiKey === FETCH) {
    body.maxWaitMs = random.below(MAX_WAIT_MS)
    body.minBytes = random.below(3)
    body.replicaId = -1
    for (const data of entries(body.topics)) {
      if (typeof data.topic === 'string' && data.topic !== '') data.topic = topic
      for (const partition of entries(data.partitions)) {
        partition.partition = random.below(3)
        partition.fetchOffset = random.below(50)
      }
    }
  } else if (apiKey === CREATE_TOPICS) {
    for (const created of entries(body.topics)) {
      created.numPartitions = 1 + random.below(3)
      created.replicationFactor = 1
      created.assignments = []
    }
  } else if (apiKey === CREATE_PARTITIONS) {
    for (const grown of entries(body.topics)) grown.count = 1 + random.below(5)
  }
}

function randomBatch(random: RandomValues): Buffer {
  const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
  const drafts = Array.from({ length: 1 + random.below(5) }, (_, index) => ({
    timestampMs: 1_700_000_000_000 + index,
    key: random.below(2) === 0 ? null : `key-${index}`,
    value: 'v'.repeat(random.below(200)),
  }))
  const compression = compressions[random.below(compressions.length)]!
  if (random.below(3) > 0) return buildBatch(drafts, { compression })
  return buildBatch(drafts, {
    compression,
    producerId: random.below(5),
    producerEpoch: 0,
    baseSequence: random.below(9),
  })
}
