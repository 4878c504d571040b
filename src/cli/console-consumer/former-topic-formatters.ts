/**
 * Records of __consumer_offsets and __transaction_state in the text form of the formatters that stood in the broker's own
 * classes up to Kafka 3.9 (`kafka.coordinator.group.GroupMetadataManager$OffsetsMessageFormatter`, ...).
 */
import { stateOfId } from '../../coordinator/transaction/transaction-state.ts'
import type {
  GroupMetadataKey,
  GroupMetadataValue,
  OffsetCommitKey,
  OffsetCommitValue,
} from '../../protocol/records/group-records.ts'
import type { TransactionLogKey, TransactionLogValue } from '../../protocol/records/transaction-records.ts'
import { type InternalTopic, readVersioned, recordKind, versionOf } from '../command/coordinator-records.ts'
import type { InternalFormatterName } from './internal-topic-formatters.ts'
import type { MessageFormatter } from './message-formatter.ts'

interface Former {
  readonly topic: InternalTopic
  readonly types: readonly number[]
  readonly key: (key: never) => string
  readonly value: (key: never, value: never) => string
}

const FORMATTERS: Readonly<Record<InternalFormatterName, Former>> = {
  OffsetsMessageFormatter: {
    topic: 'offsets',
    types: [0, 1],
    key: ({ group, topic, partition }: OffsetCommitKey) => `[${group},${topic},${partition}]`,
    value: (_: OffsetCommitKey, value: OffsetCommitValue) => offsetText(value),
  },
  GroupMetadataMessageFormatter: {
    topic: 'offsets',
    types: [2],
    key: ({ group }: GroupMetadataKey) => group,
    value: ({ group }: GroupMetadataKey, value: GroupMetadataValue) => groupText(group, value),
  },
  TransactionLogMessageFormatter: {
    topic: 'transactions',
    types: [0],
    key: ({ transactionalId }: TransactionLogKey) => transactionalId,
    value: ({ transactionalId }: TransactionLogKey, value: TransactionLogValue) =>
      transactionText(transactionalId, value),
  },
}

export function formerTopicFormatter(name: InternalFormatterName): MessageFormatter {
  const { topic, types, key: keyText, value: valueText } = FORMATTERS[name]
  return ({ key, value }, sink) => {
    if (key === null || !types.includes(versionOf(key))) return
    const kind = recordKind(topic, versionOf(key))!
    const id = readVersioned(kind.key, key)!.value as never
    const read = value === null ? undefined : readVersioned(kind.value, value)
    const text = value === null ? 'NULL' : read === undefined ? 'unknown' : valueText(id, read.value as never)
    sink.text(`${keyText(id)}::${text}\n`)
  }
}

function offsetText({
  offset,
  leaderEpoch,
  metadata,
  commitTimestamp,
  expireTimestamp,
}: OffsetCommitValue): string {
  const epoch = leaderEpoch < 0 ? 'Optional.empty' : `Optional[${leaderEpoch}]`
  const expiry = expireTimestamp < 0 ? 'None' : `Some(${expireTimestamp})`
  return `OffsetAndMetadata(offset=${offset}, leaderEpoch=${epoch}, metadata=${metadata}, commitTimestamp=${commitTimestamp}, expireTimestamp=${expiry})`
}

function groupText(
  groupId: string,
  { generation, protocolType, protocol, members }: GroupMetadataValue,
): string {
  const texts = members.map((member) => {
    const { memberId, groupInstanceId, clientId, clientHost, sessionTimeout, rebalanceTimeout } = member
    const instance = groupInstanceId === null ? 'None' : `Some(${groupInstanceId})`
    return `${memberId} -> MemberMetadata(memberId=${memberId}, groupInstanceId=${instance}, clientId=${clientId}, clientHost=${clientHost}, sessionTimeoutMs=${sessionTimeout}, rebalanceTimeoutMs=${rebalanceTimeout}, supportedProtocols=List(${protocol ?? ''}))`
  })
  const state = members.length === 0 ? 'Empty' : 'Stable'
  return `GroupMetadata(groupId=${groupId}, generation=${generation}, protocolType=Some(${protocolType}), currentState=${state}, members=HashMap(${texts.join(', ')}))`
}

function transactionText(transactionalId: string, value: TransactionLogValue): string {
  const { producerId, producerEpoch, transactionTimeoutMs, transactionStatus, transactionPartitions } = value
  const partitions = (transactionPartitions ?? []).flatMap(({ topic, partitionIds }) =>
    partitionIds.map((partition) => `${topic}-${partition}`),
  )
  return `TransactionMetadata(transactionalId=${transactionalId}, producerId=${producerId}, producerEpoch=${producerEpoch}, txnTimeoutMs=${transactionTimeoutMs}, state=${stateOfId(transactionStatus) ?? transactionStatus}, pendingState=None, topicPartitions=HashSet(${partitions.join(', ')}), txnStartTimestamp=${value.transactionStartTimestampMs}, txnLastUpdateTimestamp=${value.transactionLastUpdateTimestampMs})`
}
