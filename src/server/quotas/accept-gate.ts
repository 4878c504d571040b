/**
 * Where new connections wait if they come faster than their quotas allow. All wait in one line while the broker's own
 * bound is passed; one whose address comes too often is left unread for a while, and then closed. A peer sees a
 * connection that is open and silent, as with Kafka, whose acceptor stops taking connections meanwhile.
 */
import type { Clock } from '../../base/clock.ts'
import type { Socket } from '../../base/network.ts'
import type { ConnectionQuotas } from './connection-quotas.ts'

/** In the line, or about to be closed; beyond that connections are closed at once. */
const HELD_MAX = 1000

export class AcceptGate {
  readonly #clock: Pick<Clock, 'after'>
  readonly #quotas: ConnectionQuotas
  readonly #line: Socket[] = []
  #isWaiting = false
  /** About to be closed. */
  #throttledCount = 0

  constructor(clock: Pick<Clock, 'after'>, quotas: ConnectionQuotas) {
    this.#clock = clock
    this.#quotas = quotas
  }

  /** True: it may be read from. Otherwise it is paused, until its turn comes or it is closed. */
  admits(socket: Socket): boolean {
    if (!this.#quotas.isEnabled && !this.#isWaiting) return true
    if (this.#line.length + this.#throttledCount >= HELD_MAX) {
      socket.destroy()
      return false
    }
    if (this.#isWaiting) this.#line.push(socket)
    else if (this.#take(socket)) return true
    socket.pause()
    return false
  }

  /** True: now. */
  #take(socket: Socket): boolean {
    const waitMs = this.#quotas.recordAccept()
    if (waitMs === 0) return this.#enter(socket)
    this.#line.unshift(socket)
    this.#isWaiting = true
    this.#clock.after(waitMs, () => this.#next())
    return false
  }

  /** The first in the line has waited; those behind it are looked at until one has to wait again. */
  #next(): void {
    this.#isWaiting = false
    const first = this.#line.shift()!
    if (this.#enter(first)) first.resume()
    while (!this.#isWaiting) {
      const socket = this.#line.shift()
      if (socket === undefined) return
      if (this.#take(socket)) socket.resume()
    }
  }

  #enter(socket: Socket): boolean {
    const throttleMs = this.#quotas.recordAddress(socket.remoteAddress)
    if (throttleMs === 0) return true
    this.#throttledCount += 1
    this.#clock.after(throttleMs, () => {
      this.#throttledCount -= 1
      socket.destroy()
    })
    return false
  }
}
