/**
 * A cleaner's thread that is none: on the clock of the process, for disks that exist in its memory alone. Each step of its
 * work, and each message, copied as between threads, takes a turn of a millisecond.
 */
import type { Clock } from '../../base/clock.ts'
import type { Disk } from '../../base/disk.ts'
import type { StartWorker } from '../../base/worker.ts'
import type { FromCleaner, ToCleaner } from './cleaner-messages.ts'
import { CleanerRunner } from './cleaner-runner.ts'

export function inProcessCleaner(environment: {
  disk: Disk
  clock: Clock
}): StartWorker<ToCleaner, FromCleaner> {
  const { disk } = environment
  const clock: Clock = {
    nowMs: () => environment.clock.nowMs(),
    monotonicMs: () => environment.clock.monotonicMs(),
    after: (delayMs, run) => environment.clock.after(Math.max(1, delayMs), run),
    endOfTick: (run) => environment.clock.endOfTick(run),
  }
  return (events) => {
    let isOver = false
    const later = (run: () => void): void => {
      clock.after(0, () => {
        if (!isOver) run()
      })
    }
    const runner = new CleanerRunner({
      disk,
      clock,
      sliceMs: 0,
      post: (message) => {
        const copy = structuredClone(message)
        later(() => events.onMessage(copy))
      },
    })
    return {
      post: (message) => {
        const copy = structuredClone(message)
        later(() => runner.receive(copy))
      },
      stop: async () => {
        isOver = true
        runner.halt()
      },
    }
  }
}
