import type { Clock } from '../../base/clock.ts'
import type { Disk } from '../../base/disk.ts'
import type { StartWorker } from '../../base/worker.ts'
import type { FromCleaner, ToCleaner } from './cleaner-messages.ts'
import { CleanerRunner } from './cleaner-runner.ts'

/** A cleaner's thread on the simulated clock: one step of its work at a time, messages copied as between threads. */
export function inProcessCleaner(environment: {
  disk: Disk
  clock: Clock
}): StartWorker<ToCleaner, FromCleaner> {
  const { disk, clock } = environment
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
