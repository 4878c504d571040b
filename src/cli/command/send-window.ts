/**
 * Keeps those who send more than a broker takes from piling it up: they wait while more than so many bytes are on their
 * way, until half of them have arrived.
 */
export class SendWindow {
  readonly #bytesMax: number
  #pendingBytes = 0
  #waiting: (() => void) | undefined

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  add(bytes: number): void {
    this.#pendingBytes += bytes
  }

  remove(bytes: number): void {
    this.#pendingBytes -= bytes
    if (this.#waiting === undefined || this.#pendingBytes > this.#bytesMax / 2) return
    this.#waiting()
    this.#waiting = undefined
  }

  /** Undefined: there is room. One waits at a time. */
  room(): Promise<void> | undefined {
    if (this.#pendingBytes <= this.#bytesMax) return undefined
    return new Promise((resolve) => {
      this.#waiting = resolve
    })
  }
}
