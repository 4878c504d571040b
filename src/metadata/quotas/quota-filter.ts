/**
 * What DescribeClientQuotas asks for: a component for each type of entity that matters, and whether entities may have
 * others besides (`strict` says no).
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { isQuotaEntityType, type QuotaEntity, type QuotaEntityType } from './quota-entity.ts'

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

const MATCH_TYPES = ['EXACT', 'DEFAULT', 'SPECIFIED'] as const

export function quotaFilter(
  components: readonly QuotaFilterComponent[],
  strict: boolean,
): QuotaFilter | QuotaRefusal {
  /** A name, null for the default, undefined for any. */
  const wanted = new Map<QuotaEntityType, string | null | undefined>()
  for (const { entityType, matchType, match } of components) {
    if (!isQuotaEntityType(entityType)) {
      return entityType === ''
        ? invalid('Invalid empty entity type.')
        : refusal(ErrorCode.UNSUPPORTED_VERSION, `Unsupported entity type ${entityType}`)
    }
    if (wanted.has(entityType))
      return invalid(`Entity type ${entityType} cannot appear more than once in the filter.`)
    const matching = MATCH_TYPES[matchType]
    if (matching === undefined) return invalid(`Unknown match type ${matchType}`)
    const isExact = matching === 'EXACT'
    if (isExact && match === null)
      return invalid('Request specified MATCH_TYPE_EXACT, but set match string to null.')
    if (!isExact && match !== null)
      return invalid(`Request specified MATCH_TYPE_${matching}, but also specified a match string.`)
    wanted.set(entityType, matching === 'SPECIFIED' ? undefined : match)
  }
  if (wanted.has('ip') && wanted.size > 1) {
    return invalid(
      'Invalid entity filter component combination. IP filter component should not be used with user or clientId filter component.',
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
