/** Whether partitions are to be given to members that are close to one of their replicas (KIP-881). */
import type { AssignableTopic } from './assignor.ts'

/**
 * Only where it makes a difference: members and replicas have racks in common, and not every partition has replicas on all
 * racks of the topics.
 */
export function isRackAware(consumerRacks: ReadonlySet<string>, topics: readonly AssignableTopic[]): boolean {
  const partitions = topics.flatMap(({ racks }) => racks)
  const all = new Set(partitions.flat())
  if (![...consumerRacks].some((rack) => all.has(rack))) return false
  return partitions.some((racks) => racks.length !== all.size)
}
