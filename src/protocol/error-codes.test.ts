import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorCode, errorMessage, errorName, isRetriable } from './error-codes.ts'

test('a code has its name, a message and a retriability', () => {
  assert.equal(errorName(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION), 'UNKNOWN_TOPIC_OR_PARTITION')
  assert.equal(errorMessage(3), 'This server does not host this topic-partition.')
  assert.equal(isRetriable(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION), true)
  assert.equal(isRetriable(ErrorCode.INVALID_TOPIC_EXCEPTION), false)
})

test('NONE has no message, and a code from a newer Kafka counts as an unknown server error', () => {
  assert.equal(errorMessage(ErrorCode.NONE), null)
  assert.equal(errorName(9999), 'UNKNOWN_SERVER_ERROR')
  assert.equal(isRetriable(9999), false)
})
