/**
 * Values, a line each, and with `print.*=true` what else is known of a record before it, as Kafka's DefaultMessageFormatter
 * does: time, partition, offset, delivery, epoch, headers and key, between `key.separator`s.
 */
import { type ConsumerRecord, headerList } from '../../client/consumer/consumer-record.ts'
import type { ByteSink } from '../command/byte-sink.ts'
import { deserializerOf, type ShownAs } from './deserializers.ts'
import type { MessageFormatter } from './message-formatter.ts'

type Column = (record: ConsumerRecord, sink: ByteSink) => void

/** Throws UsageError. */
export function defaultMessageFormatter(properties: ReadonlyMap<string, string>): MessageFormatter {
  const isSet = (name: string): boolean => properties.get(name)?.trim().toLowerCase() === 'true'
  const bytesOf = (name: string, fallback: string): Buffer => Buffer.from(properties.get(name) ?? fallback)
  const shownAs = (name: string): ShownAs | undefined => {
    const className = properties.get(name)
    return className ? deserializerOf(className) : undefined
  }
  const nullLiteral = bytesOf('null.literal', 'null')
  const headersSeparator = bytesOf('headers.separator', ',')
  const columnEnd = bytesOf('key.separator', '\t')
  const lineEnd = bytesOf('line.separator', '\n')
  const showKey = shownAs('key.deserializer')
  const showValue = shownAs('value.deserializer')
  const showHeader = shownAs('headers.deserializer') ?? shownAs('header.deserializer')

  const write = (bytes: Buffer | null, show: ShownAs | undefined, sink: ByteSink): void => {
    if (bytes === null) sink.bytes(nullLiteral)
    else if (show === undefined) sink.bytes(bytes)
    else sink.text(show(bytes))
  }
  const writeHeaders: Column = ({ headers }, sink) => {
    const list = headerList(headers)
    if (list.length === 0) sink.text('NO_HEADERS')
    for (const [i, { key, value }] of list.entries()) {
      if (i > 0) sink.bytes(headersSeparator)
      sink.text(`${key}:`)
      write(value, showHeader, sink)
    }
  }
  const columns: Column[] = []
  if (isSet('print.timestamp')) columns.push((record, sink) => sink.text(timeOf(record)))
  if (isSet('print.partition')) columns.push(({ partition }, sink) => sink.text(`Partition:${partition}`))
  if (isSet('print.offset')) columns.push(({ offset }, sink) => sink.text(`Offset:${offset}`))
  // Only members of share groups are told.
  if (isSet('print.delivery')) columns.push((_, sink) => sink.text('Delivery:NOT_PRESENT'))
  if (isSet('print.epoch')) {
    columns.push(({ leaderEpoch }, sink) => sink.text(`Epoch:${leaderEpoch ?? 'NOT_PRESENT'}`))
  }
  if (isSet('print.headers')) columns.push(writeHeaders)
  if (isSet('print.key')) columns.push(({ key }, sink) => write(key, showKey, sink))
  if (!properties.has('print.value') || isSet('print.value')) {
    columns.push(({ value }, sink) => write(value, showValue, sink))
  }

  return (record, sink) => {
    for (let i = 0; i < columns.length; i++) {
      if (i > 0) sink.bytes(columnEnd)
      columns[i]!(record, sink)
    }
    if (columns.length > 0) sink.bytes(lineEnd)
  }
}

function timeOf({ timestampType, timestamp }: ConsumerRecord): string {
  return timestampType === 'NoTimestampType' ? 'NO_TIMESTAMP' : `${timestampType}:${timestamp}`
}
