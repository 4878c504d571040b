/**
 * WriteTxnMarkers (27), versions 0-2: a transaction coordinator has the leaders of partitions write the markers that end
 * transactions. The answer comes when all are replicated or have failed, each partition with its own error.
 *
 * - From 2 on the request says which protocol the transaction ran under: where its end raised the producer's epoch, a
 *   marker that comes late can't end the next transaction (KIP-1228).
 * - A negative producer id or epoch fails all of the request with UNKNOWN_SERVER_ERROR, as in Kafka.
 * - Markers of one producer share an entry of the answer; a marker without partitions has none.
 */
import type { TransactionMarker } from '../../coordinator/transaction/marker-sender.ts'
import type { TopicPartition } from '../../log/log-manager-options.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse,
} from '../../protocol/messages/27-write-txn-markers.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof WriteTxnMarkersResponse>
type MarkerRequest = WriteTxnMarkersRequest['markers'][number]
/** By topic and partition. */
type Codes = Map<string, Map<number, number>>

export function writeTxnMarkersHandler(services: BrokerServices): Handler<WriteTxnMarkersRequest, Response> {
  return defineHandler(WriteTxnMarkersRequest, WriteTxnMarkersResponse, [0, 2], async (request, context) => {
    context.exemptFromQuotas()
    const markers = request.markers.map(markerOf)
    const isMalformed = markers.some(({ producerId, producerEpoch }) => producerId < 0 || producerEpoch < 0)
    const codes = isMalformed
      ? markers.map(({ partitions }) => partitions.map(() => ErrorCode.UNKNOWN_SERVER_ERROR))
      : await services.transactionMarkers.write(markers)
    const byProducer = new Map<number, Codes>()
    for (const [i, { producerId, partitions }] of markers.entries()) {
      for (const [j, { topic, partition }] of partitions.entries()) {
        const topics = getOrAdd(byProducer, producerId)
        getOrAdd(topics, topic).set(partition, codes[i]![j]!)
      }
    }
    return {
      markers: Array.from(byProducer, ([producerId, topics]) => ({ producerId, topics: topicsOf(topics) })),
    }
  })
}

/** A partition that is named twice gets one marker. */
function markerOf(marker: MarkerRequest): TransactionMarker {
  const byTopic: Codes = new Map()
  for (const { name, partitionIndexes } of marker.topics) {
    const indexes = getOrAdd(byTopic, name)
    for (const index of partitionIndexes) indexes.set(index, ErrorCode.NONE)
  }
  const partitions: TopicPartition[] = []
  for (const [topic, indexes] of byTopic) {
    for (const partition of indexes.keys()) partitions.push({ topic, partition })
  }
  const { producerId, producerEpoch, transactionResult, coordinatorEpoch, transactionVersion } = marker
  return {
    producerId,
    producerEpoch,
    isCommit: transactionResult,
    coordinatorEpoch,
    transactionVersion,
    partitions,
  }
}

function topicsOf(codes: Codes) {
  return Array.from(codes, ([name, partitions]) => ({
    name,
    partitions: Array.from(partitions, ([partitionIndex, errorCode]) => ({ partitionIndex, errorCode })),
  }))
}

function getOrAdd<Key, Inner, Value>(map: Map<Key, Map<Inner, Value>>, key: Key): Map<Inner, Value> {
  const known = map.get(key)
  if (known !== undefined) return known
  const added = new Map<Inner, Value>()
  map.set(key, added)
  return added
}
