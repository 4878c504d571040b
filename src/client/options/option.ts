/**
 * The language in which options are described: a table from Kafka's own name to what may be written there. From it come
 * both spellings (`batch.size` and `batchSize`), their types, the checks, and the settings that the client works with.
 *
 * Values may be texts, as in a properties file: `'batch.size': '16384'` is 16384.
 */
import { KafkaError } from '../kafka-error.ts'

export interface Option<Input, Setting> {
  /** Throws KafkaError (INVALID_CONFIG) where the value is none that the option can have. */
  readonly parse: (value: Input, name: string) => Setting
  /** As it would be written; undefined: it has no default, and the setting may be undefined. */
  readonly fallback: Setting
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds options of any type
export type OptionTable = Readonly<Record<string, Option<any, any>>>

/** `batch.size` in its other spelling. */
export type CamelCase<Name extends string> = Name extends `${infer Head}.${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name extends `${infer Head}_${infer Tail}`
    ? `${Head}${Capitalize<CamelCase<Tail>>}`
    : Name

type InputOf<Each> = Each extends Option<infer Input, infer _> ? Input : never
type SettingOf<Each> = Each extends Option<infer _, infer Setting> ? Setting : never

/** What users write: each option in either spelling. */
export type OptionsOf<Table extends OptionTable> = {
  readonly [Name in keyof Table]?: InputOf<Table[Name]> | undefined
} & {
  readonly [Name in keyof Table & string as CamelCase<Name>]?: InputOf<Table[Name]> | undefined
}

/** What the client works with: every option under its camel-case name. */
export type SettingsOf<Table extends OptionTable> = {
  readonly [Name in keyof Table & string as CamelCase<Name>]: SettingOf<Table[Name]>
}

/** Names of old releases, and what they are called today; null: they mean nothing any more and are passed over. */
export type FormerNames = Readonly<Record<string, string | null>>

/** They may be written, too, in either spelling: as the option that they are called today. */
export type FormerOptionsOf<Names extends FormerNames, Table extends OptionTable> = {
  readonly [Name in keyof Names & string]?: FormerInputOf<Names[Name], Table> | undefined
} & {
  readonly [Name in keyof Names & string as CamelCase<Name>]?: FormerInputOf<Names[Name], Table> | undefined
}
type FormerInputOf<Name, Table extends OptionTable> = Name extends keyof Table
  ? InputOf<Table[Name]>
  : unknown

/** Throws KafkaError (INVALID_CONFIG): an unknown name, one that is given twice, or a value that can't be. */
export function parseOptions<Table extends OptionTable>(
  table: Table,
  former: FormerNames,
  options: Readonly<Record<string, unknown>>,
): SettingsOf<Table> {
  const settings: Record<string, unknown> = {}
  for (const [name, option] of Object.entries(table)) settings[camelCase(name)] = option.fallback
  const seen = new Map<string, string>()
  for (const [written, value] of Object.entries(options)) {
    if (value === undefined) continue
    const name = nameOf(table, former, written)
    if (name === null) continue
    const other = seen.get(name)
    if (other !== undefined) throw invalid(`${other} and ${written} are the same option`)
    seen.set(name, written)
    settings[camelCase(name)] = table[name]!.parse(value, written)
  }
  return settings as SettingsOf<Table>
}

export function camelCase(name: string): string {
  return name.replaceAll(/[._](\w)/g, (_, letter: string) => letter.toUpperCase())
}

export function invalid(message: string): KafkaError {
  return new KafkaError('INVALID_CONFIG', message)
}

/** Whether it may be written: one of the table's names or of the former ones, in either spelling. */
export function isOption(table: OptionTable, former: FormerNames, written: string): boolean {
  return [...Object.keys(table), ...Object.keys(former)].some(
    (name) => name === written || camelCase(name) === written,
  )
}

function nameOf(table: OptionTable, former: FormerNames, written: string): string | null {
  for (const name of Object.keys(table)) if (name === written || camelCase(name) === written) return name
  for (const [name, today] of Object.entries(former)) {
    if (name === written || camelCase(name) === written) return today
  }
  const near = nearest(written, Object.keys(table))
  throw invalid(`unknown option ${written}${near === undefined ? '' : `; did you mean ${near}?`}`)
}

function nearest(written: string, names: readonly string[]): string | undefined {
  const plain = camelCase(written).toLowerCase()
  const distances = names.map((name) => [name, distance(plain, camelCase(name).toLowerCase())] as const)
  const [best] = distances.sort((a, b) => a[1] - b[1])
  return best !== undefined && best[1] <= Math.max(2, plain.length / 4) ? best[0] : undefined
}

/** Of Levenshtein. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change))
    }
    row = next
  }
  return row[b.length]!
}

// --- Kinds of values -------------------------------------------------------------------------------------------------

/** A whole number within bounds. */
export function integer(
  fallback: number,
  bounds: { min?: number; max?: number } = {},
): Option<number | string, number> {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = bounds
  const parse = (value: number | string, name: string): number => {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
    if (typeof number !== 'number' || !Number.isInteger(number))
      throw invalid(`${name} must be a whole number, not ${show(value)}`)
    if (number < min || number > max) throw invalid(`${name} must be ${between(min, max)}, not ${number}`)
    return number
  }
  return { parse, fallback }
}

export function boolean(fallback: boolean): Option<boolean | 'true' | 'false', boolean> {
  const parse = (value: boolean | string, name: string): boolean => {
    if (value === true || value === 'true') return true
    if (value === false || value === 'false') return false
    throw invalid(`${name} must be true or false, not ${show(value)}`)
  }
  return { parse, fallback }
}

export function text<Fallback extends string | undefined>(
  fallback: Fallback,
): Option<string, string | Fallback> {
  const parse = (value: string, name: string): string => {
    if (typeof value !== 'string') throw invalid(`${name} must be a text, not ${show(value)}`)
    return value
  }
  return { parse, fallback }
}

/** One of a few words; `aliases` are other spellings of them. */
export function oneOf<const Word extends string, const Alias extends string = never>(
  fallback: NoInfer<Word>,
  words: readonly Word[],
  aliases: Readonly<Record<Alias, NoInfer<Word>>> = {} as Readonly<Record<Alias, Word>>,
): Option<Word | Alias, Word> {
  const parse = (value: Word | Alias, name: string): Word => {
    const known = words.find((word) => word === value)
    if (known !== undefined) return known
    const meant = Object.hasOwn(aliases, value) ? (aliases as Record<string, Word>)[value] : undefined
    if (meant !== undefined) return meant
    throw invalid(`${name} must be one of ${words.join(', ')}, not ${show(value)}`)
  }
  return { parse, fallback }
}

/** Texts, as an array or separated by commas. */
export function list(fallback: readonly string[]): Option<string | readonly string[], readonly string[]> {
  const parse = (value: string | readonly string[], name: string): readonly string[] => {
    const parts = typeof value === 'string' ? value.split(',') : value
    if (!Array.isArray(parts) || parts.some((part) => typeof part !== 'string')) {
      throw invalid(`${name} must be a text, or several, not ${show(value)}`)
    }
    return parts.map((part) => part.trim()).filter((part) => part !== '')
  }
  return { parse, fallback }
}

/** Anything that `accepts` lets through: functions and objects that have no form as a text. */
export function value<Value, Fallback = undefined>(
  what: string,
  accepts: (value: unknown) => boolean,
  fallback: Fallback = undefined as Fallback,
): Option<Value, Value | Fallback> {
  const parse = (given: Value, name: string): Value => {
    if (!accepts(given)) throw invalid(`${name} must be ${what}, not ${show(given)}`)
    return given
  }
  return { parse, fallback }
}

export const isFunction = (given: unknown): boolean => typeof given === 'function'
export const isObject = (given: unknown): boolean => typeof given === 'object' && given !== null

function between(min: number, max: number): string {
  if (max === Number.POSITIVE_INFINITY) return `at least ${min}`
  return min === Number.NEGATIVE_INFINITY ? `at most ${max}` : `between ${min} and ${max}`
}

function show(given: unknown): string {
  return typeof given === 'string' ? JSON.stringify(given) : String(given)
}
