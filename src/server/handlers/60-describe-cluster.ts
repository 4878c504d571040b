/**
 * DescribeCluster (60), versions 0-2: cluster id, controller and brokers (KIP-700). A broker can't be asked for the
 * controllers (endpoint type 2): MISMATCHED_ENDPOINT_TYPE (KIP-919).
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  DescribeClusterRequest,
  DescribeClusterResponse,
} from '../../protocol/messages/60-describe-cluster.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { advertisedBrokers } from './endpoints.ts'
import { ALL_CLUSTER_OPERATIONS, OPERATIONS_NOT_ASKED_FOR } from './topic-metadata.ts'

type Response = Draft<typeof DescribeClusterResponse>

const BROKERS = 1
const CONTROLLERS = 2

export function describeClusterHandler(services: BrokerServices): Handler<DescribeClusterRequest, Response> {
  return defineHandler(DescribeClusterRequest, DescribeClusterResponse, [0, 2], (request, context) => {
    if (request.endpointType !== BROKERS) {
      return request.endpointType === CONTROLLERS
        ? {
            errorCode: ErrorCode.MISMATCHED_ENDPOINT_TYPE,
            errorMessage:
              'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER',
          }
        : {
            errorCode: ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
            errorMessage: `Unsupported endpoint type ${request.endpointType}`,
          }
    }
    return {
      clusterId: services.metadataCache.clusterId,
      controllerId: services.metadataCache.controllerId,
      brokers: advertisedBrokers(services, context).map(({ nodeId, ...rest }) => ({
        brokerId: nodeId,
        ...rest,
      })),
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
        ? ALL_CLUSTER_OPERATIONS
        : OPERATIONS_NOT_ASKED_FOR,
    }
  })
}
