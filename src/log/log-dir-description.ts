/** The log directories as DescribeLogDirs shows them. */
import { type Disk, DiskError } from '../base/disk.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { LogDirs } from './log-dirs.ts'
import type { LogRegistry } from './log-registry.ts'
import type { UnifiedLog } from './unified-log.ts'

export interface DescribedLog {
  readonly log: UnifiedLog
  /** A copy that is to take its log's place (KIP-113). */
  readonly isFuture: boolean
  /** How far a copy is behind its log, -1 if that is out of service; how far a log's end is behind what is committed. */
  readonly offsetLag: number
}

export interface LogDirDescription {
  readonly path: string
  /** KAFKA_STORAGE_ERROR for one that is out of service. */
  readonly errorCode: number
  /** -1 where unknown. */
  readonly totalBytes: number
  readonly usableBytes: number
  readonly logs: readonly DescribedLog[]
}

export function describeLogDirs(logDirs: LogDirs, disk: Disk, registry: LogRegistry): LogDirDescription[] {
  return logDirs.configured.map((path) => {
    const gone = { path, errorCode: ErrorCode.KAFKA_STORAGE_ERROR, totalBytes: -1, usableBytes: -1, logs: [] }
    if (!logDirs.live.includes(path)) return gone
    try {
      return { path, errorCode: ErrorCode.NONE, ...disk.space(path), logs: logsIn(path, registry) }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return gone
    }
  })
}

function logsIn(path: string, registry: LogRegistry): DescribedLog[] {
  const current = registry.currentIn(path).map((log) => {
    return { log, isFuture: false, offsetLag: Math.max(0, log.highWatermark - log.logEndOffset) }
  })
  const future = registry.futureIn(path).map((log) => {
    const original = registry.current.get(log.name)
    return { log, isFuture: true, offsetLag: original ? original.logEndOffset - log.logEndOffset : -1 }
  })
  return [...current, ...future]
}
