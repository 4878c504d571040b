/**
 * The share of memory that requests of all connections may hold together (`queued.max.request.bytes`). It is checked
 * before a request is taken, not before its bytes are read: the last one may pass the limit, and a connection in the
 * middle of a frame never waits for others that are in the middle of theirs.
 */
import type { Connection, RequestMemory } from './connection.ts'

export class SharedRequestMemory implements RequestMemory {
  readonly #limitBytes: number
  readonly #defer: (run: () => void) => void
  #usedBytes = 0
  #waiting = new Set<Connection>()
  #isWaking = false

  /** `defer` runs something at the end of the turn: connections read on outside the release that made room. */
  constructor(limitBytes: number, defer: (run: () => void) => void) {
    this.#limitBytes = limitBytes
    this.#defer = defer
  }

  get isExhausted(): boolean {
    return this.#usedBytes >= this.#limitBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  onHeld(byteCount: number): void {
    this.#usedBytes += byteCount
  }

  onReleased(byteCount: number): void {
    this.#usedBytes -= byteCount
    if (this.#waiting.size === 0 || this.#isWaking || this.isExhausted) return
    this.#isWaking = true
    this.#defer(() => this.#wake())
  }

  wait(connection: Connection): void {
    this.#waiting.add(connection)
  }

  #wake(): void {
    this.#isWaking = false
    const waiting = this.#waiting
    this.#waiting = new Set()
    // Those that find it used up again add themselves again.
    for (const connection of waiting) connection.readOn()
  }
}
