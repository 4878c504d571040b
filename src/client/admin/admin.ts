/**
 * The administrator: what there is in a cluster, and changing it. Every method is one of Kafka's Admin.
 *
 * - Each asks where the answer is: the controller, the leaders of partitions, coordinators, all brokers; with one request
 *   to each broker for all that is its. What fails for a while is tried again, for `default.api.timeout.ms` in all, or the
 *   `timeoutMs` of the call; then it rejects with TIMEOUT, whose cause is what stood in the way.
 * - Several things give an array in the order asked. They reject with the error if it is everything's, else with PARTIAL:
 *   `details` has the error of each that failed, `results` what came of the others, by name.
 * - What can't be put into a request is INVALID_REQUEST; what the broker has no API for is PROTOCOL.
 */
import type { TopicPartition } from '../consumer/topic-partition.ts'
import type { Cluster } from '../network/cluster.ts'
import { type ClientPlatform, openCluster } from '../network/open-cluster.ts'
import { type AdminOptions, parseAdminOptions } from '../options/admin-options.ts'
import * as acls from './acls.ts'
import * as apiVersions from './api-versions.ts'
import * as quotas from './client-quotas.ts'
import * as description from './cluster-description.ts'
import * as changes from './config-changes.ts'
import type { ConfigResourceType } from './config-resource.ts'
import * as configs from './configs.ts'
import * as tokens from './delegation-tokens.ts'
import * as features from './features.ts'
import * as groupDescriptions from './group-descriptions.ts'
import * as groupOffsets from './group-offsets.ts'
import * as groups from './groups.ts'
import * as logDirs from './log-dirs.ts'
import * as quorum from './metadata-quorum.ts'
import * as offsets from './offsets.ts'
import * as producers from './producers.ts'
import * as reassignments from './reassignments.ts'
import * as records from './records.ts'
import { type AdminCallOptions, Requester } from './requester.ts'
import * as scram from './scram-credentials.ts'
import * as descriptions from './topic-descriptions.ts'
import type { TopicReference } from './topic-reference.ts'
import * as topics from './topics.ts'
import * as transactions from './transactions.ts'

export class Admin {
  readonly #cluster: Cluster
  readonly #requester: Requester
  readonly #random: ClientPlatform['random']

  /** Nothing is connected yet. Throws KafkaError (INVALID_CONFIG). */
  constructor(options: AdminOptions, platform: ClientPlatform) {
    const settings = parseAdminOptions(options)
    this.#cluster = openCluster(settings, platform)
    this.#random = platform.random
    this.#requester = new Requester({
      cluster: this.#cluster,
      apiTimeoutMs: settings.defaultApiTimeoutMs,
      requestTimeoutMs: settings.requestTimeoutMs,
      retriesMax: settings.retries,
    })
  }

  /** What is under way rejects with CLOSED. Again it has no effect. */
  async close(): Promise<void> {
    this.#cluster.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  // --- Topics ----------------------------------------------------------------------------------------------------------

  /** Resolves when the topics can be used: the broker that answered knows the leader of every partition. */
  createTopics(
    newTopics: readonly topics.NewTopic[],
    options: topics.CreateTopicsOptions = {},
  ): Promise<topics.CreatedTopic[]> {
    return topics.createTopics(this.#requester, newTopics, options)
  }

  /** By names, or by ids: `{ topicId }`. */
  deleteTopics(references: readonly TopicReference[], options: AdminCallOptions = {}): Promise<void> {
    return topics.deleteTopics(this.#requester, references, options)
  }

  listTopics(options: descriptions.ListTopicsOptions = {}): Promise<descriptions.TopicListing[]> {
    return descriptions.listTopics(this.#requester, options)
  }

  /** By names, or by ids: `{ topicId }`. */
  describeTopics(
    references: readonly TopicReference[],
    options: descriptions.DescribeTopicsOptions = {},
  ): Promise<descriptions.TopicDescription[]> {
    return descriptions.describeTopics(this.#requester, references, options)
  }

  createPartitions(
    newPartitions: readonly topics.NewPartitions[],
    options: topics.CreateTopicsOptions = {},
  ): Promise<void> {
    return topics.createPartitions(this.#requester, newPartitions, options)
  }

  /** Those before an offset: the partition begins there from now on. */
  deleteRecords(
    partitions: readonly records.RecordsToDelete[],
    options: AdminCallOptions = {},
  ): Promise<records.DeletedRecords[]> {
    return records.deleteRecords(this.#requester, partitions, options)
  }

  listOffsets(
    partitions: readonly offsets.OffsetToFind[],
    options: offsets.ListOffsetsOptions = {},
  ): Promise<offsets.ListedOffset[]> {
    return offsets.listOffsets(this.#requester, partitions, options)
  }

  // --- Configs ---------------------------------------------------------------------------------------------------------

  /** In the details of errors resources go as `topic orders`, `broker 1`. */
  describeConfigs(
    resources: readonly configs.ResourceToDescribe[],
    options: configs.DescribeConfigsOptions = {},
  ): Promise<configs.ResourceConfigs[]> {
    return configs.describeConfigs(this.#requester, resources, options)
  }

  /** One by one, all else stays: Kafka's incrementalAlterConfigs. */
  alterConfigs(
    configChanges: readonly changes.ConfigChange[],
    options: changes.AlterConfigsOptions = {},
  ): Promise<void> {
    return changes.alterConfigs(this.#requester, configChanges, options)
  }

  /** What has configs; of all types where none are named. */
  listConfigResources(
    types?: readonly ConfigResourceType[],
    options: AdminCallOptions = {},
  ): Promise<configs.ConfigResourceListing[]> {
    return configs.listConfigResources(this.#requester, types, options)
  }

  // --- Groups ----------------------------------------------------------------------------------------------------------

  listGroups(options: groups.ListGroupsOptions = {}): Promise<groups.GroupListing[]> {
    return groups.listGroups(this.#requester, options)
  }

  /** Classic groups and consumer groups alike; what is not there is GROUP_ID_NOT_FOUND. */
  describeGroups(
    groupIds: readonly string[],
    options: groupDescriptions.DescribeGroupsOptions = {},
  ): Promise<groupDescriptions.GroupDescription[]> {
    return groupDescriptions.describeGroups(this.#requester, groupIds, options)
  }

  /** Only of groups without members. */
  deleteGroups(groupIds: readonly string[], options: AdminCallOptions = {}): Promise<void> {
    return groups.deleteGroups(this.#requester, groupIds, options)
  }

  /** Members that live will join again. */
  removeMembers(
    groupId: string,
    members: readonly groups.MemberToRemove[] | 'all',
    options: groups.RemoveMembersOptions = {},
  ): Promise<void> {
    return groups.removeMembers(this.#requester, groupId, members, options)
  }

  /** Of groups, or of certain partitions in each: `{ groupId, partitions }`. */
  listGroupOffsets(
    groupsToList: readonly (string | groupOffsets.GroupOffsetsToList)[],
    options: groupOffsets.ListGroupOffsetsOptions = {},
  ): Promise<groupOffsets.GroupOffsets[]> {
    return groupOffsets.listGroupOffsets(this.#requester, groupsToList, options)
  }

  /** Of a group without members. */
  alterGroupOffsets(
    groupId: string,
    offsetsToStore: readonly groupOffsets.OffsetToStore[],
    options: AdminCallOptions = {},
  ): Promise<void> {
    return groupOffsets.alterGroupOffsets(this.#requester, groupId, offsetsToStore, options)
  }

  /** Of topics that no member subscribes to. */
  deleteGroupOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
    options: AdminCallOptions = {},
  ): Promise<void> {
    return groupOffsets.deleteGroupOffsets(this.#requester, groupId, partitions, options)
  }

  // --- Transactions and producers --------------------------------------------------------------------------------------

  listTransactions(
    options: transactions.ListTransactionsOptions = {},
  ): Promise<transactions.TransactionListing[]> {
    return transactions.listTransactions(this.#requester, options)
  }

  describeTransactions(
    transactionalIds: readonly string[],
    options: AdminCallOptions = {},
  ): Promise<transactions.TransactionDescription[]> {
    return transactions.describeTransactions(this.#requester, transactionalIds, options)
  }

  /** Takes the place of producers: their open transactions are aborted, and they can write no more. */
  fenceProducers(
    transactionalIds: readonly string[],
    options: AdminCallOptions = {},
  ): Promise<transactions.FencedProducer[]> {
    return transactions.fenceProducers(this.#requester, transactionalIds, options)
  }

  describeProducers(
    partitions: readonly TopicPartition[],
    options: producers.DescribeProducersOptions = {},
  ): Promise<producers.PartitionProducers[]> {
    return producers.describeProducers(this.#requester, partitions, options)
  }

  /** Of one that hangs in a partition, since its coordinator has lost sight of it (KIP-664). */
  abortTransaction(transaction: producers.TransactionToAbort, options: AdminCallOptions = {}): Promise<void> {
    return producers.abortTransaction(this.#requester, transaction, options)
  }

  // --- The cluster -----------------------------------------------------------------------------------------------------

  describeCluster(options: description.DescribeClusterOptions = {}): Promise<description.ClusterDescription> {
    return description.describeCluster(this.#requester, options)
  }

  /** Of all brokers. */
  describeApiVersions(options: AdminCallOptions = {}): Promise<apiVersions.BrokerApiVersions[]> {
    return apiVersions.describeApiVersions(this.#requester, options)
  }

  describeFeatures(options: AdminCallOptions = {}): Promise<features.FeatureDescription> {
    return features.describeFeatures(this.#requester, options)
  }

  updateFeatures(
    updates: readonly features.FeatureUpdate[],
    options: features.UpdateFeaturesOptions = {},
  ): Promise<void> {
    return features.updateFeatures(this.#requester, updates, options)
  }

  describeMetadataQuorum(options: AdminCallOptions = {}): Promise<quorum.QuorumDescription> {
    return quorum.describeMetadataQuorum(this.#requester, options)
  }

  addRaftVoter(
    voter: quorum.RaftVoter & { readonly endpoints: readonly quorum.RaftEndpoint[] },
    options: quorum.RaftVoterOptions = {},
  ): Promise<void> {
    return quorum.addRaftVoter(this.#requester, voter, options)
  }

  removeRaftVoter(voter: quorum.RaftVoter, options: quorum.RaftVoterOptions = {}): Promise<void> {
    return quorum.removeRaftVoter(this.#requester, voter, options)
  }

  unregisterBroker(brokerId: number, options: AdminCallOptions = {}): Promise<void> {
    return description.unregisterBroker(this.#requester, brokerId, options)
  }

  // --- Replicas --------------------------------------------------------------------------------------------------------

  /** Of all brokers where none are named. */
  describeLogDirs(
    brokerIds?: readonly number[],
    options: logDirs.DescribeLogDirsOptions = {},
  ): Promise<logDirs.BrokerLogDirs[]> {
    return logDirs.describeLogDirs(this.#requester, brokerIds, options)
  }

  describeReplicaLogDirs(
    replicas: readonly logDirs.ReplicaReference[],
    options: AdminCallOptions = {},
  ): Promise<logDirs.ReplicaLogDirs[]> {
    return logDirs.describeReplicaLogDirs(this.#requester, replicas, options)
  }

  /** Within a broker. */
  alterReplicaLogDirs(moves: readonly logDirs.ReplicaMove[], options: AdminCallOptions = {}): Promise<void> {
    return logDirs.alterReplicaLogDirs(this.#requester, moves, options)
  }

  /** From broker to broker. */
  alterPartitionReassignments(
    moves: readonly reassignments.Reassignment[],
    options: reassignments.AlterReassignmentsOptions = {},
  ): Promise<void> {
    return reassignments.alterPartitionReassignments(this.#requester, moves, options)
  }

  /** Of all partitions where none are named. */
  listPartitionReassignments(
    partitions?: readonly TopicPartition[],
    options: AdminCallOptions = {},
  ): Promise<reassignments.OngoingReassignment[]> {
    return reassignments.listPartitionReassignments(this.#requester, partitions, options)
  }

  /** Of all partitions where none are named. */
  electLeaders(
    type: reassignments.ElectionType,
    partitions?: readonly TopicPartition[],
    options: AdminCallOptions = {},
  ): Promise<reassignments.Election[]> {
    return reassignments.electLeaders(this.#requester, type, partitions, options)
  }

  // --- Who may do what, and how much -----------------------------------------------------------------------------------

  describeAcls(filter: acls.AclFilter = {}, options: AdminCallOptions = {}): Promise<acls.AclBinding[]> {
    return acls.describeAcls(this.#requester, filter, options)
  }

  /** In the details of errors ACLs go by their places in the list. */
  createAcls(newAcls: readonly acls.NewAcl[], options: AdminCallOptions = {}): Promise<void> {
    return acls.createAcls(this.#requester, newAcls, options)
  }

  /** For each filter the ACLs that it deleted. */
  deleteAcls(
    filters: readonly acls.AclFilter[],
    options: AdminCallOptions = {},
  ): Promise<acls.AclBinding[][]> {
    return acls.deleteAcls(this.#requester, filters, options)
  }

  /** `{ user: 'alice' }`, `{ user: null }` for the default, `{ user: { any: true } }`; of all where nothing is named. */
  describeClientQuotas(
    match: Readonly<Partial<Record<quotas.QuotaEntityType, quotas.QuotaMatch>>> = {},
    options: quotas.DescribeClientQuotasOptions = {},
  ): Promise<quotas.ClientQuotas[]> {
    return quotas.describeClientQuotas(this.#requester, match, options)
  }

  /** In the details of errors entities go as `user=alice, client-id=<default>`. */
  alterClientQuotas(
    quotaChanges: readonly quotas.ClientQuotasChange[],
    options: quotas.AlterClientQuotasOptions = {},
  ): Promise<void> {
    return quotas.alterClientQuotas(this.#requester, quotaChanges, options)
  }

  /** Of all users where none are named. */
  describeUserScramCredentials(
    users?: readonly string[],
    options: AdminCallOptions = {},
  ): Promise<scram.UserScramCredentials[]> {
    return scram.describeUserScramCredentials(this.#requester, users, options)
  }

  alterUserScramCredentials(
    credentialChanges: readonly scram.ScramCredentialChange[],
    options: AdminCallOptions = {},
  ): Promise<void> {
    return scram.alterUserScramCredentials(this.#requester, this.#random, credentialChanges, options)
  }

  createDelegationToken(options: tokens.CreateDelegationTokenOptions = {}): Promise<tokens.DelegationToken> {
    return tokens.createDelegationToken(this.#requester, options)
  }

  /** Resolves with its new end, in milliseconds since the Unix epoch. */
  renewDelegationToken(hmac: Uint8Array, options: tokens.RenewDelegationTokenOptions = {}): Promise<number> {
    return tokens.renewDelegationToken(this.#requester, hmac, options)
  }

  /** At once, or in `expiryPeriodMs`. Resolves with its end. */
  expireDelegationToken(
    hmac: Uint8Array,
    options: tokens.ExpireDelegationTokenOptions = {},
  ): Promise<number> {
    return tokens.expireDelegationToken(this.#requester, hmac, options)
  }

  describeDelegationTokens(
    options: tokens.DescribeDelegationTokensOptions = {},
  ): Promise<tokens.DelegationToken[]> {
    return tokens.describeDelegationTokens(this.#requester, options)
  }
}
