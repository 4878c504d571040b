import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimRandom } from '../../../simulator/sim-random.ts'
import { forSeeds } from './assignors/assignors.test.kit.ts'
import { compileTopicRegex, REGEX_SIZE_MAX, RegexMatching, type TopicRegex } from './topic-regex.ts'

function compiled(text: string): TopicRegex {
  const regex = compileTopicRegex(text)
  assert.ok(typeof regex !== 'string', String(regex))
  return regex
}

test('an expression stands for whole names', () => {
  const regex = compiled('orders-[a-z]+|x')
  assert.deepEqual(
    ['orders-eu', 'x', 'xx', 'orders-eu-1', 'my-orders-eu'].map((name) => regex.matches(name)),
    [true, true, false, false, false],
  )
  assert.equal(compiled('(?i)abc').matches('ABC'), true)
  assert.equal(compiled('').matches('a'), false)
})

test('what is no expression is refused with what Apache Kafka says of it', () => {
  assert.equal(compileTopicRegex('('), 'missing closing )')
  assert.equal(compileTopicRegex('a{1001}'), 'invalid repeat count')
  assert.equal(compileTopicRegex('(?=a)'), 'invalid or unsupported Perl syntax')
})

test('expressions that would take much time or memory are refused without being compiled', () => {
  assert.equal(compileTopicRegex('a{1000}'.repeat(4000)), 'expression is too large')
  assert.equal(compileTopicRegex('a{500,}'.repeat(12)), 'expression is too large')
  assert.equal(compileTopicRegex('x'.repeat(30_000)), 'expression is too large')
  assert.equal(compileTopicRegex('x'.repeat(REGEX_SIZE_MAX + 100)), 'expression is too large')
  assert.equal(typeof compileTopicRegex('('.repeat(15_000)), 'string')
  const alternatives = Array.from({ length: 100 }, (_, i) => `a-name-of-30-characters-${10_000 + i}`)
  assert.equal(compiled(alternatives.join('|')).matches(alternatives[7]!), true)
})

test('an expression that makes backtracking engines run for hours is matched at once', () => {
  assert.equal(compiled('(x+x+)+y').matches('x'.repeat(249)), false)
  assert.equal(compiled('(a?){30}a{30}').matches('a'.repeat(30)), true)
})

test('whatever bytes are sent as an expression, it is compiled or refused', () => {
  const alphabet = [
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '*',
    '+',
    '?',
    '|',
    '\\',
    '^',
    '$',
    '.',
    ',',
    '-',
    '1',
    '9',
    'a',
  ]
  const more = [
    '\\Q',
    '\\E',
    '\\p{Greek}',
    '(?i',
    '(?P<n>',
    '[[:alpha:]]',
    '\u{10ffff}',
    '\ud800',
    '\0',
    '{2,3}',
  ]
  forSeeds(3000, (seed) => {
    const random = new SimRandom(seed)
    const parts = [...alphabet, ...more]
    const text = Array.from({ length: 1 + random.below(24) }, () => parts[random.below(parts.length)]).join(
      '',
    )
    const regex = compileTopicRegex(text)
    if (typeof regex !== 'string') regex.matches('a-1.9')
  })
})

test('matching in portions comes to the same as matching at once', () => {
  const names = Array.from({ length: 500 }, (_, i) => `topic-${i}`)
  const regexes = [compiled('topic-1.*'), compiled('.*7'), compiled('none')]
  const atOnce = new RegexMatching(regexes, names)
  assert.equal(atOnce.advance(Number.POSITIVE_INFINITY), true)
  const inPortions = new RegexMatching(regexes, names)
  let portionCount = 1
  while (!inPortions.advance(1000)) portionCount++
  assert.ok(portionCount > 10)
  assert.deepEqual(inPortions.result(), atOnce.result())
  assert.equal(atOnce.result().get('.*7')!.length, 50)
  assert.deepEqual(atOnce.result().get('none'), [])
})
