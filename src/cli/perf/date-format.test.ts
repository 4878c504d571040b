import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../command/command.ts'
import { dateFormat } from './date-format.ts'

const time = new Date(2024, 2, 5, 14, 7, 9, 42).getTime()

test('times are written by the letters of SimpleDateFormat', () => {
  assert.equal(dateFormat('yyyy-MM-dd HH:mm:ss:SSS')(time), '2024-03-05 14:07:09:042')
  assert.equal(dateFormat("EEE d MMM yy, h 'o''clock' a")(time), "Tue 5 Mar 24, 2 o'clock PM")
  assert.match(dateFormat('XXX Z')(time), /^[+-]\d\d:\d\d [+-]\d{4}$/)
})

test('another letter is refused', () => {
  assert.throws(() => dateFormat('b'), new UsageError("Illegal pattern character 'b'"))
})
