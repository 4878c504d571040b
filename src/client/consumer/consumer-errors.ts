/** What a consumer refuses in the state that it is in, in the words of Java's where it has them, and what it can't mend. */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { KafkaError } from '../kafka-error.ts'
import type { ClusterMetadata } from '../network/cluster-metadata.ts'

/** Of topics that are subscribed to: waiting does not help. */
const FATAL_TOPIC_ERRORS: ReadonlySet<number | undefined> = new Set([
  ErrorCode.INVALID_TOPIC_EXCEPTION,
  ErrorCode.TOPIC_AUTHORIZATION_FAILED,
])

export function noGroup(): KafkaError {
  const message =
    'To use the group management or offset commit APIs, you must provide a valid group.id in the consumer configuration.'
  return new KafkaError('INVALID_GROUP_ID', message, { errno: ErrorCode.INVALID_GROUP_ID })
}

export function nothingToRead(): KafkaError {
  return new KafkaError(
    'INVALID_STATE',
    'Consumer is not subscribed to any topics or assigned any partitions',
  )
}

export function mixed(): KafkaError {
  return new KafkaError(
    'INVALID_STATE',
    'Subscription to topics, partitions and pattern are mutually exclusive',
  )
}

export function insideListener(what: string): KafkaError {
  const message = `${what} by a rebalance listener: the consumer waits for it to be done`
  return new KafkaError('INVALID_STATE', message)
}

/** Of the first of these topics that has one. */
export function fatalTopicError(
  topics: readonly string[],
  metadata: ClusterMetadata,
): KafkaError | undefined {
  const failed = topics.find((topic) => FATAL_TOPIC_ERRORS.has(metadata.topicError(topic)))
  return failed === undefined ? undefined : KafkaError.of(metadata.topicError(failed)!, `topic ${failed}`)
}
