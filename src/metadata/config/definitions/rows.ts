/**
 * The form in which the definition tables are written: one row for each key, so that a table reads as a table.
 * Defaults are text, null where there is none. `../shared` facts are compared with these rows in a test.
 */
import type { ConfigImportance, ConfigKey, ConfigType, Validator } from '../config-def.ts'

/** How a broker config can change while the broker runs (KIP-226). */
export type UpdateMode = 'read-only' | 'per-broker' | 'cluster-wide'

export type KafkaRelease = '3.9' | '4.1'

export interface RowNotes {
  /** Left out of listings. */
  readonly internal?: boolean
  /** Known to this release alone; without it, to both. */
  readonly only?: KafkaRelease
  /** The default of 4.1 where it moved. */
  readonly default41?: string | null
}

export type BrokerRow = readonly [
  name: string,
  type: ConfigType,
  defaultText: string | null,
  importance: ConfigImportance,
  updateMode: UpdateMode,
  validator?: Validator | undefined,
  notes?: RowNotes,
]

export type TopicRow = readonly [
  name: string,
  type: ConfigType,
  defaultText: string | null,
  importance: ConfigImportance,
  validator?: Validator | undefined,
  /** `server`: the broker config that is the topic's default. */
  notes?: RowNotes & { readonly server?: string },
]

const bothReleases: readonly KafkaRelease[] = ['3.9', '4.1']

export function keyOf(
  name: string,
  type: ConfigType,
  defaultText: string | null,
  importance: ConfigImportance,
  validator: Validator | undefined,
  notes: RowNotes | undefined,
): ConfigKey {
  return {
    name,
    type,
    defaultText,
    defaultText41: notes?.default41 === undefined ? defaultText : notes.default41,
    importance,
    validator,
    internal: notes?.internal ?? false,
    releases: notes?.only === undefined ? bothReleases : [notes.only],
  }
}
