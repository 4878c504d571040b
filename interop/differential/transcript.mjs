/**
 * What one broker did with the requests of all cases, in a form that two brokers can be compared by: ids, ports,
 * clocks and sizes of disks are replaced by their names, and records are spelled out.
 */
import { createHash } from 'node:crypto'
import * as RecordBatch from '../../dist/records/record-batch.js'
import { crc, HEADER_BYTES } from '../../dist/records/record-batch.js'

/** A time that is this close to the present came from the broker's clock: the cases' own lie years back. */
const presentMs = 24 * 3600_000
const zeroUuid = 'AAAAAAAAAAAAAAAAAAAAAA'
/** What brokers put behind the client id, or use as it is, to name a member of a group. */
const madeUpId = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$|^[A-Za-z0-9_-]{22}$/
const idInText = /(?<=[Mm]ember |owned by )[A-Za-z0-9_-]{22}(?= |\.|$)/g
/** Kinds of answers whose order means something; all other lists of structs are sorted. */
const orderedApis = new Set([1, 75])

/** @typedef {Record<string, unknown>} Transcript outcomes by label */

/** One broker, driven by cases that name each request they make. */
export class Probe {
  /** @type {Transcript} */
  transcript = {}
  #peer
  #versions
  #caseName = ''

  /**
   * @param {import('./peer.mjs').Peer} peer
   * @param {ReadonlyMap<number, readonly [number, number]>} versions of each API, that both brokers have
   */
  constructor(peer, versions) {
    this.#peer = peer
    this.#versions = versions
  }

  get peer() {
    return this.#peer
  }

  /** @param {string} name */
  begin(name) {
    this.#caseName = name
    this.#peer.close()
  }

  /** @param {number} apiKey @returns {number[]} the versions to try */
  versions(apiKey) {
    const range = this.#versions.get(apiKey)
    if (!range) return []
    return Array.from({ length: range[1] - range[0] + 1 }, (_, i) => range[0] + i)
  }

  /** @param {number} apiKey */
  latest(apiKey) {
    return this.versions(apiKey).at(-1) ?? 0
  }

  /**
   * Makes a request and notes what came of it.
   * @param {string} label unique within the case, for the version
   * @param {number} apiKey
   * @param {number} version
   * @param {unknown} request
   * @param {{hidesOffsets?: boolean}} [options] hidesOffsets: they depend on what was accepted before
   * @returns {Promise<any>} the response, or undefined if there was none
   */
  async ask(label, apiKey, version, request, options = {}) {
    const outcome = await this.#peer.call(apiKey, version, request)
    this.note(`${label} v${version}`, outcome, orderedApis.has(apiKey), options)
    return 'response' in outcome ? outcome.response : undefined
  }

  /** Makes a request that is not compared. @param {number} apiKey @param {number} version @param {unknown} request */
  async quietly(apiKey, version, request) {
    const outcome = await this.#peer.call(apiKey, version, request, { timeoutMs: 30_000 })
    if (!('response' in outcome)) throw new Error(`${apiKey} v${version}: ${JSON.stringify(outcome)}`)
    return /** @type {any} */ (outcome.response)
  }

  /** @param {string} label @param {unknown} value @param {boolean} [ordered] @param {{hidesOffsets?: boolean}} [options] */
  note(label, value, ordered = true, { hidesOffsets = false } = {}) {
    const key = `${this.#caseName}: ${label}`
    if (key in this.transcript) throw new Error(`two requests are called "${key}"`)
    this.transcript[key] = normalise(value, '', { port: this.#peer.port, ordered, hidesOffsets })
  }
}

/**
 * @param {unknown} value
 * @param {string} key the field it is in
 * @param {{port: number, ordered: boolean, hidesOffsets?: boolean}} context
 * @returns {unknown}
 */
function normalise(value, key, context) {
  if (Buffer.isBuffer(value) || value instanceof Uint8Array) {
    const bytes = Buffer.from(value)
    return key === 'records' ? describeRecords(bytes) : bytes.toString('hex')
  }
  if (typeof value === 'bigint') return normalise(Number(value), key, context)
  if (Array.isArray(value)) {
    const items = value.map((each) => normalise(each, key, context))
    if (key === 'subscribedTopicNames') return items.sort()
    if (context.ordered || typeof items[0] !== 'object') return items
    return items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value).filter(
      ([name, each]) => name !== 'unknownTags' && each !== undefined,
    )
    return Object.fromEntries(fields.map(([name, each]) => [name, normalise(each, name, context)]))
  }
  switch (key) {
    case 'throttleTimeMs':
      return 0
    case 'clusterId':
      return value === null ? null : 'CLUSTER'
    case 'topicId':
      return value === zeroUuid ? value : 'TOPIC ID'
    case 'producerId':
      return Number(value) >= 0 ? 'PRODUCER ID' : value
    case 'sessionId':
      return value === 0 ? 0 : 'SESSION'
    case 'logDir':
      return 'LOG DIR'
    case 'memberId':
    case 'leader':
      return typeof value === 'string' ? value.replace(madeUpId, 'UUID') : value
    case 'errorMessage':
      return typeof value === 'string' ? value.replaceAll(idInText, 'UUID') : value
    case 'totalBytes':
    case 'usableBytes':
      return Number(value) > 0 ? 'BYTES' : value
    case 'baseOffset':
      return context.hidesOffsets && Number(value) >= 0 ? 'OFFSET' : value
    case 'port':
      return value === context.port ? 'PORT' : value
  }
  if (typeof value === 'number' && Math.abs(value - Date.now()) < presentMs) return 'NOW'
  if (typeof value === 'string') return value.replaceAll(String(context.port), 'PORT')
  return value
}

/** @param {Buffer} bytes batches or messages @returns {unknown[]} */
function describeRecords(bytes) {
  const seen = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 12 + (bytes.length - at >= 12 ? bytes.readInt32BE(at + 8) : 0)
    if (end > bytes.length || end - at <= 12) {
      break // What is cut off at the end is asked for again.
    }
    seen.push(describeBatch(bytes, at, end))
    at = end
  }
  return seen
}

/** @param {Buffer} bytes @param {number} at @param {number} end */
function describeBatch(bytes, at, end) {
  const offset = Number(bytes.readBigInt64BE(at))
  const magic = bytes[at + 16]
  if (magic === 0 || magic === 1) {
    const stamp = magic === 1 ? time(bytes.readBigInt64BE(at + 18)) : 'none'
    const attributes = bytes[at + 17]
    const isPlain = (Number(attributes) & 7) === 0
    const body = bytes.subarray(at + (magic === 1 ? 26 : 18), end)
    return `message ${offset} magic ${magic} attributes ${attributes} time ${stamp} ${isPlain ? hash(body) : 'compressed'}`
  }
  const compression = RecordBatch.compressionId(bytes, at)
  const maxTime = time(RecordBatch.maxTimestamp(bytes, at))
  const isPast = maxTime !== 'NOW'
  return [
    `batch ${offset}+${RecordBatch.lastOffsetDelta(bytes, at)} epoch ${RecordBatch.partitionLeaderEpoch(bytes, at)}`,
    `attributes ${RecordBatch.attributes(bytes, at)} times ${time(RecordBatch.baseTimestamp(bytes, at))}..${maxTime}`,
    `producer ${RecordBatch.producerId(bytes, at) >= 0 ? 'ID' : 'none'}/${RecordBatch.producerEpoch(bytes, at)}/${RecordBatch.baseSequence(bytes, at)}`,
    `records ${RecordBatch.recordCount(bytes, at)}`,
    compression === 0 ? hash(bytes.subarray(at + HEADER_BYTES, end)) : 'compressed',
    isPast && compression === 0 && RecordBatch.producerId(bytes, at) < 0 ? `crc ${crc(bytes, at)}` : '',
  ].join(' ')
}

/** @param {number | bigint} value */
function time(value) {
  return normalise(value, '', { port: 0, ordered: true })
}

/** @param {Buffer} bytes */
function hash(bytes) {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 12)
}

/**
 * Where two outcomes differ.
 * @param {unknown} reference
 * @param {unknown} ours
 * @param {string} [path]
 * @returns {{path: string, reference: unknown, ours: unknown}[]}
 */
export function differences(reference, ours, path = '') {
  if (Array.isArray(reference) && Array.isArray(ours)) {
    const found = []
    const matched = pairUp(reference, ours)
    for (const [a, b, name] of matched) found.push(...differences(a, b, `${path}[${name}]`))
    return found
  }
  if (isStruct(reference) && isStruct(ours)) {
    const names = [...new Set([...Object.keys(reference), ...Object.keys(ours)])]
    return names.flatMap((name) =>
      differences(reference[name], ours[name], path === '' ? name : `${path}.${name}`),
    )
  }
  return Object.is(reference, ours) ? [] : [{ path, reference, ours }]
}

const identityFields = [
  'name',
  'topic',
  'resourceName',
  'partitionIndex',
  'partition',
  'index',
  'nodeId',
  'brokerId',
  'apiKey',
  'key',
  'logDir',
  'groupId',
  'transactionalId',
]

/** Structs that have a name are compared by it; all else by position. @param {unknown[]} a @param {unknown[]} b */
function pairUp(a, b) {
  const nameOf = (/** @type {any} */ each) =>
    isStruct(each)
      ? identityFields.map((field) => each[field]).find((value) => value !== undefined)
      : undefined
  const namesA = a.map(nameOf)
  const namesB = b.map(nameOf)
  const isNamed = (/** @type {unknown[]} */ names) =>
    names.every((name) => name !== undefined) && new Set(names).size === names.length
  /** @type {[unknown, unknown, unknown][]} */
  const pairs = []
  if (a.length + b.length > 0 && isNamed(namesA) && isNamed(namesB)) {
    for (const name of new Set([...namesA, ...namesB])) {
      pairs.push([a[namesA.indexOf(name)], b[namesB.indexOf(name)], name])
    }
    return pairs
  }
  for (let i = 0; i < Math.max(a.length, b.length); i++) pairs.push([a[i], b[i], i])
  return pairs
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isStruct(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
