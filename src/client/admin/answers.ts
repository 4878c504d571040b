/** From answers to outcomes, in the order in which things were asked for. */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { byTopic, nameOf, type TopicPartition } from '../consumer/topic-partition.ts'
import { KafkaError } from '../kafka-error.ts'
import type { Outcome } from '../outcomes.ts'

/** Every answer has an error code, some a message. */
export interface CodedAnswer {
  readonly errorCode: number
  readonly errorMessage?: string | null
}

/** What is told of a thing where that is good, else its error. */
export function outcomeOf<Value>(
  name: string,
  { errorCode, errorMessage }: CodedAnswer,
  value: () => Value,
): Outcome<Value> {
  return errorCode === ErrorCode.NONE ? value() : KafkaError.of(errorCode, name, errorMessage)
}

/** Throws the error of the whole answer, if it has one. */
export function checkAnswer(name: string, { errorCode, errorMessage }: CodedAnswer): void {
  if (errorCode !== ErrorCode.NONE) throw KafkaError.of(errorCode, name, errorMessage)
}

/** `answers` by the keys of the things; a thing without one was passed over by the broker, which it must not do. */
export function inOrder<Thing, Value>(
  things: readonly Thing[],
  keyOf: (thing: Thing) => string,
  answers: ReadonlyMap<string, Outcome<Value>>,
): Outcome<Value>[] {
  return things.map((thing) => {
    const key = keyOf(thing)
    // A value may be undefined, where there is nothing to tell.
    return answers.has(key)
      ? (answers.get(key) as Outcome<Value>)
      : new KafkaError('PROTOCOL', `the broker said nothing of ${key}`)
  })
}

/** The same for partitions, out of an answer that has them by topic. */
export function partitionsInOrder<Thing extends TopicPartition, Partition, Value>(
  things: readonly Thing[],
  topics: Iterable<readonly [topic: string, partitions: readonly Partition[]]>,
  read: (partition: Partition, topic: string) => readonly [partition: number, outcome: Outcome<Value>],
): Outcome<Value>[] {
  const answers = new Map<string, Outcome<Value>>()
  for (const [topic, partitions] of topics) {
    for (const each of partitions) {
      const [partition, outcome] = read(each, topic)
      answers.set(nameOf({ topic, partition }), outcome)
    }
  }
  return inOrder(things, nameOf, answers)
}

/** As most requests have them. */
export function topicsOf<Thing extends TopicPartition, Partition>(
  things: Iterable<Thing>,
  partitionOf: (thing: Thing) => Partition,
): { name: string; partitions: Partition[] }[] {
  return Array.from(byTopic(things), ([name, all]) => ({ name, partitions: all.map(partitionOf) }))
}
