/** An API as the client uses it: its messages, and the versions whose fields and meaning the client knows. */
import type { Message } from '../../protocol/schema.ts'
import { KafkaError } from '../kafka-error.ts'

export interface Api<Req, Res> {
  readonly request: Message<unknown, Req>
  readonly response: Message<Res, unknown>
  readonly minVersion: number
  readonly maxVersion: number
}

/** By default every version that is described. */
export function defineApi<Req, Res>(
  request: Message<unknown, Req>,
  response: Message<Res, unknown>,
  versions: readonly [min: number, max: number] = [request.minVersion, request.maxVersion],
): Api<Req, Res> {
  return { request, response, minVersion: versions[0], maxVersion: versions[1] }
}

/** What a broker offers, from its answer to ApiVersions. */
export class OfferedApis {
  readonly #ranges = new Map<number, { readonly min: number; readonly max: number }>()
  readonly #features = new Map<string, number>()

  constructor(
    apiKeys: Iterable<{ readonly apiKey: number; readonly minVersion: number; readonly maxVersion: number }>,
    finalizedFeatures: Iterable<{ readonly name: string; readonly maxVersionLevel: number }> = [],
  ) {
    for (const { apiKey, minVersion, maxVersion } of apiKeys) {
      this.#ranges.set(apiKey, { min: minVersion, max: maxVersion })
    }
    for (const { name, maxVersionLevel } of finalizedFeatures) this.#features.set(name, maxVersionLevel)
  }

  /** The level of a feature that the whole cluster is at; 0: it has none (KIP-584). */
  featureLevel(name: string): number {
    return this.#features.get(name) ?? 0
  }

  /** The newest version that both sides know, at most `maxVersion`; undefined: there is none. */
  newest<Req, Res>(api: Api<Req, Res>, maxVersion: number = api.maxVersion): number | undefined {
    const range = this.#ranges.get(api.request.apiKey!)
    if (range === undefined) return undefined
    const version = Math.min(range.max, maxVersion, api.maxVersion)
    return version >= Math.max(range.min, api.minVersion) ? version : undefined
  }

  /** Throws KafkaError (PROTOCOL) where both sides have no version in common, from `minVersion` on. */
  versionOf<Req, Res>(api: Api<Req, Res>, limits: { min?: number; max?: number } = {}): number {
    const version = this.newest(api, limits.max)
    if (version !== undefined && version >= (limits.min ?? 0)) return version
    const { name } = api.request
    const range = this.#ranges.get(api.request.apiKey!)
    const theirs = range === undefined ? 'does not know it' : `offers ${range.min} to ${range.max}`
    const ours = `${Math.max(limits.min ?? 0, api.minVersion)} to ${limits.max ?? api.maxVersion}`
    throw new KafkaError('PROTOCOL', `${name} is needed in version ${ours}, and the broker ${theirs}`)
  }
}
