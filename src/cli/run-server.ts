/**
 * One broker as the life of this process: reads the configuration, starts, waits for a signal, stops.
 *
 * Exit codes: 0 after a graceful stop; 1 if the start is refused or something unexpected is thrown; 128 + the
 * signal's number if a second signal cuts a stop short. Bad input is one line on stderr without a stack: the
 * reader is an operator. A stack is printed for what can only be a bug.
 *
 * What is imported at the top is what a refused start needs; the broker's modules load after the configuration
 * has been read.
 */
import { constants } from 'node:os'
import process from 'node:process'
import { DiskError } from '../base/disk.ts'
import type { LoggerFactory } from '../base/logger.ts'
import { NetworkError } from '../base/network.ts'
import type { RunningBroker } from '../broker/index.ts'
import { BrokerConfig } from '../metadata/config/broker-config.ts'
import { parseProperties } from '../metadata/config/properties-file.ts'
import { SystemClock } from '../os/clock.ts'
import { SystemDisk } from '../os/disk.ts'
import { createLogging, formatLine, parseLevels } from '../os/logger.ts'
import { inSources } from '../os/source-positions.ts'
import { parseServerOptions, serverUsage } from './server-options.ts'
import { sluiceVersion } from './version.ts'

/** kafka-server-start.sh puts this in the environment of a daemon. */
const daemonVariable = 'SLUICE_DAEMON'
const serverLogger = 'kafka.server.KafkaServer'

type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP'

/** Runs `kafka-server-start.sh`'s arguments to the end. Ends the process by exit code where that must not wait. */
export async function runServer(args: readonly string[]): Promise<void> {
  const options = parseServerOptions(args)
  switch (options.action) {
    case 'version':
      process.stdout.write(`${sluiceVersion}\n`)
      return
    case 'help':
      process.stderr.write(`${serverUsage}\n`)
      process.exitCode = 1
      return
    case 'refuse':
      process.stderr.write(`${options.problem}\n${serverUsage}\n`)
      process.exitCode = 1
      return
    case 'start':
      return await start(options.configPath, options.overrides)
  }
}

async function start(configPath: string, overrides: ReadonlyMap<string, string>): Promise<void> {
  // Whoever read the output may leave (`... | head`); that is no reason to stop.
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  const clock = new SystemClock()
  const logging = createLogging({
    clock,
    write: (text) => process.stdout.write(text),
    levels: parseLevels(process.env.LOG_LEVEL),
  })
  const { loggerFor } = logging
  endOnUnexpected(() => clock.nowMs())
  const stop = stopOnSignal(loggerFor)

  try {
    const disk = new SystemDisk()
    const { config, warnings } = BrokerConfig.parse(readConfig(disk, configPath, overrides))
    for (const warning of warnings) loggerFor('kafka.server.KafkaConfig').warn(warning)
    loggerFor(serverLogger).info(
      `Sluice version: ${sluiceVersion}, Node.js version: ${process.versions.node}`,
    )
    const [{ startBroker }, { SystemNetwork }, { SystemRandom }] = await Promise.all([
      import('../broker/index.ts'),
      import('../os/network.ts'),
      import('../os/random.ts'),
    ])
    stop.whenStarted(
      await startBroker(config, {
        clock,
        disk,
        loggerFor,
        loggerLevels: logging,
        network: new SystemNetwork(),
        random: new SystemRandom(),
        onFatal: (message) => {
          loggerFor(serverLogger).error(message)
          process.exit(1)
        },
      }),
    )
  } catch (error) {
    process.stderr.write(`${refusal(error)}\n`)
    process.exit(1)
  }
}

/** Throws ConfigError for a malformed file, and Error where it cannot be read. */
function readConfig(
  disk: SystemDisk,
  path: string,
  overrides: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  let text: string
  try {
    text = disk.readFile(path).toString('utf8')
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'no such file',
      EISDIR: 'it is a directory',
      EACCES: 'permission denied',
    }
    throw new DiskError(error.code, path, `Cannot read ${path}: ${reasons[error.code] ?? error.message}`)
  }
  return new Map([...parseProperties(text), ...overrides])
}

/** The first signal stops the broker, once it has started; the second one ends the process. */
function stopOnSignal(loggerFor: LoggerFactory): { whenStarted(broker: RunningBroker): void } {
  let broker: RunningBroker | undefined
  let stopping = false

  const shutdown = async (running: RunningBroker): Promise<void> => {
    await running.shutdown()
    process.exit(0)
  }
  const onSignal = (signal: Signal): void => {
    if (stopping) process.exit(128 + constants.signals[signal])
    stopping = true
    loggerFor('org.apache.kafka.common.utils.LoggingSignalHandler').info(
      `Terminating process due to signal ${signal}`,
    )
    if (broker !== undefined) void shutdown(broker)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  // nohup does not reach Node, which sets its signals anew; a daemon outlives its terminal all the same.
  process.on('SIGHUP', process.env[daemonVariable] === undefined ? onSignal : () => {})

  return {
    whenStarted(running) {
      broker = running
      if (stopping) void shutdown(running)
    },
  }
}

/** A bug: state may be wrong, so nothing is tidied up, and recovery at the next start starts from the disk. */
function endOnUnexpected(nowMs: () => number): void {
  const end = (error: unknown): void => {
    const message = 'Exiting Sluice due to an unexpected error'
    process.stderr.write(formatLine({ nowMs: nowMs(), level: 'FATAL', name: serverLogger, message, error }))
    process.exit(1)
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
}

/** Names of errors that only a bug throws. Others were thrown for an operator to read. */
const bugs = new Set(['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'AssertionError'])

function refusal(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (bugs.has(error.name)) return inSources(error.stack ?? String(error))
  if (error instanceof NetworkError && error.code === 'EADDRINUSE') {
    return `${error.message}: stop the process that has the port, or set listeners to another one`
  }
  return error.message.replaceAll(/\s*\n\s*/g, ' ')
}
