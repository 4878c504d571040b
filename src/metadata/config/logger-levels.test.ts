import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LoggerLevels, LogLevel } from '../../base/logger.ts'
import { alterLoggers, describeLoggers } from './logger-levels.ts'

function loggers(): LoggerLevels {
  const levels = new Map<string, LogLevel>([
    ['root', 'INFO'],
    ['kafka.server.KafkaApis', 'INFO'],
  ])
  return {
    levels: () => levels,
    setLevel: (name, level) => void levels.set(name, level),
    unsetLevel: (name) => void levels.set(name, 'INFO'),
  }
}

const [SET, DELETE, APPEND] = [0, 1, 2]
const name = 'kafka.server.KafkaApis'

test('a logger is told its level, and forgets it', () => {
  const known = loggers()
  assert.equal(alterLoggers(known, [{ name, configOperation: SET!, value: 'FATAL' }], false), undefined)
  const options = { configurationKeys: [name], includeSynonyms: true }
  const [described] = describeLoggers(known, options)
  assert.deepEqual([described?.value, described?.configSource, described?.readOnly], ['FATAL', 6, false])
  assert.equal(alterLoggers(known, [{ name, configOperation: DELETE!, value: null }], false), undefined)
  assert.equal(describeLoggers(known, options)[0]?.value, 'INFO')
})

test('one bad change is the end of all, and looking changes nothing', () => {
  const known = loggers()
  const good = { name, configOperation: SET!, value: 'DEBUG' }
  for (const [bad, message] of [
    [{ name: 'no.such', configOperation: SET!, value: 'INFO' }, /^Logger no.such does not exist!$/],
    [
      { name, configOperation: SET!, value: 'OFF' },
      /Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN$/,
    ],
    [{ name: 'root', configOperation: DELETE!, value: null }, /Removing the log level of the root logger/],
    [{ name, configOperation: APPEND!, value: 'INFO' }, /^APPEND operation is not allowed/],
    [{ name, configOperation: 9, value: 'INFO' }, /^Unknown operation type 9/],
  ] as const) {
    assert.match(alterLoggers(known, [good, bad], false)?.errorMessage ?? '', message)
  }
  assert.equal(alterLoggers(known, [good], true), undefined)
  assert.equal(known.levels().get(name), 'INFO')
})
