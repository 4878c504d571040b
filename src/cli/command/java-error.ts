/** An error as Java prints it, where Kafka's tools print it so. */
import type { KafkaError } from '../../client/kafka-error.ts'

/** `org.apache.kafka.common.errors.UnknownTopicOrPartitionException`. */
export function javaErrorClass({ code }: KafkaError): string {
  const words = code
    .replace(/_ERROR$/, '')
    .split('_')
    .map((word) => `${word[0]}${word.slice(1).toLowerCase()}`)
  return `org.apache.kafka.common.errors.${words.join('')}Exception`
}

/** With what the broker said. */
export function javaError(error: KafkaError): string {
  return `${javaErrorClass(error)}: ${error.reason ?? error.message}`
}
