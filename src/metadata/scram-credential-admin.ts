/**
 * Describes and changes the SCRAM credentials of users (KIP-554), which lie beside their quotas in /config/users.
 * Passwords come salted and leave no more: only mechanisms and iterations are told.
 *
 * A request goes user by user: one thing wrong with a user, and none of that user's credentials change.
 */
import type { Logger } from '../base/logger.ts'
import { isStoreError } from '../coordination/metadata-store.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import {
  formatScramCredential,
  parseScramCredential,
  type SaltedPassword,
  type ScramMechanismName,
  scramCredential,
} from '../security/scram-credential.ts'
import type { ConfigRepository, RawConfig } from './config-repository.ts'
import { desanitize, sanitize } from './sanitizer.ts'
import { ZnodeFormatError } from './znodes.ts'

export interface ScramDeletion {
  readonly name: string
  readonly mechanism: number
}
export interface ScramUpsertion extends ScramDeletion, SaltedPassword {}

export interface ScramResult {
  readonly user: string
  readonly errorCode: number
  readonly errorMessage: string | null
}

export interface DescribedScramUser extends ScramResult {
  readonly credentialInfos: readonly { readonly mechanism: number; readonly iterations: number }[]
}

/** What is done to one user. */
interface Changes {
  readonly deletions: ScramDeletion[]
  readonly upsertions: ScramUpsertion[]
}

interface Refusal {
  readonly errorCode: number
  readonly errorMessage: string | null
}

const ITERATIONS_MIN = 4096
const ITERATIONS_MAX = 16384
/** By their ids on the wire. */
const MECHANISMS: ReadonlyMap<number, ScramMechanismName> = new Map([
  [1, 'SCRAM-SHA-256'],
  [2, 'SCRAM-SHA-512'],
])

export class ScramCredentialAdmin {
  readonly #configs: ConfigRepository
  readonly #logger: Logger

  constructor(options: { configs: ConfigRepository; logger: Logger }) {
    this.#configs = options.configs
    this.#logger = options.logger
  }

  /** Null or no names: all users that have credentials, in their order. */
  describe(names: readonly string[] | null): DescribedScramUser[] {
    if (names === null || names.length === 0) {
      const users: DescribedScramUser[] = []
      for (const [node, config] of this.#configs.all('users')) {
        const infos = node.includes('/') ? [] : credentialInfos(config)
        if (infos.length > 0) users.push(described(desanitize(node), infos))
      }
      return users.sort((a, b) => (a.user < b.user ? -1 : 1))
    }
    return [...new Set(names)].map((user) => {
      if (names.indexOf(user) !== names.lastIndexOf(user)) {
        const errorMessage = `Cannot describe SCRAM credentials for the same user twice in a single request: ${user}`
        return { user, errorCode: ErrorCode.DUPLICATE_RESOURCE, errorMessage, credentialInfos: [] }
      }
      const infos = credentialInfos(this.#configs.get('users', sanitize(user)))
      if (infos.length > 0) return described(user, infos)
      const errorMessage = `Attempt to describe a user credential that does not exist: ${user}`
      return { user, errorCode: ErrorCode.RESOURCE_NOT_FOUND, errorMessage, credentialInfos: [] }
    })
  }

  /** One result for each user that is named. */
  async alter(
    deletions: readonly ScramDeletion[],
    upsertions: readonly ScramUpsertion[],
  ): Promise<ScramResult[]> {
    const users = new Map<string, Changes>()
    const changesOf = (name: string): Changes => {
      const changes = users.get(name) ?? { deletions: [], upsertions: [] }
      users.set(name, changes)
      return changes
    }
    for (const deletion of deletions) changesOf(deletion.name).deletions.push(deletion)
    for (const upsertion of upsertions) changesOf(upsertion.name).upsertions.push(upsertion)
    const results: ScramResult[] = []
    for (const [user, changes] of users) {
      const refusal = refusalOf(user, changes) ?? (await this.#change(user, changes))
      results.push({ user, errorCode: ErrorCode.NONE, errorMessage: null, ...refusal })
    }
    return results
  }

  async #change(user: string, changes: Changes): Promise<Refusal | undefined> {
    let refusal: Refusal | undefined
    try {
      await this.#configs.update('users', sanitize(user), (config) => {
        const isMissing = changes.deletions.some((each) => !config.has(MECHANISMS.get(each.mechanism)!))
        refusal = isMissing
          ? {
              errorCode: ErrorCode.RESOURCE_NOT_FOUND,
              errorMessage: 'Attempt to delete a user credential that does not exist',
            }
          : undefined
        return isMissing ? undefined : changed(config, changes)
      })
    } catch (error) {
      if (!isStoreError(error) && !(error instanceof ZnodeFormatError)) throw error
      this.#logger.error(`The credentials of a user could not be changed`, error)
      return {
        errorCode: ErrorCode.UNKNOWN_SERVER_ERROR,
        errorMessage: 'The server experienced an unexpected error when processing the request.',
      }
    }
    return refusal
  }
}

function refusalOf(user: string, { deletions, upsertions }: Changes): Refusal | undefined {
  const unacceptable = (errorMessage: string): Refusal => ({
    errorCode: ErrorCode.UNACCEPTABLE_CREDENTIAL,
    errorMessage,
  })
  if (user === '') return unacceptable('Username must not be empty')
  const mechanisms = [...upsertions, ...deletions].map(({ mechanism }) => mechanism)
  if (mechanisms.some((mechanism) => !MECHANISMS.has(mechanism))) {
    return { errorCode: ErrorCode.UNSUPPORTED_SASL_MECHANISM, errorMessage: 'Unknown SCRAM mechanism' }
  }
  for (const { iterations } of upsertions) {
    if (iterations < ITERATIONS_MIN) return unacceptable('Too few iterations')
    if (iterations > ITERATIONS_MAX) return unacceptable('Too many iterations')
  }
  if (new Set(mechanisms).size < mechanisms.length) {
    const errorMessage = 'A user credential cannot be altered twice in the same request'
    return { errorCode: ErrorCode.DUPLICATE_RESOURCE, errorMessage }
  }
  // Java's HMAC takes no empty key.
  if (upsertions.some(({ saltedPassword }) => saltedPassword.length === 0)) {
    return {
      errorCode: ErrorCode.UNKNOWN_SERVER_ERROR,
      errorMessage: null,
    }
  }
  return undefined
}

function changed(config: RawConfig, { deletions, upsertions }: Changes): RawConfig {
  const next = new Map(config)
  for (const { mechanism } of deletions) next.delete(MECHANISMS.get(mechanism)!)
  for (const upsertion of upsertions) {
    const mechanism = MECHANISMS.get(upsertion.mechanism)!
    next.set(mechanism, formatScramCredential(scramCredential(mechanism, upsertion)))
  }
  return next
}

function credentialInfos(config: RawConfig): DescribedScramUser['credentialInfos'] {
  const infos = []
  for (const [mechanism, name] of MECHANISMS) {
    const credential = parseScramCredential(config.get(name) ?? '')
    if (credential !== undefined) infos.push({ mechanism, iterations: credential.iterations })
  }
  return infos
}

function described(user: string, infos: DescribedScramUser['credentialInfos']): DescribedScramUser {
  return { user, errorCode: ErrorCode.NONE, errorMessage: '', credentialInfos: infos }
}
