import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SystemClock } from './clock.ts'

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('SystemClock', () => {
  it('runs what was asked for at the end of the tick in order, what that adds in the same drain', async () => {
    const clock = new SystemClock()
    const seen: string[] = []
    clock.endOfTick(() => {
      seen.push('a')
      clock.endOfTick(() => seen.push('c'))
      setImmediate(() => seen.push('next turn'))
    })
    clock.endOfTick(() => seen.push('b'))
    assert.deepEqual(seen, [])
    await turn()
    await turn()
    assert.deepEqual(seen, ['a', 'b', 'c', 'next turn'])
  })

  it('lets the loop go on when callbacks keep adding callbacks', async () => {
    const clock = new SystemClock()
    let count = 0
    let isDone = false
    const again = (): void => {
      count++
      if (!isDone) clock.endOfTick(again)
    }
    clock.endOfTick(again)
    await turn()
    isDone = true
    await turn()
    await turn()
    assert.ok(count > 1000)
  })

  it('runs a timer once, and never when it was cancelled', async () => {
    const clock = new SystemClock()
    const seen: string[] = []
    clock.after(5, () => seen.push('cancelled')).cancel()
    clock.after(2 ** 40, () => seen.push('far away')).cancel()
    await new Promise<void>((resolve) => {
      // Unreferenced timers don't keep the loop alive, so something else has to.
      const keepAlive = setInterval(() => {}, 1000)
      clock.after(0, () => {
        seen.push('first')
        clock.after(10, () => {
          clearInterval(keepAlive)
          resolve()
        })
      })
    })
    assert.deepEqual(seen, ['first'])
  })

  it('does not fire a timer beyond 2^31 ms at once', async () => {
    const clock = new SystemClock()
    let hasFired = false
    const timer = clock.after(2 ** 33, () => {
      hasFired = true
    })
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(hasFired, false)
    timer.cancel()
  })
})
