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

const nothing = (): void => {}
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
