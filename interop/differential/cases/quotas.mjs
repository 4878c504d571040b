/**
 * Quotas and SCRAM credentials: what may be set, how it is described, and for how long clients are throttled. The first
 * thing that a client does under a new quota is throttled for a time that does not depend on the clock.
 */
import { batch } from '../records.mjs'
import {
  ALTER_CLIENT_QUOTAS,
  ALTER_USER_SCRAM_CREDENTIALS,
  CREATE_PARTITIONS,
  CREATE_TOPICS,
  createTopic,
  DELETE_TOPICS,
  DESCRIBE_CLIENT_QUOTAS,
  DESCRIBE_USER_SCRAM_CREDENTIALS,
  delay,
  FETCH,
  fetchRequest,
  HEARTBEAT,
  PRODUCE,
  produce,
  produceRequest,
} from './kit.mjs'

/** @typedef {import('./kit.mjs').Probe} Probe */
/** @typedef {Record<string, string | null>} Entity names by type; null: the default */

/** @type {import('./kit.mjs').Reference[]} */
const references = ['zookeeper', 'kraft', 'kraft-4.1']
/** A change reaches the broker a little after it was answered. */
const settleMs = 400

/** @type {import('./kit.mjs').Case[]} */
export const cases = [
  { name: 'quotas', references, run: quotas },
  { name: 'quota filters', references, run: filters },
  { name: 'quota refusals', references, run: refusals },
  { name: 'throttled bytes', references, run: throttledBytes },
  { name: 'throttled requests', references, run: throttledRequests },
  { name: 'throttled mutations', references, run: throttledMutations },
  { name: 'scram credentials', references, run: scramCredentials },
]

/** @param {Entity} names @param {Record<string, number | null>} ops null: removed */
const entry = (names, ops) => ({
  entity: Object.entries(names).map(([entityType, entityName]) => ({ entityType, entityName })),
  ops: Object.entries(ops).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
})

/** @param {Probe} probe @param {Entity} names @param {Record<string, number | null>} ops */
async function set(probe, names, ops) {
  const { entries } = await probe.quietly(ALTER_CLIENT_QUOTAS, 1, {
    entries: [entry(names, ops)],
    validateOnly: false,
  })
  if (entries[0].errorCode !== 0) throw new Error(entries[0].errorMessage)
  await delay(settleMs)
}

/** @typedef {[entityType: string, match: string | null | undefined, matchType?: number]} Component undefined: any */

/** @param {Component[]} components @param {boolean} strict */
const filter = (components, strict) => ({
  components: components.map(([entityType, match, matchType]) => ({
    entityType,
    matchType: matchType ?? (match === undefined ? 2 : match === null ? 1 : 0),
    match: match ?? null,
  })),
  strict,
})

/** @param {Probe} probe */
async function quotas(probe) {
  for (const version of probe.versions(ALTER_CLIENT_QUOTAS)) {
    const alter = (
      /** @type {string} */ label,
      /** @type {ReturnType<typeof entry>[]} */ entries,
      validateOnly = false,
    ) => probe.ask(label, ALTER_CLIENT_QUOTAS, version, { entries, validateOnly })
    const show = async (/** @type {string} */ label) => {
      await delay(settleMs)
      await probe.ask(label, DESCRIBE_CLIENT_QUOTAS, version, filter([['user', `q${version}`]], false))
    }
    const user = { user: `q${version}` }
    await alter('validated', [entry(user, { producer_byte_rate: 1000 })], true)
    await show('after validation')
    const all = {
      producer_byte_rate: 1000,
      consumer_byte_rate: 9e15,
      request_percentage: 12.5,
      controller_mutation_rate: 0.25,
    }
    await alter('all keys', [
      entry(user, all),
      entry({ ...user, 'client-id': 'a b/c*d' }, { request_percentage: 1e7 }),
      entry({ ...user, 'client-id': null }, { producer_byte_rate: 5.0000000001 }),
    ])
    await show('all keys are there')
    await alter('changed', [
      entry(user, {
        producer_byte_rate: null,
        consumer_byte_rate: 7,
        connection_creation_rate: null,
        nonsense: null,
      }),
      entry({ ...user, 'client-id': null }, { producer_byte_rate: null }),
      entry({ user: 'never there' }, { producer_byte_rate: null }),
    ])
    await show('some are gone')
    await alter('nothing', [])
    await alter('no ops', [entry(user, {})])
  }
}

/** @param {Probe} probe */
async function filters(probe) {
  const rate = { consumer_byte_rate: 5 }
  // Defaults get quotas of clients that nobody is, since they hold for all cases.
  for (const names of [
    { user: 'f' },
    { user: 'f', 'client-id': 'fc' },
    { user: 'f', 'client-id': null },
    { user: null, 'client-id': 'fc' },
    { 'client-id': 'fc' },
  ])
    await set(probe, names, rate)
  await set(probe, { ip: '10.9.8.7' }, { connection_creation_rate: 3 })
  /** @type {[string, Component[]][]} */
  const asked = [
    ['user', [['user', 'f']]],
    ['default user', [['user', null]]],
    [
      'pair',
      [
        ['user', 'f'],
        ['client-id', 'fc'],
      ],
    ],
    [
      'default of pair',
      [
        ['user', 'f'],
        ['client-id', null],
      ],
    ],
    [
      'any user',
      [
        ['user', undefined],
        ['client-id', 'fc'],
      ],
    ],
    ['client', [['client-id', 'fc']]],
    ['ip', [['ip', '10.9.8.7']]],
    ['any ip', [['ip', undefined]]],
    ['default ip', [['ip', null]]],
    ['nobody', [['user', 'nobody']]],
  ]
  for (const version of probe.versions(DESCRIBE_CLIENT_QUOTAS))
    for (const strict of [false, true])
      for (const [label, components] of asked)
        await probe.ask(
          `${label}${strict ? ', strict' : ''}`,
          DESCRIBE_CLIENT_QUOTAS,
          version,
          filter(components, strict),
        )
}

/** @param {Probe} probe */
async function refusals(probe) {
  /** @type {[string, Component[]][]} */
  const asked = [
    ['empty type', [['', 'x']]],
    ['strange type', [['group', 'x']]],
    [
      'type twice',
      [
        ['user', 'x'],
        ['user', null],
      ],
    ],
    [
      'client twice',
      [
        ['client-id', 'x'],
        ['client-id', 'y'],
      ],
    ],
    [
      'ip and user',
      [
        ['ip', '10.0.0.1'],
        ['user', 'x'],
      ],
    ],
    ['strange match', [['user', null, 9]]],
    ['exactly nothing', [['user', null, 0]]],
  ]
  const version = probe.latest(DESCRIBE_CLIENT_QUOTAS)
  for (const [label, components] of asked)
    await probe.ask(`filter: ${label}`, DESCRIBE_CLIENT_QUOTAS, version, filter(components, false))
  const rate = { producer_byte_rate: 5 }
  /** @type {[string, Entity, Record<string, number | null>][]} */
  const altered = [
    ['no entity', {}, rate],
    ['strange entity', { group: 'g' }, rate],
    ['empty user', { user: '' }, rate],
    ['empty client', { 'client-id': '' }, rate],
    ['empty ip', { ip: '' }, { connection_creation_rate: 5 }],
    ['ip and user', { ip: '10.0.0.1', user: 'u' }, { connection_creation_rate: 5 }],
    ['no address', { ip: 'no such host.invalid' }, { connection_creation_rate: 5 }],
    ['strange key', { user: 'r' }, { nonsense: 5 }],
    ['key of users for an ip', { ip: '10.0.0.1' }, rate],
    ['key of ips for a user', { user: 'r' }, { connection_creation_rate: 5 }],
    ['fraction of a byte', { user: 'r' }, { producer_byte_rate: 5.5 }],
    ['fraction of a connection', { ip: '10.0.0.1' }, { connection_creation_rate: 5.5 }],
    ['too many connections', { ip: '10.0.0.1' }, { connection_creation_rate: 3e9 }],
    ['too many bytes', { user: 'r' }, { producer_byte_rate: 1e19 }],
    ['zero', { user: 'r' }, { producer_byte_rate: 0 }],
    ['less than zero', { user: 'r' }, { request_percentage: -1 }],
    ['good and bad', { user: 'r' }, { consumer_byte_rate: 6, nonsense: 5 }],
  ]
  for (const [label, names, ops] of altered)
    await probe.ask(`alter: ${label}`, ALTER_CLIENT_QUOTAS, probe.latest(ALTER_CLIENT_QUOTAS), {
      entries: [entry(names, ops)],
      validateOnly: false,
    })
  await delay(settleMs)
  await probe.ask('nothing was set', DESCRIBE_CLIENT_QUOTAS, version, filter([['user', 'r']], false))
}

/**
 * Asks as a client of its own, on a connection of its own, and notes for how long that is throttled.
 * @param {Probe} probe @param {string} label @param {string} clientId
 * @param {number} apiKey @param {number} version @param {unknown} request
 * @param {(response: any) => unknown} [also] what else is noted
 */
async function throttled(probe, label, clientId, apiKey, version, request, also = () => undefined) {
  probe.peer.close()
  const outcome = await probe.peer.call(apiKey, version, request, { clientId })
  probe.peer.close()
  const response = 'response' in outcome ? outcome.response : undefined
  probe.note(`${label} v${version}`, { throttledForMs: response?.throttleTimeMs, also: also(response) })
  return response
}

/** @param {Probe} probe */
async function throttledBytes(probe) {
  await createTopic(probe, 'throttled')
  const records = batch(200)
  const rate = Math.ceil(records.length / 40)
  for (const version of probe.versions(PRODUCE).filter((each) => each >= 3 && each <= 12)) {
    const clientId = `tp-${version}`
    await set(probe, { 'client-id': clientId }, { producer_byte_rate: rate })
    const request = produceRequest('throttled', records)
    await throttled(
      probe,
      'produce',
      clientId,
      PRODUCE,
      version,
      request,
      (response) => response?.responses[0].partitionResponses[0].errorCode,
    )
  }
  await produce(probe, 'throttled', records)
  for (const version of probe.versions(FETCH).filter((each) => each >= 4 && each <= 12)) {
    const clientId = `tf-${version}`
    await set(probe, { 'client-id': clientId }, { consumer_byte_rate: rate })
    const request = fetchRequest('throttled', [{}])
    await throttled(probe, 'fetch', clientId, FETCH, version, request, (response) => [
      response?.errorCode,
      response?.responses,
    ])
  }
  // The user's quota goes before the client's, and the pair's before both.
  await set(probe, { 'client-id': 'tl' }, { producer_byte_rate: rate })
  await set(probe, { user: 'ANONYMOUS', 'client-id': 'tl' }, { producer_byte_rate: rate * 2 })
  await throttled(probe, 'pair', 'tl', PRODUCE, 9, produceRequest('throttled', records))
  await set(probe, { user: 'ANONYMOUS', 'client-id': 'tl' }, { producer_byte_rate: null })
  await set(probe, { 'client-id': 'tl' }, { producer_byte_rate: null })
  await throttled(probe, 'none', 'tl', PRODUCE, 9, produceRequest('throttled', records))
}

/** @param {Probe} probe */
async function throttledRequests(probe) {
  await set(probe, { 'client-id': 'tr' }, { request_percentage: 1e-5 })
  const heartbeat = { groupId: 'g', memberId: 'm', generationId: 1 }
  for (const version of probe.versions(HEARTBEAT))
    await throttled(probe, 'heartbeat', 'tr', HEARTBEAT, version, heartbeat, ({ errorCode }) => errorCode)
  const fetch = fetchRequest('throttled', [{}])
  await throttled(probe, 'fetch', 'tr', FETCH, 11, fetch, ({ responses }) => responses)
}

/** @param {Probe} probe */
async function throttledMutations(probe) {
  const topic = (/** @type {string} */ name, numPartitions = 1) => ({
    topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 10_000,
    validateOnly: false,
  })
  /** @param {any} response */
  const outcome = (response) => ({
    results: (response.topics ?? response.responses ?? response.results).map((/** @type {any} */ each) => [
      each.errorCode,
      each.errorMessage,
    ]),
    isThrottled: response.throttleTimeMs > 0,
  })
  const ask = async (
    /** @type {string} */ label,
    /** @type {string} */ clientId,
    /** @type {number} */ apiKey,
    /** @type {number} */ version,
    /** @type {unknown} */ request,
  ) => {
    probe.peer.close()
    const answer = await probe.peer.call(apiKey, version, request, { clientId, timeoutMs: 10_000 })
    probe.peer.close()
    probe.note(`${label} v${version}`, 'response' in answer ? outcome(answer.response) : answer)
  }
  for (const version of [5, 6, 7]) {
    const clientId = `tm-${version}`
    await set(probe, { 'client-id': clientId }, { controller_mutation_rate: 0.1 })
    await ask('create', clientId, CREATE_TOPICS, version, topic(`tm-a-${version}`, 5))
    await ask('create more', clientId, CREATE_TOPICS, version, topic(`tm-b-${version}`))
  }
  for (const version of [2, 3]) {
    const clientId = `tg-${version}`
    await set(probe, { 'client-id': clientId }, { controller_mutation_rate: 0.1 })
    const grow = (/** @type {number} */ count, validateOnly = false) => ({
      topics: [{ name: 'tm-a-5', count, assignments: null }],
      timeoutMs: 10_000,
      validateOnly,
    })
    await ask('grow', clientId, CREATE_PARTITIONS, version, grow(version * 5))
    await ask('grow more', clientId, CREATE_PARTITIONS, version, grow(version * 5 + 1))
  }
  for (const version of [4, 5]) {
    const clientId = `td-${version}`
    await set(probe, { 'client-id': clientId }, { controller_mutation_rate: 0.1 })
    const remove = (/** @type {string} */ name) => ({ topicNames: [name], timeoutMs: 10_000 })
    await ask('delete', clientId, DELETE_TOPICS, version, remove(`tm-a-${version + 2}`))
    await createTopic(probe, `tm-c-${version}`)
    await ask('delete more', clientId, DELETE_TOPICS, version, remove(`tm-c-${version}`))
  }
}

/** @param {Probe} probe */
async function scramCredentials(probe) {
  const upsert = (/** @type {string} */ name, mechanism = 1, iterations = 4096, password = 'salted') => ({
    name,
    mechanism,
    iterations,
    salt: Buffer.from('salt'),
    saltedPassword: Buffer.from(password),
  })
  /** @param {string} label @param {ReturnType<typeof upsert>[]} upsertions @param {[string, number][]} [deletions] */
  const alter = (label, upsertions, deletions = []) =>
    probe.ask(label, ALTER_USER_SCRAM_CREDENTIALS, 0, {
      deletions: deletions.map(([name, mechanism]) => ({ name, mechanism })),
      upsertions,
    })
  /** @param {string} label @param {string[] | null} users */
  const show = async (label, users) => {
    await delay(settleMs)
    await probe.ask(label, DESCRIBE_USER_SCRAM_CREDENTIALS, 0, {
      users: users?.map((name) => ({ name })) ?? null,
    })
  }
  await show('none', null)
  await alter('one', [upsert('a/b c')])
  await alter('two users', [upsert('sa'), upsert('sb', 2, 16384)])
  await alter('two mechanisms', [upsert('sc', 1), upsert('sc', 2)])
  await show('all', null)
  await show('some', ['sa', 'nobody', 'sb', 'sb'])
  await show('no name', [''])
  await show('no names', [])
  await alter('changed', [upsert('sa', 1, 8192)])
  await alter('other mechanism', [upsert('sa', 2, 8192)])
  await show('after changes', ['sa'])
  await alter('deleted', [], [['sa', 1]])
  await alter('deleted again', [], [['sa', 1]])
  await alter('of nobody', [], [['nobody', 1]])
  await show('after deletions', ['sa', 'nobody'])
  await alter('few iterations', [upsert('sd', 1, 4095)])
  await alter('many iterations', [upsert('sd', 1, 16385)])
  await alter('strange mechanism', [upsert('sd', 3)])
  await alter('unknown mechanism', [upsert('sd', 0)])
  await alter('unknown mechanism deleted', [], [['sa', 0]])
  await alter('nameless', [upsert('')], [['', 1]])
  await alter('twice', [upsert('sd'), upsert('sd')])
  await alter('set and deleted', [upsert('sb', 2)], [['sb', 2]])
  await alter('good and bad users', [upsert('se'), upsert('sd', 1, 1)])
  await alter('no password', [upsert('sf', 1, 4096, '')])
  await alter('nothing', [])
  await show('in the end', null)
}
