/**
 * Keeps requests of one kind in the order of their connection, where one of them has to wait for something before it is
 * carried out: what comes behind it on the connection waits as well. A connection handles several requests at once, and a
 * producer's second batch must not be appended before its first.
 *
 * What waits is bounded by what a connection may have unanswered.
 *
 * Invariant: while no connection is held, asking costs a look at a number.
 */
import type { ConnectionInfo } from './request-context.ts'

export class RequestOrder {
  readonly #held = new Map<ConnectionInfo, (() => void)[]>()

  isHeld(connection: ConnectionInfo): boolean {
    return this.#held.size > 0 && this.#held.has(connection)
  }

  /** Until `release`. */
  hold(connection: ConnectionInfo): void {
    this.#held.set(connection, [])
  }

  /** Runs when all before it have: the connection is held. */
  defer(connection: ConnectionInfo, run: () => void): void {
    this.#held.get(connection)!.push(run)
  }

  /** Runs what waited, up to the next that holds the connection. */
  release(connection: ConnectionInfo): void {
    const waiting = this.#held.get(connection) ?? []
    this.#held.delete(connection)
    for (let next = 0; next < waiting.length; next++) {
      waiting[next]!()
      const behind = this.#held.get(connection)
      if (behind === undefined) continue
      behind.push(...waiting.slice(next + 1))
      return
    }
  }
}
