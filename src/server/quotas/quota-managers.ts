/** All quotas of one broker, kept as the configs of users, client ids and addresses have them. */
import type { Clock } from '../../base/clock.ts'
import { throwUncaught } from '../../base/uncaught.ts'
import type { BrokerConfig } from '../../metadata/config/broker-config.ts'
import type { ConfigRepository, RawConfig } from '../../metadata/config-repository.ts'
import {
  CONNECTION_CREATION_RATE,
  CONSUMER_BYTE_RATE,
  CONTROLLER_MUTATION_RATE,
  entityOfNode,
  PRODUCER_BYTE_RATE,
  quotasOf,
  REQUEST_PERCENTAGE,
} from '../../metadata/quotas/quota-entity.ts'
import type { ConfigEntityType } from '../../metadata/znodes.ts'
import { ClientQuotaManager } from './client-quota-manager.ts'
import { ConnectionQuotas } from './connection-quotas.ts'
import { ControllerMutationQuotas } from './controller-mutation-quotas.ts'
import { RequestTimeQuotas } from './request-time-quotas.ts'

export interface QuotaManagersOptions {
  readonly clock: Clock
  readonly config: BrokerConfig
  /** The address of a host; undefined: it has none. */
  readonly addressOf: (host: string) => Promise<string | undefined>
}

export class QuotaManagers {
  readonly produce: ClientQuotaManager
  readonly fetch: ClientQuotaManager
  readonly request: RequestTimeQuotas
  readonly controllerMutation: ControllerMutationQuotas
  readonly connections: ConnectionQuotas
  readonly #options: QuotaManagersOptions
  /** Of the names that have connection quotas. */
  readonly #addresses = new Map<string, string>()
  #addressing: Promise<void> = Promise.resolve()

  constructor(options: QuotaManagersOptions) {
    const { clock, config } = options
    const { clientQuotaWindow: window, controllerQuotaWindow } = config
    this.#options = options
    this.produce = new ClientQuotaManager(clock, window)
    this.fetch = new ClientQuotaManager(clock, window)
    this.request = new RequestTimeQuotas(clock, window)
    this.controllerMutation = new ControllerMutationQuotas(clock, controllerQuotaWindow)
    this.connections = new ConnectionQuotas(clock, window)
  }

  /** Takes what is set, and every change from now on. */
  follow(configs: ConfigRepository): void {
    for (const type of ['users', 'clients', 'ips'] as const)
      for (const [name, config] of configs.all(type)) this.#set(configs, type, name, config)
    configs.onChange((type, name, config) => this.#set(configs, type, name, config))
  }

  #set(configs: ConfigRepository, type: ConfigEntityType, name: string, config: RawConfig): void {
    if (type === 'ips') {
      // One after the other: of two changes the later one counts, however long its address takes to be found.
      this.#addressing = this.#addressing.then(() => this.#setConnectionBound(configs, name))
      this.#addressing.catch((error: unknown) => throwUncaught(this.#options.clock, error))
    }
    if (type !== 'users' && type !== 'clients') return
    const path = `${type}/${name}`
    const quotas = quotasOf(type, config)
    this.produce.setBound(path, quotas.get(PRODUCER_BYTE_RATE))
    this.fetch.setBound(path, quotas.get(CONSUMER_BYTE_RATE))
    this.request.setBound(path, quotas.get(REQUEST_PERCENTAGE))
    this.controllerMutation.setBound(path, quotas.get(CONTROLLER_MUTATION_RATE))
  }

  async #setConnectionBound(configs: ConfigRepository, name: string): Promise<void> {
    const host = entityOfNode({ type: 'ips', name })?.get('ip') ?? null
    const address =
      host === null ? null : (this.#addresses.get(name) ?? (await this.#options.addressOf(host)))
    if (address === undefined) return
    const bound = quotasOf('ips', configs.get('ips', name)).get(CONNECTION_CREATION_RATE)
    if (address !== null) {
      if (bound === undefined) this.#addresses.delete(name)
      else this.#addresses.set(name, address)
    }
    this.connections.setBound(address, bound)
  }
}
