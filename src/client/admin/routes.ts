/**
 * Where things are asked: at the controller, at the leader of a partition, at a coordinator, at a certain broker, or at
 * any. A route is asked about many things at once, and asks the cluster no more than once for all of them.
 */
import { ErrorCode } from '../../protocol/error-codes.ts'
import type { TopicPartition } from '../consumer/topic-partition.ts'
import { KafkaError } from '../kafka-error.ts'
import type { Cluster, CoordinatorType } from '../network/cluster.ts'
import type { Outcome } from '../outcomes.ts'

/** Instead of a broker's id. */
export const ANY_BROKER = -1

export interface Route<Thing> {
  /** Of each thing the broker's id, ANY_BROKER, or why there is none. */
  find(things: readonly Thing[]): Promise<readonly Outcome<number>[]>
  /** It was not there, or did not answer: what is known of it is not to be relied on. */
  forget(thing: Thing): void
  /** Whether a topic that is not known may become so by waiting. */
  readonly dependsOnTopics: boolean
}

export function anyBroker(): Route<unknown> {
  return {
    find: async (things) => things.map(() => ANY_BROKER),
    forget: () => {},
    dependsOnTopics: false,
  }
}

/** Where the cluster is not run by one of its brokers, any of them passes requests on to the controller. */
export function controller(cluster: Cluster): Route<unknown> {
  return {
    find: async (things) => {
      if (cluster.metadata.controllerId < 0) await cluster.refresh()
      const { controllerId } = cluster.metadata
      return things.map(() => (controllerId < 0 ? ANY_BROKER : controllerId))
    },
    forget: () => {
      cluster.metadata.controllerId = -1
    },
    dependsOnTopics: false,
  }
}

export function brokerById<Thing>(cluster: Cluster, idOf: (thing: Thing) => number): Route<Thing> {
  const isKnown = (thing: Thing): boolean =>
    idOf(thing) === ANY_BROKER || cluster.metadata.broker(idOf(thing)) !== undefined
  return {
    find: async (things) => {
      if (!things.every(isKnown)) await cluster.refresh()
      return things.map((thing) =>
        isKnown(thing)
          ? idOf(thing)
          : KafkaError.of(ErrorCode.BROKER_NOT_AVAILABLE, `broker ${idOf(thing)} is not in the cluster`),
      )
    },
    forget: () => {},
    dependsOnTopics: false,
  }
}

export function coordinatorOf<Thing>(
  cluster: Cluster,
  type: CoordinatorType,
  keyOf: (thing: Thing) => string,
): Route<Thing> {
  return {
    find: async (things) => {
      const found = await cluster.coordinators(type, [...new Set(things.map(keyOf))])
      return things.map((thing) => found.get(keyOf(thing))!)
    },
    forget: (thing) => cluster.forgetCoordinator(type, keyOf(thing)),
    dependsOnTopics: false,
  }
}

export function leaderOf<Thing extends TopicPartition>(cluster: Cluster): Route<Thing> {
  const leader = ({ topic, partition }: TopicPartition): number | undefined => {
    const id = cluster.metadata.topic(topic)?.partitions[partition]?.leader ?? -1
    return cluster.metadata.broker(id) === undefined ? undefined : id
  }
  return {
    find: async (things) => {
      const missing = new Set(things.filter((thing) => leader(thing) === undefined).map(({ topic }) => topic))
      if (missing.size > 0) await cluster.refresh([...missing])
      return things.map((thing) => leader(thing) ?? obstacleOf(cluster, thing))
    },
    forget: ({ topic }) => cluster.metadata.forget(topic),
    dependsOnTopics: true,
  }
}

function obstacleOf({ metadata }: Cluster, { topic, partition }: TopicPartition): KafkaError {
  const isThere = metadata.topic(topic)?.partitions[partition] !== undefined
  const errorCode = isThere
    ? ErrorCode.LEADER_NOT_AVAILABLE
    : metadata.topicError(topic) || ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  return KafkaError.of(errorCode, `partition ${topic}-${partition}`)
}
