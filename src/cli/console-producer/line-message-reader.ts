/**
 * Turns lines into records as Kafka's LineMessageReader does: `headers TAB key TAB value`, of which the first two are
 * looked for only where `parse.headers` and `parse.key` say so, with separators that can be chosen.
 */
import type { ProducerRecord } from '../../client/producer/producer.ts'
import { UsageError } from '../command/command.ts'

export interface LineRecord extends ProducerRecord {
  readonly key: string | null
  readonly value: string | null
}

type SplitHeaders = (headers: string) => readonly string[]

export class LineMessageReader {
  readonly #topic: string
  readonly #parseKey: boolean
  readonly #parseHeaders: boolean
  readonly #ignoreError: boolean
  readonly #keySeparator: string
  readonly #headersDelimiter: string
  readonly #headersKeySeparator: string
  readonly #nullMarker: string | undefined
  readonly #splitHeaders: SplitHeaders
  #lineNumber = 0

  /** Rejects with UsageError: separators that can't be told apart. */
  static async open(topic: string, properties: ReadonlyMap<string, string>): Promise<LineMessageReader> {
    const separator = properties.get('headers.separator') ?? ','
    return new LineMessageReader(topic, properties, separator, await splitterOf(separator))
  }

  private constructor(
    topic: string,
    properties: ReadonlyMap<string, string>,
    headersSeparator: string,
    splitHeaders: SplitHeaders,
  ) {
    const isSet = (name: string): boolean => properties.get(name)?.trim().toLowerCase() === 'true'
    this.#topic = topic
    this.#parseKey = isSet('parse.key')
    this.#parseHeaders = isSet('parse.headers')
    this.#ignoreError = isSet('ignore.error')
    this.#keySeparator = properties.get('key.separator') ?? '\t'
    this.#headersDelimiter = properties.get('headers.delimiter') ?? '\t'
    this.#headersKeySeparator = properties.get('headers.key.separator') ?? ':'
    this.#nullMarker = properties.get('null.marker')
    this.#splitHeaders = splitHeaders
    mustDiffer([
      ['headers.delimiter', this.#headersDelimiter],
      ['headers.separator', headersSeparator],
      ['headers.key.separator', this.#headersKeySeparator],
    ])
    for (const [name, separator] of [
      ['key.separator', this.#keySeparator],
      ['headers.separator', headersSeparator],
      ['headers.delimiter', this.#headersDelimiter],
      ['headers.key.separator', this.#headersKeySeparator],
    ] as const) {
      mustDiffer([
        ['null.marker', this.#nullMarker],
        [name, separator],
      ])
    }
  }

  /** Throws UsageError: the line lacks a separator, and `ignore.error` does not let it pass. */
  read(line: string): LineRecord {
    this.#lineNumber += 1
    const headers = this.#part(this.#parseHeaders, line, 0, this.#headersDelimiter, 'headers delimiter')
    const keyAt = headers === undefined ? 0 : headers.length + this.#headersDelimiter.length
    const key = this.#part(this.#parseKey, line, keyAt, this.#keySeparator, 'key separator')
    const valueAt = key === undefined ? keyAt : keyAt + key.length + this.#keySeparator.length
    const record = {
      topic: this.#topic,
      key: key === undefined ? null : this.#orNull(key),
      value: this.#orNull(line.slice(valueAt)),
    }
    if (headers === undefined || headers === this.#nullMarker) return record
    return { ...record, headers: this.#splitHeaders(headers).map((pair) => this.#header(pair)) }
  }

  #part(isThere: boolean, line: string, start: number, separator: string, name: string): string | undefined {
    if (!isThere) return undefined
    const end = line.indexOf(separator, start)
    if (end >= 0) return line.slice(start, end)
    if (this.#ignoreError) return undefined
    throw new UsageError(`No ${name} found on line number ${this.#lineNumber}: '${line}'`)
  }

  #header(pair: string): { key: string; value: string | null } {
    const at = pair.indexOf(this.#headersKeySeparator)
    if (at < 0) {
      if (this.#ignoreError) return { key: pair, value: null }
      throw new UsageError(
        `No header key separator found in pair '${pair}' on line number ${this.#lineNumber}`,
      )
    }
    const key = pair.slice(0, at)
    if (key === this.#nullMarker) {
      throw new UsageError(
        `Header keys should not be equal to the null marker '${key}' as they can't be null`,
      )
    }
    return { key, value: this.#orNull(pair.slice(at + this.#headersKeySeparator.length)) }
  }

  #orNull(text: string): string | null {
    return text === this.#nullMarker ? null : text
  }
}

function mustDiffer(named: readonly (readonly [string, string | undefined])[]): void {
  for (const [i, [name, text]] of named.entries()) {
    const same = named.slice(i + 1).find(([, other]) => other === text)
    if (text !== undefined && same !== undefined) {
      throw new UsageError(`${name} and ${same[0]} may not be equal`)
    }
  }
}

/** The separator of headers is a regular expression of Java; empty parts at the end don't count. */
async function splitterOf(separator: string): Promise<SplitHeaders> {
  const isPlain = !/[\\^$.|?*+()[\]{}]/.test(separator) && separator !== ''
  const split = isPlain ? (text: string) => text.split(separator) : await regexSplitter(separator)
  return (text) => {
    const parts = split(text)
    while (parts.length > 1 && parts.at(-1) === '') parts.pop()
    return parts
  }
}

async function regexSplitter(separator: string): Promise<(text: string) => string[]> {
  const { RE2JS } = await import('re2js')
  try {
    const pattern = RE2JS.compile(separator)
    return (text) => [...pattern.split(text)]
  } catch {
    throw new UsageError(`headers.separator ${separator} is an invalid regex.`)
  }
}
