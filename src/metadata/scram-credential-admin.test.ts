import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../base/logger.ts'
import { MemoryStore } from '../coordination/memory-store.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { ensurePersistentPaths } from './broker-registration.ts'
import { ConfigRepository } from './config-repository.ts'
import { ScramCredentialAdmin, type ScramUpsertion } from './scram-credential-admin.ts'

async function start() {
  const store = new MemoryStore({ nowMs: () => 0 }).connect()
  await ensurePersistentPaths(store)
  const configs = new ConfigRepository({ store, logger: silentLogger, nowMs: () => 0 })
  await configs.start()
  return { configs, admin: new ScramCredentialAdmin({ configs, logger: silentLogger }) }
}

const upsert = (name: string, mechanism = 1, iterations = 4096): ScramUpsertion => ({
  name,
  mechanism,
  iterations,
  salt: Buffer.from('salt'),
  saltedPassword: Buffer.alloc(32, 7),
})
const described = (user: string) => ({ user, errorCode: ErrorCode.NONE, errorMessage: '' })
const none = (user: string) => ({ user, errorCode: ErrorCode.NONE, errorMessage: null })

test('credentials are kept beside quotas and described without their secrets', async () => {
  const { configs, admin } = await start()
  await configs.update('users', 'b', () => new Map([['producer_byte_rate', '5']]))
  const results = await admin.alter([], [upsert('b'), upsert('b', 2, 8192), upsert('a/b', 2)])
  assert.deepEqual(results, [none('b'), none('a/b')])
  assert.match(configs.get('users', 'b').get('SCRAM-SHA-256')!, /^salt=c2FsdA==,stored_key=/)
  assert.equal(configs.get('users', 'b').get('producer_byte_rate'), '5')
  const all = [
    { ...described('a/b'), credentialInfos: [{ mechanism: 2, iterations: 4096 }] },
    {
      ...described('b'),
      credentialInfos: [
        { mechanism: 1, iterations: 4096 },
        { mechanism: 2, iterations: 8192 },
      ],
    },
  ]
  assert.deepEqual(admin.describe(null), all)
  assert.deepEqual(admin.describe([]), all)
  await admin.alter([{ name: 'b', mechanism: 1 }], [upsert('b', 2, 16384)])
  assert.deepEqual(admin.describe(['b'])[0]?.credentialInfos, [{ mechanism: 2, iterations: 16384 }])
})

test('one thing wrong with a user, and nothing of that user changes', async () => {
  const { admin } = await start()
  await admin.alter([], [upsert('old')])
  const results = await admin.alter(
    [
      { name: 'old', mechanism: 2 },
      { name: 'strange', mechanism: 0 },
      { name: 'twice', mechanism: 1 },
    ],
    [
      upsert('old', 1, 16384),
      upsert(''),
      upsert('few', 1, 4095),
      upsert('many', 1, 16385),
      upsert('twice', 1),
      upsert('strange', 1),
      upsert('fine', 1),
    ],
  )
  const told = results.map(({ user, errorCode, errorMessage }) => [user, errorCode, errorMessage])
  assert.deepEqual(told, [
    ['old', ErrorCode.RESOURCE_NOT_FOUND, 'Attempt to delete a user credential that does not exist'],
    ['strange', ErrorCode.UNSUPPORTED_SASL_MECHANISM, 'Unknown SCRAM mechanism'],
    ['twice', ErrorCode.DUPLICATE_RESOURCE, 'A user credential cannot be altered twice in the same request'],
    ['', ErrorCode.UNACCEPTABLE_CREDENTIAL, 'Username must not be empty'],
    ['few', ErrorCode.UNACCEPTABLE_CREDENTIAL, 'Too few iterations'],
    ['many', ErrorCode.UNACCEPTABLE_CREDENTIAL, 'Too many iterations'],
    ['fine', ErrorCode.NONE, null],
  ])
  const iterations = admin.describe(null).map(({ user, credentialInfos }) => [user, credentialInfos])
  assert.deepEqual(iterations, [
    ['fine', [{ mechanism: 1, iterations: 4096 }]],
    ['old', [{ mechanism: 1, iterations: 4096 }]],
  ])
})

test('users that are asked for twice, or have no credentials, are told so once', async () => {
  const { admin } = await start()
  const told = admin.describe(['a', 'b', 'a', '']).map(({ user, errorCode }) => [user, errorCode])
  assert.deepEqual(told, [
    ['a', ErrorCode.DUPLICATE_RESOURCE],
    ['b', ErrorCode.RESOURCE_NOT_FOUND],
    ['', ErrorCode.RESOURCE_NOT_FOUND],
  ])
})
