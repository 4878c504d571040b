/** The cluster itself: its brokers, its controller, and taking a broker out of it for good. */
import {
  DescribeClusterRequest,
  DescribeClusterResponse,
} from '../../protocol/messages/60-describe-cluster.ts'
import {
  UnregisterBrokerRequest,
  UnregisterBrokerResponse,
} from '../../protocol/messages/64-unregister-broker.ts'
import { defineApi } from '../network/api.ts'
import type { BrokerConnection } from '../network/broker-connection.ts'
import { METADATA } from '../network/cluster.ts'
import type { BrokerNode } from '../network/cluster-metadata.ts'
import { type AclOperation, authorizedOperations } from './acl-words.ts'
import { checkAnswer } from './answers.ts'
import { checkWhole } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { anyBroker } from './routes.ts'

const DESCRIBE_CLUSTER = defineApi(DescribeClusterRequest, DescribeClusterResponse, [0, 2])
const UNREGISTER_BROKER = defineApi(UnregisterBrokerRequest, UnregisterBrokerResponse)
const FIRST_VERSION_WITH_FENCED = 2

export interface DescribeClusterOptions extends AdminCallOptions {
  readonly includeAuthorizedOperations?: boolean | undefined
  /** Those too that are registered and serve nobody (KIP-1073). */
  readonly includeFencedBrokers?: boolean | undefined
}

export interface ClusterBroker extends BrokerNode {
  readonly isFenced: boolean
}

export interface ClusterDescription {
  /** Null: the broker is too old to have one. */
  readonly clusterId: string | null
  /** The id of the broker that leads the cluster, or passes on to who does; null: none. */
  readonly controllerId: number | null
  readonly brokers: readonly ClusterBroker[]
  /** What the one who asks may do; null: not asked for. */
  readonly authorizedOperations: readonly AclOperation[] | null
}

export async function describeCluster(
  requester: Requester,
  { includeAuthorizedOperations = false, includeFencedBrokers = false, timeoutMs }: DescribeClusterOptions,
): Promise<ClusterDescription> {
  return requester.one({
    what: 'describeCluster',
    route: anyBroker(),
    timeoutMs,
    call: async (connection) => {
      if (connection.apis!.newest(DESCRIBE_CLUSTER) === undefined && !includeFencedBrokers)
        return describeByMetadata(connection, includeAuthorizedOperations)
      const version = connection.apis!.versionOf(DESCRIBE_CLUSTER, {
        min: includeFencedBrokers ? FIRST_VERSION_WITH_FENCED : 0,
      })
      const answer = await connection.call(
        DESCRIBE_CLUSTER,
        { includeClusterAuthorizedOperations: includeAuthorizedOperations, includeFencedBrokers },
        { version },
      )
      checkAnswer('describeCluster', answer)
      return {
        clusterId: answer.clusterId,
        controllerId: answer.controllerId < 0 ? null : answer.controllerId,
        brokers: answer.brokers.map(({ brokerId, host, port, rack, isFenced }) => ({
          nodeId: brokerId,
          host,
          port,
          rack,
          isFenced,
        })),
        authorizedOperations: authorizedOperations(answer.clusterAuthorizedOperations),
      }
    },
  })
}

/** Brokers before 2.8. */
async function describeByMetadata(
  connection: BrokerConnection,
  includeClusterAuthorizedOperations: boolean,
): Promise<ClusterDescription> {
  const answer = await connection.call(METADATA, { topics: [], includeClusterAuthorizedOperations })
  return {
    clusterId: answer.clusterId,
    controllerId: answer.controllerId < 0 ? null : answer.controllerId,
    brokers: answer.brokers.map(({ nodeId, host, port, rack }) => ({
      nodeId,
      host,
      port,
      rack,
      isFenced: false,
    })),
    authorizedOperations: authorizedOperations(answer.clusterAuthorizedOperations),
  }
}

/** Of a broker that is down and will not come back: the cluster forgets it. */
export async function unregisterBroker(
  requester: Requester,
  brokerId: number,
  { timeoutMs }: AdminCallOptions,
): Promise<void> {
  checkWhole('brokerId', brokerId, { min: 0 })
  await requester.one<void>({
    what: 'unregisterBroker',
    route: anyBroker(),
    timeoutMs,
    repeats: ['REQUEST_TIMED_OUT'],
    call: async (connection) =>
      checkAnswer(`broker ${brokerId}`, await connection.call(UNREGISTER_BROKER, { brokerId })),
  })
}
