/** What is written for a record, by the name of a formatter's class in any of Kafka's releases. */
import type { ConsumerRecord } from '../../client/consumer/consumer-record.ts'
import type { ByteSink } from '../command/byte-sink.ts'
import { UsageError } from '../command/command.ts'
import { defaultMessageFormatter } from './default-message-formatter.ts'
import type { InternalFormatterName } from './internal-topic-formatters.ts'

/** Throws Error where a record can't be shown. */
export type MessageFormatter = (record: ConsumerRecord, sink: ByteSink) => void

interface FormatterContext {
  /** Lines for stderr. */
  readonly note: (line: string) => void
}

const DEFAULT_CLASS = 'org.apache.kafka.tools.consumer.DefaultMessageFormatter'

/** Rejects with UsageError. */
export async function openFormatter(
  className: string = DEFAULT_CLASS,
  properties: ReadonlyMap<string, string>,
  context: FormatterContext,
): Promise<MessageFormatter> {
  // Of the package, and of the class that it stood in when the broker had it.
  const name = className.slice(Math.max(className.lastIndexOf('.'), className.lastIndexOf('$')) + 1)
  const isKafkas = /^(?:kafka\.|org\.apache\.kafka\.)/.test(className)
  switch (isKafkas ? name : '') {
    case 'DefaultMessageFormatter':
      return defaultMessageFormatter(properties)
    case 'LoggingMessageFormatter':
      return logging(defaultMessageFormatter(properties), context)
    case 'NoOpMessageFormatter':
      return () => {}
    case 'ChecksumMessageFormatter':
      throw new UsageError('ChecksumMessageFormatter is gone since Kafka 3.0: records have no checksums')
    case 'OffsetsMessageFormatter':
    case 'GroupMetadataMessageFormatter':
    case 'TransactionLogMessageFormatter': {
      if (className.startsWith('kafka.coordinator.')) {
        const { formerTopicFormatter } = await import('./former-topic-formatters.ts')
        return formerTopicFormatter(name as InternalFormatterName)
      }
      const { internalTopicFormatter } = await import('./internal-topic-formatters.ts')
      return internalTopicFormatter(name as InternalFormatterName)
    }
    default:
      throw new UsageError(`The formatter ${className} is not known: classes of Java can't be loaded`)
  }
}

/** Tells of each record on stderr as well. */
function logging(format: MessageFormatter, { note }: FormatterContext): MessageFormatter {
  return (record, sink) => {
    format(record, sink)
    const { timestampType, timestamp, key, value } = record
    const time = timestampType === 'NoTimestampType' ? '' : `${timestampType}:${timestamp}, `
    note(
      `${time}key:${key === null ? 'null ' : `${key.toString()}, `}value:${value === null ? 'null' : value.toString()}`,
    )
  }
}
