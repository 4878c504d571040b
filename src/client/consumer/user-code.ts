/**
 * Functions of the user's that the consumer waits for. What they call may want to wait for them in turn, which would last
 * for ever: so it can be told whether a call comes from inside one, however many awaits lie between. A call that a function
 * leaves behind, in a timer say, is not inside any more when the function is done.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

export class UserCode {
  readonly #storage = new AsyncLocalStorage<{ isDone: boolean }>()
  readonly #running = new Set<Promise<unknown>>()

  get isInside(): boolean {
    return this.#storage.getStore()?.isDone === false
  }

  async run<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const call = { isDone: false }
    const running = this.#storage.run(call, async () => work())
    this.#running.add(running)
    try {
      return await running
    } finally {
      call.isDone = true
      this.#running.delete(running)
    }
  }

  /** When all that runs now is done, whatever comes of it. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#running)
  }
}
