/**
 * The groups of one shard by their id, of every type. Offsets may be committed in the name of a group that never had a
 * member: such a group is an empty classic one.
 */
import type { Clock } from '../../base/clock.ts'
import { ClassicGroup } from './classic/classic-group.ts'
import type { Group } from './group.ts'

export class GroupRegistry {
  readonly #clock: Clock
  readonly #groups = new Map<string, Group>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get(groupId: string): Group | undefined {
    return this.#groups.get(groupId)
  }

  /** The group, or a new classic group without members that is kept from now on. */
  getOrCreate(groupId: string): Group {
    const group = this.#groups.get(groupId)
    if (group !== undefined) return group
    const created = new ClassicGroup(groupId, this.#clock)
    this.put(created)
    return created
  }

  /** Replaces the group of that id, of whatever type it is. */
  put(group: Group): void {
    this.#groups.set(group.groupId, group)
  }

  remove(groupId: string): void {
    this.#groups.delete(groupId)
  }

  values(): Iterable<Group> {
    return this.#groups.values()
  }
}
