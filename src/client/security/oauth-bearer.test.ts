import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oauthBearerMechanism, type Token } from './oauth-bearer.ts'

/** The example of RFC 7628, section 4.1, without the host and port that Kafka does not take. */
const TOKEN = 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=='

test('the token goes out as RFC 7628 has it', async () => {
  const conversation = await oauthBearerMechanism(() => ({ value: TOKEN })).begin()
  assert.equal(conversation.first().toString(), `n,,\x01auth=Bearer ${TOKEN}\x01\x01`)
  assert.equal(conversation.next(Buffer.alloc(0)), undefined)
})

test('extensions go beside it', async () => {
  const extensions = { traceId: '123', logicalCluster: 'lkc' }
  const conversation = await oauthBearerMechanism(async () => ({ value: 'abc', extensions })).begin()
  const parts = conversation.first().toString().split('\x01')
  assert.deepEqual(parts.slice(1).sort(), ['', '', 'auth=Bearer abc', 'logicalCluster=lkc', 'traceId=123'])
})

test('each conversation asks for a token anew', async () => {
  const tokens: Token[] = [{ value: 'first' }, { value: 'second' }]
  const mechanism = oauthBearerMechanism(() => tokens.shift()!)
  assert.match((await mechanism.begin()).first().toString(), /Bearer first/)
  assert.match((await mechanism.begin()).first().toString(), /Bearer second/)
})

test('what the server says of a token that it refuses is told on', async () => {
  const conversation = await oauthBearerMechanism(() => ({ value: 'old' })).begin()
  conversation.first()
  assert.throws(() => conversation.next(Buffer.from('{"status":"invalid_token"}')), /invalid_token/)
})
