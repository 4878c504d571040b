/**
 * How commands reach a cluster: the options that all of them share, the properties files that come with them, and
 * clients whose first word is that a broker can be reached.
 */
import type { Command } from 'commander'
import { Admin } from '../../client/admin/admin.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import { retrying } from '../../client/network/backoff.ts'
import { type ClientPlatform, openCluster } from '../../client/network/open-cluster.ts'
import { type AdminOptions, isAdminOption } from '../../client/options/admin-options.ts'
import type { CommonSettings } from '../../client/options/common-options.ts'
import { parseProperties } from '../../metadata/config/properties-file.ts'
import { SystemClock } from '../../os/clock.ts'
import { SystemConnector } from '../../os/connector.ts'
import { SystemDisk } from '../../os/disk.ts'
import { SystemRandom } from '../../os/random.ts'
import type { MetadataResponse } from '../../protocol/messages/03-metadata.ts'
import { type CommandContext, UsageError } from './command.ts'

/** What commander makes of `bootstrapOptions`. */
export interface BootstrapOptions {
  readonly bootstrapServer?: string
  readonly commandConfig?: string
}

/** A broker that is starting gets this long to answer. */
const REACH_TIMEOUT_MS = 10_000

export const platform: ClientPlatform = {
  clock: new SystemClock(),
  random: new SystemRandom(),
  connector: new SystemConnector(),
}

/** `--bootstrap-server` and `--command-config`, as nearly every command has them. */
export function bootstrapOptions(command: Command): Command {
  return command
    .option('--bootstrap-server <servers>', 'a broker to connect to, or several: host:port,host:port')
    .option('--command-config <file>', 'a properties file with settings of the client')
}

/** An administrator, once a broker has answered. Throws UsageError; rejects with KafkaError. The caller closes it. */
async function openAdmin(options: BootstrapOptions, context: CommandContext): Promise<Admin> {
  const servers = required(options.bootstrapServer, 'bootstrap-server')
  const settings: AdminOptions = {
    ...clientSettings(isAdminOption, options.commandConfig, context),
    bootstrapServers: servers,
  }
  const admin = new Admin(settings, platform)
  // Whatever it waits for rejects with CLOSED.
  context.stopped.addEventListener('abort', () => void admin.close(), { once: true })
  try {
    if (context.stopped.aborted) throw new KafkaError('CLOSED', 'the command was stopped')
    await reach(admin, servers)
    return admin
  } catch (error) {
    await admin.close()
    throw error
  }
}

/** Runs `work` with an administrator, and closes it whatever happens. */
export async function withAdmin<Result>(
  options: BootstrapOptions,
  context: CommandContext,
  work: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = await openAdmin(options, context)
  try {
    return await work(admin)
  } finally {
    await admin.close()
  }
}

/**
 * For clients that would go on trying: makes sure that a broker answers, with a connection of its own, and tells what it
 * knows of these topics. Throws UsageError; rejects with KafkaError.
 */
export async function reachBroker(
  settings: CommonSettings,
  topics: readonly string[] = [],
): Promise<MetadataResponse> {
  const cluster = openCluster(settings, platform)
  const options = cluster.retryOptions(REACH_TIMEOUT_MS)
  try {
    return await retrying('Metadata', options, () => cluster.refresh(topics))
  } catch (error) {
    throw explained(error, settings.bootstrapServers.map(({ host, port }) => `${host}:${port}`).join(','))
  } finally {
    cluster.close()
  }
}

async function reach(admin: Admin, servers: string): Promise<void> {
  try {
    await admin.describeCluster({ timeoutMs: REACH_TIMEOUT_MS })
  } catch (error) {
    throw explained(error, servers)
  }
}

function explained(error: unknown, servers: string): unknown {
  if (!(error instanceof KafkaError) || (error.code !== 'TIMEOUT' && error.code !== 'NETWORK')) return error
  const reason = error.message.replace(/^.*? ms: /, '')
  const message = `No broker could be reached at ${servers} within ${REACH_TIMEOUT_MS / 1000} s: ${reason}`
  return new UsageError(message)
}

/** Throws UsageError in Kafka's words. */
export function required<Value>(value: Value | undefined, option: string): Value {
  if (value === undefined) throw new UsageError(`Missing required argument "[${option}]"`)
  return value
}

/**
 * The settings of a properties file (and of `name=value` words, which come after it) that the client has; others get a
 * warning, as Kafka's clients give it. Throws UsageError where the file can't be read.
 */
export function clientSettings(
  isKnown: (name: string) => boolean,
  file: string | undefined,
  context: CommandContext,
  properties: readonly string[] = [],
): Record<string, string> {
  const entries = [...(file === undefined ? [] : readPropertiesFile(file)), ...properties.map(readProperty)]
  const settings: Record<string, string> = {}
  for (const [name, value] of entries) {
    if (isKnown(name)) settings[name] = value.trim()
    else context.note(`WARN The configuration '${name}' was supplied but isn't a known config.`)
  }
  return settings
}

/** Throws UsageError where it can't be read. */
export function readPropertiesFile(path: string): Map<string, string> {
  return parseProperties(readTextFile(path))
}

/** Throws UsageError where it can't be read. */
export function readTextFile(path: string): string {
  try {
    return new SystemDisk().readFile(path).toString('utf8')
  } catch (error) {
    throw new UsageError(`Cannot read ${path}: ${error instanceof Error ? error.message : error}`)
  }
}

/** `name=value`; blanks belong to the value. Throws UsageError. */
export function readProperty(word: string): [string, string] {
  const equals = word.indexOf('=')
  if (equals <= 0) throw new UsageError(`"${word}" does not read as name=value`)
  return [word.slice(0, equals).trim(), word.slice(equals + 1)]
}
