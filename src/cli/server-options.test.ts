import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseServerOptions } from './server-options.ts'

test('overrides come after the file, in both spellings, and the last one wins', () => {
  const args = [
    'my server.properties',
    '--override',
    'a=1',
    '--override=b=2=3',
    '--override',
    'a=4',
    '--override',
    'c',
  ]
  assert.deepEqual(parseServerOptions(args), {
    action: 'start',
    configPath: 'my server.properties',
    overrides: new Map([
      ['a', '4'],
      ['b', '2=3'],
      ['c', ''],
    ]),
  })
})

test('what is not understood is refused by name', () => {
  const problemOf = (...args: string[]): unknown => {
    const options = parseServerOptions(args)
    return options.action === 'refuse' && options.problem
  }
  assert.equal(problemOf('f', 'stray'), 'Found non argument parameters: stray')
  assert.equal(problemOf('f', '--overide', 'a=b'), '--overide is not a recognized option')
  assert.equal(problemOf('f', '--override'), '--override needs property=value')
  assert.equal(problemOf('f', '--override', '=1'), '--override =1 does not read as property=value')
  assert.equal(problemOf('--override', 'a=b'), '--override stands where the properties file belongs')
})

test('no arguments and --help ask for the usage, --version for the version', () => {
  assert.deepEqual(parseServerOptions([]), { action: 'help' })
  assert.deepEqual(parseServerOptions(['f', '--help']), { action: 'help' })
  assert.deepEqual(parseServerOptions(['--version']), { action: 'version' })
})
