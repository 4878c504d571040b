/** What the group coordinator reads of the broker's configuration. */
import type { BrokerConfig } from '../../metadata/config/broker-config.ts'

export type GroupConfig = Pick<
  BrokerConfig,
  | 'groupConsumerAssignors'
  | 'groupConsumerHeartbeatIntervalMs'
  | 'groupConsumerMaxSize'
  | 'groupConsumerMigrationPolicy'
  | 'groupConsumerSessionTimeoutMs'
  | 'groupCoordinatorRebalanceProtocols'
  | 'groupInitialRebalanceDelayMs'
  | 'groupMaxSessionTimeoutMs'
  | 'groupMaxSize'
  | 'groupMinSessionTimeoutMs'
  | 'offsetMetadataMaxBytes'
  | 'offsetsLoadBufferBytes'
  | 'offsetsRetentionCheckIntervalMs'
  | 'offsetsRetentionMs'
  | 'offsetsTopicNumPartitions'
  | 'transactionPartitionVerificationEnable'
>
