/**
 * What became of several things that were asked for at once: the one place where it is decided what a caller gets.
 *
 * - All went well: the values, in the order asked.
 * - Everything failed for one and the same reason, or there was only one thing: that error.
 * - Otherwise PARTIAL: `details` has the error of each that failed, `results` the value of each that did not, by name.
 */
import { KafkaError } from './kafka-error.ts'

export type Outcome<Value> = Value | KafkaError

/** `names` are those of the things, in the same order. Throws KafkaError. */
export function settle<Value>(
  what: string,
  names: readonly string[],
  outcomes: readonly Outcome<Value>[],
): Value[] {
  const details = new Map<string, KafkaError>()
  const results = new Map<string, Value>()
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome instanceof KafkaError) details.set(names[i]!, outcome)
    else results.set(names[i]!, outcome)
  }
  const [first] = details.values()
  if (first === undefined) return outcomes as Value[]
  const isOne = [...details.values()].every(
    ({ code, message }) => code === first.code && message === first.message,
  )
  if (results.size === 0 && isOne) throw first
  const message = `${what}: ${details.size} of ${outcomes.length} failed: ${first.message}`
  const retriable = [...details.values()].every((error) => error.retriable)
  throw new KafkaError('PARTIAL', message, { details, results, cause: first, retriable })
}
