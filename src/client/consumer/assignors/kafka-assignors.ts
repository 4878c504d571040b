/** Kafka's assignors by their names. Each consumer has its own: they remember. */
import type { AssignorName } from '../../options/consumer-options.ts'
import type { PartitionAssignor } from './assignor.ts'
import { CooperativeStickyAssignor } from './cooperative-sticky-assignor.ts'
import { RangeAssignor } from './range-assignor.ts'
import { RoundRobinAssignor } from './round-robin-assignor.ts'
import { StickyAssignor } from './sticky-assignor.ts'

const ASSIGNORS: Readonly<Record<AssignorName, () => PartitionAssignor>> = {
  range: () => new RangeAssignor(),
  roundrobin: () => new RoundRobinAssignor(),
  sticky: () => new StickyAssignor(),
  'cooperative-sticky': () => new CooperativeStickyAssignor(),
}

export function assignorsOf(
  given: readonly (AssignorName | PartitionAssignor)[],
): readonly PartitionAssignor[] {
  return given.map((each) => (typeof each === 'string' ? ASSIGNORS[each]() : each))
}
