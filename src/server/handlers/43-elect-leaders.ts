/**
 * ElectLeaders (43), versions 0-2: has leaders elected, preferred ones (KIP-183), or from version 1 on unclean ones
 * where no leader is left (KIP-460). Null partitions ask for all; of these only those are told that got a leader or
 * should have got one. Answered when this broker's clients see the new leaders, or with REQUEST_TIMED_OUT.
 */
import type { ElectionResult, ElectionType } from '../../controller/leader-elections.ts'
import type { MetadataCache } from '../../metadata/metadata-cache.ts'
import type { PartitionName } from '../../metadata/znodes.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ElectLeadersRequest, ElectLeadersResponse } from '../../protocol/messages/43-elect-leaders.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { byTopic } from './by-topic.ts'

type Response = Draft<typeof ElectLeadersResponse>
type Refusal = Pick<ElectionResult, 'errorCode' | 'errorMessage'>

const TYPES: readonly ElectionType[] = ['preferred', 'unclean']

export function electLeadersHandler(services: BrokerServices): Handler<ElectLeadersRequest, Response> {
  const { metadataCache, partitionAdmin } = services
  return defineHandler(
    ElectLeadersRequest,
    ElectLeadersResponse,
    [0, 2],
    async ({ electionType, topicPartitions, timeoutMs }, { apiVersion }) => {
      const type = TYPES[electionType]
      if (type === undefined) return refused(namesIn(topicPartitions ?? []), UNKNOWN_TYPE, apiVersion)
      const names = topicPartitions === null ? allPartitions(metadataCache) : namesIn(topicPartitions)
      const results = await partitionAdmin.electLeaders(names, type, { timeoutMs })
      if (results === 'notController') return refused(names, NOT_CONTROLLER)
      return { replicaElectionResults: resultsByTopic(topicPartitions === null ? changed(results) : results) }
    },
  )
}

/** Apache Kafka knows no better code for it. */
const UNKNOWN_TYPE: Refusal = { errorCode: ErrorCode.UNKNOWN_SERVER_ERROR, errorMessage: null }
/** Said of each partition, not of the whole, as Apache Kafka does. */
const NOT_CONTROLLER: Refusal = { errorCode: ErrorCode.NOT_CONTROLLER, errorMessage: null }

function refused(names: readonly PartitionName[], refusal: Refusal, apiVersion = 0): Response {
  return {
    // Before version 1 there is no error of the whole.
    errorCode: apiVersion >= 1 ? refusal.errorCode : ErrorCode.NONE,
    replicaElectionResults: resultsByTopic(names.map((name) => ({ ...name, ...refusal }))),
  }
}

function resultsByTopic(results: readonly (PartitionName & Refusal)[]): Response['replicaElectionResults'] {
  return byTopic(results).map(([topic, partitions]) => ({
    topic,
    partitionResult: partitions.map(({ partition, errorCode, errorMessage }) => ({
      partitionId: partition,
      errorCode,
      errorMessage,
    })),
  }))
}

function changed(results: readonly ElectionResult[]): ElectionResult[] {
  return results.filter(({ errorCode }) => errorCode !== ErrorCode.ELECTION_NOT_NEEDED)
}

function allPartitions(metadataCache: MetadataCache): PartitionName[] {
  const names: PartitionName[] = []
  for (const topic of metadataCache.topicNames()) {
    for (const partition of metadataCache.topic(topic)?.partitions.keys() ?? [])
      names.push({ topic, partition })
  }
  return names
}

function namesIn(topics: NonNullable<ElectLeadersRequest['topicPartitions']>): PartitionName[] {
  return topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))
}
