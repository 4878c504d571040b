/** The assignors of a broker by name, the default first: `group.consumer.assignors`. */
import type { Assignor } from './assignor.ts'
import { RangeAssignor } from './range-assignor.ts'
import { UniformAssignor } from './uniform-assignor.ts'

/** Names that the configuration takes: 4.x has short ones, 3.9 class names. */
const KNOWN = new Map<string, Assignor>([
  ['uniform', UniformAssignor],
  ['range', RangeAssignor],
  ['org.apache.kafka.coordinator.group.assignor.UniformAssignor', UniformAssignor],
  ['org.apache.kafka.coordinator.group.assignor.RangeAssignor', RangeAssignor],
])

export type Assignors = ReadonlyMap<string, Assignor>

/** The assignors of that configuration, or the name in it that is none. */
export function assignorsOf(configured: readonly string[]): Assignors | { readonly unknown: string } {
  const assignors = new Map<string, Assignor>()
  for (const name of configured) {
    const assignor = KNOWN.get(name)
    if (assignor === undefined) return { unknown: name }
    assignors.set(assignor.name, assignor)
  }
  return assignors
}
