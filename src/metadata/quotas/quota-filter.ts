/**
 * What DescribeClientQuotas asks for: a component for each type of entity that matters, and whether entities may have
 * others besides (`strict` says no).
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { QuotaEntity, QuotaEntityType } from './quota-entity.ts'

export interface QuotaFilterComponent {
  readonly entityType: string
  /** 0: the entity of this name; 1: the default; 2: any that has the type. */
  readonly matchType: number
  readonly match: string | null
}

export interface QuotaRefusal {
  readonly errorCode: number
  readonly errorMessage: string
}

export type QuotaFilter = (entity: QuotaEntity) => boolean

const EXACT = 0
const DEFAULT = 1
const ANY = 2
const LABELS: ReadonlyMap<string, string> = new Map([
  ['user', 'user'],
  ['client-id', 'client'],
  ['ip', 'ip'],
])

export function quotaFilter(
  components: readonly QuotaFilterComponent[],
  strict: boolean,
): QuotaFilter | QuotaRefusal {
  /** A name, null for the default, undefined for any. */
  const wanted = new Map<QuotaEntityType, string | null | undefined>()
  for (const { entityType, matchType, match } of components) {
    const label = LABELS.get(entityType)
    if (label === undefined) {
      return entityType === ''
        ? invalid('Unexpected empty filter component entity type')
        : refusal(ErrorCode.UNSUPPORTED_VERSION, `Custom entity type '${entityType}' not supported`)
    }
    const type = entityType as QuotaEntityType
    if (wanted.has(type)) return invalid(`Duplicate ${label} filter component entity type`)
    if (matchType === EXACT) {
      if (match === null) return invalid('Request specified MATCH_TYPE_EXACT, but set match string to null.')
      wanted.set(type, match)
    } else if (matchType === DEFAULT) wanted.set(type, null)
    else if (matchType === ANY) wanted.set(type, undefined)
    else return invalid(`Unexpected match type: ${matchType}`)
  }
  if (wanted.has('ip') && wanted.size > 1) {
    return invalid(
      'Invalid entity filter component combination, IP filter component should not be used with user or clientId filter component.',
    )
  }
  return (entity) => {
    if (strict && entity.size !== wanted.size) return false
    for (const [type, name] of wanted) {
      if (!entity.has(type) || (name !== undefined && entity.get(type) !== name)) return false
    }
    return true
  }
}

function invalid(errorMessage: string): QuotaRefusal {
  return refusal(ErrorCode.INVALID_REQUEST, errorMessage)
}

function refusal(errorCode: number, errorMessage: string): QuotaRefusal {
  return { errorCode, errorMessage }
}
