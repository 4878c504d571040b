/**
 * Control requests on their way to each broker: one at a time, in order, each sent again until it is answered or its
 * broker is gone, because leadership must reach a broker in the order it was decided.
 *
 * Bounded: a broker with QUEUED_REQUESTS_MAX requests waiting has been unreachable for so long that its queue is
 * dropped, and it is told everything anew once it answers (`onOverflow`).
 */

import { AssertionError } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { BrokerChannel, ControlApis } from './broker-channel.ts'

const QUEUED_REQUESTS_MAX = 1000
const RETRY_BACKOFF_MS = 100

export type ControlResponse = {
  [Key in keyof ControlApis]: {
    apiKey: Key
    request: ControlApis[Key]['request']
    response: ControlApis[Key]['response']
  }
}[keyof ControlApis]

export interface BrokerRequestQueuesOptions {
  readonly channel: BrokerChannel
  readonly clock: Pick<Clock, 'after'>
  readonly logger: Logger
  /** An answer of a broker whose queue is still open. */
  readonly onResponse: (brokerId: number, answer: ControlResponse) => void
  readonly onOverflow: (brokerId: number) => void
}

interface Queue {
  readonly brokerId: number
  waiting: (() => Promise<ControlResponse>)[]
  /** Set while requests are under way. */
  running: Promise<void> | undefined
  closed: boolean
}

export class BrokerRequestQueues {
  readonly #options: BrokerRequestQueuesOptions
  readonly #queues = new Map<number, Queue>()

  constructor(options: BrokerRequestQueuesOptions) {
    this.#options = options
  }

  /** Ignored for a broker that was not added. */
  enqueue<Key extends keyof ControlApis>(
    brokerId: number,
    apiKey: Key,
    request: ControlApis[Key]['request'],
  ): void {
    const queue = this.#queues.get(brokerId)
    if (queue === undefined) return
    if (queue.waiting.length >= QUEUED_REQUESTS_MAX) {
      queue.waiting = []
      this.#options.logger.warn(
        `Broker ${brokerId} did not answer ${QUEUED_REQUESTS_MAX} requests; starting over`,
      )
      this.#options.onOverflow(brokerId)
      return
    }
    queue.waiting.push(async () => {
      const response = await this.#options.channel.send(brokerId, apiKey, request)
      return { apiKey, request, response } as ControlResponse
    })
    queue.running ??= this.#run(queue)
  }

  addBroker(brokerId: number): void {
    this.removeBroker(brokerId)
    this.#queues.set(brokerId, { brokerId, waiting: [], running: undefined, closed: false })
  }

  /** What waits for it is dropped; an answer under way is ignored. */
  removeBroker(brokerId: number): void {
    const queue = this.#queues.get(brokerId)
    if (queue === undefined) return
    queue.closed = true
    queue.waiting = []
    this.#queues.delete(brokerId)
  }

  /** Resolves when the broker has answered all that was queued for it so far, or is gone. */
  async answered(brokerId: number): Promise<void> {
    await this.#queues.get(brokerId)?.running
  }

  close(): void {
    for (const brokerId of [...this.#queues.keys()]) this.removeBroker(brokerId)
  }

  async #run(queue: Queue): Promise<void> {
    for (;;) {
      const send = queue.waiting.shift()
      if (send === undefined) break
      const answer = await this.#sendUntilAnswered(queue, send)
      if (answer === undefined) break
      this.#options.onResponse(queue.brokerId, answer)
    }
    queue.running = undefined
  }

  async #sendUntilAnswered(
    queue: Queue,
    send: () => Promise<ControlResponse>,
  ): Promise<ControlResponse | undefined> {
    for (;;) {
      try {
        const answer = await send()
        return queue.closed ? undefined : answer
      } catch (error) {
        if (error instanceof AssertionError) throw error
        if (queue.closed) return undefined
        this.#options.logger.warn(
          `A control request to broker ${queue.brokerId} failed; sending it again`,
          error,
        )
        await new Promise<void>((resolve) => void this.#options.clock.after(RETRY_BACKOFF_MS, resolve))
        if (queue.closed) return undefined
      }
    }
  }
}
