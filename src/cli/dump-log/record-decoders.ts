/** How keys and values of records are shown: as text or numbers, or as what the records of internal topics say. */
import { stateOfId } from '../../coordinator/transaction/transaction-state.ts'
import { decode } from '../../protocol/codec.ts'
import {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
} from '../../protocol/messages/consumer-protocol.ts'
import type { GroupMetadataValue } from '../../protocol/records/group-records.ts'
import type { TransactionLogValue } from '../../protocol/records/transaction-records.ts'
import type { Message } from '../../protocol/schema.ts'
import { DecodeError, Reader } from '../../wire/reader.ts'
import { UsageError } from '../command/command.ts'
import {
  type InternalTopic,
  type RecordKind,
  readVersioned,
  recordKind,
  versionOf,
} from '../command/coordinator-records.ts'
import { messageJson, type Replacements } from '../command/message-json.ts'

interface ShownRecord {
  readonly key: string | undefined
  readonly payload: string | undefined
}

interface DumpedRecord {
  readonly offset: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

/** Throws UsageError where a record can't be of this topic. */
export type RecordDecoder = (record: DumpedRecord) => ShownRecord

const PLAIN: Readonly<Record<string, (bytes: Buffer) => string>> = {
  StringDecoder: (bytes) => bytes.toString(),
  // In Java bytes have no text of their own; here they are shown in hexadecimal digits.
  DefaultDecoder: (bytes) => bytes.toString('hex'),
  IntegerDecoder: (bytes) => (bytes.length < 4 ? tooShort(bytes, 4) : String(bytes.readInt32BE())),
  LongDecoder: (bytes) => (bytes.length < 8 ? tooShort(bytes, 8) : String(bytes.readBigInt64BE())),
}

function tooShort(bytes: Buffer, byteCount: number): string {
  return `Error: ${bytes.length} bytes where ${byteCount} were due`
}

/** Classes of Kafka's tools. Throws UsageError. */
export function plainDecoder(keyClass: string, valueClass: string): RecordDecoder {
  const [showKey, showValue] = [keyClass, valueClass].map((className) => {
    const name = /^(?:kafka\.serializer|org\.apache\.kafka\.tools\.api)\.(\w+)$/.exec(className)?.[1] ?? ''
    const known = Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined
    if (known === undefined) {
      throw new UsageError(`The decoder ${className} is not known: classes of Java can't be loaded`)
    }
    return known
  })
  return ({ key, value }) => ({
    key: key === null ? undefined : showKey!(key),
    payload: value === null ? undefined : showValue!(value),
  })
}

export function internalDecoder(topic: InternalTopic): RecordDecoder {
  return ({ offset, key, value }) => {
    if (key === null) {
      const what = topic === 'offsets' ? 'offset topic' : 'transaction log'
      throw new UsageError(
        `Failed to decode message at offset ${offset} using ${what} decoder (message had a missing key)`,
      )
    }
    try {
      const type = versionOf(key)
      const kind = recordKind(topic, type)
      if (kind === undefined) {
        return { key: `Unknown record type ${type} at offset ${offset}, skipping.`, payload: undefined }
      }
      return topic === 'offsets' ? offsetRecord(kind, key, value) : transactionRecord(kind, key, value)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      return { key: `Error at offset ${offset}, skipping. ${error.message}`, payload: undefined }
    }
  }
}

function offsetRecord(kind: RecordKind, key: Buffer, value: Buffer | null): ShownRecord {
  const { version: type, value: keyValue } = readVersioned(kind.key, key)!
  return {
    key: `{"type":"${type}","data":${messageJson(kind.key, type, keyValue)}}`,
    payload: value === null ? '<DELETE>' : offsetValue(kind.value, value),
  }
}

function offsetValue(schema: Message, bytes: Buffer): string {
  const { version, value } = known(schema, bytes)
  const data = messageJson(schema, version, value, embeddedProtocol(schema, value))
  return `{"version":"${version}","data":${data}}`
}

/** What members of a group of consumers say to each other is shown as well. */
function embeddedProtocol(schema: Message, value: unknown): Replacements {
  if (schema.name !== 'GroupMetadataValue') return {}
  if ((value as GroupMetadataValue).protocolType !== 'consumer') return {}
  return {
    subscription: (bytes) => embeddedJson(ConsumerProtocolSubscription, bytes as Buffer),
    assignment: (bytes) => embeddedJson(ConsumerProtocolAssignment, bytes as Buffer),
  }
}

/** Undefined: it is none, and stays as it is. Of a later version than ours the beginning is read. */
function embeddedJson(schema: Message, bytes: Buffer): string | undefined {
  try {
    const version = versionOf(bytes)
    if (version < schema.minVersion || version > schema.maxVersion) return undefined
    return messageJson(schema, version, decode(schema, version, new Reader(bytes.subarray(2))))
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

function transactionRecord(kind: RecordKind, key: Buffer, value: Buffer | null): ShownRecord {
  const { transactionalId } = readVersioned(kind.key, key)!.value as { transactionalId: string }
  return {
    key: `transaction_metadata::transactionalId=${transactionalId}`,
    payload:
      value === null ? '<DELETE>' : transactionValue(known(kind.value, value).value as TransactionLogValue),
  }
}

function transactionValue(value: TransactionLogValue): string {
  const partitions = (value.transactionPartitions ?? []).flatMap(({ topic, partitionIds }) =>
    partitionIds.map((partition) => `${topic}-${partition}`),
  )
  return [
    `producerId:${value.producerId}`,
    `producerEpoch:${value.producerEpoch}`,
    `state=${stateOfId(value.transactionStatus) ?? value.transactionStatus}`,
    `partitions=[${partitions.join(',')}]`,
    `txnLastUpdateTimestamp=${value.transactionLastUpdateTimestampMs}`,
    `txnTimeoutMs=${value.transactionTimeoutMs}`,
  ].join(',')
}

function known(schema: Message, bytes: Buffer): { readonly version: number; readonly value: unknown } {
  const read = readVersioned(schema, bytes)
  if (read === undefined) throw new DecodeError(`${schema.name} has no version ${versionOf(bytes)}`)
  return read
}
