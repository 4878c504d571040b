/**
 * What handlers work with: the rooms of one broker, put together by the composition root. Handlers hold no state of
 * their own.
 */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { PartitionAdmin } from '../controller/partition-admin.ts'
import type { TopicAdmin } from '../controller/topic-admin.ts'
import type { GroupCoordinator } from '../coordinator/group/group-coordinator.ts'
import type { ZnodeOffsets } from '../coordinator/group/offsets/znode-offsets.ts'
import type { TransactionCoordinator } from '../coordinator/transaction/transaction-coordinator.ts'
import type { TransactionVerifier } from '../coordinator/transaction/transaction-verifier.ts'
import type { LogManager } from '../log/log-manager.ts'
import type { BrokerConfig } from '../metadata/config/broker-config.ts'
import type { ConfigAdmin } from '../metadata/config-admin.ts'
import type { DynamicBrokerConfig } from '../metadata/dynamic-broker-config.ts'
import type { MetadataCache } from '../metadata/metadata-cache.ts'
import type { ClientQuotaAdmin } from '../metadata/quotas/client-quota-admin.ts'
import type { ScramCredentialAdmin } from '../metadata/scram-credential-admin.ts'
import type { ReplicaManager } from '../replica/replica-manager.ts'
import type { AutoTopicCreation } from './auto-topic-creation.ts'
import type { FetchSessionManager } from './fetch-session-manager.ts'
import type { QuotaManagers } from './quotas/quota-managers.ts'
import type { TransactionMarkerWriter } from './transaction-marker-writer.ts'

export interface BrokerServices {
  readonly brokerId: number
  /** As in force now: to be read when it is needed. */
  readonly config: BrokerConfig
  readonly clock: Clock
  readonly logger: Logger
  readonly metadataCache: MetadataCache
  readonly replicaManager: ReplicaManager
  readonly logManager: LogManager
  readonly topicAdmin: TopicAdmin
  readonly partitionAdmin: PartitionAdmin
  readonly autoTopicCreation: AutoTopicCreation
  readonly brokerConfig: DynamicBrokerConfig
  readonly configAdmin: ConfigAdmin
  readonly clientQuotaAdmin: ClientQuotaAdmin
  readonly scramCredentialAdmin: ScramCredentialAdmin
  readonly quotas: QuotaManagers
  readonly groupCoordinator: GroupCoordinator
  readonly znodeOffsets: ZnodeOffsets
  readonly transactionCoordinator: TransactionCoordinator
  readonly transactionVerifier: TransactionVerifier
  readonly transactionMarkers: TransactionMarkerWriter
  readonly fetchSessions: FetchSessionManager
}
