import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../command/command.ts'
import { LineMessageReader } from './line-message-reader.ts'

const open = (properties: Record<string, string> = {}) =>
  LineMessageReader.open('t', new Map(Object.entries(properties)))
const header = (key: string, value: string | null) => ({ key, value })

test('a line is a value, whatever is in it', async () => {
  assert.deepEqual((await open()).read('h:1\tk\tv'), { topic: 't', key: null, value: 'h:1\tk\tv' })
})

test('headers and a key come before the value, each where it is asked for', async () => {
  const both = await open({ 'parse.key': 'true', 'parse.headers': ' TRUE ' })
  assert.deepEqual(both.read('a:1,b:2,a:x:y\tk\tv\tw'), {
    topic: 't',
    key: 'k',
    value: 'v\tw',
    headers: [header('a', '1'), header('b', '2'), header('a', 'x:y')],
  })
  assert.deepEqual((await open({ 'parse.key': 'true' })).read('\tv'), { topic: 't', key: '', value: 'v' })
})

test('separators can be chosen; that of headers is a regular expression', async () => {
  const reader = await open({
    'parse.key': 'true',
    'parse.headers': 'true',
    'headers.delimiter': ' | ',
    'headers.separator': '[;,]',
    'headers.key.separator': '->',
    'key.separator': '=',
  })
  assert.deepEqual(reader.read('a->1;b->,; | k=v=w'), {
    topic: 't',
    key: 'k',
    value: 'v=w',
    headers: [header('a', '1'), header('b', '')],
  })
})

test('what equals the marker is null, but no header is called so', async () => {
  const reader = await open({ 'parse.key': 'true', 'parse.headers': 'true', 'null.marker': 'NULL' })
  assert.deepEqual(reader.read('NULL\tNULL\tNULL'), { topic: 't', key: null, value: null })
  assert.deepEqual(reader.read('a:NULL\tk\tv').headers, [header('a', null)])
  assert.throws(
    () => reader.read('NULL:1\tk\tv'),
    /Header keys should not be equal to the null marker 'NULL'/,
  )
})

test('a line without a separator is an error that names it, unless errors are ignored', async () => {
  const properties = { 'parse.key': 'true', 'parse.headers': 'true' }
  const strict = await open(properties)
  strict.read('a:1\tk\tv')
  assert.throws(() => strict.read('v'), new UsageError("No headers delimiter found on line number 2: 'v'"))
  assert.throws(() => strict.read('a:1\tv'), /No key separator found on line number 3: 'a:1\tv'/)
  assert.throws(() => strict.read('a\tk\tv'), /No header key separator found in pair 'a' on line number 4/)
  const patient = await open({ ...properties, 'ignore.error': 'true' })
  assert.deepEqual(patient.read('v'), { topic: 't', key: null, value: 'v' })
  assert.deepEqual(patient.read('a\tk\tv').headers, [header('a', null)])
})

test('separators that could not be told apart are refused', async () => {
  const pairs: [Record<string, string>, string][] = [
    [{ 'headers.delimiter': ',' }, 'headers.delimiter and headers.separator may not be equal'],
    [{ 'headers.key.separator': '\t' }, 'headers.delimiter and headers.key.separator may not be equal'],
    [{ 'headers.separator': ':' }, 'headers.separator and headers.key.separator may not be equal'],
    [{ 'null.marker': '\t' }, 'null.marker and key.separator may not be equal'],
    [{ 'headers.separator': '(' }, 'headers.separator ( is an invalid regex.'],
  ]
  for (const [properties, message] of pairs) await assert.rejects(open(properties), new UsageError(message))
})
