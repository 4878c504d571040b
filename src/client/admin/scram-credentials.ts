/** The credentials of users who say who they are by SCRAM (KIP-554). Passwords leave this process salted and hashed. */
import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import type { Random } from '../../base/random.ts'
import {
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
} from '../../protocol/messages/50-describe-user-scram-credentials.ts'
import {
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse,
} from '../../protocol/messages/51-alter-user-scram-credentials.ts'
import { defineApi } from '../network/api.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import type { Outcome } from '../outcomes.ts'
import { checkAnswer, inOrder, outcomeOf } from './answers.ts'
import { checkList, checkNames, checkText, checkWhole, refuse, Words } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { anyBroker, controller } from './routes.ts'

const DESCRIBE_CREDENTIALS = defineApi(
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
)
const ALTER_CREDENTIALS = defineApi(AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse)
const ITERATIONS = 4096
/** Far beyond what Kafka accepts (16,384): a bound for the time that it takes. */
const ITERATIONS_MAX = 1_000_000
const SALT_BYTES = 24

const MECHANISMS = { 'SCRAM-SHA-256': 1, 'SCRAM-SHA-512': 2 } as const
const HASHES = {
  'SCRAM-SHA-256': { hash: 'sha256', keyBytes: 32 },
  'SCRAM-SHA-512': { hash: 'sha512', keyBytes: 64 },
} as const
export type ScramMechanismName = keyof typeof MECHANISMS
const derive = promisify(pbkdf2)
const mechanisms = new Words<ScramMechanismName>(MECHANISMS)

export interface UserScramCredentials {
  readonly user: string
  readonly credentials: readonly {
    readonly mechanism: ScramMechanismName | 'unknown'
    readonly iterations: number
  }[]
}

export interface ScramCredentialChange {
  readonly user: string
  readonly mechanism: ScramMechanismName
  /** Null: the user has none for this mechanism any more. */
  readonly password: string | Uint8Array | null
  /** Default: 4096, the fewest that Kafka accepts. */
  readonly iterations?: number | undefined
  /** Default: a random one. */
  readonly salt?: Uint8Array | undefined
}

/** Of all users who have any, or of those that are named: one who has none is RESOURCE_NOT_FOUND. */
export async function describeUserScramCredentials(
  requester: Requester,
  users: readonly string[] | undefined,
  { timeoutMs }: AdminCallOptions,
): Promise<UserScramCredentials[]> {
  if (users === undefined) {
    return requester.one({
      what: 'describeUserScramCredentials',
      route: anyBroker(),
      timeoutMs,
      call: async (connection) => (await describe(connection, null)).map(credentialsOf),
    })
  }
  checkNames('users', users)
  const nameOf = (user: string): string => user
  return requester.each<string, UserScramCredentials>({
    what: 'describeUserScramCredentials',
    things: users,
    nameOf,
    route: anyBroker(),
    timeoutMs,
    call: async (connection, things) => {
      const results = await describe(connection, things)
      const described = new Map(
        results.map((each) => [each.user, outcomeOf(`user ${each.user}`, each, () => credentialsOf(each))]),
      )
      return inOrder(things, nameOf, described)
    },
  })
}

type AnsweredUser = DescribeUserScramCredentialsResponse['results'][number]

async function describe(
  connection: BrokerConnection,
  users: readonly string[] | null,
): Promise<AnsweredUser[]> {
  const asked = users === null ? null : users.map((name) => ({ name }))
  const answer = await connection.call(DESCRIBE_CREDENTIALS, { users: asked })
  checkAnswer('describeUserScramCredentials', answer)
  return answer.results
}

function credentialsOf({ user, credentialInfos }: AnsweredUser): UserScramCredentials {
  return {
    user,
    credentials: credentialInfos.map(({ mechanism, iterations }) => ({
      mechanism: mechanisms.wordOf(mechanism),
      iterations,
    })),
  }
}

/** One change for each user: Kafka refuses a second one in the same request (DUPLICATE_RESOURCE), of the other mechanism too. */
export async function alterUserScramCredentials(
  requester: Requester,
  random: Random,
  changes: readonly ScramCredentialChange[],
  { timeoutMs }: AdminCallOptions,
): Promise<void> {
  checkList('changes', changes)
  for (const [i, change] of changes.entries()) checkChange(`changes[${i}]`, change)
  const users = [...new Set(changes.map(({ user }) => user))]
  const upsertions = await Promise.all(
    changes.flatMap((change) => (change.password === null ? [] : [upsertionOf(change, random)])),
  )
  const deletions = changes
    .filter(({ password }) => password === null)
    .map(({ user, mechanism }) => ({ name: user, mechanism: MECHANISMS[mechanism] }))
  const nameOf = (user: string): string => user
  await requester.each<string, void>({
    what: 'alterUserScramCredentials',
    things: users,
    nameOf,
    route: controller(requester.cluster),
    timeoutMs,
    call: async (connection, things) => {
      const isOpen = ({ name }: { name: string }): boolean => things.includes(name)
      const { results } = await connection.call(ALTER_CREDENTIALS, {
        deletions: deletions.filter(isOpen),
        upsertions: upsertions.filter(isOpen),
      })
      const altered = new Map<string, Outcome<void>>(
        results.map((each) => [each.user, outcomeOf(`user ${each.user}`, each, () => {})]),
      )
      return inOrder(things, nameOf, altered)
    },
  })
}

function checkChange(
  what: string,
  { user, mechanism, password, iterations, salt }: ScramCredentialChange,
): void {
  checkText(`${what}.user`, user)
  mechanisms.numberOf(`${what}.mechanism`, mechanism)
  if (password !== null && typeof password !== 'string' && !(password instanceof Uint8Array))
    refuse(`${what}.password must be a text, bytes, or null to delete it`)
  if (iterations !== undefined) checkWhole(`${what}.iterations`, iterations, { min: 1, max: ITERATIONS_MAX })
  if (salt !== undefined && !(salt instanceof Uint8Array)) refuse(`${what}.salt must be bytes`)
}

async function upsertionOf(change: ScramCredentialChange, random: Random) {
  const { user, mechanism, password, iterations = ITERATIONS, salt = random.bytes(SALT_BYTES) } = change
  const { hash, keyBytes } = HASHES[mechanism]
  // Off this thread: it takes its time on purpose.
  const saltedPassword = await derive(password!, salt, iterations, keyBytes, hash)
  return { name: user, mechanism: MECHANISMS[mechanism], iterations, salt, saltedPassword }
}
