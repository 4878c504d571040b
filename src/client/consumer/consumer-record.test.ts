import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headerList, headersOf } from './consumer-record.ts'

test('headers are told one by one in the order of the record, whatever they are called', () => {
  for (const keys of [
    ['a', 'b'],
    ['a', 'a', 'b'],
    ['a', 'b', 'a'],
    ['b', '7', '1'],
    ['__proto__', 'b', '__proto__'],
  ]) {
    const list = keys.map((key, i) => ({ key, value: i === 1 ? null : Buffer.from(String(i)) }))
    assert.deepEqual(headerList(headersOf(list)), list)
  }
})

test('several headers of one name stand in an array, others alone', () => {
  const [one, two] = [Buffer.from('1'), Buffer.from('2')]
  const list = [
    { key: 'a', value: one },
    { key: '__proto__', value: null },
    { key: 'a', value: two },
  ]
  assert.deepEqual(Object.entries(headersOf(list)), [
    ['a', [one, two]],
    ['__proto__', null],
  ])
})
