/**
 * The records that classic groups are rebuilt from: for each group the last generation that was synced, or that nobody
 * is left in. They are written in the version that Apache Kafka 3.9 writes.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { GroupMetadataKey, GroupMetadataValue } from '../../../protocol/records/group-records.ts'
import { DecodeError } from '../../../wire/reader.ts'
import { type CoordinatorRecord, decodeVersioned, encodeVersioned } from '../../runtime/coordinator-record.ts'

const KEY_VERSION = 2
const VALUE_VERSION = 3

/** A group's metadata with the group's id, as its record holds them. */
export interface GroupMetadata {
  readonly groupId: string
  /** Undefined: the group is deleted. */
  readonly value: GroupMetadataValue | undefined
}

export function groupMetadataRecord(groupId: string, value: GroupMetadataValue): CoordinatorRecord {
  return { key: keyOf(groupId), value: encodeVersioned(GroupMetadataValue, VALUE_VERSION, value) }
}

export function groupMetadataTombstone(groupId: string): CoordinatorRecord {
  return { key: keyOf(groupId), value: null }
}

/** Throws DecodeError. */
export function readGroupMetadata({ key, value }: CoordinatorRecord): GroupMetadata {
  const { group: groupId } = decodeVersioned(GroupMetadataKey, key)
  if (value === null) return { groupId, value: undefined }
  const metadata = decodeVersioned(GroupMetadataValue, value)
  if (metadata.protocol === null && metadata.members.length > 0) {
    throw new DecodeError(`group ${groupId} has members and no protocol`)
  }
  // Version 0 knows one timeout for both.
  const members = metadata.members.map((member) =>
    member.rebalanceTimeout === -1 ? { ...member, rebalanceTimeout: member.sessionTimeout } : member,
  )
  return { groupId, value: { ...metadata, members } }
}

/** What members are told when the log did not take their group's record: that it is too large is not of their making. */
export function metadataError(errorCode: number): number {
  const isTooLarge =
    errorCode === ErrorCode.MESSAGE_TOO_LARGE || errorCode === ErrorCode.RECORD_LIST_TOO_LARGE
  return isTooLarge ? ErrorCode.UNKNOWN_SERVER_ERROR : errorCode
}

function keyOf(groupId: string): Buffer {
  return encodeVersioned(GroupMetadataKey, KEY_VERSION, { group: groupId })
}
