/**
 * The loggers of a broker as a resource of configs (KIP-412): their levels are shown and changed while it runs, and
 * forgotten when it stops.
 */
import { type LoggerLevels, type LogLevel, logLevels } from '../../base/logger.ts'
import {
  type ConfigOperation,
  type ConfigRefusal,
  invalidConfig,
  invalidRequest,
} from './config-alteration.ts'
import {
  askedNames,
  configSource,
  type DescribedConfig,
  type DescribeOptions,
  describedConfig,
} from './described-config.ts'

const ROOT = 'root'
const [SET, DELETE, APPEND, SUBTRACT] = [0, 1, 2, 3]

/** All of it or nothing. */
export function alterLoggers(
  loggers: LoggerLevels,
  operations: readonly ConfigOperation[],
  validateOnly: boolean,
): ConfigRefusal | undefined {
  const known = loggers.levels()
  for (const operation of operations) {
    const refusal = refuseOperation(operation, known)
    if (refusal !== undefined) return refusal
  }
  if (validateOnly) return undefined
  for (const { name, configOperation, value } of operations) {
    if (configOperation === SET) loggers.setLevel(name, value as LogLevel)
    else loggers.unsetLevel(name)
  }
  return undefined
}

function refuseOperation(
  { name, configOperation, value }: ConfigOperation,
  known: ReadonlyMap<string, LogLevel>,
): ConfigRefusal | undefined {
  const unknown = known.has(name) ? undefined : invalidConfig(`Logger ${name} does not exist!`)
  switch (configOperation) {
    case SET:
      if (unknown !== undefined || logLevels.some((level) => level === value)) return unknown
      return invalidConfig(
        `Cannot set the log level of ${name} to ${value} as it is not a supported log level. Valid log levels are ${[...logLevels].sort().join(', ')}`,
      )
    case DELETE:
      if (unknown !== undefined || name !== ROOT) return unknown
      return invalidRequest('Removing the log level of the root logger is not allowed')
    case APPEND:
    case SUBTRACT: {
      const operation = configOperation === APPEND ? 'APPEND' : 'SUBTRACT'
      return invalidRequest(`${operation} operation is not allowed for the BROKER_LOGGER resource`)
    }
    default:
      return invalidRequest(
        `Unknown operation type ${configOperation} is not allowed for the BROKER_LOGGER resource`,
      )
  }
}

export function describeLoggers(loggers: LoggerLevels, options: DescribeOptions): readonly DescribedConfig[] {
  const levels = loggers.levels()
  return askedNames(new Set(levels.keys()), options).map((name) => ({
    ...describedConfig({
      name,
      value: levels.get(name) ?? null,
      key: undefined,
      isSensitive: false,
      isReadOnly: false,
      synonyms: [],
      options,
    }),
    isDefault: false,
    configSource: configSource.brokerLogger,
  }))
}
