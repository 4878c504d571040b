/**
 * DescribeLogDirs (35), versions 0-4: each log directory with its replicas' sizes (KIP-113), and from version 4 on the
 * size of its volume (KIP-827). Null topics ask for all. A directory that failed carries KAFKA_STORAGE_ERROR.
 */

import type { LogDirDescription } from '../../log/log-dir-description.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import {
  DescribeLogDirsRequest,
  DescribeLogDirsResponse,
} from '../../protocol/messages/35-describe-log-dirs.ts'
import type { Draft } from '../../protocol/schema.ts'
import type { BrokerServices } from '../broker-services.ts'
import { defineHandler, type Handler } from '../handler.ts'

type Response = Draft<typeof DescribeLogDirsResponse>

interface PartitionView {
  readonly partitionIndex: number
  readonly partitionSize: number
  readonly offsetLag: number
  readonly isFutureKey: boolean
}

export function describeLogDirsHandler(services: BrokerServices): Handler<DescribeLogDirsRequest, Response> {
  return defineHandler(DescribeLogDirsRequest, DescribeLogDirsResponse, [0, 4], (request) => {
    const isAsked = filterOf(request)
    return {
      results: services.logManager
        .describeLogDirs()
        .map(({ path, errorCode, logs, totalBytes, usableBytes }) => ({
          errorCode,
          logDir: path,
          topics: groupByTopic(logs.filter(({ log }) => isAsked(log))),
          totalBytes,
          usableBytes,
        })),
    }
  })
}

function filterOf({ topics }: DescribeLogDirsRequest): (log: UnifiedLog) => boolean {
  if (topics === null) return () => true
  const asked = new Map(topics.map(({ topic, partitions }) => [topic, new Set(partitions)]))
  return ({ topic, partition }) => asked.get(topic)?.has(partition) ?? false
}

function groupByTopic(logs: LogDirDescription['logs']) {
  const topics = new Map<string, PartitionView[]>()
  for (const { log, isFuture, offsetLag } of logs) {
    const view = {
      partitionIndex: log.partition,
      partitionSize: log.sizeBytes,
      offsetLag,
      isFutureKey: isFuture,
    }
    const partitions = topics.get(log.topic)
    if (partitions === undefined) topics.set(log.topic, [view])
    else partitions.push(view)
  }
  return Array.from(topics, ([name, partitions]) => ({ name, partitions }))
}
