/**
 * Where `--reset-offsets` moves a group to: one scenario, and for each partition the offset that it comes to. Offsets that
 * are asked for by number are kept between the ends of the partition.
 */
import type { Admin } from '../../client/admin/admin.ts'
import { nameOf, type TopicPartition } from '../../client/consumer/topic-partition.ts'
import { parseIsoDuration } from '../../client/options/iso-duration.ts'
import { type CommandContext, UsageError } from '../command/command.ts'
import { platform } from '../command/connection.ts'
import { wholeNumber } from '../command/options.ts'
import { endOffsets, offsetsAt } from './group-partitions.ts'

export interface ResetScenarios {
  readonly toOffset?: string
  readonly shiftBy?: string
  readonly toDatetime?: string
  readonly byDuration?: string
  readonly toEarliest?: true
  readonly toLatest?: true
  readonly toCurrent?: true
  readonly fromFile?: string
}

export const RESET_SCENARIOS = [
  'toOffset',
  'shiftBy',
  'toDatetime',
  'byDuration',
  'toEarliest',
  'toLatest',
  'toCurrent',
  'fromFile',
] as const satisfies readonly (keyof ResetScenarios)[]

export interface Target extends TopicPartition {
  readonly offset: number
}

/** What finding targets needs. */
export interface Reset {
  readonly admin: Admin
  readonly timeoutMs: number
  readonly context: CommandContext
  readonly scenarios: ResetScenarios
  /** What the group has committed, by partition's name. */
  readonly committed: ReadonlyMap<string, number>
}

/** For every scenario but `fromFile`. Throws UsageError; rejects with KafkaError. */
export async function targetsOf(reset: Reset, partitions: readonly TopicPartition[]): Promise<Target[]> {
  const { admin, timeoutMs, scenarios, committed } = reset
  const at = async (where: 'earliest' | 'latest'): Promise<Target[]> =>
    withOffsets(partitions, await offsetsAt(admin, partitions, where, timeoutMs))

  if (scenarios.toEarliest) return at('earliest')
  if (scenarios.toLatest) return at('latest')
  if (scenarios.toCurrent) {
    const ends = await endOffsets(admin, partitions, timeoutMs)
    return withOffsets(partitions, new Map([...ends, ...committed]))
  }
  if (scenarios.toDatetime !== undefined)
    return targetsOfTime(reset, partitions, readTime(scenarios.toDatetime))
  if (scenarios.byDuration !== undefined) {
    const durationMs = readDuration(scenarios.byDuration)
    return targetsOfTime(reset, partitions, Math.max(platform.clock.nowMs() - durationMs, 0))
  }
  if (scenarios.toOffset !== undefined) {
    const offset = wholeNumber(scenarios.toOffset, 'to-offset')
    return withinEnds(
      reset,
      partitions.map(({ topic, partition }) => ({ topic, partition, offset })),
    )
  }
  const shift = wholeNumber(scenarios.shiftBy ?? '', 'shift-by')
  const shifted = partitions.map(({ topic, partition }) => {
    const name = nameOf({ topic, partition })
    const current = committed.get(name)
    if (current === undefined) {
      throw new UsageError(
        `Cannot shift offset for partition ${name} since there is no current committed offset`,
      )
    }
    return { topic, partition, offset: current + shift }
  })
  return withinEnds(reset, shifted)
}

/** Moves offsets that lie outside of their partition to its nearer end, with a warning. */
export async function withinEnds(reset: Reset, targets: readonly Target[]): Promise<Target[]> {
  const { admin, timeoutMs, context } = reset
  const starts = await offsetsAt(admin, targets, 'earliest', timeoutMs)
  const ends = await offsetsAt(admin, targets, 'latest', timeoutMs)
  return targets.map((target) => {
    const name = nameOf(target)
    const [start, end] = [starts.get(name)!, ends.get(name)!]
    const offset = Math.min(Math.max(target.offset, start), end)
    if (offset !== target.offset) {
      const side = target.offset > end ? 'higher than latest' : 'lower than earliest'
      context.note(
        `WARN New offset (${target.offset}) is ${side} offset for topic partition ${name}. Value will be set to ${offset}`,
      )
    }
    return { ...target, offset }
  })
}

/** Where no record is so young, the end. */
async function targetsOfTime(
  { admin, timeoutMs, context }: Reset,
  partitions: readonly TopicPartition[],
  timeMs: number,
): Promise<Target[]> {
  const found = await offsetsAt(admin, partitions, timeMs, timeoutMs)
  const without = partitions.filter((partition) => found.get(nameOf(partition))! < 0)
  for (const { topic, partition } of without) {
    context.note(
      `Warn: Partition ${partition} from topic ${topic} is empty. Falling back to latest known offset.`,
    )
  }
  const ends = await offsetsAt(admin, without, 'latest', timeoutMs)
  return withOffsets(partitions, new Map([...found, ...ends]))
}

/** Partitions without an offset are left out. */
function withOffsets(partitions: readonly TopicPartition[], offsets: ReadonlyMap<string, number>): Target[] {
  return partitions.flatMap(({ topic, partition }) => {
    const offset = offsets.get(nameOf({ topic, partition }))
    return offset === undefined ? [] : [{ topic, partition, offset }]
  })
}

/** Without a zone it is UTC, as Kafka has it. */
function readTime(text: string): number {
  const match = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(text)
  const zone = (match?.[1] ?? 'Z').replace(
    /^([+-]\d\d):?(\d\d)?$/,
    (_, hours: string, minutes = '00') => `${hours}:${minutes}`,
  )
  const timeMs = match === null ? Number.NaN : Date.parse(text.slice(0, 23) + zone)
  if (Number.isNaN(timeMs))
    throw new UsageError(
      `"${text}" is no time of the form YYYY-MM-DDTHH:mm:SS.sss, with Z or +hh:mm for another zone`,
    )
  return timeMs
}

function readDuration(text: string): number {
  try {
    return parseIsoDuration(text, 'by-duration')
  } catch {
    throw new UsageError(`"${text}" is no duration of the form PnDTnHnMnS`)
  }
}
