/**
 * Tells stack traces in terms of the sources. What runs was joined into few files (scripts/bundle.mjs), whose positions
 * mean nothing to a reader; their source maps know better. Node could be told to look into them, but then reads every
 * map at start. Here one is read when the first trace names its file.
 */
import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { fileURLToPath } from 'node:url'

/** A position as V8 prints it: a URL, a line and a column, both from 1. */
const POSITION = /(file:\/\/[^\s()]+\.c?js):(\d+):(\d+)/g

const maps = new Map<string, SourceMap | undefined>()

/** The trace with each position of a file that has a map told as the source's; others stay as they are. */
export function inSources(stack: string): string {
  return stack.replace(POSITION, (position: string, url: string, line: string, column: string) => {
    const entry = mapOf(url)?.findEntry(Number(line) - 1, Number(column) - 1)
    if (entry === undefined || !('originalSource' in entry)) return position
    const source = new URL(entry.originalSource, url).href
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
  })
}

function mapOf(url: string): SourceMap | undefined {
  if (!maps.has(url)) maps.set(url, readMap(url))
  return maps.get(url)
}

function readMap(url: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(fileURLToPath(`${url}.map`), 'utf8')) as SourceMapPayload)
  } catch {
    // There is none, or it is of no use: the trace stays as it is.
    return undefined
  }
}
