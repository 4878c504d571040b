/** Settings as brokers tell them: their values, and where these come from. */
import { Words } from './input.ts'

const SOURCES = {
  'dynamic-topic': 1,
  'dynamic-broker': 2,
  'dynamic-default-broker': 3,
  'static-broker': 4,
  default: 5,
  'dynamic-broker-logger': 6,
  'dynamic-client-metrics': 7,
  'dynamic-group': 8,
} as const
const TYPES = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
} as const

export type ConfigSource = keyof typeof SOURCES
export type ConfigType = keyof typeof TYPES

const sources = new Words<ConfigSource>(SOURCES)
const types = new Words<ConfigType>(TYPES)

export interface ConfigSynonym {
  readonly name: string
  readonly value: string | null
  readonly source: ConfigSource | 'unknown'
}

export interface ConfigEntry {
  readonly name: string
  /** Null where it is a secret, or not set. */
  readonly value: string | null
  readonly source: ConfigSource | 'unknown'
  readonly isDefault: boolean
  readonly isReadOnly: boolean
  readonly isSensitive: boolean
  /** Null: the broker does not tell it. */
  readonly type: ConfigType | 'unknown' | null
  /** Empty unless asked for: what else may set it, in the order in which it counts. */
  readonly synonyms: readonly ConfigSynonym[]
  /** Null unless asked for. */
  readonly documentation: string | null
}

interface AnsweredConfig {
  readonly name: string
  readonly value: string | null
  readonly readOnly: boolean
  readonly configSource: number
  readonly isSensitive: boolean
  readonly isDefault?: boolean
  readonly configType?: number
  readonly documentation?: string | null
  readonly synonyms?: readonly {
    readonly name: string
    readonly value: string | null
    readonly source: number
  }[]
}

export function plainConfigEntry(config: AnsweredConfig): ConfigEntry {
  const source = sources.wordOf(config.configSource)
  return {
    name: config.name,
    value: config.value,
    source,
    isDefault: source === 'default' || config.isDefault === true,
    isReadOnly: config.readOnly,
    isSensitive: config.isSensitive,
    type: config.configType ? types.wordOf(config.configType) : null,
    synonyms: (config.synonyms ?? []).map((each) => ({ ...each, source: sources.wordOf(each.source) })),
    documentation: config.documentation ?? null,
  }
}
