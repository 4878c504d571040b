/**
 * Bytes on their way out. A response is a list of chunks: buffers as they are, and slices of segment files that
 * are only read (or handed to sendfile) when the socket has room, so a slow reader holds a position in a file
 * rather than memory. Payloads are never concatenated.
 */
import type { DiskFile } from './disk.ts'

/** A range of a file. Whoever makes it retains the file for it; whoever consumes or drops it calls `release` once. */
export interface FileSlice {
  readonly file: DiskFile
  readonly position: number
  readonly byteLength: number
  release(): void
}

export type Chunk = Uint8Array | FileSlice

export function isFileSlice(chunk: Chunk): chunk is FileSlice {
  return !(chunk instanceof Uint8Array)
}
