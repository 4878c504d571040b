/** The levels of the feature `metadata.version`, which Kafka's tools call by the releases that brought them. */
import { UsageError } from '../command/command.ts'

export const METADATA_VERSION = 'metadata.version'

/** From level 1 on. */
const NAMES = [
  ...['3.0-IV1', '3.1-IV0', '3.2-IV0', '3.3-IV0', '3.3-IV1', '3.3-IV2', '3.3-IV3', '3.4-IV0', '3.5-IV0'],
  ...['3.5-IV1', '3.5-IV2', '3.6-IV0', '3.6-IV1', '3.6-IV2', '3.7-IV0', '3.7-IV1', '3.7-IV2', '3.7-IV3'],
  ...['3.7-IV4', '3.8-IV0', '3.9-IV0', '4.0-IV0', '4.0-IV1', '4.0-IV2', '4.0-IV3', '4.1-IV0', '4.1-IV1'],
]

/** `3.9-IV0`; of a level that nobody knows yet its number. */
export function metadataVersionName(level: number): string {
  return NAMES[level - 1] ?? String(level)
}

/** Of `3.9-IV0`, or `3.9` for the last one of it. Throws UsageError. */
export function metadataVersionLevel(name: string): number {
  const index = NAMES.findLastIndex((each) => each === name || each.startsWith(`${name}-IV`))
  if (index < 0)
    throw new UsageError(
      `Unknown metadata.version ${name}. Supported metadata.version are ${NAMES.join(', ')}`,
    )
  return index + 1
}
