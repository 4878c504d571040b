/**
 * The names of partitions' folders: `topic-partition`, and with a unique part while they are on their way out
 * (`-delete`), set aside because the cluster doesn't know them (`-stray`), or on their way in from another log
 * directory (`-future`, KIP-113).
 */
import type { Random } from '../base/random.ts'

export type LogDirectoryState = 'current' | 'delete' | 'future' | 'stray'

export interface LogDirectoryName {
  readonly topic: string
  readonly partition: number
  readonly state: LogDirectoryState
}

/** What a file system allows for a name. */
const NAME_LENGTH_MAX = 255
const FUTURE_SUFFIX_LENGTH = '.-future'.length + 32

export function logDirectoryName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/** The log directory that a partition's folder lies in. */
export function parentOf(directory: string): string {
  return directory.slice(0, directory.lastIndexOf('/'))
}

/** `topic-partition.<32 hex>-delete`; a topic too long for that is cut. */
export function departingDirectoryName(
  topic: string,
  partition: number,
  state: 'delete' | 'stray',
  random: Random,
): string {
  const suffix = `-${partition}.${random.bytes(16).toString('hex')}-${state}`
  return topic.slice(0, NAME_LENGTH_MAX - suffix.length) + suffix
}

/** `topic-partition.<32 hex>-future`; as in Apache Kafka it is not cut, so a topic may be too long for it. */
export function futureDirectoryName(topic: string, partition: number, random: Random): string {
  return `${logDirectoryName(topic, partition)}.${random.bytes(16).toString('hex')}-future`
}

export function isTooLongToMove(topic: string, partition: number): boolean {
  return logDirectoryName(topic, partition).length + FUTURE_SUFFIX_LENGTH > NAME_LENGTH_MAX
}

/** undefined for a name that is none of a partition's folder. */
export function parseLogDirectoryName(name: string): LogDirectoryName | undefined {
  const departing = /-(delete|future|stray)$/.exec(name)
  const match =
    departing === null
      ? /^(.+)-(\d{1,10})$/.exec(name)
      : /^(.+)-(\d{1,10})\.[0-9a-z]+-(?:delete|future|stray)$/.exec(name)
  if (match === null) return undefined
  const state = (departing?.[1] ?? 'current') as LogDirectoryState
  return { topic: match[1]!, partition: Number(match[2]), state }
}
