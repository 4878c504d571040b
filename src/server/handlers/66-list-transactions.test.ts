import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  ListTransactionsRequest,
  ListTransactionsResponse,
} from '../../protocol/messages/66-list-transactions.ts'
import { createTopic, startTestBroker } from './handlers.test.kit.ts'
import { TransactionalProducer } from './transactional-producer.test.kit.ts'

const client = await startTestBroker()

interface Filters {
  readonly stateFilters?: string[]
  readonly producerIdFilters?: number[]
  readonly durationFilter?: number
  readonly transactionalIdPattern?: string | null
}

async function ask(version: number, filters: Filters = {}) {
  const request = { stateFilters: [], producerIdFilters: [], ...filters }
  return client.call(ListTransactionsRequest, ListTransactionsResponse, version, request)
}

async function list(version: number, filters: Filters = {}): Promise<string[]> {
  const { errorCode, transactionStates } = await ask(version, filters)
  assert.equal(errorCode, ErrorCode.NONE)
  return transactionStates.map(({ transactionalId }) => transactionalId).sort()
}

await createTopic(client, 't')
const empty = await new TransactionalProducer(client, 'empty').init()
const open = await new TransactionalProducer(client, 'open-1').init()
await open.add('t')

test('every version lists the ids of all partitions with their producers and states', async () => {
  for (const version of [0, 1, 2]) {
    const { transactionStates } = await ask(version)
    const sorted = transactionStates.sort((a, b) => (a.transactionalId < b.transactionalId ? -1 : 1))
    assert.deepEqual(sorted, [
      { transactionalId: 'empty', producerId: empty.producerId, transactionState: 'Empty' },
      { transactionalId: 'open-1', producerId: open.producerId, transactionState: 'Ongoing' },
    ])
  }
})

test('states and producer ids filter, and names of no state are told back', async () => {
  for (const version of [0, 1, 2]) {
    assert.deepEqual(await list(version, { stateFilters: ['Ongoing', 'PrepareCommit'] }), ['open-1'])
    assert.deepEqual(await list(version, { producerIdFilters: [empty.producerId, 999] }), ['empty'])
    const both = { stateFilters: ['Ongoing'], producerIdFilters: [empty.producerId] }
    assert.deepEqual(await list(version, both), [])
    const unknown = await ask(version, { stateFilters: ['Nope', 'ongoing', 'Dead', 'PrepareEpochFence'] })
    assert.deepEqual(unknown.unknownStateFilters, ['Nope', 'ongoing'])
    assert.deepEqual(unknown.transactionStates, [])
  }
})

test('a duration leaves out what was started since; what was never started is old', async () => {
  for (const version of [1, 2]) {
    assert.deepEqual(await list(version, { durationFilter: 600_000 }), ['empty'])
    assert.deepEqual(await list(version, { durationFilter: -1 }), ['empty', 'open-1'])
    assert.deepEqual(await list(version, { durationFilter: Number.MAX_SAFE_INTEGER }), [])
  }
})

test('a pattern is one of the whole id', async () => {
  const match = (transactionalIdPattern: string | null) => list(2, { transactionalIdPattern })
  assert.deepEqual(await match('open'), [])
  assert.deepEqual(await match('open.*'), ['open-1'])
  assert.deepEqual(await match('open-\\d|e.*'), ['empty', 'open-1'])
  assert.deepEqual(await match(''), ['empty', 'open-1'])
  assert.deepEqual(await match(null), ['empty', 'open-1'])
})

test('what is no pattern is INVALID_REGULAR_EXPRESSION, and a cruel one costs no time', async () => {
  for (const transactionalIdPattern of ['(', 'a{2,1}', '(?=a)', '*']) {
    const answer = await ask(2, { transactionalIdPattern, stateFilters: ['Nope'] })
    assert.equal(answer.errorCode, ErrorCode.INVALID_REGULAR_EXPRESSION, transactionalIdPattern)
    assert.deepEqual(answer.unknownStateFilters, [])
  }
  await new TransactionalProducer(client, 'a'.repeat(5000)).init()
  assert.deepEqual(await list(2, { transactionalIdPattern: '(a*)*b' }), [])
})
