/**
 * Partitions come and go: tells the user, and waits for what he has to do about it. All of this happens in his turn, that
 * is, while he waits for records: nothing that was handed out is still being worked on then.
 *
 * Invariant: while a listener is told that partitions come or go, nothing is fetched for them.
 */
import { rebalanceChannel } from '../../diagnostics.ts'
import type { AssignedPartition } from '../assigned-partition.ts'
import type { Assignment } from '../assignment.ts'
import type { FetchBuffer } from '../fetch/fetch-buffer.ts'
import type { RebalanceListener } from '../subscription.ts'
import type { TopicPartition } from '../topic-partition.ts'
import type { UserCode } from '../user-code.ts'

export interface HandoverOptions {
  readonly clientId: string
  readonly groupId: string
  readonly assignment: Assignment
  readonly buffer: FetchBuffer
  readonly listener: () => RebalanceListener
  /** What its functions run in. */
  readonly listeners: UserCode
  /** Commits what was handed out, if that is ours to do; never rejects. */
  readonly commitConsumed: () => Promise<void>
  /** What a listener throws is the user's, and thrown to him when the rebalance is done. */
  readonly onListenerError: (error: unknown) => void
  readonly onAssigned: () => void
}

export class Handover {
  readonly #options: HandoverOptions

  constructor(options: HandoverOptions) {
    this.#options = options
  }

  owned(): readonly AssignedPartition[] {
    return this.#options.assignment.all()
  }

  /** They are added to those that are there. Called even if there are none to add, as in Kafka. */
  async assign(partitions: readonly TopicPartition[], memberId: string): Promise<void> {
    const { assignment, listener, onAssigned } = this.#options
    const added = partitions.map((each) => assignment.add(each))
    for (const partition of added) partition.isHandedOver = true
    this.#tell('assigned', partitions, memberId)
    await this.#call(listener().onAssigned, partitions)
    for (const partition of added) partition.isHandedOver = false
    onAssigned()
  }

  async revoke(partitions: readonly AssignedPartition[], memberId: string): Promise<void> {
    const { listener, commitConsumed } = this.#options
    if (partitions.length === 0) return
    for (const partition of partitions) partition.isHandedOver = true
    await commitConsumed()
    this.#tell('revoked', partitions, memberId)
    await this.#call(listener().onRevoked, partitions)
    this.#remove(partitions)
  }

  /** They are others' already: there is nothing to commit. */
  async lose(partitions: readonly AssignedPartition[], memberId: string): Promise<void> {
    const { listener } = this.#options
    if (partitions.length === 0) return
    for (const partition of partitions) partition.isHandedOver = true
    this.#tell('lost', partitions, memberId)
    await this.#call(listener().onLost ?? listener().onRevoked, partitions)
    this.#remove(partitions)
  }

  #remove(partitions: readonly AssignedPartition[]): void {
    const { assignment, buffer } = this.#options
    for (const partition of partitions) {
      assignment.remove(partition)
      buffer.drop(partition)
    }
  }

  async #call(
    listener: RebalanceListener['onAssigned'],
    partitions: readonly TopicPartition[],
  ): Promise<void> {
    if (listener === undefined) return
    try {
      const told = partitions.map(({ topic, partition }) => ({ topic, partition }))
      await this.#options.listeners.run(() => listener(told))
    } catch (error) {
      this.#options.onListenerError(error)
    }
  }

  #tell(
    event: 'assigned' | 'revoked' | 'lost',
    partitions: readonly TopicPartition[],
    memberId: string,
  ): void {
    if (!rebalanceChannel.hasSubscribers) return
    const { clientId, groupId } = this.#options
    rebalanceChannel.publish({
      clientId,
      groupId,
      memberId,
      event,
      partitions: partitions.map(({ topic, partition }) => ({ topic, partition })),
    })
  }
}
