/**
 * Cleans one entry of magic 0 or 1, a message or a wrapper around compressed ones, as an old Kafka may have left them.
 * Such entries have no delete horizon: their tombstones go with the age of their segment. And there is no empty entry,
 * so one without a message left goes, wherever it stands.
 */
import { encodeSet, type MessageSet, readMessageSet } from '../../records/message-set.ts'
import { InvalidRecordError } from '../../records/record.ts'
import type { CleanerStats } from './cleaner-stats.ts'
import type { OffsetMap } from './offset-map.ts'

/** Returns the entry, one in its place, or undefined if it goes. Throws InvalidRecordError. */
export function cleanMessages(
  entry: Buffer,
  options: { readonly map: OffsetMap; readonly keepTombstones: boolean; readonly stats: CleanerStats },
): Buffer | undefined {
  const { map, keepTombstones, stats } = options
  const set = messagesOf(entry)
  const kept = set.messages.filter(({ offset, key, value }) => {
    if (offset > map.latestOffset) return true
    if (key === null) {
      stats.invalidMessagesRead++
      return false
    }
    return offset >= map.get(key, 0, key.length) && (value !== null || keepTombstones)
  })
  stats.messagesRead += set.messages.length
  stats.messagesWritten += kept.length
  if (kept.length === set.messages.length) return entry
  return kept.length === 0 ? undefined : encodeSet(kept, set)
}

export function messagesOf(entry: Buffer): MessageSet {
  const set = readMessageSet(entry)
  if ('error' in set) throw new InvalidRecordError(set.message)
  return set
}
