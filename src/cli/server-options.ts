/**
 * The arguments of kafka-server-start.sh, as Kafka takes them: the properties file first, then any number of
 * `--override key=value` (or `--override=key=value`), the last of which wins.
 */
export type ServerOptions =
  | { readonly action: 'start'; readonly configPath: string; readonly overrides: ReadonlyMap<string, string> }
  | { readonly action: 'version' }
  | { readonly action: 'help' }
  | { readonly action: 'refuse'; readonly problem: string }

export const serverUsage = `USAGE: kafka-server-start.sh [-daemon] server.properties [--override property=value]*
Option               Description
------               -----------
--override <String>  Optional property that should override values set in
                       server.properties file
--version            Print version information and exit.`

export function parseServerOptions(args: readonly string[]): ServerOptions {
  if (args.includes('--help') || args.length === 0) return { action: 'help' }
  if (args.includes('--version')) return { action: 'version' }
  const [configPath = '', ...rest] = args
  if (configPath.startsWith('-')) {
    return { action: 'refuse', problem: `${configPath} stands where the properties file belongs` }
  }

  const overrides = new Map<string, string>()
  for (let index = 0; index < rest.length; index++) {
    const arg = rest[index]!
    let override: string | undefined
    if (arg === '--override') {
      override = rest[++index]
      if (override === undefined) return { action: 'refuse', problem: '--override needs property=value' }
    } else if (arg.startsWith('--override=')) {
      override = arg.slice('--override='.length)
    } else {
      return {
        action: 'refuse',
        problem: arg.startsWith('-')
          ? `${arg} is not a recognized option`
          : `Found non argument parameters: ${arg}`,
      }
    }
    const equals = override.indexOf('=')
    const name = (equals < 0 ? override : override.slice(0, equals)).trim()
    if (name === '')
      return { action: 'refuse', problem: `--override ${override} does not read as property=value` }
    // Like Kafka, a name alone sets the empty value.
    overrides.set(name, equals < 0 ? '' : override.slice(equals + 1))
  }
  return { action: 'start', configPath, overrides }
}
