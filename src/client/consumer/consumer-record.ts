/** A record as a consumer hands it out. */
export type HeaderValue = Buffer | null | readonly (Buffer | null)[]

/** By name; several of one name stand in an array, in their order. */
export type RecordHeaders = Readonly<Record<string, HeaderValue>>

/** Whose clock the timestamp is of; records of the oldest format have none. */
export type TimestampType = 'CreateTime' | 'LogAppendTime' | 'NoTimestampType'

export interface ConsumerRecord<Key = Buffer, Value = Buffer> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since the Unix epoch: the producer's, or the broker's where the topic has it so; -1: none. */
  readonly timestamp: number
  readonly timestampType: TimestampType
  readonly key: Key | null
  readonly value: Value | null
  readonly headers: RecordHeaders
  /** Of the leader that wrote it, where that is known. */
  readonly leaderEpoch: number | undefined
}

/** Records of one partition, in order. */
export interface ConsumerBatch<Key = Buffer, Value = Buffer> {
  readonly topic: string
  readonly partition: number
  /** At least one. */
  readonly records: readonly ConsumerRecord<Key, Value>[]
  /** The end of the partition, as far as consumers may read it, when this was fetched. */
  readonly highWatermark: number
}

export interface RecordHeader {
  readonly key: string
  readonly value: Buffer | null
}

/** Of headers whose order their object does not tell: as they were in the record. */
const orders = new WeakMap<RecordHeaders, readonly RecordHeader[]>()

/** The headers one by one, in the order of the record. */
export function headerList(headers: RecordHeaders): readonly RecordHeader[] {
  const known = orders.get(headers)
  if (known !== undefined) return known
  return Object.entries(headers).flatMap(([key, value]) =>
    isList(value) ? value.map((each) => ({ key, value: each })) : [{ key, value }],
  )
}

/** The object for a record's headers. */
export function headersOf(list: readonly RecordHeader[]): RecordHeaders {
  const headers: Record<string, HeaderValue> = {}
  let isOrdered = true
  for (const [i, { key, value }] of list.entries()) {
    // Properties that look like numbers come first, whenever they were added.
    if (key >= '0' && key <= ':') isOrdered = false
    const former = Object.hasOwn(headers, key) ? headers[key] : undefined
    if (former !== undefined) {
      headers[key] = isList(former) ? [...former, value] : [former, value]
      if (list[i - 1]!.key !== key) isOrdered = false
    } else if (key === '__proto__') {
      // Not by assignment, which would take it for something else.
      Object.defineProperty(headers, key, { value, enumerable: true, configurable: true, writable: true })
    } else headers[key] = value
  }
  if (!isOrdered) orders.set(headers, list)
  return headers
}

function isList(value: HeaderValue): value is readonly (Buffer | null)[] {
  return Array.isArray(value)
}
