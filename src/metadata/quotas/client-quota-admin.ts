/**
 * Describes and changes the quotas of clients and addresses, as they are kept with the configs of their entities.
 * Requests are checked here, in Kafka's words; what holds for whom is up to server/quotas.
 */
import type { Logger } from '../../base/logger.ts'
import { isStoreError } from '../../coordination/metadata-store.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { ConfigRepository } from '../config-repository.ts'
import { ZnodeFormatError } from '../znodes.ts'
import { applyQuotaOps, parseQuotaEntity, type QuotaAlteration } from './quota-alteration.ts'
import { entityOfNode, type QuotaEntity, quotasOf } from './quota-entity.ts'
import type { QuotaFilter } from './quota-filter.ts'

export interface DescribedQuotas {
  readonly entity: QuotaEntity
  readonly quotas: ReadonlyMap<string, number>
}

export interface QuotaAlterationResult {
  readonly errorCode: number
  readonly errorMessage: string | null
}

export interface ClientQuotaAdminOptions {
  readonly configs: ConfigRepository
  readonly logger: Logger
  /** The address of a host; undefined: it has none. */
  readonly addressOf: (host: string) => Promise<string | undefined>
}

const OK: QuotaAlterationResult = { errorCode: ErrorCode.NONE, errorMessage: null }

export class ClientQuotaAdmin {
  readonly #options: ClientQuotaAdminOptions

  constructor(options: ClientQuotaAdminOptions) {
    this.#options = options
  }

  describe(matches: QuotaFilter): DescribedQuotas[] {
    const described: DescribedQuotas[] = []
    for (const type of ['users', 'clients', 'ips'] as const) {
      for (const [name, config] of this.#options.configs.all(type)) {
        const entity = entityOfNode({ type, name })
        const quotas = quotasOf(type, config)
        if (entity !== undefined && quotas.size > 0 && matches(entity)) described.push({ entity, quotas })
      }
    }
    return described
  }

  /** All changes of the entity, or none. */
  async alter(alteration: QuotaAlteration, validateOnly: boolean): Promise<QuotaAlterationResult> {
    const node = parseQuotaEntity(alteration.entity)
    if (typeof node === 'string') return invalid(node)
    const { type, name } = node
    const ip = alteration.entity.findLast(({ entityType }) => entityType === 'ip')?.entityName
    if (typeof ip === 'string' && (await this.#options.addressOf(ip)) === undefined)
      return invalid(`${ip} is not a valid IP or resolvable host.`)
    let result = OK
    try {
      await this.#options.configs.update(type, name, (config) => {
        const changed = applyQuotaOps(type, config, alteration.ops)
        result = typeof changed === 'string' ? invalid(changed) : OK
        return typeof changed === 'string' || validateOnly ? undefined : changed
      })
    } catch (error) {
      if (!isStoreError(error) && !(error instanceof ZnodeFormatError)) throw error
      this.#options.logger.error(`The quotas of ${type}/${name} could not be changed`, error)
      return { errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, errorMessage: null }
    }
    return result
  }
}

function invalid(errorMessage: string): QuotaAlterationResult {
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage }
}
