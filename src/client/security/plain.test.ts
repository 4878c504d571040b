import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainMechanism } from './plain.ts'
import type { SaslConversation } from './sasl.ts'

test('name and password go out as RFC 4616 has them, acting for nobody else, and that is all', () => {
  const conversation = plainMechanism('tim', 'tanstaaftanstaaf').begin() as SaslConversation
  assert.deepEqual(conversation.first(), Buffer.from('\0tim\0tanstaaftanstaaf'))
  assert.equal(conversation.next(Buffer.alloc(0)), undefined)
})

test('names and passwords beyond ASCII are UTF-8', () => {
  const conversation = plainMechanism('tüm', '⌘').begin() as SaslConversation
  assert.deepEqual(
    conversation.first(),
    Buffer.concat([Buffer.from([0]), Buffer.from('tüm'), Buffer.from([0]), Buffer.from('⌘')]),
  )
})
