/** kafka-configs.sh --alter: resources by IncrementalAlterConfigs, users, clients and addresses by their quotas. */
import type { Admin } from '../../client/admin/admin.ts'
import { UsageError } from '../command/command.ts'
import type { ConfigEdits } from './config-edits.ts'
import type { ConfigEntity } from './config-entities.ts'
import { describeResource, resourceOf } from './resource-configs.ts'

export async function alterEntities(
  admin: Admin,
  entities: readonly ConfigEntity[],
  edits: ConfigEdits,
): Promise<void> {
  const [entity] = entities
  switch (entity!.type) {
    case 'users':
    case 'clients':
    case 'ips':
      return (await import('./alter-quotas.ts')).alterQuotas(admin, entities, edits)
    default:
      return alterResource(admin, entity!, edits)
  }
}

/** Configs that are to be deleted must be there, loggers must exist: the broker would not complain. */
async function alterResource(admin: Admin, entity: ConfigEntity, edits: ConfigEdits): Promise<void> {
  const isLoggers = entity.type === 'broker-loggers'
  const checked = isLoggers ? [...edits.delete, ...edits.add.keys()] : edits.delete
  if (checked.length > 0) {
    const present = new Set((await describeResource(admin, entity, isLoggers)).map(({ name }) => name))
    const missing = checked.filter((name) => !present.has(name))
    if (missing.length > 0)
      throw new UsageError(
        `${isLoggers ? 'Invalid broker logger(s)' : 'Invalid config(s)'}: ${missing.join(',')}`,
      )
  }
  await admin.alterConfigs([
    { ...resourceOf(entity), set: Object.fromEntries(edits.add), delete: edits.delete },
  ])
}
