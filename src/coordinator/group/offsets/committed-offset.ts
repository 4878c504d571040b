/** What is kept of one commit of an offset. */
export interface CommittedOffset {
  /** Any number that a client gave: it is not compared with the log. */
  readonly offset: number
  /** Of the record before the offset (KIP-320). NONE_GIVEN: not known. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestampMs: number
  /** When it expires, whatever the group does: old clients say so. NONE_GIVEN: as the broker is configured. */
  readonly expireTimestampMs: number
  /** Where its record lies in the log: of a plain commit and one of a transaction the later one counts. */
  readonly recordOffset: number
}

export const NONE_GIVEN = -1
