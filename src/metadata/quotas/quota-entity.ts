/**
 * Whom a quota is for (KIP-546), and the node that holds its quotas. An entity names a user, a client id, both, or an
 * address; null stands for everyone who has no entry of their own.
 */
import type { RawConfig } from '../config-repository.ts'
import { DEFAULT_ENTITY, desanitize, sanitize } from '../sanitizer.ts'
import type { ConfigEntityType } from '../znodes.ts'

export type QuotaEntityType = 'user' | 'client-id' | 'ip'
export type QuotaEntity = ReadonlyMap<QuotaEntityType, string | null>

export function isQuotaEntityType(text: string): text is QuotaEntityType {
  return text === 'user' || text === 'client-id' || text === 'ip'
}

/** A node below /config: its type, and its name below that. */
export interface QuotaNode {
  readonly type: ConfigEntityType
  readonly name: string
}

interface QuotaKey {
  readonly name: string
  readonly type: 'LONG' | 'INT' | 'DOUBLE'
}

export const PRODUCER_BYTE_RATE = 'producer_byte_rate'
export const CONSUMER_BYTE_RATE = 'consumer_byte_rate'
export const REQUEST_PERCENTAGE = 'request_percentage'
export const CONTROLLER_MUTATION_RATE = 'controller_mutation_rate'
export const CONNECTION_CREATION_RATE = 'connection_creation_rate'

const CLIENT_KEYS: readonly QuotaKey[] = [
  { name: PRODUCER_BYTE_RATE, type: 'LONG' },
  { name: CONSUMER_BYTE_RATE, type: 'LONG' },
  { name: REQUEST_PERCENTAGE, type: 'DOUBLE' },
  { name: CONTROLLER_MUTATION_RATE, type: 'DOUBLE' },
]
const IP_KEYS: readonly QuotaKey[] = [{ name: CONNECTION_CREATION_RATE, type: 'INT' }]

/** The quotas that nodes of this type may hold; a user's node holds other things as well. */
export function quotaKeysOf(type: ConfigEntityType): readonly QuotaKey[] {
  return type === 'ips' ? IP_KEYS : CLIENT_KEYS
}

/** Undefined: no node holds quotas of such a combination. */
export function nodeOfEntity(entity: QuotaEntity): QuotaNode | undefined {
  const user = nodeName(entity.get('user'))
  const clientId = nodeName(entity.get('client-id'))
  const ip = nodeName(entity.get('ip'))
  if (ip !== undefined)
    return user === undefined && clientId === undefined ? { type: 'ips', name: ip } : undefined
  if (user === undefined) return clientId === undefined ? undefined : { type: 'clients', name: clientId }
  return { type: 'users', name: clientId === undefined ? user : `${user}/clients/${clientId}` }
}

/** Undefined for nodes of other things. */
export function entityOfNode({ type, name }: QuotaNode): QuotaEntity | undefined {
  if (type === 'ips') return new Map([['ip', entityName(name)]])
  if (type === 'clients') return new Map([['client-id', entityName(name)]])
  if (type !== 'users') return undefined
  const [user = '', clients, clientId] = name.split('/')
  if (clients !== 'clients' || clientId === undefined) return new Map([['user', entityName(user)]])
  return new Map([
    ['user', entityName(user)],
    ['client-id', entityName(clientId)],
  ])
}

/** The quotas among what a node holds. Texts that are no numbers, which others wrote, are passed over. */
export function quotasOf(type: ConfigEntityType, config: RawConfig): Map<string, number> {
  const quotas = new Map<string, number>()
  for (const { name } of quotaKeysOf(type)) {
    const text = config.get(name)?.trim() ?? ''
    const value = Number(text)
    if (text !== '' && !Number.isNaN(value)) quotas.set(name, value)
  }
  return quotas
}

function nodeName(name: string | null | undefined): string | undefined {
  return name === null ? DEFAULT_ENTITY : name === undefined ? undefined : sanitize(name)
}

function entityName(node: string): string | null {
  return node === DEFAULT_ENTITY ? null : desanitize(node)
}
