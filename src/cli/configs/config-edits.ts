/** What --add-config, --add-config-file and --delete-config ask for. */
import { UsageError } from '../command/command.ts'
import { readPropertiesFile } from '../command/connection.ts'

export interface ConfigEdits {
  readonly add: ReadonlyMap<string, string>
  readonly delete: readonly string[]
}

interface EditOptions {
  readonly addConfig?: string
  readonly addConfigFile?: string
  readonly deleteConfig?: readonly string[]
}

/** A comma, or an equals sign, that stands in no brackets. */
const COMMA = /,(?=[^\]]*(?:\[|$))/
const EQUALS = /\s*=\s*(?=[^\]]*(?:\[|$))/

/** Throws UsageError in Kafka's words. */
export function readEdits({ addConfig, addConfigFile, deleteConfig }: EditOptions): ConfigEdits {
  if (addConfig !== undefined && addConfigFile !== undefined)
    throw new UsageError('Only one of --add-config or --add-config-file must be specified')
  if (addConfig === undefined && addConfigFile === undefined && deleteConfig === undefined) {
    throw new UsageError(
      'At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter',
    )
  }
  const add =
    addConfigFile !== undefined ? readPropertiesFile(addConfigFile) : new Map(readPairs(addConfig ?? ''))
  for (const name of add.keys())
    if (!/^[a-zA-Z0-9._-]*$/.test(name))
      throw new UsageError(`Invalid character found for config key: ${name}`)
  const names = (deleteConfig ?? []).flatMap((words) => words.split(',')).map((name) => name.trim())
  return { add, delete: names.filter((name) => name !== '') }
}

function readPairs(text: string): (readonly [string, string])[] {
  if (text === '') return []
  return text.split(COMMA).map((pair) => {
    const parts = pair.split(EQUALS)
    if (parts.length !== 2) {
      throw new UsageError(
        'requirement failed: Invalid entity config: all configs to be added must be in the format "key=val" or  "key=[val1,val2]" to group values which contain commas.',
      )
    }
    return [parts[0]!.trim(), parts[1]!.replaceAll(/\[?\]?/g, '').trim()]
  })
}
