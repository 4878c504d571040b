/**
 * Throws where nobody catches: for a bug that shows inside a promise that nobody waits for. It ends the process with the
 * error's own stack, as a bug outside of promises does.
 */
import type { Clock } from './clock.ts'

export function throwUncaught(clock: Clock, error: unknown): void {
  clock.endOfTick(() => {
    throw error
  })
}
