/**
 * What a room needs of logging. A logger is named by the Kafka class whose lines it prints
 * (`kafka.server.KafkaServer`), so that a line reads as the same line of Apache Kafka.
 */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string, error?: unknown): void
  error(message: string, error?: unknown): void
}

export type LoggerFactory = (name: string) => Logger

/** As log4j names them. No logger here has lines of the first and the last one. */
export const logLevels = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const
export type LogLevel = (typeof logLevels)[number]

/** What the loggers of a process let through; `root` stands for those that have no level, nor a prefix that has. */
export interface LoggerLevels {
  /** In force, by name: of every logger that is in use, and whatever has a level. */
  levels(): ReadonlyMap<string, LogLevel>
  /** `name` is a logger or a prefix of some at a dot. */
  setLevel(name: string, level: LogLevel): void
  /** It goes by its prefixes again. */
  unsetLevel(name: string): void
}

const nothing = (): void => {}
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
