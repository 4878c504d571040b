/** How much users, clients and addresses may ask of the brokers (KIP-546). */
import {
  DescribeClientQuotasRequest,
  DescribeClientQuotasResponse,
} from '../../protocol/messages/48-describe-client-quotas.ts'
import {
  AlterClientQuotasRequest,
  AlterClientQuotasResponse,
} from '../../protocol/messages/49-alter-client-quotas.ts'
import { defineApi } from '../network/api.ts'
import type { Outcome } from '../outcomes.ts'
import { checkAnswer, inOrder, outcomeOf } from './answers.ts'
import { checkList, checkNames, checkText, refuse, show } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { anyBroker } from './routes.ts'

const DESCRIBE_CLIENT_QUOTAS = defineApi(DescribeClientQuotasRequest, DescribeClientQuotasResponse)
const ALTER_CLIENT_QUOTAS = defineApi(AlterClientQuotasRequest, AlterClientQuotasResponse)
const MATCH_NAME = 0
const MATCH_DEFAULT = 1
const MATCH_ANY = 2

export type QuotaEntityType = 'user' | 'client-id' | 'ip'

/** Whom a quota is for: `{ user: 'alice', 'client-id': null }`; null is everyone who has none of their own. */
export type QuotaEntity = Readonly<Partial<Record<QuotaEntityType, string | null>>>

/** The name of an entity; null: the default one; `{ any: true }`: everyone that has a quota. */
export type QuotaMatch = string | null | { readonly any: true }

export interface DescribeClientQuotasOptions extends AdminCallOptions {
  /** Only entities of exactly the types that are named. */
  readonly strict?: boolean | undefined
}

export interface ClientQuotas {
  readonly entity: QuotaEntity
  /** By name: `producer_byte_rate`, `consumer_byte_rate`, `request_percentage`, ... */
  readonly quotas: Readonly<Record<string, number>>
}

export interface ClientQuotasChange {
  readonly entity: QuotaEntity
  /** Null removes one. */
  readonly quotas: Readonly<Record<string, number | null>>
}

export interface AlterClientQuotasOptions extends AdminCallOptions {
  readonly validateOnly?: boolean | undefined
}

/** Of all entities that fit everything in `match`. */
export async function describeClientQuotas(
  requester: Requester,
  match: Readonly<Partial<Record<QuotaEntityType, QuotaMatch>>>,
  { strict = false, timeoutMs }: DescribeClientQuotasOptions,
): Promise<ClientQuotas[]> {
  const components = Object.entries(match)
    .filter(([, wanted]) => wanted !== undefined)
    .map(([entityType, wanted]) => ({ entityType, ...matchOf(entityType, wanted) }))
  return requester.one({
    what: 'describeClientQuotas',
    route: anyBroker(),
    timeoutMs,
    call: async (connection) => {
      const answer = await connection.call(DESCRIBE_CLIENT_QUOTAS, { components, strict })
      checkAnswer('describeClientQuotas', answer)
      return (answer.entries ?? []).map(({ entity, values }) => ({
        entity: entityOf(entity),
        quotas: Object.fromEntries(values.map(({ key, value }) => [key, value])),
      }))
    },
  })
}

function matchOf(entityType: string, wanted: QuotaMatch): { matchType: number; match: string | null } {
  if (wanted === null) return { matchType: MATCH_DEFAULT, match: null }
  if (typeof wanted === 'string') return { matchType: MATCH_NAME, match: wanted }
  if (wanted.any !== true) refuse(`${entityType} must be a name, null or { any: true }, not ${show(wanted)}`)
  return { matchType: MATCH_ANY, match: null }
}

export async function alterClientQuotas(
  requester: Requester,
  changes: readonly ClientQuotasChange[],
  { validateOnly = false, timeoutMs }: AlterClientQuotasOptions,
): Promise<void> {
  checkList('changes', changes)
  const nameOf = ({ entity }: ClientQuotasChange): string => nameOfEntity(entity)
  for (const change of changes) checkChange(nameOf(change), change)
  checkNames('changes', changes.map(nameOf))
  await requester.each<ClientQuotasChange, void>({
    what: 'alterClientQuotas',
    things: changes,
    nameOf,
    route: anyBroker(),
    timeoutMs,
    call: async (connection, things) => {
      const entries = things.map(({ entity, quotas }) => ({
        entity: partsOf(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
        ops: Object.entries(quotas).map(([key, value]) => ({
          key,
          value: value ?? 0,
          remove: value === null,
        })),
      }))
      const answer = await connection.call(ALTER_CLIENT_QUOTAS, { entries, validateOnly })
      const altered = new Map<string, Outcome<void>>()
      for (const each of answer.entries) {
        const name = nameOfEntity(entityOf(each.entity))
        altered.set(
          name,
          outcomeOf(name, each, () => {}),
        )
      }
      return inOrder(things, nameOf, altered)
    },
  })
}

function checkChange(name: string, { entity, quotas }: ClientQuotasChange): void {
  if (partsOf(entity).length === 0) refuse('an entity has a user, a client-id or an ip')
  for (const [type, value] of partsOf(entity)) if (value !== null) checkText(`${name}: ${type}`, value)
  for (const [key, value] of Object.entries(quotas)) {
    if (value !== null && !Number.isFinite(value))
      refuse(`${name}: ${key} must be a number or null, not ${show(value)}`)
  }
}

function partsOf(entity: QuotaEntity): [type: string, name: string | null][] {
  return Object.entries(entity).filter((part): part is [string, string | null] => part[1] !== undefined)
}

function entityOf(
  parts: readonly { readonly entityType: string; readonly entityName: string | null }[],
): QuotaEntity {
  return Object.fromEntries(parts.map(({ entityType, entityName }) => [entityType, entityName]))
}

/** `user=alice, client-id=<default>`, whatever the order in which the parts were given. */
function nameOfEntity(entity: QuotaEntity): string {
  return partsOf(entity)
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .map(([type, name]) => `${type}=${name ?? '<default>'}`)
    .join(', ')
}
