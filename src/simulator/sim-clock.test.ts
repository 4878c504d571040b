import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SimClock } from './sim-clock.ts'
import { SimRandom } from './sim-random.ts'

describe('SimClock', () => {
  it('runs due timers in order, each followed by the end of its turn', () => {
    const clock = new SimClock(1000)
    const seen: string[] = []
    clock.after(20, () => seen.push(`late at ${clock.nowMs()}`))
    clock.after(10, () => {
      clock.endOfTick(() => seen.push('end of its turn'))
      seen.push('early')
      clock.after(5, () => seen.push('added'))
    })
    clock.after(10, () => seen.push('same time, made later'))
    clock.after(15, () => seen.push('cancelled')).cancel()
    clock.after(21, () => seen.push('not yet'))
    clock.advance(20)
    assert.deepEqual(seen, ['early', 'end of its turn', 'same time, made later', 'added', 'late at 1020'])
    assert.equal(clock.pendingTimerCount, 1)
  })

  it('moves the wall clock without the monotonic one', () => {
    const clock = new SimClock(1000)
    clock.jumpWallClock(-500)
    assert.equal(clock.nowMs(), 500)
    assert.equal(clock.monotonicMs(), 0)
  })
})

describe('SimRandom', () => {
  it('gives the same numbers for the same seed, spread over the range', () => {
    const draw = (seed: number): number[] => {
      const random = new SimRandom(seed)
      return Array.from({ length: 1000 }, () => random.below(10))
    }
    assert.deepEqual(draw(5), draw(5))
    assert.notDeepEqual(draw(5), draw(6))
    for (let value = 0; value < 10; value++) {
      const count = draw(9).filter((drawn) => drawn === value).length
      assert.ok(count > 50 && count < 200, `${value} came ${count} times in 1000`)
    }
    assert.equal(new SimRandom(1).bytes(16).length, 16)
  })
})
