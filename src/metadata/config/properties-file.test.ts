import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from './config-def.ts'
import { parseProperties } from './properties-file.ts'

function parsed(text: string): Record<string, string> {
  return Object.fromEntries(parseProperties(text))
}

test('a key ends at the first =, : or blank, and blanks around the separator are dropped', () => {
  assert.deepEqual(parsed('a=1\nb : 2\nc 3\n  d\t=\t4\ne==5\nf=:6\ng = = 7\n'), {
    a: '1',
    b: '2',
    c: '3',
    d: '4',
    e: '=5',
    f: ':6',
    g: '= 7',
  })
})

test('blanks at the end of a value stay, and a key without a value is empty', () => {
  assert.deepEqual(parsed('a= x  \nb\nc=\n=d'), { a: 'x  ', b: '', c: '', '': 'd' })
})

test('# and ! start a comment only at the start of a line', () => {
  assert.deepEqual(parsed('#a=1\n  !b=2\nc=3 #4\nnum.partitions=1#note\n\n  \n'), {
    c: '3 #4',
    'num.partitions': '1#note',
  })
})

test('a backslash at the end of a line joins the next one without its leading blanks', () => {
  assert.deepEqual(parsed('a=1,\\\n   2,\\\r\n\t3\nb=x\\\\\nc=4'), { a: '1,2,3', b: 'x\\', c: '4' })
})

test('inside a continued line a # is text, and a comment cannot be continued', () => {
  assert.deepEqual(parsed('a=1\\\n#2\n# c\\\nb=3'), { a: '1#2', b: '3' })
})

test('escapes stand for themselves but for t n f r and uXXXX', () => {
  assert.deepEqual(parsed('a\\=b\\:c\\ d=\\t\\n\\f\\r\\q\\"\\u0041\\u4e2d'), { 'a=b:c d': '\t\n\f\rq"A中' })
})

test('a later entry replaces an earlier one', () => {
  assert.deepEqual(parsed('a=1\na=2'), { a: '2' })
})

test('a malformed \\u escape is refused', () => {
  assert.throws(() => parseProperties('a=\\u12g4'), ConfigError)
})
