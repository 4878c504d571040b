import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, parseType } from './config-def.ts'

test('integers take a sign and blanks, and are shown without them', () => {
  assert.deepEqual(parseType('k', 'int', ' +7 '), { value: 7, text: '7' })
  assert.deepEqual(parseType('k', 'short', '-032768'), { value: -32768, text: '-32768' })
})

test('integers outside their type are refused', () => {
  assert.throws(
    () => parseType('k', 'int', '2147483648'),
    /Invalid value 2147483648 for .* k: Not a number of type INT/,
  )
  assert.throws(() => parseType('k', 'short', '32768'), /Not a number of type SHORT/)
  assert.throws(() => parseType('k', 'long', '9223372036854775808'), /Not a number of type LONG/)
  for (const text of ['', '1.0', '0x10', '1e3', '1 2', '--1']) {
    assert.throws(() => parseType('k', 'long', text), ConfigError)
  }
})

test('the text of a long is exact where the number is not', () => {
  const max = parseType('k', 'long', '9223372036854775807')
  assert.equal(max.text, '9223372036854775807')
  assert.equal(max.value, 2 ** 63)
})

test('doubles are shown as Java shows them', () => {
  const shown = (text: string): string | null => parseType('k', 'double', text).text
  assert.deepEqual(['1', '0.5', '0.0001', '1e7', '12345678.5', '.5', '1d'].map(shown), [
    '1.0',
    '0.5',
    '1.0E-4',
    '1.0E7',
    '1.23456785E7',
    '0.5',
    '1.0',
  ])
  assert.throws(() => parseType('k', 'double', 'x'), /Not a number of type DOUBLE/)
})

test('a list is split at commas with the blanks around them, and the empty text is the empty list', () => {
  assert.deepEqual(parseType('k', 'list', ' a , b,c '), { value: ['a', 'b', 'c'], text: 'a,b,c' })
  assert.deepEqual(parseType('k', 'list', ' '), { value: [], text: '' })
})
