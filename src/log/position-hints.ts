/**
 * Places in a log that are likely to be asked for: where reads ended, so that a reader who goes on finds its place
 * without a search; and where commits ended, since a high watermark always was the end of some commit.
 *
 * A hint is only ever a shortcut: (offset, segment) -> position is true until the log is truncated, which clears all.
 */
const READS_MAX = 16
const COMMITS_MAX = 8
const FIELDS = 3

export class PositionHints {
  /** offset, segment base offset, position, three numbers for each hint; a ring of fixed size once it is used. */
  #reads: number[] | undefined
  #commits: number[] | undefined
  #nextRead = 0
  #nextCommit = 0

  /** Where the batch that starts at or after `offset` lies in the segment; -1 if that is not remembered. */
  positionOf(offset: number, segmentBaseOffset: number): number {
    const read = find(this.#reads, offset, segmentBaseOffset)
    return read >= 0 ? read : find(this.#commits, offset, segmentBaseOffset)
  }

  readEnded(offset: number, segmentBaseOffset: number, position: number): void {
    this.#reads ??= new Array<number>(READS_MAX * FIELDS).fill(-1)
    put(this.#reads, this.#nextRead, offset, segmentBaseOffset, position)
    this.#nextRead = (this.#nextRead + 1) % READS_MAX
  }

  commitEnded(offset: number, segmentBaseOffset: number, position: number): void {
    this.#commits ??= new Array<number>(COMMITS_MAX * FIELDS).fill(-1)
    put(this.#commits, this.#nextCommit, offset, segmentBaseOffset, position)
    this.#nextCommit = (this.#nextCommit + 1) % COMMITS_MAX
  }

  clear(): void {
    this.#reads = undefined
    this.#commits = undefined
    this.#nextRead = 0
    this.#nextCommit = 0
  }
}

function find(ring: number[] | undefined, offset: number, segmentBaseOffset: number): number {
  if (ring === undefined) return -1
  for (let at = 0; at < ring.length; at += FIELDS) {
    if (ring[at] === offset && ring[at + 1] === segmentBaseOffset) return ring[at + 2]!
  }
  return -1
}

function put(
  ring: number[],
  index: number,
  offset: number,
  segmentBaseOffset: number,
  position: number,
): void {
  ring[index * FIELDS] = offset
  ring[index * FIELDS + 1] = segmentBaseOffset
  ring[index * FIELDS + 2] = position
}
