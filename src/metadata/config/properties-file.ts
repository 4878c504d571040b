/**
 * Text in the format of java.util.Properties, which server.properties is written in.
 *
 * A line that starts with # or ! is a comment; a # further right belongs to the value. A backslash at the end joins
 * the next line, whose leading blanks go; \t \n \f \r and \uXXXX are escapes, any other escaped character stands for
 * itself. The key ends at the first `=`, `:` or blank that is not escaped. A later entry replaces an earlier one.
 */
import { ConfigError } from './config-def.ts'

/** Parses a whole file. Throws ConfigError for a malformed \uXXXX. */
export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of logicalLines(text)) {
    const { key, valueStart } = splitKey(line)
    properties.set(unescaped(key), unescaped(line.slice(valueStart)))
  }
  return properties
}

/** Joins continued lines; leaves out blank lines and comments. */
function* logicalLines(text: string): Generator<string> {
  let joined: string | undefined
  for (const natural of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    const line = natural.replace(/^[ \t\f]+/, '')
    // A comment cannot be continued, and inside a continued line # is text.
    if (joined === undefined && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue
    const whole: string = (joined ?? '') + line
    if (endsInOddBackslashes(line)) {
      joined = whole.slice(0, -1)
    } else {
      joined = undefined
      if (whole !== '') yield whole
    }
  }
  if (joined !== undefined && joined !== '') yield joined
}

function endsInOddBackslashes(line: string): boolean {
  let count = 0
  while (count < line.length && line[line.length - 1 - count] === '\\') count++
  return count % 2 === 1
}

function splitKey(line: string): { key: string; valueStart: number } {
  let end = 0
  while (end < line.length && !/[=: \t\f]/.test(line[end]!)) end += line[end] === '\\' ? 2 : 1
  end = Math.min(end, line.length)
  // Blanks, then at most one separator, then blanks.
  const separator = /^[ \t\f]*[=:]?[ \t\f]*/.exec(line.slice(end))?.[0] ?? ''
  return { key: line.slice(0, end), valueStart: end + separator.length }
}

const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', f: '\f', r: '\r' }

function unescaped(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(/\\(u([0-9a-fA-F]{0,4})|.|$)/gs, (_, escaped: string, hex: string | undefined) => {
    if (hex === undefined) return escapes[escaped] ?? escaped
    if (hex.length < 4) throw new ConfigError(`Malformed \\uxxxx encoding in ${JSON.stringify(text)}`)
    return String.fromCharCode(Number.parseInt(hex, 16))
  })
}
