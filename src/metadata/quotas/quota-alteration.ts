/**
 * One entry of AlterClientQuotas: which entity, and what its quotas become. Refusals are those of Kafka with KRaft: with
 * ZooKeeper it takes quotas of 0 and less, which can't be kept to.
 */
import type { RawConfig } from '../config-repository.ts'
import {
  isQuotaEntityType,
  nodeOfEntity,
  type QuotaEntityType,
  type QuotaNode,
  quotaKeysOf,
} from './quota-entity.ts'

export interface QuotaOp {
  readonly key: string
  readonly value: number
  readonly remove: boolean
}

export interface QuotaAlteration {
  /** Of an entity type that is named twice the last one counts. */
  readonly entity: readonly { readonly entityType: string; readonly entityName: string | null }[]
  readonly ops: readonly QuotaOp[]
}

/** Whole numbers are taken from doubles with this much tolerance. */
const EPSILON = 1e-6
const LARGEST = { LONG: 2 ** 63, INT: 2 ** 31 - 1 }

/** The node to change, or in Kafka's words why there is none. */
export function parseQuotaEntity(named: QuotaAlteration['entity']): QuotaNode | string {
  if (named.length === 0) return 'Invalid empty client quota entity'
  const entity = new Map<QuotaEntityType, string | null>()
  for (const { entityType, entityName } of named) {
    if (!isQuotaEntityType(entityType)) return `Unhandled client quota entity type: ${entityType}`
    if (entityName === '') return `Empty ${entityType} not supported`
    entity.set(entityType, entityName)
  }
  return (
    nodeOfEntity(entity) ??
    'Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId'
  )
}

/** What the node holds afterwards, or why it can't. */
export function applyQuotaOps(
  type: QuotaNode['type'],
  config: RawConfig,
  ops: readonly QuotaOp[],
): RawConfig | string {
  const changed = new Map(config)
  for (const { key, value, remove } of ops) {
    const known = quotaKeysOf(type).find(({ name }) => name === key)
    if (remove) {
      // Whatever else the node holds, credentials above all, is not this request's to take away.
      if (known !== undefined) changed.delete(key)
      continue
    }
    if (known === undefined) return `Invalid configuration key ${key}`
    if (!(value > 0)) return `Quota ${key} must be greater than 0`
    if (known.type === 'DOUBLE') {
      changed.set(key, javaDouble(value))
      continue
    }
    if (value > LARGEST[known.type])
      return `Proposed value for ${key} is too large for ${known.type === 'INT' ? 'an INT' : 'a LONG'}.`
    const whole = Math.trunc(value + EPSILON)
    if (Math.abs(whole - value) > EPSILON) return `${key} cannot be a fractional value.`
    changed.set(key, whole === 2 ** 63 ? '9223372036854775807' : String(BigInt(whole)))
  }
  return changed
}

/** As Java prints doubles, for a person who compares two clusters. */
function javaDouble(value: number): string {
  if (!Number.isFinite(value)) return 'Infinity'
  if (value < 1e-3 || value >= 1e7) {
    const [digits = '', exponent] = value.toExponential().split('e')
    return `${digits.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`
  }
  return Number.isInteger(value) ? `${value}.0` : String(value)
}
