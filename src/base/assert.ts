/**
 * Broken invariants. An assertion failure is a bug in this program, never bad input: it is thrown, not returned,
 * nobody catches it on the way up, and the process stops before wrong state can spread to disk.
 */
export class AssertionError extends Error {
  override name = 'AssertionError'
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** Closes a switch over a union: the compiler rejects a case that was forgotten. */
export function unreachable(value: never, message = 'unreachable'): never {
  throw new AssertionError(`${message}: ${String(value)}`)
}
