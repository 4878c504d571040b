/**
 * Given texts over definitions: typed reads that fall back to the defaults.
 *
 * Every given value of a known key is parsed and validated up front, so that a bad one stops the start even if
 * nothing reads it. Defaults are parsed when they are read.
 */
import { assert } from '../../base/assert.ts'
import { type ConfigKey, type ParsedValue, parseType, parseValue } from './config-def.ts'

export class ConfigValues {
  readonly #keys: ReadonlyMap<string, ConfigKey>
  readonly #parsed = new Map<string, ParsedValue>()

  /** Throws ConfigError on the first bad value. Keys without a definition are left alone. */
  constructor(keys: ReadonlyMap<string, ConfigKey>, given: ReadonlyMap<string, string>) {
    this.#keys = keys
    for (const [name, text] of given) {
      const key = keys.get(name)
      if (key !== undefined) this.#parsed.set(name, parseValue(key, text))
    }
  }

  get(name: string): ParsedValue {
    const parsed = this.#parsed.get(name)
    if (parsed !== undefined) return parsed
    const key = this.#keys.get(name)
    assert(key !== undefined, `no definition of ${name}`)
    const fallback =
      key.defaultText === null ? { value: null, text: null } : parseType(name, key.type, key.defaultText)
    this.#parsed.set(name, fallback)
    return fallback
  }

  number(name: string): number {
    const { value } = this.get(name)
    assert(typeof value === 'number', `${name} is not a number`)
    return value
  }

  boolean(name: string): boolean {
    const { value } = this.get(name)
    assert(typeof value === 'boolean', `${name} is not a boolean`)
    return value
  }

  string(name: string): string {
    const { value } = this.get(name)
    assert(typeof value === 'string', `${name} is not a string`)
    return value
  }

  list(name: string): readonly string[] {
    const { value } = this.get(name)
    assert(Array.isArray(value), `${name} is not a list`)
    return value
  }

  numberOrUndefined(name: string): number | undefined {
    return this.get(name).value === null ? undefined : this.number(name)
  }

  stringOrUndefined(name: string): string | undefined {
    return this.get(name).value === null ? undefined : this.string(name)
  }
}
