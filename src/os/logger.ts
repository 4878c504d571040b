/**
 * Log lines in the form of Kafka's stock log4j pattern, through loglevel:
 *
 *     [2023-09-24 06:59:18,875] INFO [KafkaServer id=1] started (kafka.server.KafkaServer)
 *
 * Time is local, as in Kafka. An error's stack follows on lines of its own, with its causes. Levels go by name:
 * the longest configured prefix of a logger's name decides, as in log4j, and may change while loggers are in use.
 */
import loglevel from 'loglevel'
import type { Clock } from '../base/clock.ts'
import {
  type Logger,
  type LoggerFactory,
  type LoggerLevels,
  type LogLevel,
  logLevels,
} from '../base/logger.ts'
import { inSources } from './source-positions.ts'

/** FATAL is the last line of a process; no logger writes it. */
type LineLevel = Exclude<LogLevel, 'TRACE'>

export interface Logging extends LoggerLevels {
  readonly loggerFor: LoggerFactory
}

export interface LoggingOptions {
  readonly clock: Pick<Clock, 'nowMs'>
  /** Takes whole lines with their line ends. */
  readonly write: (text: string) => void
  /** By name or prefix, `root` for the rest. Without it, INFO. */
  readonly levels?: ReadonlyMap<string, LogLevel>
}

const loglevelNames = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
  FATAL: 'silent',
} as const

/** Each call makes loggers of its own: two brokers in one process do not share levels or output. */
export function createLogging({ clock, write, levels: configured }: LoggingOptions): Logging {
  const levels = new Map<string, LogLevel>(configured)
  const loggers = new Map<string, { logger: Logger; applyLevel: () => void }>()

  const make = (name: string): { logger: Logger; applyLevel: () => void } => {
    const line = (level: LineLevel) => (message: string, error?: unknown) =>
      write(formatLine({ nowMs: clock.nowMs(), level, name, message, error }))
    const lines: Readonly<Record<string, ReturnType<typeof line>>> = {
      debug: line('DEBUG'),
      info: line('INFO'),
      warn: line('WARN'),
      error: line('ERROR'),
    }
    // A symbol keeps this logger apart from another one of the same name in this process.
    const inner = loglevel.getLogger(Symbol(name))
    inner.methodFactory = (method) => lines[method] ?? (() => {})
    const applyLevel = () => inner.setLevel(loglevelNames[levelOf(name, levels)], false)
    applyLevel()
    const logger: Logger = {
      debug: (message) => inner.debug(message),
      info: (message) => inner.info(message),
      warn: (message, error) => inner.warn(message, error),
      error: (message, error) => inner.error(message, error),
    }
    return { logger, applyLevel }
  }

  return {
    loggerFor(name) {
      let entry = loggers.get(name)
      if (entry === undefined) {
        entry = make(name)
        loggers.set(name, entry)
      }
      return entry.logger
    },
    levels() {
      const names = new Set(['root', ...levels.keys(), ...loggers.keys()])
      return new Map([...names].map((name) => [name, levelOf(name, levels)]))
    },
    setLevel(name, level) {
      levels.set(name, level)
      for (const entry of loggers.values()) entry.applyLevel()
    },
    unsetLevel(name) {
      levels.delete(name)
      for (const entry of loggers.values()) entry.applyLevel()
    },
  }
}

function levelOf(name: string, levels: ReadonlyMap<string, LogLevel>): LogLevel {
  for (let prefix = name; prefix !== ''; prefix = prefix.slice(0, Math.max(prefix.lastIndexOf('.'), 0))) {
    const level = levels.get(prefix)
    if (level !== undefined) return level
  }
  return levels.get('root') ?? 'INFO'
}

/**
 * Levels as the environment variable LOG_LEVEL gives them: `DEBUG`, or `WARN,kafka.server=DEBUG`. What does not read as
 * a level is left out.
 */
export function parseLevels(text: string | undefined): ReadonlyMap<string, LogLevel> {
  const levels = new Map<string, LogLevel>()
  for (const entry of (text ?? '').split(',')) {
    const [left = '', right] = entry.split('=').map((part) => part.trim())
    const upper = (right ?? left).toUpperCase()
    const level = logLevels.find((each) => each === upper)
    if (level !== undefined) levels.set(right === undefined ? 'root' : left, level)
  }
  return levels
}

/** One event as text that ends with a line end. */
export function formatLine(event: {
  nowMs: number
  level: LineLevel
  name: string
  message: string
  error?: unknown
}): string {
  const line = `[${localTime(event.nowMs)}] ${event.level} ${withoutForgedLines(event.message)} (${event.name})\n`
  return event.error === undefined ? line : `${line}${stackOf(event.error)}\n`
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const OTHER_CONTROLS = /\n(?!\t)|(?<!\n)\t|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g

/**
 * Messages carry names that clients chose: a line end in one must not begin a line that looks like ours. Lines that
 * begin with a tab go on with the message, as some of Apache Kafka's do.
 */
function withoutForgedLines(message: string): string {
  return message.replace(OTHER_CONTROLS, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function localTime(nowMs: number): string {
  const date = new Date(nowMs)
  const two = (part: number): string => String(part).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  return `${day} ${time},${String(date.getMilliseconds()).padStart(3, '0')}`
}

/** At most this many causes are followed, in case they form a ring. */
const causesMax = 10

function stackOf(error: unknown): string {
  const parts: string[] = []
  let current: unknown = error
  while (current !== undefined && parts.length < causesMax) {
    const text = current instanceof Error ? inSources(current.stack ?? String(current)) : String(current)
    parts.push(parts.length === 0 ? text : `Caused by: ${text}`)
    current = current instanceof Error ? current.cause : undefined
  }
  return parts.join('\n')
}
