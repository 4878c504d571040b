/**
 * What became of several things that were asked for at once: the one place where it is decided what a caller gets.
 *
 * - All went well: the values, in the order asked.
 * - Everything failed for one and the same reason, or there was only one thing: that error.
 * - Otherwise PARTIAL: `details` has the error of each that failed, `results` the value of each that did not, by name.
 */
import { KafkaError } from './kafka-error.ts'

export type Outcome<Value> = Value | KafkaError

/** `nameOf` gives the name of a thing by its place. Throws KafkaError. */
export function settle<Value>(
  what: string,
  outcomes: readonly Outcome<Value>[],
  nameOf: (index: number) => string,
): Value[] {
  const first = outcomes.find((outcome) => outcome instanceof KafkaError)
  if (first === undefined) return outcomes as Value[]
  const details = new Map<string, KafkaError>()
  const results = new Map<string, Value>()
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome instanceof KafkaError) details.set(nameOf(i), outcome)
    else results.set(nameOf(i), outcome)
  }
  const isOne = [...details.values()].every(
    ({ code, message }) => code === first.code && message === first.message,
  )
  if (results.size === 0 && isOne) throw first
  const message = `${what}: ${details.size} of ${outcomes.length} failed: ${first.message}`
  const retriable = [...details.values()].every((error) => error.retriable)
  throw new KafkaError('PARTIAL', message, { details, results, cause: first, retriable })
}
