/**
 * The records of committed offsets, as Kafka 3.9 writes them: a key of version 1, a value of version 3, or of version 1
 * where the client set an expiry, which no other version carries. Every version is read.
 */
import { OffsetCommitKey, OffsetCommitValue } from '../../../protocol/records/group-records.ts'
import { type CoordinatorRecord, decodeVersioned, encodeVersioned } from '../../runtime/coordinator-record.ts'
import { type CommittedOffset, NONE_GIVEN } from './committed-offset.ts'

const KEY_VERSION = 1
const VALUE_VERSION = 3
const VALUE_VERSION_WITH_EXPIRY = 1

export interface OffsetKey {
  readonly group: string
  readonly topic: string
  readonly partition: number
}

/** Throws EncodeError for names and metadata beyond 32767 bytes. */
export function offsetRecord(
  key: OffsetKey,
  committed: Omit<CommittedOffset, 'recordOffset'>,
): CoordinatorRecord {
  const { offset, leaderEpoch, metadata, commitTimestampMs, expireTimestampMs } = committed
  const version = expireTimestampMs === NONE_GIVEN ? VALUE_VERSION : VALUE_VERSION_WITH_EXPIRY
  return {
    key: encodeVersioned(OffsetCommitKey, KEY_VERSION, key),
    value: encodeVersioned(OffsetCommitValue, version, {
      offset,
      leaderEpoch,
      metadata,
      commitTimestamp: commitTimestampMs,
      expireTimestamp: expireTimestampMs,
    }),
  }
}

export function offsetTombstone(key: OffsetKey): CoordinatorRecord {
  return { key: encodeVersioned(OffsetCommitKey, KEY_VERSION, key), value: null }
}

export interface OffsetRecord {
  readonly key: OffsetKey
  /** Undefined: a tombstone. */
  readonly committed: CommittedOffset | undefined
}

/** Throws DecodeError. Nothing of the record's bytes is kept. */
export function decodeOffsetRecord(record: CoordinatorRecord, recordOffset: number): OffsetRecord {
  const key = decodeVersioned(OffsetCommitKey, record.key)
  if (record.value === null) return { key, committed: undefined }
  const value = decodeVersioned(OffsetCommitValue, record.value)
  const { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp } = value
  return {
    key,
    committed: {
      offset,
      leaderEpoch,
      metadata,
      commitTimestampMs: commitTimestamp,
      expireTimestampMs: expireTimestamp,
      recordOffset,
    },
  }
}
