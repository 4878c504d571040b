/**
 * `partition.metadata` in a partition's folder: the id of the topic that the folder belongs to (KIP-516), so that the
 * leftovers of a deleted topic are not taken for those of a new one with the same name.
 */
import type { Disk } from '../base/disk.ts'
import { DiskError } from '../base/disk.ts'

export const PARTITION_METADATA_FILE = 'partition.metadata'
const VERSION = 0

/** @returns the topic's id as 22 characters of base64, undefined without the file, or an Error that says what is wrong. */
export function readPartitionMetadata(disk: Disk, directory: string): string | undefined | Error {
  let text: string
  try {
    text = disk.readFile(`${directory}/${PARTITION_METADATA_FILE}`).toString('utf8')
  } catch (error) {
    if (error instanceof DiskError && error.code === 'ENOENT') return undefined
    throw error
  }
  const match = /^version: (\d+)\ntopic_id: ([A-Za-z0-9_-]{22})\s*$/.exec(text)
  if (match === null) return new Error(`Malformed ${directory}/${PARTITION_METADATA_FILE}`)
  if (Number(match[1]) !== VERSION) {
    return new Error(`Unrecognized version of ${directory}/${PARTITION_METADATA_FILE}: ${match[1]}`)
  }
  return match[2]
}

/** Of a folder whose file can't be read the id is unknown, as of one that never had the file. */
export function topicIdOf(disk: Disk, directory: string): string | undefined {
  const topicId = readPartitionMetadata(disk, directory)
  return topicId instanceof Error ? undefined : topicId
}

export function writePartitionMetadata(disk: Disk, directory: string, topicId: string): void {
  // Apache Kafka writes no line feed at the end.
  disk.writeFileAtomic(`${directory}/${PARTITION_METADATA_FILE}`, `version: ${VERSION}\ntopic_id: ${topicId}`)
}
