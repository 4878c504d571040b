/**
 * Mutants that are legal orders for thousands of partitions. The broker fills them, as it should, and memory for
 * partitions is no leak: left in, they would drown what the run is there to see.
 */
import { apiByKey } from '../../src/protocol/apis.ts'
import { decode } from '../../src/protocol/codec.ts'
import { RequestHeader, requestHeaderVersion } from '../../src/protocol/headers.ts'
import { CreateTopicsRequest } from '../../src/protocol/messages/19-create-topics.ts'
import { CreatePartitionsRequest } from '../../src/protocol/messages/37-create-partitions.ts'
import { DecodeError, Reader } from '../../src/wire/reader.ts'

const PARTITIONS_MAX = 64

/** `bytes` are frames with their sizes in front, perhaps damaged. */
export function ordersManyPartitions(bytes: Buffer): boolean {
  for (let at = 0; at + 12 <= bytes.length; ) {
    const end = at + 4 + bytes.readInt32BE(at)
    if (end < at + 12 || end > bytes.length) return false
    if (partitionsOrdered(bytes.subarray(at + 4, end)) > PARTITIONS_MAX) return true
    at = end
  }
  return false
}

function partitionsOrdered(frame: Buffer): number {
  const apiKey = frame.readInt16BE(0)
  const apiVersion = frame.readInt16BE(2)
  const request = apiByKey(apiKey)?.request
  if (request !== CreateTopicsRequest && request !== CreatePartitionsRequest) return 0
  if (apiVersion < request.minVersion || apiVersion > request.maxVersion) return 0
  try {
    const reader = new Reader(frame)
    decode(RequestHeader, requestHeaderVersion(apiKey, apiVersion), reader)
    const counts =
      request === CreateTopicsRequest
        ? decode(CreateTopicsRequest, apiVersion, reader).topics.map((topic) =>
            Math.max(topic.numPartitions, topic.assignments.length),
          )
        : decode(CreatePartitionsRequest, apiVersion, reader).topics.map(({ count }) => count)
    return counts.reduce((sum, count) => sum + Math.max(0, count), 0)
  } catch (error) {
    if (error instanceof DecodeError) return 0
    throw error
  }
}
