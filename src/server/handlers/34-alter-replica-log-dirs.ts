/**
 * AlterReplicaLogDirs (34), versions 0-2: moves replicas to other log directories of this broker (KIP-113). Answered
 * when the moves have begun; DescribeLogDirs shows how far they are. A partition that is still to be made is refused,
 * and will be made in that directory.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import {
  AlterReplicaLogDirsRequest,
  AlterReplicaLogDirsResponse,
} from '../../protocol/messages/34-alter-replica-log-dirs.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'
import { byTopic } from './by-topic.ts'

/** How long a request for thousands of partitions, each of which gets a folder, may hold the loop. */
const SLICE_MS_MAX = 10

type Response = Draft<typeof AlterReplicaLogDirsResponse>

export function alterReplicaLogDirsHandler(
  services: BrokerServices,
): Handler<AlterReplicaLogDirsRequest, Response> {
  const { replicaManager, metadataCache, clock } = services
  return defineHandler(AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse, [0, 2], async ({ dirs }) => {
    const results: { topic: string; partition: number; errorCode: number }[] = []
    let untilMs = clock.monotonicMs() + SLICE_MS_MAX
    for (const { topic, partition, path } of placesOf(dirs)) {
      if (clock.monotonicMs() >= untilMs) {
        await new Promise<void>((resolve) => void clock.after(0, resolve))
        untilMs = clock.monotonicMs() + SLICE_MS_MAX
      }
      const errorCode = replicaManager.alterLogDir(topic, partition, path)
      const isUnknown =
        errorCode === ErrorCode.REPLICA_NOT_AVAILABLE &&
        metadataCache.partition(topic, partition) === undefined
      const told = isUnknown ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : errorCode
      results.push({ topic, partition, errorCode: told })
    }
    return {
      results: byTopic(results).map(([topicName, partitions]) => ({
        topicName,
        partitions: partitions.map(({ partition, errorCode }) => ({ partitionIndex: partition, errorCode })),
      })),
    }
  })
}

/** Of several directories for one partition the last one holds. */
function placesOf(dirs: AlterReplicaLogDirsRequest['dirs']) {
  const places = new Map<string, { topic: string; partition: number; path: string }>()
  for (const { path, topics } of dirs) {
    for (const { name, partitions } of topics) {
      for (const partition of partitions) places.set(`${partition} ${name}`, { topic: name, partition, path })
    }
  }
  return [...places.values()]
}
