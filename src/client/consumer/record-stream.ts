/**
 * Records as a stream of Node's. By default it holds none back: what has left it was asked for by whoever reads it, so
 * that offsets that are committed by themselves are those of records that were read. What a stream still holds when it is
 * destroyed goes back to the consumer.
 */
import { Readable } from 'node:stream'
import type { ConsumerCore } from './consumer-core.ts'
import type { ConsumerRecord } from './consumer-record.ts'

export interface StreamOptions {
  /** How many records it reads ahead of its reader. Default: 0. */
  readonly highWaterMark?: number | undefined
  /** Destroys the stream. */
  readonly signal?: AbortSignal | undefined
}

export function recordStream(core: ConsumerCore, { highWaterMark = 0, signal }: StreamOptions): Readable {
  const stopped = new AbortController()
  const turn = { timeoutMs: Number.POSITIVE_INFINITY, signal: stopped.signal }
  const take = () => core.buffer.takeRecord()
  let hasBegun = false
  /** What was handed to the stream last, at least as much as it holds. */
  let handed: ConsumerRecord<never, never>[] = []
  const hand = (stream: Readable, record: ConsumerRecord<never, never> | undefined): void => {
    if (record !== undefined && stream.destroyed) core.putBack([record])
    else if (record === undefined) stream.push(null)
    else {
      handed = [...handed.slice(handed.length - stream.readableLength), record]
      stream.push(record)
    }
  }
  return new Readable({
    objectMode: true,
    highWaterMark,
    ...(signal === undefined ? {} : { signal }),
    read() {
      if (hasBegun && core.isIdle) {
        this.push(null)
        return
      }
      hasBegun = true
      const fail = (error: unknown): unknown => this.destroy(error as Error)
      try {
        const record = core.takeAtOnce(take)
        if (record === undefined) core.turn(take, turn).then((later) => hand(this, later), fail)
        else hand(this, record)
      } catch (error) {
        fail(error)
      }
    },
    destroy(error, done) {
      stopped.abort()
      core.putBack(handed.slice(handed.length - this.readableLength))
      done(error)
    },
  })
}
