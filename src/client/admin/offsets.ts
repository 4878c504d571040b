/** Finding offsets: the ends of partitions, and the first record of a time (ListOffsets), asked of their leaders. */
import { ListOffsetsRequest, ListOffsetsResponse } from '../../protocol/messages/02-list-offsets.ts'
import { nameOf, type TopicPartition } from '../consumer/topic-partition.ts'
import { defineApi } from '../network/api.ts'
import { outcomeOf, partitionsInOrder, topicsOf } from './answers.ts'
import { checkPartitions, checkWhole, Words } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { leaderOf } from './routes.ts'

const LIST_OFFSETS = defineApi(ListOffsetsRequest, ListOffsetsResponse, [1, 11])
const CLIENT = -1
const FIRST_VERSION_WITH_ISOLATION = 2
const FIRST_VERSION_WITH_TIMEOUT = 10

const SPECS = {
  latest: -1,
  earliest: -2,
  'max-timestamp': -3,
  'earliest-local': -4,
  'latest-tiered': -5,
  'earliest-pending-upload': -6,
} as const
/** Before these versions a broker takes the number for a time. */
const FIRST_VERSIONS: Readonly<Record<number, number>> = { [-3]: 7, [-4]: 8, [-5]: 9, [-6]: 11 }
const specs = new Words(SPECS)

const ISOLATION_LEVELS = { read_uncommitted: 0, read_committed: 1 } as const
export type IsolationLevel = keyof typeof ISOLATION_LEVELS
const isolationLevels = new Words<IsolationLevel>(ISOLATION_LEVELS)

/**
 * One of the ends, or a time: the first record of that time or later, in milliseconds since the Unix epoch or as a Date.
 * `max-timestamp` is the record with the largest timestamp.
 */
export type OffsetSpec = keyof typeof SPECS | number | Date

export interface OffsetToFind extends TopicPartition {
  readonly at: OffsetSpec
}

export interface ListOffsetsOptions extends AdminCallOptions {
  /** `read_committed`: the latest is where the first open transaction begins. Default: read_uncommitted. */
  readonly isolationLevel?: IsolationLevel | undefined
}

export interface ListedOffset extends TopicPartition {
  /** -1: there is none, as no record is so young. */
  readonly offset: number
  /** Of the record there; -1 for the ends. */
  readonly timestamp: number
  /** Null: not known. */
  readonly leaderEpoch: number | null
}

export async function listOffsets(
  requester: Requester,
  partitions: readonly OffsetToFind[],
  { isolationLevel = 'read_uncommitted', timeoutMs }: ListOffsetsOptions,
): Promise<ListedOffset[]> {
  checkPartitions('partitions', partitions)
  const isolation = isolationLevels.numberOf('isolationLevel', isolationLevel)
  let min = isolation === 0 ? 0 : FIRST_VERSION_WITH_ISOLATION
  for (const each of partitions) min = Math.max(min, FIRST_VERSIONS[timestampOf(each)] ?? 0)
  return requester.each<OffsetToFind, ListedOffset>({
    what: 'listOffsets',
    things: partitions,
    nameOf,
    route: leaderOf(requester.cluster),
    timeoutMs,
    call: async (connection, things, brokerTimeoutMs) => {
      const version = connection.apis!.versionOf(LIST_OFFSETS, { min })
      const body = {
        replicaId: CLIENT,
        isolationLevel: isolation,
        topics: topicsOf(things, (thing) => ({
          partitionIndex: thing.partition,
          timestamp: timestampOf(thing),
        })),
        ...(version >= FIRST_VERSION_WITH_TIMEOUT ? { timeoutMs: brokerTimeoutMs } : undefined),
      }
      const { topics } = await connection.call(LIST_OFFSETS, body, { version })
      const byTopic = topics.map(({ name, partitions: all }) => [name, all] as const)
      return partitionsInOrder(things, byTopic, (answer, topic) => {
        const { partitionIndex: partition, offset, timestamp, leaderEpoch } = answer
        const found = () => ({
          topic,
          partition,
          offset,
          timestamp,
          leaderEpoch: leaderEpoch < 0 ? null : leaderEpoch,
        })
        return [partition, outcomeOf(`partition ${topic}-${partition}`, answer, found)]
      })
    },
  })
}

function timestampOf(thing: OffsetToFind): number {
  const what = `${nameOf(thing)}: at`
  if (typeof thing.at === 'string') return specs.numberOf(what, thing.at)
  const timestamp = Number(thing.at)
  checkWhole(what, timestamp, { min: 0, max: Number.MAX_SAFE_INTEGER })
  return timestamp
}
