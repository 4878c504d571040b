/**
 * ListOffsets (2), versions 0-11.
 *
 * - 0 asks for the base offsets of segments before a time and gets a list; from 1 on one offset with its timestamp.
 * - Special timestamps: -1 the end that the client may read to (the log's end for replicas), -2 the start, -3 the
 *   record with the largest timestamp (7+), -4 the start of what is on local disk (8+), -5 and -6 the ends of what is
 *   in remote storage, which there never is.
 * - What is special in later versions only is UNSUPPORTED_VERSION; a partition asked twice (1+) INVALID_REQUEST.
 * - A timestamp that no record reaches: offset and timestamp of -1. Records that can't be read yet are not found.
 */

import { DiskError } from '../../base/disk.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import { ErrorCode } from '../../protocol/error-codes.ts'
import { ListOffsetsRequest, ListOffsetsResponse } from '../../protocol/messages/02-list-offsets.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { Partition } from '../../replica/partition.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { leaderOf } from './partition-lookup.ts'

type Response = Draft<typeof ListOffsetsResponse>
type PartitionRequest = ListOffsetsRequest['topics'][number]['partitions'][number]

const LATEST = -1
const EARLIEST = -2
const MAX_TIMESTAMP = -3
const EARLIEST_LOCAL = -4
const LATEST_TIERED = -5
const EARLIEST_PENDING_UPLOAD = -6
const READ_COMMITTED = 1
const FIRST_VERSION_WITH_EPOCHS = 4
const DEBUGGING_REPLICA = -2

/** The first version that may ask for a special timestamp. What isn't in here is no timestamp if it is negative. */
const FIRST_VERSIONS: ReadonlyMap<number, number> = new Map([
  [LATEST, 0],
  [EARLIEST, 0],
  [MAX_TIMESTAMP, 7],
  [EARLIEST_LOCAL, 8],
  [LATEST_TIERED, 9],
  [EARLIEST_PENDING_UPLOAD, 11],
])

const NOT_FOUND = { timestamp: -1, offset: -1, leaderEpoch: -1 }

export function listOffsetsHandler(services: BrokerServices): Handler<ListOffsetsRequest, Response> {
  return defineHandler(ListOffsetsRequest, ListOffsetsResponse, [0, 11], (request, context) => ({
    topics: request.topics.map(({ name, partitions }) => {
      const twice = context.apiVersion === 0 ? new Set() : askedTwice(partitions)
      return {
        name,
        partitions: partitions.map((asked) => ({
          partitionIndex: asked.partitionIndex,
          ...(twice.has(asked.partitionIndex)
            ? { errorCode: ErrorCode.INVALID_REQUEST }
            : listOffset(services, request, name, asked, context.apiVersion)),
        })),
      }
    }),
  }))
}

function askedTwice(partitions: readonly PartitionRequest[]): Set<number> {
  const seen = new Set<number>()
  const twice = new Set<number>()
  for (const { partitionIndex } of partitions) (seen.has(partitionIndex) ? twice : seen).add(partitionIndex)
  return twice
}

function listOffset(
  services: BrokerServices,
  request: ListOffsetsRequest,
  topic: string,
  asked: PartitionRequest,
  apiVersion: number,
) {
  if (asked.timestamp < 0 && apiVersion < (FIRST_VERSIONS.get(asked.timestamp) ?? Infinity)) {
    return { errorCode: ErrorCode.UNSUPPORTED_VERSION }
  }
  const partition = leaderOf(services, topic, asked.partitionIndex)
  if (typeof partition === 'number') return { errorCode: partition }
  const epochError = partition.checkLeaderEpoch(asked.currentLeaderEpoch)
  if (epochError !== ErrorCode.NONE) return { errorCode: epochError }
  try {
    return lookUp(services, request, partition, asked, apiVersion)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    services.logger.error(`Error while looking up an offset of ${topic}-${asked.partitionIndex}`, error)
    return { errorCode: ErrorCode.KAFKA_STORAGE_ERROR }
  }
}

/** Throws DiskError. */
function lookUp(
  services: BrokerServices,
  request: ListOffsetsRequest,
  partition: Partition,
  asked: PartitionRequest,
  apiVersion: number,
) {
  const log = partition.onlineLog
  const readableEnd = readableEndOf(log, request)
  if (apiVersion === 0)
    return {
      errorCode: ErrorCode.NONE,
      oldStyleOffsets: oldStyleOffsets(log, asked, readableEnd, services.clock.nowMs()),
    }
  const { leaderEpoch, ...found } = find(log, asked.timestamp, readableEnd, partition.leaderEpoch)
  return {
    errorCode: ErrorCode.NONE,
    ...found,
    ...(apiVersion >= FIRST_VERSION_WITH_EPOCHS ? { leaderEpoch } : undefined),
  }
}

function readableEndOf(log: UnifiedLog, { replicaId, isolationLevel }: ListOffsetsRequest): number {
  if (replicaId >= 0 || replicaId === DEBUGGING_REPLICA) return log.logEndOffset
  return isolationLevel === READ_COMMITTED ? log.lastStableOffset : log.highWatermark
}

function find(log: UnifiedLog, timestamp: number, readableEnd: number, leaderEpoch: number) {
  switch (timestamp) {
    case LATEST:
      return { timestamp: -1, offset: readableEnd, leaderEpoch }
    case EARLIEST:
    case EARLIEST_LOCAL:
      return { timestamp: -1, offset: log.logStartOffset, leaderEpoch: log.epochAt(log.logStartOffset) ?? -1 }
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD:
      return NOT_FOUND
  }
  const found = timestamp === MAX_TIMESTAMP ? log.maxTimestampOffset() : log.lookupTimestamp(timestamp)
  if (found === undefined || found.offset >= readableEnd) return NOT_FOUND
  return { timestamp: found.timestampMs, offset: found.offset, leaderEpoch: found.leaderEpoch }
}

/**
 * Version 0: the starts of the segments from the newest down that were complete at the time, with the readable end in
 * front for "latest" and times to come. Kafka goes by the files' times of change. Records' timestamps tell the same and
 * survive a copy of the folder; the file's time stands in where records have none (magic 0).
 */
function oldStyleOffsets(
  log: UnifiedLog,
  asked: PartitionRequest,
  readableEnd: number,
  nowMs: number,
): number[] {
  const count = Math.max(0, asked.maxNumOffsets)
  if (asked.timestamp === EARLIEST) return [log.logStartOffset].slice(0, count)
  const isLatest = asked.timestamp === LATEST || asked.timestamp >= nowMs
  const starts = (isLatest ? log.segmentBaseOffsets : log.segmentsCompleteAt(asked.timestamp))
    .map((base) => Math.max(base, log.logStartOffset))
    .filter((base) => base < readableEnd)
  const offsets = [...new Set(starts)].reverse()
  if (isLatest) offsets.unshift(readableEnd)
  return offsets.slice(0, count)
}
