/** The log directories as DescribeLogDirs shows them. */
import { dirname } from 'node:path'
import { type Disk, DiskError } from '../base/disk.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import type { LogDirs } from './log-dirs.ts'
import type { UnifiedLog } from './unified-log.ts'

export interface LogDirDescription {
  readonly path: string
  /** KAFKA_STORAGE_ERROR for one that is out of service. */
  readonly errorCode: number
  /** -1 where unknown. */
  readonly totalBytes: number
  readonly usableBytes: number
  readonly logs: readonly { readonly log: UnifiedLog; readonly isFuture: boolean }[]
}

export function describeLogDirs(
  logDirs: LogDirs,
  disk: Disk,
  logs: readonly { readonly log: UnifiedLog; readonly isFuture: boolean }[],
): LogDirDescription[] {
  return logDirs.configured.map((path) => {
    const gone = { path, errorCode: ErrorCode.KAFKA_STORAGE_ERROR, totalBytes: -1, usableBytes: -1, logs: [] }
    if (!logDirs.live.includes(path)) return gone
    try {
      const own = logs.filter(({ log }) => dirname(log.directory) === path)
      return { path, errorCode: ErrorCode.NONE, ...disk.space(path), logs: own }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      return gone
    }
  })
}
