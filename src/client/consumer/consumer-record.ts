/** A record as a consumer hands it out. */
export type HeaderValue = Buffer | null | readonly (Buffer | null)[]

/** By name; several of one name stand in an array, in their order. */
export type RecordHeaders = Readonly<Record<string, HeaderValue>>

export interface ConsumerRecord<Key = Buffer, Value = Buffer> {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** Milliseconds since the Unix epoch: the producer's, or the broker's where the topic has it so; -1: none. */
  readonly timestamp: number
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
