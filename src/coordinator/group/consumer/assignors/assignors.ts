/** The assignors of a broker by name, the default first: `group.consumer.assignors`. */
import type { ConsumerGroupAssignorName } from '../../../../metadata/config/consumer-group-settings.ts'
import type { Assignor } from './assignor.ts'
import { RangeAssignor } from './range-assignor.ts'
import { UniformAssignor } from './uniform-assignor.ts'

export type Assignors = ReadonlyMap<string, Assignor>

const ASSIGNORS: Readonly<Record<ConsumerGroupAssignorName, Assignor>> = {
  uniform: UniformAssignor,
  range: RangeAssignor,
}

export function assignorsOf(names: readonly ConsumerGroupAssignorName[]): Assignors {
  return new Map(names.map((name) => [name, ASSIGNORS[name]]))
}
