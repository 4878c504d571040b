/**
 * sendfile(2): the kernel takes bytes of a file to a socket without their passing through this process, at a fraction
 * of what read and write cost. Linux alone; elsewhere, and without koffi, there is none.
 *
 * What is sent are pages of the page cache, not a copy of them: they must not be written over while they may be under
 * way. Segments are only appended to, or cut above what any consumer was given.
 */
import process from 'node:process'
import { libcFunction } from './libc.ts'

/** The bytes taken; 0 at the end of the file; below 0 if none could be: the socket is full or broken, or the file is. */
export type SystemSendFile = (socketDescriptor: number, fileDescriptor: number, range: FileRange) => number

export interface FileRange {
  readonly position: number
  readonly length: number
}

type Sendfile = (to: number, from: number, offset: BigInt64Array, count: number) => number

/** undefined: not tried yet; null: not to be had here. */
let sendFile: SystemSendFile | null | undefined

export function loadSendFile(): SystemSendFile | null {
  if (sendFile === undefined) sendFile = bind()
  return sendFile
}

function bind(): SystemSendFile | null {
  if (process.platform !== 'linux') return null
  // Where off_t has 32 bits, the call that takes 64 has another name.
  const name = process.arch === 'arm' || process.arch === 'ia32' ? 'sendfile64' : 'sendfile'
  const call = libcFunction<Sendfile>(`intptr_t ${name}(int to, int from, void *offset, size_t count)`)
  if (call === null) return null
  const offset = new BigInt64Array(1)
  return (socketDescriptor, fileDescriptor, { position, length }) => {
    offset[0] = BigInt(position)
    return call(socketDescriptor, fileDescriptor, offset, length)
  }
}
