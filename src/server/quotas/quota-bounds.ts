/**
 * One kind of quota, as it is set for users, client ids and pairs of them, and which of these holds for a client. The
 * first that is set counts, and those it is set for share what they use:
 *
 *     users/U/clients/C                    each pair
 *     users/U/clients/<default>            each pair
 *     users/U                              all clients of the user
 *     users/<default>/clients/C            each pair
 *     users/<default>/clients/<default>    each pair
 *     users/<default>                      all clients of each user
 *     clients/C                            all that use the client id
 *     clients/<default>                    all that use each client id
 *
 * A client without an id has the quotas of its user alone.
 */
import { DEFAULT_ENTITY, sanitize } from '../../metadata/sanitizer.ts'

/** Who uses something up; a request's context is one. */
export interface QuotaClient {
  readonly connection: { readonly principal: { readonly name: string } }
  readonly clientId: string | null
}

export interface QuotaBound {
  /** Who shares it. */
  readonly sharers: string
  readonly bound: number
}

export class QuotaBounds {
  /** By their paths below /config. */
  readonly #bounds = new Map<string, number>()

  get isEmpty(): boolean {
    return this.#bounds.size === 0
  }

  set(path: string, bound: number | undefined): void {
    if (bound === undefined) this.#bounds.delete(path)
    else this.#bounds.set(path, bound)
  }

  /** Undefined: no quota holds for this client. */
  of(client: QuotaClient): QuotaBound | undefined {
    const user = `users/${sanitize(client.connection.principal.name)}`
    const everyUser = `users/${DEFAULT_ENTITY}`
    const { clientId } = client
    if (clientId === null || clientId === '') return this.#first(user, user, everyUser)
    const id = `clients/${sanitize(clientId)}`
    const everyId = `clients/${DEFAULT_ENTITY}`
    const pair = `${user}/${id}`
    return (
      this.#first(pair, pair, `${user}/${everyId}`) ??
      this.#first(user, user) ??
      this.#first(pair, `${everyUser}/${id}`, `${everyUser}/${everyId}`) ??
      this.#first(user, everyUser) ??
      this.#first(id, id, everyId)
    )
  }

  #first(sharers: string, ...paths: readonly string[]): QuotaBound | undefined {
    for (const path of paths) {
      const bound = this.#bounds.get(path)
      if (bound !== undefined) return { sharers, bound }
    }
    return undefined
  }
}
