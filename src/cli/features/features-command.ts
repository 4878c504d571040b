/** kafka-features.sh: which features a cluster has, at which level each is, and changing that. */
import type { Admin } from '../../client/admin/admin.ts'
import type { FeatureUpdate } from '../../client/admin/features.ts'
import type { KafkaError } from '../../client/kafka-error.ts'
import { type CommandContext, type KafkaCommand, UsageError } from '../command/command.ts'
import { type BootstrapOptions, bootstrapOptions, withAdmin } from '../command/connection.ts'
import { collect } from '../command/options.ts'
import { partially } from '../command/outcomes.ts'
import { onlySubcommand } from '../command/subcommand.ts'
import { METADATA_VERSION, metadataVersionLevel, metadataVersionName } from './metadata-versions.ts'

interface FeaturesOptions extends BootstrapOptions {
  readonly feature?: readonly string[]
  readonly metadata?: string
  readonly unsafe?: true
  readonly dryRun?: true
  readonly json?: true
}

const CHANGES = ['upgrade', 'downgrade', 'disable'] as const
type Change = (typeof CHANGES)[number]
const DONE = { upgrade: 'upgraded', downgrade: 'downgraded', disable: 'disabled' } as const

export const featuresCommand: KafkaCommand<FeaturesOptions> = {
  name: 'kafka-features',
  description:
    'Show the features of a cluster (describe), or change their levels (upgrade, downgrade, disable).',
  configure: (command) =>
    void bootstrapOptions(command.usage('describe|upgrade|downgrade|disable [options]'))
      .option(
        '--feature <feature=level>',
        'a feature; with disable without a level; may be repeated',
        collect,
      )
      .option('--metadata <version>', 'the level of metadata.version, as 3.9-IV0')
      .option('--unsafe', 'with downgrade and disable: although something may be lost')
      .option('--dry-run', 'check, and change nothing')
      .option('--json', 'with describe: write one JSON object'),
  run: async (options, context, rest) => {
    const action = onlySubcommand(rest, ['describe', ...CHANGES])
    const updates = action === 'describe' ? [] : updatesOf(action, options)
    await withAdmin(options, context, (admin) =>
      action === 'describe'
        ? describe(admin, options, context)
        : change(admin, action, updates, options.dryRun === true, context),
    )
    return 0
  },
}

async function describe(admin: Admin, { json }: FeaturesOptions, context: CommandContext): Promise<void> {
  const description = await admin.describeFeatures()
  if (json) return context.out(`${JSON.stringify(description)}\n`)
  const { supported, finalized, finalizedEpoch } = description
  for (const [name, { minVersion, maxVersion }] of Object.entries(supported).sort()) {
    const level = (value: number): string =>
      name === METADATA_VERSION ? metadataVersionName(value) : String(value)
    await context.out(
      `Feature: ${name}\tSupportedMinVersion: ${level(minVersion)}\tSupportedMaxVersion: ${level(maxVersion)}\tFinalizedVersionLevel: ${level(finalized[name]?.maxVersion ?? 0)}\tEpoch: ${finalizedEpoch ?? '-'}\n`,
    )
  }
}

/** Throws UsageError. */
function updatesOf(action: Change, { feature = [], metadata, unsafe }: FeaturesOptions): FeatureUpdate[] {
  const upgradeType = action === 'upgrade' ? 'upgrade' : unsafe ? 'unsafe-downgrade' : 'safe-downgrade'
  const levels = new Map<string, number>()
  if (metadata !== undefined) levels.set(METADATA_VERSION, metadataVersionLevel(metadata))
  for (const word of feature) {
    const [name, level] = action === 'disable' ? [word, 0] : readLevel(word)
    if (levels.has(name)) throw new UsageError(`Feature ${name} was specified more than once.`)
    levels.set(name, level)
  }
  if (levels.size === 0) throw new UsageError(`You must specify at least one feature to ${action}`)
  return Array.from(levels, ([name, maxVersionLevel]) => ({ feature: name, maxVersionLevel, upgradeType }))
}

function readLevel(word: string): [string, number] {
  const equals = word.indexOf('=')
  if (equals < 0) throw new UsageError(`Can't parse feature=level string ${word}: equals sign not found.`)
  const level = word.slice(equals + 1).trim()
  if (!/^\d{1,5}$/.test(level) || Number(level) > 0x7fff)
    throw new UsageError(`Can't parse feature=level string ${word}: unable to parse ${level} as a short.`)
  return [word.slice(0, equals).trim(), Number(level)]
}

async function change(
  admin: Admin,
  action: Change,
  updates: readonly FeatureUpdate[],
  validateOnly: boolean,
  context: CommandContext,
): Promise<void> {
  const sorted = [...updates].sort((a, b) => (a.feature < b.feature ? -1 : 1))
  const names = sorted.map(({ feature }) => feature)
  const { failed } = await partially(
    names,
    admin.updateFeatures(sorted, { validateOnly }).then(() => []),
  )
  for (const { feature, maxVersionLevel } of sorted) {
    const what = action === 'disable' ? feature : `${feature} to ${maxVersionLevel}`
    const to = action === 'disable' ? '' : ` to ${maxVersionLevel}`
    const error = failed.get(feature)
    if (error !== undefined)
      await context.out(`${validateOnly ? 'Can' : 'Could'} not ${action} ${what}. ${said(error)}\n`)
    else await context.out(`${feature} ${validateOnly ? 'can be' : 'was'} ${DONE[action]}${to}.\n`)
  }
  if (failed.size > 0) throw new UsageError(`${failed.size} out of ${sorted.length} operation(s) failed.`)
}

function said(error: KafkaError): string {
  return error.reason ?? error.message
}
