/** What came of several things that were asked for at once, some of which may have failed. */
import { KafkaError } from '../../client/kafka-error.ts'

export interface Outcomes<Value> {
  readonly done: ReadonlyMap<string, Value>
  readonly failed: ReadonlyMap<string, KafkaError>
}

/** By names, as the client has them in its errors. Errors that are not of the broker are thrown on. */
export async function partially<Value>(
  names: readonly string[],
  asked: Promise<readonly Value[]>,
): Promise<Outcomes<Value>> {
  try {
    const values = await asked
    return { done: new Map(values.map((value, i) => [names[i]!, value])), failed: new Map() }
  } catch (error) {
    if (!(error instanceof KafkaError) || (error.reason === undefined && error.code !== 'PARTIAL'))
      throw error
    const results = (error.results ?? new Map()) as ReadonlyMap<string, Value>
    return { done: results, failed: error.details ?? new Map(names.map((name) => [name, error])) }
  }
}
