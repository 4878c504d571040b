/**
 * Time and turns of the event loop, as every room sees them. Nothing outside `os/` and `simulator/` asks the
 * platform for the time or for a timer, so a simulation can replay a run from its seed.
 */
export interface Timer {
  /** Idempotent; a cancelled timer never runs. */
  cancel(): void
}

export interface Clock {
  /** Wall-clock time in milliseconds since the Unix epoch, an integer. May jump. */
  nowMs(): number
  /** Milliseconds from an arbitrary start, fractional, never going back: for durations and deadlines. */
  monotonicMs(): number
  /** Runs `run` once, at least `delayMs` from now. Keeps the process alive only if somebody waits for it. */
  after(delayMs: number, run: () => void, options?: { readonly keepsAlive?: boolean }): Timer
  /**
   * Runs `run` once the I/O that is ready in this turn of the loop has been handled, in the order of the calls.
   * What many connections ask for in one turn is gathered here and done at once: one write for each log, one
   * packet for each connection.
   */
  endOfTick(run: () => void): void
}
