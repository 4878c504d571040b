/**
 * The text form that all of Kafka's checkpoint files share: a line with the version, one with the number of entries,
 * then one line for each. Replaced as a whole and synced, so a crash leaves the old file or the new one. An empty
 * file, as Kafka creates it at first, has no entries.
 */
import { type Disk, DiskError } from '../base/disk.ts'

const VERSION = 0

/** The file is there but can't be believed. The message names file and line. */
export class CheckpointError extends Error {
  override name = 'CheckpointError'
}

export function writeCheckpoint(disk: Disk, path: string, lines: readonly string[]): void {
  disk.writeFileAtomic(path, checkpointText(lines))
}

export function checkpointText(lines: readonly string[]): string {
  const body = lines.length === 0 ? '' : `${lines.join('\n')}\n`
  return `${VERSION}\n${lines.length}\n${body}`
}

/** The entries' lines, none for a missing file; throws CheckpointError, or the DiskError of a failed read. */
export function readCheckpoint(disk: Disk, path: string): string[] {
  let text: string
  try {
    text = disk.readFile(path).toString('utf8')
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOENT') return []
    throw error
  }
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  const [version, count, ...entries] = lines
  if (version === undefined) return []
  if (checkpointInteger(path, version, version) !== VERSION) {
    throw new CheckpointError(
      `Unrecognised version:${version}, expected version: ${VERSION} in checkpoint file at: ${path}`,
    )
  }
  if (count === undefined) return []
  if (checkpointInteger(path, count, count) !== entries.length) {
    throw new CheckpointError(
      `Expected [${count}] entries in checkpoint file [${path}], but found only [${entries.length}]`,
    )
  }
  return entries
}

/** A whole number of a line; throws CheckpointError. */
export function checkpointInteger(path: string, line: string, text: string | undefined): number {
  if (text === undefined || !/^-?\d{1,16}$/.test(text)) {
    throw new CheckpointError(`Malformed line in checkpoint file [${path}]: ${line}`)
  }
  return Number(text)
}
