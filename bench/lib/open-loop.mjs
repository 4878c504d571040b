/**
 * A producer with a fixed rate that does not wait for answers: a request is sent when it is due, and its latency counts
 * from then, so that a broker that stalls is charged for all that would have come meanwhile.
 */
import { Connection, decodeAnswer } from './connection.mjs'
import { PRODUCE, PRODUCE_VERSION } from './keyed-batches.mjs'

export class OpenLoopProducer {
  #connection
  #batches
  #periodMs
  #startMs = 0
  #sent = 0
  #answered = 0
  /** @type {number[]} */
  #latenciesMs = []
  #isRecording = false
  #isStopped = false
  /** @type {NodeJS.Timeout | undefined} */
  #timer

  /**
   * @param {Connection} connection
   * @param {import('./keyed-batches.mjs').KeyedBatches} batches
   * @param {number} requestsPerSecond
   */
  constructor(connection, batches, requestsPerSecond) {
    this.#connection = connection
    this.#batches = batches
    this.#periodMs = 1000 / requestsPerSecond
  }

  start() {
    this.#startMs = performance.now()
    this.#timer = setInterval(() => this.#sendDue(), 1)
  }

  /** Latencies from here on count. */
  record() {
    this.#latenciesMs = []
    this.#isRecording = true
  }

  /** @returns {number[]} milliseconds, sorted */
  recorded() {
    this.#isRecording = false
    return [...this.#latenciesMs].sort((a, b) => a - b)
  }

  async stop() {
    this.#isStopped = true
    clearInterval(this.#timer)
    while (this.#answered < this.#sent) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  #sendDue() {
    const nowMs = performance.now()
    while (!this.#isStopped) {
      const dueMs = this.#startMs + this.#sent * this.#periodMs
      if (dueMs > nowMs) return
      this.#sent++
      this.#connection.send(this.#batches.next(), (frame) => this.#onAnswer(dueMs, frame))
    }
  }

  /**
   * @param {number} dueMs
   * @param {Buffer} frame
   */
  #onAnswer(dueMs, frame) {
    this.#answered++
    if (this.#isRecording) this.#latenciesMs.push(performance.now() - dueMs)
    const answer = decodeAnswer(PRODUCE, PRODUCE_VERSION, frame)
    const { errorCode } = answer.responses[0].partitionResponses[0]
    if (errorCode !== 0) throw new Error(`Produce was answered with error ${errorCode}`)
  }
}

/**
 * @param {number[]} sorted
 * @param {number} quantile 0 to 1
 */
export function percentile(sorted, quantile) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? Number.NaN
}
