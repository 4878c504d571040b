/** kafka-reassign-partitions.sh --verify. */
import type { Admin } from '../../client/admin/admin.ts'
import { nameOf } from '../../client/consumer/topic-partition.ts'
import type { CommandContext } from '../command/command.ts'
import { moveStateLine, moveStates } from './log-dir-moves.ts'
import type { ReassignOptions } from './reassign-partitions-command.ts'
import { readReassignment } from './reassignment-file.ts'
import { clearThrottles } from './throttles.ts'
import { replicasIfAny } from './topic-replicas.ts'

export async function verifyReassignment(
  admin: Admin,
  options: ReassignOptions,
  context: CommandContext,
): Promise<void> {
  const { partitions, moves } = readReassignment(options.reassignmentJsonFile!)
  const ongoing = await admin.listPartitionReassignments()
  const moving = new Set(ongoing.map(nameOf))
  const resting = partitions.filter((each) => !moving.has(nameOf(each)))
  const found = await replicasIfAny(
    admin,
    resting.map(({ topic }) => topic),
  )
  const current = new Map(found.map((each) => [nameOf(each), each.replicas.join(',')]))
  const lines = partitions.map((each) => {
    const name = nameOf(each)
    if (moving.has(name)) return `Reassignment of partition ${name} is still in progress.`
    const [is, shouldBe] = [current.get(name) ?? '', each.replicas.join(',')]
    return is === shouldBe
      ? `Reassignment of partition ${name} is completed.`
      : `There is no active reassignment of partition ${name}, but replica set is ${is} rather than ${shouldBe}.`
  })
  const states = await moveStates(admin, moves)
  // Without moves a line stays empty.
  const moveLines = states.length === 0 ? [''] : states.map(moveStateLine)
  await context.out(
    ['Status of partition reassignment:', ...lines, ...moveLines].map((line) => `${line}\n`).join(''),
  )
  const isDone = moving.size === 0 && states.every(({ future }) => future === null)
  if (isDone && !options.preserveThrottles) await clearThrottles(admin, partitions, context)
}
