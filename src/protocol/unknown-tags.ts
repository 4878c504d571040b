/** Tagged fields that a declaration doesn't know are written back among the known ones, by ascending tag (KIP-482). */
import type { Writer } from '../wire/writer.ts'

/** Writes the unknown fields with tags in [from, until). */
export function writeUnknownTags(
  writer: Writer,
  unknown: ReadonlyMap<number, Uint8Array> | undefined,
  from: number,
  until: number,
): void {
  if (unknown === undefined) return
  for (const tag of [...unknown.keys()].sort((a, b) => a - b)) {
    if (tag < from || tag >= until) continue
    const bytes = unknown.get(tag)!
    writer.unsignedVarint(tag)
    writer.unsignedVarint(bytes.length)
    writer.raw(bytes)
  }
}
