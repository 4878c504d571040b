/** What a consumer is not asked for in the state that it is in; in the words of Java's, where it has them. */
import { ErrorCode } from '../../protocol/error-codes.ts'
import { KafkaError } from '../kafka-error.ts'

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
