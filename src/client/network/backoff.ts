/** Pauses between attempts: doubled each time up to a bound, with a fifth of chance, as Kafka's clients do (KIP-580). */
import type { Clock } from '../../base/clock.ts'
import type { Random } from '../../base/random.ts'
import { KafkaError } from '../kafka-error.ts'

const JITTER = 0.2
const RESOLUTION = 1 << 20

export interface Backoff {
  readonly minMs: number
  readonly maxMs: number
}

/** Before attempt number `attempt`, counted from 1 for the first repetition. */
export function backoffMs({ minMs, maxMs }: Backoff, attempt: number, random: Random): number {
  const baseMs = Math.min(maxMs, minMs * 2 ** Math.min(attempt - 1, 30))
  return baseMs * (1 + JITTER * ((2 * random.below(RESOLUTION)) / RESOLUTION - 1))
}

/** Somebody waits for what comes after it: the process does not end meanwhile. */
export function sleep(clock: Clock, durationMs: number): Promise<void> {
  return new Promise((resolve) => void clock.after(durationMs, resolve, { keepsAlive: true }))
}

export interface RetryOptions {
  readonly clock: Clock
  readonly random: Random
  readonly backoff: Backoff
  /** In all. */
  readonly timeoutMs: number
  /** Asked before each repetition: the error to end with, if there is no point any more. */
  readonly isOver?: () => KafkaError | undefined
}

/**
 * Repeats what fails with a retriable KafkaError. When the time is over it rejects with TIMEOUT, whose cause is the last
 * error; other errors go through.
 */
export async function retrying<Result>(
  what: string,
  { clock, random, backoff, timeoutMs, isOver }: RetryOptions,
  attempt: (remainingMs: number) => Promise<Result>,
): Promise<Result> {
  const startMs = clock.monotonicMs()
  for (let count = 1; ; count++) {
    try {
      return await attempt(timeoutMs - (clock.monotonicMs() - startMs))
    } catch (error) {
      if (!(error instanceof KafkaError) || !error.retriable) throw error
      const over = isOver?.()
      if (over !== undefined) throw over
      const pauseMs = backoffMs(backoff, count, random)
      if (clock.monotonicMs() - startMs + pauseMs >= timeoutMs) {
        const message = `${what} was not done within ${timeoutMs} ms: ${error.message}`
        throw new KafkaError('TIMEOUT', message, { retriable: true, cause: error })
      }
      await sleep(clock, pauseMs)
    }
  }
}
