/** kafka-configs.sh --alter of users, clients and addresses: their quotas, or the SCRAM credentials of a user. */
import type { Admin } from '../../client/admin/admin.ts'
import type { QuotaEntityType } from '../../client/admin/client-quotas.ts'
import type { ScramCredentialChange, ScramMechanismName } from '../../client/admin/scram-credentials.ts'
import { UsageError } from '../command/command.ts'
import type { ConfigEdits } from './config-edits.ts'
import type { ConfigEntity } from './config-entities.ts'
import { CLIENT_QUOTAS, IP_QUOTA, quotaTypeOf } from './quota-types.ts'

const MECHANISMS: readonly ScramMechanismName[] = ['SCRAM-SHA-256', 'SCRAM-SHA-512']
const ITERATIONS_MIN = 4096

export async function alterQuotas(
  admin: Admin,
  entities: readonly ConfigEntity[],
  edits: ConfigEdits,
): Promise<void> {
  const [entity] = entities as [ConfigEntity]
  if (entity.type === 'ips') {
    await checkAddress(entity.name!)
    checkNames([...edits.add.keys(), ...edits.delete], (name) => name === IP_QUOTA, {
      allowed: 'connection quota configs can be added',
      type: 'ips',
    })
    return changeQuotas(admin, entities, edits)
  }
  const isUserAlone = entities.length === 1 && entity.type === 'users'
  const isAllowed = (name: string): boolean => CLIENT_QUOTAS.has(name) || (isUserAlone && isMechanism(name))
  const what = isUserAlone ? 'quota and SCRAM credential configs' : 'quota configs'
  const type = isUserAlone ? 'users' : 'clients'
  checkNames([...edits.add.keys()], isAllowed, { allowed: `${what} can be added`, type })
  checkNames(edits.delete, isAllowed, { allowed: `${what} can be deleted`, type })
  const names = [...edits.add.keys(), ...edits.delete]
  if (!names.some(isMechanism)) return changeQuotas(admin, entities, edits)
  if (entity.name === '') {
    throw new UsageError(
      'The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.',
    )
  }
  if (!names.every(isMechanism)) {
    throw new UsageError(
      "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.",
    )
  }
  await admin.alterUserScramCredentials(credentialChanges(entity.name!, edits))
}

function isMechanism(name: string): name is ScramMechanismName {
  return MECHANISMS.some((mechanism) => mechanism === name)
}

function checkNames(
  names: readonly string[],
  isAllowed: (name: string) => boolean,
  { allowed, type }: { allowed: string; type: string },
): void {
  const unknown = names.filter((name) => !isAllowed(name))
  if (unknown.length === 0) return
  const listed = type === 'ips' ? unknown.join(',') : `Set(${unknown.join(', ')})`
  throw new UsageError(
    `Only ${allowed} for '${type}' using --bootstrap-server. Unexpected config names: ${listed}`,
  )
}

async function checkAddress(name: string): Promise<void> {
  if (name === '') return
  const { lookup } = await import('node:dns/promises')
  try {
    await lookup(name)
  } catch {
    throw new UsageError(`The entity name for ips must be a valid IP or resolvable host, but it is: ${name}`)
  }
}

/** What is to be deleted must be there. */
async function changeQuotas(
  admin: Admin,
  entities: readonly ConfigEntity[],
  edits: ConfigEdits,
): Promise<void> {
  const quotas: Record<string, number | null> = {}
  for (const [name, value] of edits.add) quotas[name] = readQuota(name, value)
  const entity: Partial<Record<QuotaEntityType, string | null>> = {}
  for (const { type, name } of entities) entity[quotaTypeOf(type)] = name === '' ? null : name!
  if (edits.delete.length > 0) {
    const [present] = await admin.describeClientQuotas(entity, { strict: true })
    const missing = edits.delete.filter((name) => present?.quotas[name] === undefined)
    if (missing.length > 0) throw new UsageError(`Invalid config(s): ${missing.join(',')}`)
  }
  for (const name of edits.delete) quotas[name] = null
  await admin.alterClientQuotas([{ entity, quotas }])
}

function readQuota(name: string, value: string): number {
  if (value === '' || !Number.isFinite(Number(value)))
    throw new UsageError(`Cannot parse quota configuration value for ${name}: ${value}`)
  return Number(value)
}

function credentialChanges(user: string, edits: ConfigEdits): ScramCredentialChange[] {
  const deleted = edits.delete.map((name) => ({
    user,
    mechanism: name as ScramMechanismName,
    password: null,
  }))
  const added = Array.from(edits.add, ([name, text]) => {
    const match = /^(?:iterations=(-?\d*),)?password=(.*)$/s.exec(text)
    if (match === null) throw new UsageError(`Invalid credential property ${name}=${text}`)
    const [, told, password = ''] = match
    const iterations = told === undefined || told === '-1' ? ITERATIONS_MIN : Number(told)
    if (iterations < ITERATIONS_MIN) {
      throw new UsageError(
        `Iterations ${iterations} is less than the minimum ${ITERATIONS_MIN} required for ${name}`,
      )
    }
    return { user, mechanism: name as ScramMechanismName, password, iterations }
  })
  return [...deleted, ...added]
}
