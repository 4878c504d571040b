/**
 * Records as a stream of Node's. It holds none back by default: what has left it was asked for by whoever reads it, so
 * that offsets that are committed by themselves are those of records that were read.
 */
import { Readable } from 'node:stream'
import type { ConsumerCore } from './consumer-core.ts'

export interface StreamOptions {
  /** How many records it reads ahead of its reader. Default: 0. */
  readonly highWaterMark?: number | undefined
  /** Destroys the stream. */
  readonly signal?: AbortSignal | undefined
}

export function recordStream<Each>(
  core: ConsumerCore,
  take: () => Each | undefined,
  { highWaterMark = 0, signal }: StreamOptions,
): Readable {
  const stopped = new AbortController()
  const turn = { timeoutMs: Number.POSITIVE_INFINITY, signal: stopped.signal }
  let hasBegun = false
  const stream = new Readable({
    objectMode: true,
    highWaterMark,
    ...(signal === undefined ? {} : { signal }),
    read() {
      if (hasBegun && core.isIdle) {
        this.push(null)
        return
      }
      hasBegun = true
      core.turn(take, turn).then(
        (taken) => this.push(taken ?? null),
        (error: unknown) => this.destroy(error as Error),
      )
    },
    destroy(error, done) {
      stopped.abort()
      done(error)
    },
  })
  return stream
}
