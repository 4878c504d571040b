/**
 * AddOffsetsToTxn (25), versions 0-4: enters the partition of __consumer_offsets that a group belongs to into a
 * producer's transaction, before it commits the group's offsets with TxnOffsetCommit.
 *
 * A fenced producer reads PRODUCER_FENCED from version 2 on, INVALID_PRODUCER_EPOCH before.
 */
import { GROUP_METADATA_TOPIC } from '../../metadata/topic-names.ts'
import {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
} from '../../protocol/messages/25-add-offsets-to-txn.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { fencedError } from './transaction-errors.ts'

type Response = Draft<typeof AddOffsetsToTxnResponse>

const FIRST_VERSION_WITH_PRODUCER_FENCED = 2

export function addOffsetsToTxnHandler(services: BrokerServices): Handler<AddOffsetsToTxnRequest, Response> {
  return defineHandler(
    AddOffsetsToTxnRequest,
    AddOffsetsToTxnResponse,
    [0, 4],
    async ({ transactionalId, producerId, producerEpoch, groupId }, { apiVersion }) => {
      const partition = services.groupCoordinator.partitionOf(groupId)
      const errorCode = await services.transactionCoordinator.addPartitions({
        transactionalId,
        producerId,
        producerEpoch,
        partitions: [{ topic: GROUP_METADATA_TOPIC, partition }],
        clientTransactionVersion: 0,
      })
      return { errorCode: fencedError(errorCode, apiVersion >= FIRST_VERSION_WITH_PRODUCER_FENCED) }
    },
  )
}
