/**
 * Subscriptions to the metrics of clients (KIP-714): which metrics, how often, and of whom. They are kept and shown;
 * clients would be told of them where a metrics receiver is there to take what they push, and there is none.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { type ConfigRefusal, invalidConfig, invalidRequest } from './config-alteration.ts'
import { ConfigError, type ConfigKey } from './config-def.ts'
import { ConfigValues } from './config-values.ts'
import { keyOf } from './definitions/rows.ts'
import {
  askedNames,
  configSource,
  type DescribedConfig,
  type DescribeOptions,
  describedConfig,
} from './described-config.ts'

type Entries = ReadonlyMap<string, string>

const INTERVAL_MS_MIN = 100
const INTERVAL_MS_MAX = 3_600_000

const clientMetricsKeys: ReadonlyMap<string, ConfigKey> = new Map(
  [
    keyOf('interval.ms', 'int', '300000', 'medium', undefined, undefined),
    keyOf('match', 'list', '', 'medium', undefined, undefined),
    keyOf('metrics', 'list', '', 'medium', undefined, undefined),
  ].map((key) => [key.name, key]),
)

/** What a client may be recognised by. */
const matchable: ReadonlySet<string> = new Set([
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
])

export function refuseClientMetrics(entries: Entries): ConfigRefusal | undefined {
  for (const name of entries.keys()) {
    if (!clientMetricsKeys.has(name)) return invalidRequest(`Unknown client metrics configuration: ${name}`)
  }
  try {
    const values = new ConfigValues(clientMetricsKeys, entries)
    const intervalMs = values.number('interval.ms')
    if (intervalMs < INTERVAL_MS_MIN || intervalMs > INTERVAL_MS_MAX) {
      return invalidRequest(
        `Invalid value ${intervalMs} for interval.ms, interval must be between 100 and 3600000 (1 hour)`,
      )
    }
    const illegal = values.list('match').find((pattern) => !isPattern(pattern))
    return illegal === undefined ? undefined : invalidConfig(`Illegal client matching pattern: ${illegal}`)
  } catch (error) {
    if (error instanceof ConfigError)
      return { errorCode: ErrorCode.INVALID_CONFIG, errorMessage: error.message }
    throw error
  }
}

/** `NAME=REGULAR EXPRESSION` */
function isPattern(pattern: string): boolean {
  const [name = '', expression, ...more] = pattern.split('=')
  if (expression === undefined || more.length > 0 || !matchable.has(name.trim())) return false
  try {
    new RegExp(expression.trim())
    return true
  } catch {
    return false
  }
}

export function describeClientMetrics(
  entries: Entries,
  options: DescribeOptions,
): readonly DescribedConfig[] {
  return askedNames(new Set(clientMetricsKeys.keys()), options).map((name) => {
    const key = clientMetricsKeys.get(name)
    const own = entries.get(name)
    return describedConfig({
      name,
      value: own ?? key?.defaultText ?? null,
      key,
      isSensitive: false,
      isReadOnly: false,
      synonyms: own === undefined ? [] : [{ name, value: own, source: configSource.clientMetrics }],
      options,
    })
  })
}
