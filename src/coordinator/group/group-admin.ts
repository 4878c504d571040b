/**
 * What the group coordinator does for those who look at groups from outside: lists, descriptions and deletions. The
 * empty group id is allowed here, since old clients committed offsets under it.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { CoordinatorRuntime } from '../runtime/coordinator-runtime.ts'
import { NO_RECORDS, type ShardResult } from '../runtime/coordinator-shard.ts'
import type { DescribedGroup } from './classic/classic-groups.ts'
import type { Group } from './group.ts'
import type { GroupShard } from './group-shard.ts'

export interface GroupFilter {
  /** Lower or upper case; none: all. */
  readonly states: readonly string[]
  /** Lower or upper case; none: all. */
  readonly types: readonly string[]
}

export interface ListedGroup {
  readonly groupId: string
  readonly protocolType: string
  readonly groupState: string
  readonly groupType: string
}

export interface GroupAdminOptions {
  readonly runtime: CoordinatorRuntime<GroupShard>
  /** The partition of __consumer_offsets that a group belongs to. */
  readonly partitionOf: (groupId: string) => number
}

export class GroupAdmin {
  readonly #runtime: CoordinatorRuntime<GroupShard>
  readonly #partitionOf: (groupId: string) => number

  constructor({ runtime, partitionOf }: GroupAdminOptions) {
    this.#runtime = runtime
    this.#partitionOf = partitionOf
  }

  /** The groups that this broker coordinates; with COORDINATOR_LOAD_IN_PROGRESS some are not known yet. */
  async listGroups(filter: GroupFilter): Promise<{ errorCode: number; groups: ListedGroup[] }> {
    const matches = matcherOf(filter)
    const answers = await Promise.all(
      this.#runtime.partitions().map((partition) =>
        this.#runtime.read<ListedGroup[] | number>(
          partition,
          ({ groups }) => [...groups.values()].filter(matches).map(listed),
          (errorCode) => errorCode,
        ),
      ),
    )
    const isLoading = answers.includes(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    return {
      errorCode: isLoading ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : ErrorCode.NONE,
      groups: answers.flatMap((answer) => (typeof answer === 'number' ? [] : answer)),
    }
  }

  /** GROUP_ID_NOT_FOUND for a group that is not there or is not a classic one. */
  describeGroup(groupId: string): Promise<DescribedGroup> {
    const refuse = (errorCode: number): DescribedGroup => ({ ...noGroup(groupId), errorCode })
    return this.#runtime.read(
      this.#partitionOf(groupId),
      ({ classic, groups }) => {
        const described = classic.describe(groupId)
        if (described !== undefined) return described
        const why = groups.get(groupId) === undefined ? 'not found' : 'is not a classic group'
        return { ...refuse(ErrorCode.GROUP_ID_NOT_FOUND), errorMessage: `Group ${groupId} ${why}.` }
      },
      refuse,
    )
  }

  /** Takes the groups with their offsets away. @returns an error code for each. */
  async deleteGroups(groupIds: Iterable<string>): Promise<Map<string, number>> {
    const byPartition = new Map<number, string[]>()
    for (const groupId of new Set(groupIds)) {
      const partition = this.#partitionOf(groupId)
      const together = byPartition.get(partition)
      if (together === undefined) byPartition.set(partition, [groupId])
      else together.push(groupId)
    }
    const answers = await Promise.all(
      Array.from(byPartition, ([partition, ids]) =>
        this.#runtime.write(
          partition,
          (shard) => deleteGroups(shard, ids),
          (errorCode) => ids.map((id): [string, number] => [id, errorCode]),
        ),
      ),
    )
    return new Map(answers.flat())
  }
}

function matcherOf({ states, types }: GroupFilter): (group: Group) => boolean {
  const wantedStates = new Set(states.map((state) => state.toLowerCase()))
  const wantedTypes = new Set(types.map((type) => type.toLowerCase()))
  return ({ stateName, type }) =>
    (wantedStates.size === 0 || wantedStates.has(stateName.toLowerCase())) &&
    (wantedTypes.size === 0 || wantedTypes.has(type))
}

function listed({ groupId, protocolType, stateName, type }: Group): ListedGroup {
  return { groupId, protocolType, groupState: stateName, groupType: type }
}

function noGroup(groupId: string): DescribedGroup {
  return {
    errorCode: ErrorCode.NONE,
    groupId,
    groupState: '',
    protocolType: '',
    protocolData: '',
    members: [],
  }
}

/** Each tombstone means something by itself; a group's own comes behind those of its offsets. */
function deleteGroups(
  { groups, offsets }: GroupShard,
  groupIds: readonly string[],
): ShardResult<[string, number][]> {
  const deleted = new Map<string, number>()
  const records = []
  for (const groupId of groupIds) {
    const group = groups.get(groupId)
    const errorCode = group?.validateDelete() ?? ErrorCode.GROUP_ID_NOT_FOUND
    deleted.set(groupId, errorCode)
    if (group === undefined || errorCode !== ErrorCode.NONE) continue
    records.push(...offsets.tombstonesOfGroup(groupId), ...group.tombstones())
  }
  return { records: records.length === 0 ? NO_RECORDS : records, response: [...deleted], isAtomic: false }
}
