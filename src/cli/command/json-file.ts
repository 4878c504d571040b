/** The JSON files that Kafka's tools take, read with care: what is missing, or not of its kind, is named. */
import type { TopicPartition } from '../../client/consumer/topic-partition.ts'
import { UsageError } from './command.ts'
import { readTextFile } from './connection.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** An object, with all that is in it. Throws UsageError; `problem` says that it is no JSON. */
export function readJsonFile(path: string, problem: string): JsonObject {
  const parsed = parseJson(readTextFile(path))
  if (!isObject(parsed)) throw new UsageError(problem)
  return parsed
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The objects in a list. Throws UsageError. */
export function objectsIn(parent: JsonObject, field: string): readonly JsonObject[] {
  const list = parent[field]
  if (list === undefined) throw new UsageError(`No such field exists: \`${field}\``)
  if (!Array.isArray(list) || !list.every(isObject))
    throw new UsageError(`\`${field}\` must be a list of objects`)
  return list
}

/** Throws UsageError. */
export function textIn(parent: JsonObject, field: string): string {
  const value = parent[field]
  if (value === undefined) throw new UsageError(`No such field exists: \`${field}\``)
  if (typeof value !== 'string')
    throw new UsageError(`\`${field}\` must be a text, not ${JSON.stringify(value)}`)
  return value
}

/** Throws UsageError. */
export function wholeIn(parent: JsonObject, field: string): number {
  const value = parent[field]
  if (value === undefined) throw new UsageError(`No such field exists: \`${field}\``)
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new UsageError(`\`${field}\` must be a whole number, not ${JSON.stringify(value)}`)
  return value
}

export function partitionIn(parent: JsonObject): TopicPartition {
  const partition = wholeIn(parent, 'partition')
  if (partition < 0 || partition > 0x7fffffff)
    throw new UsageError(`\`partition\` must be the number of a partition, not ${partition}`)
  return { topic: textIn(parent, 'topic'), partition }
}

/** Kafka's files may say which version they are of; there is one. Throws UsageError. */
export function checkVersion(file: JsonObject): void {
  if (file.version !== undefined && file.version !== 1)
    throw new UsageError(`Not supported version field value ${JSON.stringify(file.version)}`)
}

/** Those that are there more than once, each once. */
export function duplicates(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))]
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
