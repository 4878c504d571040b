/**
 * FindCoordinator (10), versions 0-6: the leader of the partition of an internal topic that a key hashes to. The
 * topic is created when it is first asked for.
 *
 * - Up to version 3 one key, errors of the whole; from 4 on several keys, each with its own error (KIP-699).
 * - Key types: 0 groups, 1 transactional ids (1+), 2 share groups (6+), for which there is no coordinator.
 */
import { partitionFor } from '../../coordinator/runtime/coordinator-partition.ts'
import { GROUP_METADATA_TOPIC, TRANSACTION_STATE_TOPIC } from '../../metadata/topic-names.ts'
import { ErrorCode, errorMessage } from '../../protocol/error-codes.ts'
import {
  FindCoordinatorRequest,
  FindCoordinatorResponse,
} from '../../protocol/messages/10-find-coordinator.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import type { RequestContext } from '../request-context.ts'
import { advertisedBroker } from './endpoints.ts'

type Response = Draft<typeof FindCoordinatorResponse>
type Coordinator = NonNullable<Response['coordinators']>[number]

const GROUP = 0
const TRANSACTION = 1
/** What Kafka says there up to version 3; from 4 on nothing. */
const NO_ERROR = 'NONE'

export function findCoordinatorHandler(services: BrokerServices): Handler<FindCoordinatorRequest, Response> {
  return defineHandler(FindCoordinatorRequest, FindCoordinatorResponse, [0, 6], async (request, context) => {
    const topic = topicOf(request.keyType)
    // The errors of creation show in what is found afterwards: no partitions, no coordinator.
    if (topic !== undefined && services.metadataCache.topic(topic) === undefined) {
      await services.autoTopicCreation.createInternal(
        topic,
        services.quotas.controllerMutation.forRequest(context, false),
      )
    }
    const keys = context.apiVersion >= 4 ? request.coordinatorKeys : [request.key]
    const coordinators = keys.map((key) => find(services, context, topic, key))
    if (context.apiVersion >= 4) return { coordinators }
    const { key: _, ...only } = coordinators[0]!
    return only.errorCode === ErrorCode.NONE ? { ...only, errorMessage: NO_ERROR } : only
  })
}

function topicOf(keyType: number): string | undefined {
  if (keyType === GROUP) return GROUP_METADATA_TOPIC
  return keyType === TRANSACTION ? TRANSACTION_STATE_TOPIC : undefined
}

function find(
  services: BrokerServices,
  context: RequestContext,
  topic: string | undefined,
  key: string,
): Coordinator {
  if (topic === undefined) return failed(key, ErrorCode.INVALID_REQUEST)
  const partitions = services.metadataCache.topic(topic)?.partitions
  if (partitions === undefined) return failed(key, ErrorCode.COORDINATOR_NOT_AVAILABLE)
  const leader = partitions.get(partitionFor(key, partitions.size))?.leader ?? -1
  const broker = advertisedBroker(services, context, leader)
  if (broker === undefined) return failed(key, ErrorCode.COORDINATOR_NOT_AVAILABLE)
  return {
    key,
    nodeId: broker.nodeId,
    host: broker.host,
    port: broker.port,
    errorCode: ErrorCode.NONE,
    errorMessage: '',
  }
}

function failed(key: string, errorCode: number): Coordinator {
  return { key, nodeId: -1, host: '', port: -1, errorCode, errorMessage: errorMessage(errorCode) }
}
