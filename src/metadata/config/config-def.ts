/**
 * What a configuration key is, and how its text becomes a value.
 *
 * Definitions are data: name, type, default, validator. Values keep two forms: the parsed one, which code reads,
 * and the canonical text (`01` is `1`, `a , b` is `a,b`), which tools are shown. Long.MAX_VALUE does not fit a
 * number, so a long is parsed to the nearest number and only its text is exact; comparisons still hold.
 *
 * Messages are Kafka's own, because people search for them. A bad value is a ConfigError: callers at the edge turn
 * it into one line and exit 1, or into INVALID_CONFIG.
 */
export type ConfigType =
  | 'boolean'
  | 'string'
  | 'int'
  | 'short'
  | 'long'
  | 'double'
  | 'list'
  | 'class'
  | 'password'

export type ConfigImportance = 'high' | 'medium' | 'low'

/** What a parsed value is: number for int, short, long and double; string[] for list; null where nothing is set. */
export type ConfigValue = boolean | string | number | readonly string[] | null

/** Says what is wrong with a value, or undefined if it is fine. */
export interface Validator {
  check(value: ConfigValue, name: string): string | undefined
  /** Kafka's notation for what is allowed: `[1,...]`, `[compact, delete]`. */
  readonly description: string
  /** A list is checked element by element, and the message shows the bad one. */
  readonly perElement?: true
}

export interface ConfigKey {
  readonly name: string
  readonly type: ConfigType
  /** As text; null: no value unless one is given. */
  readonly defaultText: string | null
  /** The default in Apache Kafka 4.1, where it moved in some cases. */
  readonly defaultText41: string | null
  readonly importance: ConfigImportance
  readonly validator: Validator | undefined
  /** Not listed by DescribeConfigs unless it is set. */
  readonly internal: boolean
  /** Releases of Apache Kafka that know the key. */
  readonly releases: readonly ('3.9' | '4.1')[]
}

/** A bad configuration. The message is one line that names the key and the value. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** The error Kafka reports for a value: `Invalid value 0 for configuration num.io.threads: Value must be ...`. */
export function invalidValue(name: string, value: string | null, problem?: string): ConfigError {
  return new ConfigError(
    `Invalid value ${value} for configuration ${name}${problem === undefined ? '' : `: ${problem}`}`,
  )
}

export interface ParsedValue {
  readonly value: ConfigValue
  /** The canonical text; null where the value is null. */
  readonly text: string | null
}

const integerRanges = {
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  short: [-(2n ** 15n), 2n ** 15n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
} as const

/** Parses `text` as `key`'s type and runs its validator. Throws ConfigError. */
export function parseValue(key: ConfigKey, text: string | null): ParsedValue {
  const parsed = text === null ? { value: null, text: null } : parseType(key.name, key.type, text)
  const { validator } = key
  if (validator === undefined) return parsed
  const elements = validator.perElement && Array.isArray(parsed.value) ? parsed.value : undefined
  for (const value of elements ?? [parsed.value]) {
    const problem = validator.check(value, key.name)
    if (problem !== undefined)
      throw invalidValue(key.name, elements === undefined ? shown(parsed) : value, problem)
  }
  return parsed
}

/** Parses without validating, as ConfigDef.parseType does. Throws ConfigError. */
export function parseType(name: string, type: ConfigType, text: string): ParsedValue {
  const trimmed = text.trim()
  switch (type) {
    case 'boolean': {
      const lower = trimmed.toLowerCase()
      if (lower !== 'true' && lower !== 'false') {
        throw invalidValue(name, text, 'Expected value to be either true or false')
      }
      return { value: lower === 'true', text: lower }
    }
    case 'int':
    case 'short':
    case 'long': {
      const [low, high] = integerRanges[type]
      if (!/^[+-]?[0-9]+$/.test(trimmed)) throw notANumber(name, text, type)
      const value = BigInt(trimmed.startsWith('+') ? trimmed.slice(1) : trimmed)
      if (value < low || value > high) throw notANumber(name, text, type)
      return { value: Number(value), text: value.toString() }
    }
    case 'double': {
      // Java also takes NaN, Infinity, hexadecimal floats and a type suffix; a suffix is the one that occurs.
      const match = /^([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[dDfF]?$/.exec(trimmed)
      if (match === null) throw notANumber(name, text, type)
      const value = Number(match[1])
      return { value, text: doubleText(value) }
    }
    case 'list': {
      const value = trimmed === '' ? [] : trimmed.split(/\s*,\s*/)
      return { value, text: value.join(',') }
    }
    case 'string':
    case 'class':
    case 'password':
      return { value: trimmed, text: trimmed }
  }
}

function notANumber(name: string, text: string, type: ConfigType): ConfigError {
  return invalidValue(name, text, `Not a number of type ${type.toUpperCase()}`)
}

/** Double.toString for the magnitudes that occur in configurations. */
function doubleText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return `${value}.0`
  const magnitude = Math.abs(value)
  if (magnitude >= 1e-3 && magnitude < 1e7) return String(value)
  const [mantissa = '', exponent = ''] = value.toExponential().split('e')
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${exponent.replace('+', '')}`
}

/** How a Java message prints the value: lists in brackets. */
function shown(parsed: ParsedValue): string | null {
  return Array.isArray(parsed.value) ? `[${parsed.value.join(', ')}]` : parsed.text
}

export function atLeast(low: number): Validator {
  return range(`[${low},...]`, low, undefined)
}

export function between(low: number, high: number): Validator {
  return range(`[${low},...,${high}]`, low, high)
}

function range(description: string, low: number, high: number | undefined): Validator {
  return {
    description,
    check(value) {
      if (typeof value !== 'number') return 'Value must be non-null'
      if (value < low) return `Value must be at least ${low}`
      if (high !== undefined && value > high) return `Value must be no more than ${high}`
      return undefined
    },
  }
}

/** One of the given strings; for a list, each of its elements. */
export function oneOf(...allowed: readonly string[]): Validator {
  const problem = `String must be one of: ${allowed.join(', ')}`
  return {
    description: `[${allowed.join(', ')}]`,
    perElement: true,
    check: (value) => (typeof value === 'string' && allowed.includes(value) ? undefined : problem),
  }
}

export function oneOfIgnoringCase(...allowed: readonly string[]): Validator {
  const problem = `String must be one of (case insensitive): ${allowed.join(', ')}`
  return {
    description: `(case insensitive) [${allowed.join(', ')}]`,
    check(value) {
      return typeof value === 'string' && allowed.includes(value.toUpperCase()) ? undefined : problem
    },
  }
}

export const nonEmptyString: Validator = {
  description: 'non-empty string',
  check: (value) => (value === '' ? 'String must be non-empty' : undefined),
}
