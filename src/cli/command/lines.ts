/**
 * The lines of a stream as they come, those of one piece of input together. A line ends with `\n`, `\r` or `\r\n`, and the
 * last one with the input, as in Java's readLine. When `stopped` aborts, the lines end.
 */
import type { Readable } from 'node:stream'
import { addAbortSignal } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { UsageError } from './command.ts'

/** No record may be nearly as long. */
const LINE_CHARS_MAX = 1 << 28

/** Throws UsageError: a line is too long. */
export async function* lineBatches(input: Readable, stopped: AbortSignal): AsyncGenerator<string[], void> {
  const decoder = new StringDecoder('utf8')
  /** The beginning of the line that has no end yet. */
  let parts: string[] = []
  let partChars = 0
  let isAfterReturn = false
  const take = (piece: string): string[] => {
    const text = isAfterReturn && piece.startsWith('\n') ? piece.slice(1) : piece
    if (piece !== '') isAfterReturn = piece.endsWith('\r')
    const lines = text.includes('\r') ? text.split(/\r\n|\r|\n/) : text.split('\n')
    const rest = lines.pop()!
    if (lines.length > 0) {
      lines[0] = parts.join('') + lines[0]!
      parts = []
      partChars = 0
    }
    if (rest !== '') parts.push(rest)
    partChars += rest.length
    if (partChars > LINE_CHARS_MAX) throw new UsageError(`A line is longer than ${LINE_CHARS_MAX} characters`)
    return lines
  }
  try {
    addAbortSignal(stopped, input)
    for await (const chunk of input) {
      const lines = take(typeof chunk === 'string' ? chunk : decoder.write(chunk as Buffer))
      if (lines.length > 0) yield lines
    }
  } catch (error) {
    if (!stopped.aborted) throw error
    return
  }
  const lines = take(decoder.end())
  const last = parts.join('')
  if (last !== '') lines.push(last)
  if (lines.length > 0) yield lines
}
