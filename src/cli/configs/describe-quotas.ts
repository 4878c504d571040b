/** kafka-configs.sh --describe of users, clients and addresses: their quotas, and the SCRAM credentials of users. */
import type { Admin } from '../../client/admin/admin.ts'
import type {
  ClientQuotas,
  QuotaEntity,
  QuotaEntityType,
  QuotaMatch,
} from '../../client/admin/client-quotas.ts'
import type { UserScramCredentials } from '../../client/admin/scram-credentials.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import type { CommandContext } from '../command/command.ts'
import { javaDouble } from '../command/java-text.ts'
import type { ConfigEntity } from './config-entities.ts'
import type { ConfigsOptions } from './configs-command.ts'
import { quotaTypeOf } from './quota-types.ts'

const WORDS: readonly (readonly [QuotaEntityType, string])[] = [
  ['user', 'user-principal'],
  ['client-id', 'client-id'],
  ['ip', 'ip'],
]

export async function describeQuotas(
  admin: Admin,
  entities: readonly ConfigEntity[],
  options: ConfigsOptions,
  context: CommandContext,
  isOldForm: boolean,
): Promise<void> {
  const match: Partial<Record<QuotaEntityType, QuotaMatch>> = {}
  for (const { type, name } of entities)
    match[quotaTypeOf(type)] = name === undefined ? { any: true } : name === '' ? null : name
  const quotas = (await admin.describeClientQuotas(match, { strict: true })).sort(byEntity)
  const credentials = await credentialsOf(admin, entities)
  if (options.json) return context.out(`${JSON.stringify({ quotas, scramCredentials: credentials })}\n`)
  const prefix = isOldForm ? 'Configs' : 'Quota configs'
  await context.out(quotas.map((each) => quotasLine(prefix, each)).join(''))
  await context.out(credentials.map(credentialsLine).join(''))
}

/** Only users have any, and not by default. */
async function credentialsOf(
  admin: Admin,
  entities: readonly ConfigEntity[],
): Promise<UserScramCredentials[]> {
  const [{ type, name }] = entities as [ConfigEntity]
  if (entities.length > 1 || type !== 'users' || name === '') return []
  try {
    return await admin.describeUserScramCredentials(name === undefined ? undefined : [name])
  } catch (error) {
    // A user who has none; a broker that knows of no credentials at all.
    if (error instanceof KafkaError && ['RESOURCE_NOT_FOUND', 'PROTOCOL'].includes(error.code)) return []
    throw error
  }
}

function quotasLine(prefix: string, { entity, quotas }: ClientQuotas): string {
  const values = Object.entries(quotas).map(([name, value]) => `${name}=${javaDouble(value)}`)
  return `${prefix} for ${nameOf(entity)} are ${values.join(', ')}\n`
}

function nameOf(entity: QuotaEntity): string {
  return WORDS.flatMap(([type, word]) => {
    const name = entity[type]
    if (name === undefined) return []
    return name === null ? [`the default ${word}`] : [`${word} '${name}'`]
  }).join(', ')
}

function byEntity(a: ClientQuotas, b: ClientQuotas): number {
  return nameOf(a.entity) < nameOf(b.entity) ? -1 : 1
}

function credentialsLine({ user, credentials }: UserScramCredentials): string {
  const each = credentials.map(({ mechanism, iterations }) => `${mechanism}=iterations=${iterations}`)
  return `SCRAM credential configs for user-principal '${user}' are ${each.join(', ')}\n`
}
