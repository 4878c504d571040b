import assert from 'node:assert/strict'
import { test } from 'node:test'
import { QuotaBounds, type QuotaClient } from './quota-bounds.ts'

const client = (name: string, clientId: string | null): QuotaClient => ({
  connection: { principal: { name } },
  clientId,
})

/** From the one that gives way to all others to the one that holds before all. */
const levels = [
  ['clients/<default>', 'clients/c'],
  ['clients/c', 'clients/c'],
  ['users/<default>', 'users/u'],
  ['users/<default>/clients/<default>', 'users/u/clients/c'],
  ['users/<default>/clients/c', 'users/u/clients/c'],
  ['users/u', 'users/u'],
  ['users/u/clients/<default>', 'users/u/clients/c'],
  ['users/u/clients/c', 'users/u/clients/c'],
] as const

test('of the eight levels the most particular one holds, and says who shares it', () => {
  const bounds = new QuotaBounds()
  assert.equal(bounds.of(client('u', 'c')), undefined)
  for (const [bound, [path, sharers]] of levels.entries()) {
    bounds.set(path, bound)
    assert.deepEqual(bounds.of(client('u', 'c')), { sharers, bound })
  }
  for (const [bound, [path, sharers]] of [...levels.entries()].reverse()) {
    assert.deepEqual(bounds.of(client('u', 'c')), { sharers, bound })
    bounds.set(path, undefined)
  }
  assert.equal(bounds.isEmpty, true)
})

test('a default is for each user and client id by itself', () => {
  const bounds = new QuotaBounds()
  bounds.set('users/<default>', 1)
  assert.deepEqual(bounds.of(client('a', 'c')), { sharers: 'users/a', bound: 1 })
  assert.deepEqual(bounds.of(client('b', 'd')), { sharers: 'users/b', bound: 1 })
})

test('names are those of the nodes: what is special in a path is not special in a name', () => {
  const bounds = new QuotaBounds()
  bounds.set('users/a%2Fclients%2Fb', 1)
  bounds.set('clients/%3Cdefault%3E', 2)
  assert.equal(bounds.of(client('a', 'b')), undefined)
  assert.equal(bounds.of(client('a/clients/b', 'x'))?.bound, 1)
  assert.equal(bounds.of(client('x', '<default>'))?.bound, 2)
  assert.equal(bounds.of(client('x', 'y')), undefined)
})

test('a client without an id has the quotas of its user alone', () => {
  const bounds = new QuotaBounds()
  bounds.set('clients/<default>', 1)
  bounds.set('users/u/clients/<default>', 2)
  assert.equal(bounds.of(client('u', '')), undefined)
  assert.equal(bounds.of(client('u', null)), undefined)
  bounds.set('users/u', 3)
  assert.deepEqual(bounds.of(client('u', null)), { sharers: 'users/u', bound: 3 })
})
