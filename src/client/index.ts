/** `sluice/client`: producers, consumers and administrators of Kafka clusters. */
import { SystemClock } from '../os/clock.ts'
import { SystemConnector } from '../os/connector.ts'
import { SystemRandom } from '../os/random.ts'
import { Admin as AnyAdmin } from './admin/admin.ts'
import { Consumer as AnyConsumer } from './consumer/consumer.ts'
import type { ConsumerConstructor } from './consumer/deserialized.ts'
import type { ClientPlatform } from './network/open-cluster.ts'
import type { AdminOptions } from './options/admin-options.ts'
import type { ConsumerOptions } from './options/consumer-options.ts'
import type { ProducerOptions } from './options/producer-options.ts'
import { Producer as AnyProducer, type Bytes } from './producer/producer.ts'

const platform: ClientPlatform = {
  clock: new SystemClock(),
  random: new SystemRandom(),
  connector: new SystemConnector(),
}

export class Producer<Key = Bytes, Value = Bytes> extends AnyProducer<Key, Value> {
  /** Throws KafkaError (INVALID_CONFIG). */
  constructor(options: ProducerOptions) {
    super(options, platform)
  }
}

class PlatformConsumer<Key, Value> extends AnyConsumer<Key, Value> {
  constructor(options: ConsumerOptions) {
    super(options, platform)
  }
}

export type Consumer<Key = Buffer, Value = Buffer> = AnyConsumer<Key, Value>
export const Consumer: ConsumerConstructor = PlatformConsumer as never

export class Admin extends AnyAdmin {
  /** Throws KafkaError (INVALID_CONFIG). */
  constructor(options: AdminOptions) {
    super(options, platform)
  }
}

export type {
  AclOperation,
  AclPatternType,
  AclPermission,
  AclResourceType,
} from './admin/acl-words.ts'
export type { AclBinding, AclFilter, NewAcl } from './admin/acls.ts'
export type {
  AlterClientQuotasOptions,
  ClientQuotas,
  ClientQuotasChange,
  DescribeClientQuotasOptions,
  QuotaEntity,
  QuotaEntityType,
  QuotaMatch,
} from './admin/client-quotas.ts'
export type {
  ClusterBroker,
  ClusterDescription,
  DescribeClusterOptions,
} from './admin/cluster-description.ts'
export type { AlterConfigsOptions, ConfigChange } from './admin/config-changes.ts'
export type { ConfigEntry, ConfigSource, ConfigSynonym, ConfigType } from './admin/config-entries.ts'
export type { ConfigResource, ConfigResourceType } from './admin/config-resource.ts'
export type {
  ConfigResourceListing,
  DescribeConfigsOptions,
  ResourceConfigs,
  ResourceToDescribe,
} from './admin/configs.ts'
export type {
  CreateDelegationTokenOptions,
  DelegationToken,
  DescribeDelegationTokensOptions,
  ExpireDelegationTokenOptions,
  Principal,
  RenewDelegationTokenOptions,
} from './admin/delegation-tokens.ts'
export type {
  FeatureDescription,
  FeatureUpdate,
  FeatureUpgradeType,
  UpdateFeaturesOptions,
  VersionRange,
} from './admin/features.ts'
export type { DescribeGroupsOptions, GroupDescription, GroupMember } from './admin/group-descriptions.ts'
export type {
  GroupOffset,
  GroupOffsets,
  GroupOffsetsToList,
  ListGroupOffsetsOptions,
  OffsetToStore,
} from './admin/group-offsets.ts'
export type {
  GroupListing,
  GroupState,
  GroupType,
  ListGroupsOptions,
  MemberToRemove,
  RemoveMembersOptions,
} from './admin/groups.ts'
export type {
  BrokerLogDirs,
  DescribeLogDirsOptions,
  LogDirDescription,
  LogDirReplica,
  ReplicaLogDir,
  ReplicaLogDirs,
  ReplicaMove,
  ReplicaReference,
} from './admin/log-dirs.ts'
export type {
  QuorumDescription,
  QuorumReplica,
  RaftEndpoint,
  RaftVoter,
  RaftVoterOptions,
} from './admin/metadata-quorum.ts'
export type {
  IsolationLevel,
  ListedOffset,
  ListOffsetsOptions,
  OffsetSpec,
  OffsetToFind,
} from './admin/offsets.ts'
export type {
  DescribeProducersOptions,
  PartitionProducers,
  ProducerState,
  TransactionToAbort,
} from './admin/producers.ts'
export type {
  AlterReassignmentsOptions,
  Election,
  ElectionType,
  OngoingReassignment,
  Reassignment,
} from './admin/reassignments.ts'
export type { DeletedRecords, RecordsToDelete } from './admin/records.ts'
export type { AdminCallOptions } from './admin/requester.ts'
export type {
  ScramCredentialChange,
  ScramMechanismName,
  UserScramCredentials,
} from './admin/scram-credentials.ts'
export type {
  DescribeTopicsOptions,
  ListTopicsOptions,
  PartitionDescription,
  TopicDescription,
  TopicListing,
} from './admin/topic-descriptions.ts'
export type { TopicIdReference, TopicReference } from './admin/topic-reference.ts'
export type { CreatedTopic, CreateTopicsOptions, NewPartitions, NewTopic } from './admin/topics.ts'
export type {
  FencedProducer,
  ListTransactionsOptions,
  TransactionDescription,
  TransactionListing,
  TransactionState,
} from './admin/transactions.ts'
export type {
  AssignableTopic,
  AssignmentInput,
  GroupAssignment,
  GroupMemberSubscription,
  PartitionAssignor,
  RebalanceProtocol,
} from './consumer/assignors/assignor.ts'
export type { PartitionStart, PollOptions } from './consumer/consumer.ts'
export {
  type ConsumerBatch,
  type ConsumerRecord,
  type HeaderValue,
  headerList,
  type RecordHeader,
  type RecordHeaders,
  type TimestampType,
} from './consumer/consumer-record.ts'
export type { CommittedOffset } from './consumer/group/group-offsets.ts'
export type { FoundOffset, OffsetQuery } from './consumer/offset-lookup.ts'
export type { IterateOptions } from './consumer/record-iterator.ts'
export type { RunOptions } from './consumer/record-runner.ts'
export type { StreamOptions } from './consumer/record-stream.ts'
export type { RebalanceListener, SubscribeInput, SubscribeOptions } from './consumer/subscription.ts'
export type { TopicPartition } from './consumer/topic-partition.ts'
export type { ConsumerGroupMetadata, OffsetToCommit } from './group-offset.ts'
export { KafkaError } from './kafka-error.ts'
export type { AdminOptions } from './options/admin-options.ts'
export type { ConsumerOptions } from './options/consumer-options.ts'
export type { ProducerOptions } from './options/producer-options.ts'
export type { Deserializer, Serializer } from './options/serializers.ts'
export type { Partitioner, PartitionerInput } from './producer/partitioner.ts'
export type { Bytes, HeadersInput, ProducerRecord, SendCallback, Transaction } from './producer/producer.ts'
export type { RecordMetadata } from './producer/producer-batch.ts'
