/**
 * Disk errors that pass by themselves and say nothing against a directory: there is no space, or no descriptor left.
 * Apache Kafka takes the directory out of service for these as well; here what failed is refused or put off.
 *
 * A sync is the exception: what it answers with no space (as network file systems do) may have lost earlier writes.
 */
import type { DiskError } from '../base/disk.ts'

const NO_DESCRIPTOR: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE'])
const NO_SPACE: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT'])

export function isPassing(error: DiskError): boolean {
  return NO_SPACE.has(error.code) || lacksDescriptor(error)
}

/** Only opening a file fails like this, never a sync. */
export function lacksDescriptor(error: DiskError): boolean {
  return NO_DESCRIPTOR.has(error.code)
}
