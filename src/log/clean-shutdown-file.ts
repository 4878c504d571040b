/**
 * `.kafka_cleanshutdown` in a log directory: the last stop wrote and synced all it had to, so the next start may
 * believe every file (KIP-966 gives it its content; brokers without a registered epoch write -1).
 *
 * The marker is the last thing written at a stop, and it is gone, for good, before anything changes after a start.
 */
import type { Disk } from '../base/disk.ts'

const CLEAN_SHUTDOWN_FILE = '.kafka_cleanshutdown'

export function writeCleanShutdown(disk: Disk, directory: string, brokerEpoch = -1): void {
  disk.writeFileAtomic(`${directory}/${CLEAN_SHUTDOWN_FILE}`, JSON.stringify({ version: 0, brokerEpoch }))
}

/** Whether the marker was there. It is no longer, even after a crash. Throws DiskError. */
export function takeCleanShutdown(disk: Disk, directory: string): boolean {
  const path = `${directory}/${CLEAN_SHUTDOWN_FILE}`
  if (disk.stat(path) === undefined) return false
  disk.remove(path)
  disk.syncDirectory(directory)
  return true
}
