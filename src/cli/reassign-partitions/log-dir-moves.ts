/** Moves of replicas between the log directories of their brokers: how they stand, and beginning them. */
import type { Admin } from '../../client/admin/admin.ts'
import type { ReplicaMove, ReplicaReference } from '../../client/admin/log-dirs.ts'
import { KafkaError } from '../../client/kafka-error.ts'
import { type CommandContext, UsageError } from '../command/command.ts'
import { plural } from './throttles.ts'

const TIMEOUT_MS = 10_000

interface MoveState {
  readonly move: ReplicaMove
  /** Where the replica is; null: in none of the broker's directories. */
  readonly current: string | null
  /** Where it is on its way to; null: it stays. */
  readonly future: string | null
}

export async function moveStates(admin: Admin, moves: readonly ReplicaMove[]): Promise<MoveState[]> {
  if (moves.length === 0) return []
  const found = await admin.describeReplicaLogDirs(moves)
  return moves.map((move, i) => ({
    move,
    current: found[i]!.current?.path ?? null,
    future: found[i]!.future?.path ?? null,
  }))
}

export function moveStateLine({ move, current, future }: MoveState): string {
  const { topic, partition, brokerId, logDir } = move
  if (current === null)
    return `Partition ${topic}-${partition} is not found in any live log dir on broker ${brokerId}. There is likely an offline log directory on the broker.`
  if (future === logDir) return `Reassignment of replica ${replicaName(move)} is still in progress.`
  if (future !== null)
    return `Partition ${topic}-${partition} on broker ${brokerId} is being moved to log dir ${future} instead of ${logDir}.`
  return current === logDir
    ? `Reassignment of replica ${replicaName(move)} completed successfully.`
    : `Partition ${topic}-${partition} on broker ${brokerId} is not being moved from log dir ${current} to ${logDir}.`
}

/** A replica that comes from another broker must be there first: the client asks until the time is over. */
export async function startMoves(
  admin: Admin,
  moves: readonly ReplicaMove[],
  timeoutMs: number | undefined,
  context: CommandContext,
): Promise<void> {
  if (moves.length === 0) return
  try {
    await admin.alterReplicaLogDirs(moves, { timeoutMs: timeoutMs ?? TIMEOUT_MS })
  } catch (error) {
    throw error instanceof KafkaError ? failureOf(moves, error) : error
  }
  for (const move of moves) {
    const { logDir, topic, partition, brokerId } = move
    await context.out(
      `Successfully started moving log directory to ${logDir} for replica ${topic}-${partition} with broker ${brokerId} \n`,
    )
  }
}

function failureOf(moves: readonly ReplicaMove[], error: KafkaError): UsageError {
  if (error.code === 'TIMEOUT') {
    return new UsageError(
      `Timed out before log directory move${plural(moves)} could be started for: ${moves.map(replicaName).join(',')}`,
    )
  }
  const [first] = error.details ?? []
  const [name, cause] = first ?? [replicaName(moves[0]!), error]
  return new UsageError(`Failed to alter dir for ${name}: ${cause.reason ?? cause.message}`)
}

/** As Kafka writes it: topic, partition, broker. */
function replicaName({ topic, partition, brokerId }: ReplicaReference): string {
  return `${topic}-${partition}-${brokerId}`
}
