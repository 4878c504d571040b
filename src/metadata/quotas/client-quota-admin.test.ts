import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLogger } from '../../base/logger.ts'
import { MemoryStore } from '../../coordination/memory-store.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ensurePersistentPaths } from '../broker-registration.ts'
import { ConfigRepository } from '../config-repository.ts'
import { ClientQuotaAdmin } from './client-quota-admin.ts'
import { type QuotaFilterComponent, quotaFilter } from './quota-filter.ts'

type Named = Readonly<Record<string, string | null>>

async function start() {
  const memory = new MemoryStore({ nowMs: () => 0 })
  const store = memory.connect()
  await ensurePersistentPaths(store)
  const configs = new ConfigRepository({ store, logger: silentLogger, nowMs: () => 0 })
  await configs.start()
  const addressOf = async (host: string) => (host === 'nowhere' ? undefined : host)
  const admin = new ClientQuotaAdmin({ configs, logger: silentLogger, addressOf })
  const alter = (named: Named, quotas: Readonly<Record<string, number | null>>, validateOnly = false) =>
    admin.alter(
      {
        entity: Object.entries(named).map(([entityType, entityName]) => ({ entityType, entityName })),
        ops: Object.entries(quotas).map(([key, value]) => ({
          key,
          value: value ?? 0,
          remove: value === null,
        })),
      },
      validateOnly,
    )
  const describe = (components: readonly QuotaFilterComponent[], strict = false) => {
    const filter = quotaFilter(components, strict)
    assert.ok(typeof filter === 'function')
    const found = admin.describe(filter).map(({ entity }) => JSON.stringify([...entity]))
    return found.sort()
  }
  const node = async (path: string): Promise<string | undefined> =>
    (await store.get(path))?.data.toString('utf8')
  return { configs, admin, alter, describe, node }
}

const exactly = (entityType: string, match: string): QuotaFilterComponent => ({
  entityType,
  matchType: 0,
  match,
})
const byDefault = (entityType: string): QuotaFilterComponent => ({ entityType, matchType: 1, match: null })
const any = (entityType: string): QuotaFilterComponent => ({ entityType, matchType: 2, match: null })

test('quotas lie in the nodes where Kafka keeps them, under encoded names and in its way of writing', async () => {
  const { alter, node } = await start()
  const quotas = { producer_byte_rate: 1024, request_percentage: 50 }
  await alter({ user: 'CN=a b,O=c/d*' }, quotas)
  await alter({ user: 'alice', 'client-id': null }, { controller_mutation_rate: 12.25 })
  await alter({ user: null }, { consumer_byte_rate: 9e18, request_percentage: 2e7 })
  await alter({ 'client-id': '<default>' }, { consumer_byte_rate: 1 })
  await alter({ ip: '10.0.0.1' }, { connection_creation_rate: 7 })
  assert.equal(
    await node('/config/users/CN%3Da%20b%2CO%3Dc%2Fd%2A'),
    '{"version":1,"config":{"producer_byte_rate":"1024","request_percentage":"50.0"}}',
  )
  assert.equal(
    await node('/config/users/alice/clients/<default>'),
    '{"version":1,"config":{"controller_mutation_rate":"12.25"}}',
  )
  assert.equal(
    await node('/config/users/<default>'),
    '{"version":1,"config":{"consumer_byte_rate":"9000000000000000000","request_percentage":"2.0E7"}}',
  )
  assert.equal(
    await node('/config/clients/%3Cdefault%3E'),
    '{"version":1,"config":{"consumer_byte_rate":"1"}}',
  )
  assert.equal(await node('/config/ips/10.0.0.1'), '{"version":1,"config":{"connection_creation_rate":"7"}}')
  assert.equal(await node('/config/users/alice'), '')
})

test('a filter lets through names, the default or any, and in strict mode no other types', async () => {
  const { alter, describe } = await start()
  const quotas = { consumer_byte_rate: 1 }
  for (const entity of [
    { user: 'a' },
    { user: null },
    { user: 'a', 'client-id': 'c' },
    { user: 'a', 'client-id': null },
    { 'client-id': 'c' },
  ])
    await alter(entity, quotas)
  await alter({ ip: null }, { connection_creation_rate: 1 })
  assert.equal(describe([]).length, 6)
  assert.deepEqual(describe([], true), [])
  assert.deepEqual(describe([exactly('user', 'a')], true), ['[["user","a"]]'])
  assert.deepEqual(describe([exactly('user', 'a')]), [
    '[["user","a"],["client-id","c"]]',
    '[["user","a"],["client-id",null]]',
    '[["user","a"]]',
  ])
  assert.deepEqual(describe([byDefault('user')]), ['[["user",null]]'])
  assert.deepEqual(describe([any('client-id')], true), ['[["client-id","c"]]'])
  assert.deepEqual(describe([any('user'), byDefault('client-id')]), ['[["user","a"],["client-id",null]]'])
  assert.deepEqual(describe([any('ip')]), ['[["ip",null]]'])
  assert.deepEqual(describe([exactly('ip', '10.0.0.1')]), [])
})

test('a filter that makes no sense is refused', () => {
  const refusals: readonly (readonly [readonly QuotaFilterComponent[], string])[] = [
    [[exactly('', 'x')], 'Invalid empty entity type.'],
    [[any('user'), byDefault('user')], 'Entity type user cannot appear more than once in the filter.'],
    [
      [any('client-id'), any('client-id')],
      'Entity type client-id cannot appear more than once in the filter.',
    ],
    [
      [{ entityType: 'user', matchType: 1, match: 'x' }],
      'Request specified MATCH_TYPE_DEFAULT, but also specified a match string.',
    ],
    [
      [{ entityType: 'user', matchType: 0, match: null }],
      'Request specified MATCH_TYPE_EXACT, but set match string to null.',
    ],
    [[{ entityType: 'user', matchType: 7, match: null }], 'Unknown match type 7'],
    [
      [any('user'), any('ip')],
      'Invalid entity filter component combination. IP filter component should not be used with user or clientId filter component.',
    ],
  ]
  for (const [components, errorMessage] of refusals)
    assert.deepEqual(quotaFilter(components, false), { errorCode: ErrorCode.INVALID_REQUEST, errorMessage })
  assert.deepEqual(quotaFilter([any('group')], false), {
    errorCode: ErrorCode.UNSUPPORTED_VERSION,
    errorMessage: 'Unsupported entity type group',
  })
})

test('what is wrong with an entity or a quota is said, and nothing of the entry is done', async () => {
  const { alter, describe } = await start()
  const refused: readonly (readonly [Named, Readonly<Record<string, number | null>>, string])[] = [
    [{}, {}, 'Invalid empty client quota entity'],
    [{ group: 'g' }, {}, 'Unhandled client quota entity type: group'],
    [{ user: '' }, {}, 'Empty user not supported'],
    [{ ip: 'nowhere' }, {}, 'nowhere is not a valid IP or resolvable host.'],
    [
      { user: 'u', ip: '10.0.0.1' },
      {},
      'Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId',
    ],
    [{ user: 'u' }, { producer_byte_rate: 5, nonsense: 1 }, 'Invalid configuration key nonsense'],
    [{ ip: null }, { producer_byte_rate: 5 }, 'Invalid configuration key producer_byte_rate'],
    [{ user: 'u' }, { connection_creation_rate: 5 }, 'Invalid configuration key connection_creation_rate'],
    [{ user: 'u' }, { producer_byte_rate: 1.5 }, 'producer_byte_rate cannot be a fractional value.'],
    [
      { user: 'u' },
      { producer_byte_rate: 1e19 },
      'Proposed value for producer_byte_rate is too large for a LONG.',
    ],
    [
      { ip: null },
      { connection_creation_rate: 2 ** 31 },
      'Proposed value for connection_creation_rate is too large for an INT.',
    ],
    [{ user: 'u' }, { request_percentage: 0 }, 'Quota request_percentage must be greater than 0'],
    [{ user: 'u' }, { request_percentage: Number.NaN }, 'Quota request_percentage must be greater than 0'],
  ]
  for (const [entity, quotas, errorMessage] of refused)
    assert.deepEqual(await alter(entity, quotas), { errorCode: ErrorCode.INVALID_REQUEST, errorMessage })
  assert.deepEqual(describe([]), [])
})

test('what is only validated is not done, and a removal takes nothing but quotas', async () => {
  const { alter, configs, node, describe } = await start()
  await configs.update('users', 'u', () => new Map([['SCRAM-SHA-256', 'secret']]))
  assert.equal((await alter({ user: 'u' }, { producer_byte_rate: 5 }, true)).errorCode, ErrorCode.NONE)
  assert.deepEqual(describe([]), [])
  await alter({ user: 'u' }, { producer_byte_rate: 5, consumer_byte_rate: 6 })
  await alter({ user: 'u' }, { producer_byte_rate: null, 'SCRAM-SHA-256': null, nonsense: null })
  assert.equal(
    await node('/config/users/u'),
    '{"version":1,"config":{"SCRAM-SHA-256":"secret","consumer_byte_rate":"6"}}',
  )
})
