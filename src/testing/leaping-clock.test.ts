import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SimClock } from '../simulator/sim-clock.ts'
import { LeapingClock, parseDurationMs } from './leaping-clock.ts'

const HOUR_MS = 3_600_000

function clocks(): {
  real: SimClock
  clock: LeapingClock
  fired: string[]
  at: (name: string) => () => void
} {
  const fired: string[] = []
  const real = new SimClock()
  return { real, clock: new LeapingClock(real), fired, at: (name) => () => void fired.push(name) }
}

describe('LeapingClock', () => {
  it('goes as the real time does, and further by its leaps', async () => {
    const { real, clock } = clocks()
    const startMs = clock.nowMs()
    const startMonotonicMs = clock.monotonicMs()
    real.advance(5)
    assert.equal(clock.nowMs() - startMs, 5)
    await clock.advance(7 * 24 * HOUR_MS)
    real.advance(2)
    assert.equal(clock.nowMs() - startMs, 7 * 24 * HOUR_MS + 7)
    assert.equal(clock.monotonicMs() - startMonotonicMs, 7 * 24 * HOUR_MS + 7)
    assert.equal(clock.leaptMs, 7 * 24 * HOUR_MS)
  })

  it('starts ahead of the real time where it is told to', () => {
    const real = new SimClock()
    assert.equal(new LeapingClock(real, HOUR_MS).nowMs(), real.nowMs() + HOUR_MS)
  })

  it('fires what comes due in a leap in the order of the times, then of the making', async () => {
    const { clock, fired, at } = clocks()
    clock.after(2000, at('b'))
    clock.after(500, at('a'))
    clock.after(2000, at('c'))
    clock.after(HOUR_MS, at('late'))
    await clock.advance(2000)
    assert.deepEqual(fired, ['a', 'b', 'c'])
  })

  it('fires what is left after a leap at its time, once', async () => {
    const { real, clock, fired, at } = clocks()
    clock.after(HOUR_MS, at('x'))
    clock.after(10, at('y'))
    await clock.advance(HOUR_MS - 100)
    assert.deepEqual(fired, ['y'])
    real.advance(99)
    assert.deepEqual(fired, ['y'])
    real.advance(1)
    await clock.advance(HOUR_MS)
    assert.deepEqual(fired, ['y', 'x'])
    assert.equal(real.pendingTimerCount, 0)
  })

  it('has what repeats do so along the way, with the time as it is then', async () => {
    const { clock } = clocks()
    const startMs = clock.nowMs()
    const times: number[] = []
    const repeat = (): void => {
      times.push(clock.nowMs() - startMs)
      if (times.length < 1000) clock.after(1000, repeat)
    }
    clock.after(1000, repeat)
    await clock.advance(10_000)
    assert.deepEqual(
      times,
      Array.from({ length: 10 }, (_, index) => (index + 1) * 1000),
    )
    times.length = 0
    await clock.advance(7 * 24 * HOUR_MS)
    assert.ok(times.length >= 20 && times.length < 1000, `${times.length} times in a week`)
    assert.equal(times.at(-1), 10_000 + 7 * 24 * HOUR_MS)
  })

  it('lets what a timer sets in motion settle before the next one, and before the leap is over', async () => {
    const { clock, fired, at } = clocks()
    clock.after(1, () => {
      at('first')()
      setImmediate(() => void Promise.resolve().then(() => setImmediate(at('what first began'))))
    })
    clock.after(2, at('second'))
    await clock.advance(10)
    assert.deepEqual(fired, ['first', 'what first began', 'second'])
  })

  it('fires nothing that was cancelled, before or within a leap', async () => {
    const { real, clock, fired, at } = clocks()
    const cancelled = clock.after(10, at('cancelled before'))
    const later = clock.after(20, at('cancelled within'))
    clock.after(15, () => later.cancel())
    cancelled.cancel()
    cancelled.cancel()
    await clock.advance(100)
    assert.deepEqual(fired, [])
    assert.equal(real.pendingTimerCount, 0)
  })

  it('fires nothing any more once it is stopped', async () => {
    const { real, clock, fired, at } = clocks()
    clock.after(10, at('before'))
    clock.stop()
    clock.after(10, at('after')).cancel()
    clock.after(10, at('after'))
    real.advance(1000)
    await clock.advance(1000)
    assert.deepEqual(fired, [])
    assert.equal(real.pendingTimerCount, 0)
  })
})

describe('parseDurationMs', () => {
  it('takes days to milliseconds, alone and together, and plain milliseconds', () => {
    const durations = ['7d', '90s', '1h 30m', '1h30m', '250ms', '1.5h', ' 2 d ', '0s', 1500, 0]
    const expected = [604_800_000, 90_000, 5_400_000, 5_400_000, 250, 5_400_000, 172_800_000, 0, 1500, 0]
    assert.deepEqual(durations.map(parseDurationMs), expected)
  })

  it('refuses what is none', () => {
    for (const wrong of [
      '',
      '7',
      'd',
      '7 days',
      '-1s',
      '1h-',
      '1w',
      -1,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ])
      assert.throws(() => parseDurationMs(wrong), TypeError, String(wrong))
  })
})
