/**
 * Delegation tokens (KIP-48): who has said who they are may hand out tokens, by which others act for them with SCRAM, the
 * token's id as the user and its hmac in base64 as the password.
 */
import {
  CreateDelegationTokenRequest,
  CreateDelegationTokenResponse,
} from '../../protocol/messages/38-create-delegation-token.ts'
import {
  RenewDelegationTokenRequest,
  RenewDelegationTokenResponse,
} from '../../protocol/messages/39-renew-delegation-token.ts'
import {
  ExpireDelegationTokenRequest,
  ExpireDelegationTokenResponse,
} from '../../protocol/messages/40-expire-delegation-token.ts'
import {
  DescribeDelegationTokenRequest,
  DescribeDelegationTokenResponse,
} from '../../protocol/messages/41-describe-delegation-token.ts'
import { defineApi } from '../network/api.ts'
import { checkAnswer } from './answers.ts'
import { checkList, checkText, checkWhole, refuse } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { anyBroker } from './routes.ts'

const CREATE = defineApi(CreateDelegationTokenRequest, CreateDelegationTokenResponse, [0, 3])
const RENEW = defineApi(RenewDelegationTokenRequest, RenewDelegationTokenResponse, [0, 2])
const EXPIRE = defineApi(ExpireDelegationTokenRequest, ExpireDelegationTokenResponse, [0, 2])
const DESCRIBE = defineApi(DescribeDelegationTokenRequest, DescribeDelegationTokenResponse, [0, 3])
const FIRST_VERSION_WITH_REQUESTER = 3
const BROKERS_CHOICE = -1
const AT_ONCE = -1
const DEFAULT_TYPE = 'User'

/** `User:alice` is `{ name: 'alice' }`. */
export interface Principal {
  /** Default: User. */
  readonly type?: string | undefined
  readonly name: string
}

export interface DelegationToken {
  readonly tokenId: string
  readonly hmac: Buffer
  readonly owner: Principal
  /** Who asked for it; null: the broker is too old to tell. */
  readonly requester: Principal | null
  readonly renewers: readonly Principal[]
  /** Milliseconds since the Unix epoch. */
  readonly issueTimeMs: number
  /** Unless it is renewed, which it can be until `maxTimeMs`. */
  readonly expiryTimeMs: number
  readonly maxTimeMs: number
}

export interface CreateDelegationTokenOptions extends AdminCallOptions {
  readonly renewers?: readonly Principal[] | undefined
  /** Default: the one who asks. */
  readonly owner?: Principal | undefined
  /** Default: the broker's `delegation.token.max.lifetime.ms`. */
  readonly maxLifetimeMs?: number | undefined
}

export interface RenewDelegationTokenOptions extends AdminCallOptions {
  /** Default: the broker's `delegation.token.expiry.time.ms`. */
  readonly renewPeriodMs?: number | undefined
}

export interface ExpireDelegationTokenOptions extends AdminCallOptions {
  /** Default: at once. */
  readonly expiryPeriodMs?: number | undefined
}

export interface DescribeDelegationTokensOptions extends AdminCallOptions {
  readonly owners?: readonly Principal[] | undefined
}

export async function createDelegationToken(
  requester: Requester,
  { renewers = [], owner, maxLifetimeMs = BROKERS_CHOICE, timeoutMs }: CreateDelegationTokenOptions,
): Promise<DelegationToken> {
  checkPrincipals('renewers', renewers)
  if (owner !== undefined) checkPrincipals('owner', [owner])
  checkWhole('maxLifetimeMs', maxLifetimeMs, { max: Number.MAX_SAFE_INTEGER })
  return requester.one({
    what: 'createDelegationToken',
    route: anyBroker(),
    timeoutMs,
    call: async (connection) => {
      const version = connection.apis!.versionOf(CREATE, {
        min: owner === undefined ? 0 : FIRST_VERSION_WITH_REQUESTER,
      })
      const ownerFields =
        version >= FIRST_VERSION_WITH_REQUESTER
          ? {
              ownerPrincipalType: owner === undefined ? null : (owner.type ?? DEFAULT_TYPE),
              ownerPrincipalName: owner?.name ?? null,
            }
          : undefined
      const answer = await connection.call(
        CREATE,
        { ...ownerFields, renewers: renewers.map(principalFields), maxLifetimeMs },
        { version },
      )
      checkAnswer('createDelegationToken', answer)
      return tokenOf(
        {
          ...answer,
          issueTimestamp: answer.issueTimestampMs,
          expiryTimestamp: answer.expiryTimestampMs,
          maxTimestamp: answer.maxTimestampMs,
          renewers: renewers.map(principalFields),
        },
        version,
      )
    },
  })
}

/** Rejects where the one who asks is neither the owner nor a renewer. Resolves with the new end of the token. */
export async function renewDelegationToken(
  requester: Requester,
  hmac: Uint8Array,
  { renewPeriodMs = BROKERS_CHOICE, timeoutMs }: RenewDelegationTokenOptions,
): Promise<number> {
  checkHmac(hmac)
  return requester.one({
    what: 'renewDelegationToken',
    route: anyBroker(),
    timeoutMs,
    call: async (connection) => {
      const answer = await connection.call(RENEW, { hmac, renewPeriodMs })
      checkAnswer('renewDelegationToken', answer)
      return answer.expiryTimestampMs
    },
  })
}

/** At once, or in so many milliseconds. Resolves with the end of the token. */
export async function expireDelegationToken(
  requester: Requester,
  hmac: Uint8Array,
  { expiryPeriodMs = AT_ONCE, timeoutMs }: ExpireDelegationTokenOptions,
): Promise<number> {
  checkHmac(hmac)
  return requester.one({
    what: 'expireDelegationToken',
    route: anyBroker(),
    timeoutMs,
    call: async (connection) => {
      const answer = await connection.call(EXPIRE, { hmac, expiryTimePeriodMs: expiryPeriodMs })
      checkAnswer('expireDelegationToken', answer)
      return answer.expiryTimestampMs
    },
  })
}

/** Those that the one who asks may see; of certain owners, or of all. */
export async function describeDelegationTokens(
  requester: Requester,
  { owners, timeoutMs }: DescribeDelegationTokensOptions,
): Promise<DelegationToken[]> {
  if (owners !== undefined) checkPrincipals('owners', owners)
  return requester.one({
    what: 'describeDelegationTokens',
    route: anyBroker(),
    timeoutMs,
    call: async (connection) => {
      const version = connection.apis!.versionOf(DESCRIBE)
      const body = { owners: owners?.map(principalFields) ?? null }
      const answer = await connection.call(DESCRIBE, body, { version })
      checkAnswer('describeDelegationTokens', answer)
      return answer.tokens.map((token) => tokenOf(token, version))
    },
  })
}

interface PrincipalFields {
  readonly principalType: string
  readonly principalName: string
}

function principalFields({ type = DEFAULT_TYPE, name }: Principal): PrincipalFields {
  return { principalType: type, principalName: name }
}

function principalOf({ principalType, principalName }: PrincipalFields): Principal {
  return { type: principalType, name: principalName }
}

function tokenOf(
  token: PrincipalFields & {
    readonly tokenRequesterPrincipalType: string
    readonly tokenRequesterPrincipalName: string
    readonly issueTimestamp: number
    readonly expiryTimestamp: number
    readonly maxTimestamp: number
    readonly tokenId: string
    readonly hmac: Buffer
    readonly renewers: readonly PrincipalFields[]
  },
  version: number,
): DelegationToken {
  const requester = { type: token.tokenRequesterPrincipalType, name: token.tokenRequesterPrincipalName }
  return {
    tokenId: token.tokenId,
    // Kept for long, unlike what else lies around it in memory.
    hmac: Buffer.from(token.hmac),
    owner: principalOf(token),
    requester: version >= FIRST_VERSION_WITH_REQUESTER ? requester : null,
    renewers: token.renewers.map(principalOf),
    issueTimeMs: token.issueTimestamp,
    expiryTimeMs: token.expiryTimestamp,
    maxTimeMs: token.maxTimestamp,
  }
}

function checkPrincipals(what: string, principals: readonly Principal[]): void {
  checkList(what, principals)
  for (const [i, { name }] of principals.entries()) checkText(`${what}[${i}].name`, name)
}

function checkHmac(hmac: Uint8Array): void {
  if (!(hmac instanceof Uint8Array)) refuse('the hmac of a token is bytes')
}
