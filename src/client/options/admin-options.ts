/** The options of an administrator, with Kafka's names and defaults. */
import { COMMON_FORMER_NAMES, COMMON_OPTIONS } from './common-options.ts'
import {
  type FormerNames,
  type FormerOptionsOf,
  integer,
  invalid,
  isOption,
  type OptionsOf,
  parseOptions,
  type SettingsOf,
} from './option.ts'

export const ADMIN_OPTIONS = {
  ...COMMON_OPTIONS,
  'connections.max.idle.ms': integer(300_000, { min: -1 }),
  'default.api.timeout.ms': integer(60_000, { min: 0 }),
  retries: integer(2_147_483_647, { min: 0, max: 2_147_483_647 }),
}

const FORMER_NAMES = { ...COMMON_FORMER_NAMES, 'zookeeper.connect': null } as const satisfies FormerNames

export type AdminOptions = OptionsOf<typeof ADMIN_OPTIONS> &
  FormerOptionsOf<typeof FORMER_NAMES, typeof ADMIN_OPTIONS>
export type AdminSettings = SettingsOf<typeof ADMIN_OPTIONS>

/** Whether an administrator has the option, by whichever of its names. */
export function isAdminOption(name: string): boolean {
  return isOption(ADMIN_OPTIONS, FORMER_NAMES, name)
}

/**
 * `default.api.timeout.ms` is no smaller than `request.timeout.ms`: by itself where only the latter was given, as in
 * Kafka. Throws KafkaError (INVALID_CONFIG).
 */
export function parseAdminOptions(options: AdminOptions): AdminSettings {
  const settings = parseOptions(ADMIN_OPTIONS, FORMER_NAMES, options as Record<string, unknown>)
  const { defaultApiTimeoutMs, requestTimeoutMs } = settings
  if (defaultApiTimeoutMs >= requestTimeoutMs) return settings
  if ('default.api.timeout.ms' in options || 'defaultApiTimeoutMs' in options) {
    throw invalid(
      `default.api.timeout.ms (${defaultApiTimeoutMs}) must be no smaller than request.timeout.ms (${requestTimeoutMs})`,
    )
  }
  return { ...settings, defaultApiTimeoutMs: requestTimeoutMs }
}
