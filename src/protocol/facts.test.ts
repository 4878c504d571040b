/**
 * The descriptions against Kafka's own definitions, field by field and version by version. The facts end at Kafka 3.9;
 * what we know beyond is listed here by name, so that nothing else can stray.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ZERO_UUID } from '../wire/text.ts'
import { ALL_MESSAGES } from './all-messages.testing.ts'
import { ErrorCode, isRetriable } from './error-codes.ts'
import type { Field, Fields, Message, Versions } from './schema.ts'
import { inVersions, parseVersions } from './schema.ts'

interface FactField {
  name: string
  type: string
  versions?: string
  nullableVersions?: string
  default?: string | number | boolean | null
  tag?: number | string
  taggedVersions?: string
  flexibleVersions?: string
  ignorable?: boolean
  mapKey?: boolean
  fields?: FactField[]
}

interface FactMessage {
  type: string
  name: string
  apiKey?: number
  validVersions: string
  flexibleVersions: string
  fields: FactField[]
  commonStructs?: { name: string; fields: FactField[] }[]
}

const FILES = [
  'rpc',
  'group-records',
  'transaction-records',
  'storage-records',
  'metadata-records',
  'raft-records',
]
const folder = fileURLToPath(new URL('../../../shared/kafka-protocol/', import.meta.url))
const skip = existsSync(folder) ? false : `${folder} is absent: descriptions were not compared with the facts`

/** APIs that we know to later versions than the facts do, with the newest of both. */
const NEWER: Readonly<Record<string, number>> = {
  Produce: 13,
  Fetch: 18,
  ListOffsets: 11,
  Metadata: 13,
  OffsetCommit: 10,
  OffsetFetch: 10,
  DescribeGroups: 6,
  WriteTxnMarkers: 2,
  TxnOffsetCommit: 5,
  AlterPartitionReassignments: 1,
  DescribeCluster: 2,
  ListTransactions: 2,
  ConsumerGroupDescribe: 1,
  ListConfigResources: 1,
  ShareGroupHeartbeat: 1,
  ShareGroupDescribe: 1,
  ShareFetch: 2,
  ShareAcknowledge: 2,
  WriteShareGroupState: 1,
  ReadShareGroupStateSummary: 1,
}

/** APIs of which the facts know nothing. */
const NEW_APIS = [
  'StreamsGroupHeartbeat',
  'StreamsGroupDescribe',
  'DescribeShareGroupOffsets',
  'AlterShareGroupOffsets',
  'DeleteShareGroupOffsets',
]

/** Records of which the facts know nothing. */
const NEW_RECORDS = ['ConsumerGroupRegularExpressionKey', 'ConsumerGroupRegularExpressionValue']

/** Renamed since, without a change on the wire: our names for theirs. */
const RENAMED: Readonly<Record<string, string>> = {
  ListClientMetricsResourcesRequest: 'ListConfigResourcesRequest',
  ListClientMetricsResourcesResponse: 'ListConfigResourcesResponse',
  'ListConfigResourcesResponse.clientMetricsResources': 'configResources',
  'ListConfigResourcesResponse.configResources.name': 'resourceName',
}

/** Fields that came into an early-access version 0 after the facts were taken. */
const LATE_FIELDS = new Set(['ReadShareGroupStateSummaryResponse.results.partitions.leaderEpoch'])

function readFacts(): FactMessage[] {
  return FILES.flatMap((file) => JSON.parse(readFileSync(`${folder}${file}.json`, 'utf8')) as FactMessage[])
}

function apiOf(name: string): string {
  return name.replace(/(Request|Response)$/, '')
}

function lowerFirst(name: string): string {
  return name[0]!.toLowerCase() + name.slice(1)
}

/** Parsed defaults as numbers, booleans, null or text; implied ones count as given. */
function normalDefault(kind: string, value: unknown): unknown {
  if (value === null || value === 'null') return null
  if (value === undefined || value === '') {
    if (kind === 'records') return null
    if (kind === 'bool') return false
    if (kind === 'uuid') return ZERO_UUID
    return /^(u?int|float)/.test(kind) ? 0 : 'empty'
  }
  if (kind === 'bool') return String(value) === 'true'
  return /^(u?int|float)/.test(kind) ? Number(value) : value
}

/** What the wire knows a type as: structs have no names there. */
function wireType(type: string): string {
  const element = type.replace('[]', '')
  return `${type.startsWith('[]') ? '[]' : ''}${/^[A-Z]/.test(element) ? 'struct' : element}`
}

function kindOf(field: Field): string {
  if (field.kind === 'array') return `[]${kindOf(field.element!)}`
  return field.kind === 'int64Rounded' ? 'int64' : field.kind
}

class Comparison {
  readonly #structs: Map<string, FactField[]>
  readonly #version: number
  readonly #isNewer: boolean

  constructor(structs: Map<string, FactField[]>, version: number, isNewer: boolean) {
    this.#structs = structs
    this.#version = version
    this.#isNewer = isNewer
  }

  #has(versions: Versions | undefined, otherwise: boolean): boolean {
    return versions === undefined ? otherwise : inVersions(versions, this.#version)
  }

  fields(facts: readonly FactField[], ours: Fields, path: string): void {
    // A fact without versions is a tagged field, which exists where it is tagged.
    const expected = facts.filter((fact) => this.#has(fact.versions ?? fact.taggedVersions, true))
    const actual = Object.entries(ours).filter(
      ([name, field]) => this.#has(field.versions, true) && !LATE_FIELDS.has(`${path}.${name}`),
    )
    const names = expected.map(({ name }) => RENAMED[`${path}.${lowerFirst(name)}`] ?? lowerFirst(name))
    assert.deepEqual(
      actual.map(([name]) => name),
      names,
      `${path} v${this.#version}: fields in order`,
    )
    expected.forEach((fact, i) => {
      const [name, field] = actual[i]!
      this.#field(fact, field, `${path}.${name}`)
    })
  }

  #field(fact: FactField, field: Field, path: string): void {
    const kind = kindOf(field)
    const tagged = this.#has(fact.taggedVersions, false)
    const expected = {
      type: wireType(fact.type),
      nullable: this.#has(fact.nullableVersions, false),
      default: normalDefault(fact.type, fact.default),
      tag: tagged ? Number(fact.tag) : undefined,
      compactByOverride: this.#has(fact.flexibleVersions, true),
      ignorable: fact.ignorable ?? false,
      mapKey: fact.mapKey ?? false,
    }
    const actual = {
      type: kind,
      nullable: this.#has(field.nullable, false),
      default: normalDefault(kind, field.default),
      tag: this.#has(field.tagged, false) ? field.tag : undefined,
      compactByOverride: this.#has(field.flexible, true),
      // Later definitions mark fields as ignorable or as keys that came without; that changes no version's bytes.
      ignorable: this.#isNewer
        ? (field.ignorable ?? false) && expected.ignorable
        : (field.ignorable ?? false),
      mapKey: this.#isNewer ? (field.mapKey ?? false) && expected.mapKey : (field.mapKey ?? false),
    }
    assert.deepEqual(actual, expected, `${path} v${this.#version}`)
    const fields = field.fields ?? field.element?.fields
    if (fields !== undefined) {
      this.fields(fact.fields ?? this.#structs.get(fact.type.replace('[]', ''))!, fields, path)
    }
  }
}

function structsOf(fact: FactMessage): Map<string, FactField[]> {
  const structs = new Map((fact.commonStructs ?? []).map(({ name, fields }) => [name, fields]))
  const collect = (fields: readonly FactField[]): void => {
    for (const field of fields) {
      if (field.fields === undefined) continue
      structs.set(field.type.replace('[]', ''), field.fields)
      collect(field.fields)
    }
  }
  collect(fact.fields)
  return structs
}

function compare(fact: FactMessage, ours: Message): void {
  const { first, last } = parseVersions(fact.validVersions)
  const newest = NEWER[apiOf(ours.name)]
  assert.equal(ours.minVersion, first, `${ours.name}: first version`)
  assert.equal(ours.maxVersion, newest ?? last, `${ours.name}: last version`)
  if (fact.apiKey !== undefined) assert.equal(ours.apiKey, fact.apiKey, `${ours.name}: key`)
  const structs = structsOf(fact)
  for (let version = first; version <= last; version++) {
    const flexible = inVersions(fact.flexibleVersions, version)
    assert.equal(inVersions(ours.flexible, version), flexible, `${ours.name} v${version}: flexible`)
    new Comparison(structs, version, newest !== undefined).fields(fact.fields, ours.fields, ours.name)
  }
}

test('every message and record of the facts is described field by field', { skip }, () => {
  const byName = new Map(ALL_MESSAGES.map((message) => [message.name, message]))
  const facts = readFacts()
  assert.ok(facts.length > 200)
  for (const fact of facts) {
    const name = RENAMED[fact.name] ?? fact.name
    const ours = byName.get(name)
    assert.ok(ours, `${name} is not described`)
    compare(fact, ours)
    byName.delete(name)
  }
  const beyond = [...byName.keys()].filter(
    (name) => !NEW_APIS.includes(apiOf(name)) && !NEW_RECORDS.includes(name),
  )
  assert.deepEqual(beyond, [], 'described, but neither in the facts nor listed as new')
})

test('every error of the facts has its code, name and retriability', { skip }, () => {
  const facts = JSON.parse(readFileSync(`${folder}errors.json`, 'utf8')) as {
    code: number
    name: string
    retriable: boolean
  }[]
  const codes: Readonly<Record<string, number>> = ErrorCode
  for (const { code, name, retriable } of facts) {
    assert.equal(codes[name], code, name)
    assert.equal(isRetriable(code), retriable, name)
  }
  const newer = Object.keys(codes).filter((name) => !facts.some((fact) => fact.name === name))
  assert.deepEqual(newer, [
    'POSITION_OUT_OF_RANGE',
    'REBOOTSTRAP_REQUIRED',
    'STREAMS_INVALID_TOPOLOGY',
    'STREAMS_INVALID_TOPOLOGY_EPOCH',
    'STREAMS_TOPOLOGY_FENCED',
    'SHARE_SESSION_LIMIT_REACHED',
  ])
})
