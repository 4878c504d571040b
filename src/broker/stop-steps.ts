/**
 * What has to be undone, in the order in which it was done. Run from the end, once; a step that fails is reported and
 * the others follow, so that a full disk does not keep a port or a lock taken.
 */
import { AssertionError } from '../base/assert.ts'
import type { Logger } from '../base/logger.ts'

export class StopSteps {
  readonly #logger: Logger
  #steps: (() => Promise<void> | void)[] = []

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** To run before all that were added earlier. */
  add(step: () => Promise<void> | void): void {
    this.#steps.push(step)
  }

  async run(): Promise<void> {
    const steps = this.#steps.reverse()
    this.#steps = []
    for (const step of steps) {
      try {
        await step()
      } catch (error) {
        if (error instanceof AssertionError) throw error
        this.#logger.warn('A step of the shutdown failed', error)
      }
    }
  }
}
