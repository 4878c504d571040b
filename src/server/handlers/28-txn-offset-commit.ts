/**
 * TxnOffsetCommit (28), versions 0-5: stores offsets that count once the producer's transaction commits (KIP-98). The
 * transaction coordinator is asked first whether the transaction has the group's partition of __consumer_offsets; from
 * version 5 on that adds it (KIP-890).
 *
 * Up to version 2 the member is not told, and the group not asked about it; from 3 on a member of a former generation
 * is refused (KIP-447).
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
} from '../../protocol/messages/28-txn-offset-commit.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { knownPartitions } from './known-partitions.ts'

type Response = Draft<typeof TxnOffsetCommitResponse>
type Partition = TxnOffsetCommitRequest['topics'][number]['partitions'][number]
type Known = readonly { readonly topic: string; readonly partition: Partition }[]

/** Producers before Kafka 2.0 may crash at COORDINATOR_LOAD_IN_PROGRESS. */
const FIRST_VERSION_THAT_KNOWS_LOADING = 2

export function txnOffsetCommitHandler(services: BrokerServices): Handler<TxnOffsetCommitRequest, Response> {
  return defineHandler(
    TxnOffsetCommitRequest,
    TxnOffsetCommitResponse,
    [0, 5],
    async (request, { apiVersion }) => {
      const { known, answer } = knownPartitions(request.topics, services.metadataCache)
      const errorCodes = await commit(services, request, known, apiVersion)
      const answers = answer(
        apiVersion < FIRST_VERSION_THAT_KNOWS_LOADING ? errorCodes.map(withoutLoading) : errorCodes,
      )
      return { topics: answers.map(({ topic: { name }, partitions }) => ({ name, partitions })) }
    },
  )
}

async function commit(
  services: BrokerServices,
  request: TxnOffsetCommitRequest,
  known: Known,
  apiVersion: number,
): Promise<readonly number[]> {
  if (known.length === 0) return []
  const { groupId, transactionalId, producerId, producerEpoch, memberId, groupInstanceId, generationId } =
    request
  return await services.groupCoordinator.offsets.commitTransactional({
    groupId,
    committer: { memberId, groupInstanceId, generationIdOrMemberEpoch: generationId },
    apiVersion,
    transactionalId,
    producer: { producerId, producerEpoch },
    offsets: known.map(({ topic, partition }) => ({
      topic,
      partition: partition.partitionIndex,
      offset: partition.committedOffset,
      leaderEpoch: partition.committedLeaderEpoch,
      metadata: partition.committedMetadata,
    })),
  })
}

function withoutLoading(errorCode: number): number {
  return errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
    ? ErrorCode.COORDINATOR_NOT_AVAILABLE
    : errorCode
}
