/** Names of a log's files: the offset of the first record, and what the file holds. */
import { UsageError } from '../command/command.ts'

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** With the dot; empty without one. */
export function suffixOf(path: string): string {
  const name = baseName(path)
  const dot = name.lastIndexOf('.')
  return dot < 0 ? '' : name.slice(dot)
}

/** Throws UsageError. */
export function startOffsetOf(path: string): number {
  const [digits = ''] = baseName(path).split('.')
  if (!/^\d+$/.test(digits))
    throw new UsageError(`${path} does not begin with the offset of its first record`)
  return Number(digits)
}

/** The same with another suffix: of the same segment. */
export function siblingOf(path: string, suffix: string): string {
  const name = baseName(path)
  return path.slice(0, path.length - name.length) + name.slice(0, name.indexOf('.')) + suffix
}
