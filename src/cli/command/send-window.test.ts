import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SendWindow } from './send-window.ts'

test('who sends more than the window holds waits until half of it is free', async () => {
  const window = new SendWindow(100)
  window.add(100)
  assert.equal(window.room(), undefined)
  window.add(1)
  let isOver = false
  const room = window.room()?.then(() => {
    isOver = true
  })
  window.remove(40)
  await Promise.resolve()
  assert.equal(isOver, false)
  window.remove(11)
  await room
  assert.equal(isOver, true)
  assert.equal(window.room(), undefined)
})
