/**
 * Records of __consumer_offsets and __transaction_state as JSON, one on a line. Each formatter shows one type of record and
 * passes over the others.
 */
import { type InternalTopic, readVersioned, recordKind, versionOf } from '../command/coordinator-records.ts'
import { messageJson } from '../command/message-json.ts'
import type { MessageFormatter } from './message-formatter.ts'

interface Shown {
  readonly topic: InternalTopic
  readonly types: readonly number[]
}

const FORMATTERS = {
  OffsetsMessageFormatter: { topic: 'offsets', types: [0, 1] },
  GroupMetadataMessageFormatter: { topic: 'offsets', types: [2] },
  TransactionLogMessageFormatter: { topic: 'transactions', types: [0] },
} as const satisfies Record<string, Shown>

export type InternalFormatterName = keyof typeof FORMATTERS

export function internalTopicFormatter(name: InternalFormatterName): MessageFormatter {
  const { topic, types }: Shown = FORMATTERS[name]
  return ({ key, value }, sink) => {
    if (key === null) return
    const type = versionOf(key)
    const kind = recordKind(topic, type)
    if (kind === undefined || !types.includes(type)) return
    const keyJson = messageJson(kind.key, type, readVersioned(kind.key, key)!.value)
    const valueJson = value === null ? 'null' : versionedJson(kind.value, value)
    sink.text(`{"key":{"type":${type},"data":${keyJson}},"value":${valueJson}}\n`)
  }
}

function versionedJson(schema: Parameters<typeof readVersioned>[0], bytes: Buffer): string {
  const read = readVersioned(schema, bytes)
  const data = read === undefined ? '"unknown"' : messageJson(schema, read.version, read.value)
  return `{"version":${versionOf(bytes)},"data":${data}}`
}
