/** One setting as DescribeConfigs tells of it: its value, where that comes from, and the values it hides. */
import type { ConfigKey, ConfigType } from './config-def.ts'

/** DescribeConfigsResponse.ConfigSource. */
export const configSource = {
  dynamicTopic: 1,
  dynamicBroker: 2,
  dynamicDefaultBroker: 3,
  staticBroker: 4,
  default: 5,
  brokerLogger: 6,
  clientMetrics: 7,
  group: 8,
} as const
type ConfigSource = (typeof configSource)[keyof typeof configSource]

/** DescribeConfigsResponse.ConfigType; 0 is unknown. */
const typeCodes: Readonly<Record<ConfigType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
}

export interface ConfigSynonym {
  readonly name: string
  readonly value: string | null
  readonly source: ConfigSource
}

/** One entry of the response, with its field names. */
export interface DescribedConfig {
  readonly name: string
  /** Null also where the value is sensitive. */
  readonly value: string | null
  readonly readOnly: boolean
  readonly isDefault: boolean
  readonly configSource: ConfigSource
  readonly isSensitive: boolean
  readonly synonyms: readonly ConfigSynonym[]
  readonly configType: number
  readonly documentation: null
}

export interface DescribeOptions {
  /** The keys asked for; null or empty asks for all. Names that don't exist are passed over. */
  readonly configurationKeys: readonly string[] | null
  readonly includeSynonyms: boolean
}

/** In alphabetical order. */
export function askedNames(
  names: ReadonlySet<string>,
  { configurationKeys }: DescribeOptions,
): readonly string[] {
  const all = [...names].sort()
  if (configurationKeys === null || configurationKeys.length === 0) return all
  const wanted = new Set(configurationKeys)
  return all.filter((name) => wanted.has(name))
}

/** An unknown type may hide a password. */
export function isSensitive(key: ConfigKey | undefined): boolean {
  return key === undefined || key.type === 'password'
}

export function describedConfig(entry: {
  name: string
  value: string | null
  key: ConfigKey | undefined
  isSensitive: boolean
  isReadOnly: boolean
  /** The winning one first; it says where the value comes from. */
  synonyms: readonly ConfigSynonym[]
  options: DescribeOptions
}): DescribedConfig {
  const source = entry.synonyms[0]?.source ?? configSource.default
  return {
    name: entry.name,
    value: entry.value,
    readOnly: entry.isReadOnly,
    isDefault: source === configSource.default,
    configSource: source,
    isSensitive: entry.isSensitive,
    synonyms: entry.options.includeSynonyms ? entry.synonyms : [],
    configType: entry.key === undefined ? 0 : typeCodes[entry.key.type],
    documentation: null,
  }
}
