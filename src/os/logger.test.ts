import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogLevel } from '../base/logger.ts'
import { createLogging, formatLine, parseLevels } from './logger.ts'

const nowMs = new Date(2023, 8, 4, 6, 5, 9, 87).getTime()

function logging(levels: Record<string, LogLevel> = {}) {
  const lines: string[] = []
  const loggers = createLogging({
    clock: { nowMs: () => nowMs },
    write: (text) => lines.push(text),
    levels: new Map(Object.entries(levels)),
  })
  return { lines, ...loggers }
}

test('a line reads as a line of Kafka: local time, level, message, class', () => {
  const { lines, loggerFor } = logging()
  loggerFor('kafka.server.KafkaServer').info('[KafkaServer id=1] started')
  assert.deepEqual(lines, [
    '[2023-09-04 06:05:09,087] INFO [KafkaServer id=1] started (kafka.server.KafkaServer)\n',
  ])
})

test('a line end in a message, which a client may have chosen, begins no line', () => {
  const { lines, loggerFor } = logging()
  loggerFor('a').error('clientId=x\r\n[2023-09-04 06:05:09,087] INFO forged\u001b[2J')
  assert.deepEqual(lines, [
    '[2023-09-04 06:05:09,087] ERROR clientId=x\\u000d\\u000a[2023-09-04 06:05:09,087] INFO forged\\u001b[2J (a)\n',
  ])
})

test('a message goes on over lines that begin with a tab, and only over those', () => {
  const { lines, loggerFor } = logging()
  loggerFor('kafka.log.LogCleaner').info('\n\tone\n\ttwo\tthree\n[four')
  assert.equal(lines[0]?.slice(26), 'INFO \n\tone\n\ttwo\\u0009three\\u000a[four (kafka.log.LogCleaner)\n')
})

test('the stack of an error and of its causes follow the line', () => {
  const { lines, loggerFor } = logging()
  const error = new Error('outer', { cause: new TypeError('inner') })
  loggerFor('a').error('failed', error)
  const [first, second, ...rest] = lines.join('').split('\n')
  assert.equal(first, '[2023-09-04 06:05:09,087] ERROR failed (a)')
  assert.equal(second, 'Error: outer')
  assert.ok(rest.includes('Caused by: TypeError: inner'))
})

test('a ring of causes ends', () => {
  const error: Error & { cause?: unknown } = new Error('ring')
  error.cause = error
  assert.ok(formatLine({ nowMs, level: 'FATAL', name: 'a', message: 'm', error }).startsWith('[2023'))
})

test('debug lines are off unless a level lets them through', () => {
  const { lines, loggerFor, setLevel } = logging()
  const logger = loggerFor('kafka.log.LogManager')
  logger.debug('1')
  setLevel('kafka.log', 'DEBUG')
  logger.debug('2')
  setLevel('kafka.log', 'FATAL')
  logger.error('3')
  assert.equal(lines.length, 1)
  assert.ok(lines[0]?.includes(' DEBUG 2 '))
})

test('the longest prefix at a dot decides the level', () => {
  const { lines, loggerFor } = logging({ root: 'ERROR', kafka: 'WARN', 'kafka.log.LogManager': 'INFO' })
  for (const name of ['kafka.log.LogManager', 'kafka.log.LogManagerX', 'kafkax.log', 'other']) {
    loggerFor(name).info('info')
    loggerFor(name).warn('warn')
  }
  assert.deepEqual(
    lines.map((line) => line.slice(26)),
    [
      'INFO info (kafka.log.LogManager)\n',
      'WARN warn (kafka.log.LogManager)\n',
      'WARN warn (kafka.log.LogManagerX)\n',
    ],
  )
})

test('levels are read from text, and what is no level is left out', () => {
  assert.deepEqual(
    [...parseLevels('warn, kafka.server = trace,x=LOUD,,')],
    [
      ['root', 'WARN'],
      ['kafka.server', 'TRACE'],
    ],
  )
  assert.equal(parseLevels(undefined).size, 0)
})

test('the levels in force are told of all loggers in use, and one that is unset goes by its prefix again', () => {
  const { lines, loggerFor, levels, setLevel, unsetLevel } = logging({ kafka: 'WARN' })
  const logger = loggerFor('kafka.server.KafkaApis')
  loggerFor('other')
  setLevel('kafka.server.KafkaApis', 'TRACE')
  assert.deepEqual(Object.fromEntries(levels()), {
    root: 'INFO',
    kafka: 'WARN',
    'kafka.server.KafkaApis': 'TRACE',
    other: 'INFO',
  })
  logger.debug('1')
  unsetLevel('kafka.server.KafkaApis')
  logger.info('2')
  assert.equal(levels().get('kafka.server.KafkaApis'), 'WARN')
  assert.equal(lines.length, 1)
})
