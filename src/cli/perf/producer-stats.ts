/** How long records took: a line for every five seconds, and one for all, as Kafka's ProducerPerformance counts. */

const REPORTING_INTERVAL_MS = 5000
const SAMPLES_MAX = 500_000
const PERCENTILES = [0.5, 0.95, 0.99, 0.999] as const

class Span {
  readonly startMs: number
  count = 0
  bytes = 0
  latencySumMs = 0
  latencyMaxMs = 0

  constructor(startMs: number) {
    this.startMs = startMs
  }

  add(latencyMs: number, bytes: number): void {
    this.count += 1
    this.bytes += bytes
    this.latencySumMs += latencyMs
    if (latencyMs > this.latencyMaxMs) this.latencyMaxMs = latencyMs
  }

  /** `digits`: of the latencies. */
  text(nowMs: number, digits: number): string {
    const elapsedMs = nowMs - this.startMs
    const perSecond = (1000 * this.count) / elapsedMs
    const mbPerSecond = (1000 * this.bytes) / elapsedMs / (1024 * 1024)
    const average = this.latencySumMs / this.count
    return `${this.count} records sent, ${perSecond.toFixed(1)} records/sec (${mbPerSecond.toFixed(2)} MB/sec), ${average.toFixed(digits)} ms avg latency, ${this.latencyMaxMs.toFixed(digits)} ms max latency`
  }
}

export class ProducerStats {
  readonly #total: Span
  readonly #sampling: number
  readonly #samples: Int32Array
  readonly #onReport: (line: string) => void
  #sampleCount = 0
  #window: Span

  constructor(recordCount: number, startMs: number, onReport: (line: string) => void) {
    this.#total = new Span(startMs)
    this.#window = new Span(startMs)
    this.#sampling = Math.max(1, Math.floor(recordCount / Math.min(recordCount, SAMPLES_MAX)))
    this.#samples = new Int32Array(Math.ceil(recordCount / this.#sampling))
    this.#onReport = onReport
  }

  /** A record that was sent at `sentMs` is written. */
  record(sentMs: number, bytes: number, nowMs: number): void {
    const latencyMs = Math.max(0, nowMs - sentMs)
    if (this.#total.count % this.#sampling === 0) this.#samples[this.#sampleCount++] = latencyMs
    this.#total.add(latencyMs, bytes)
    this.#window.add(latencyMs, bytes)
    if (nowMs - this.#window.startMs < REPORTING_INTERVAL_MS) return
    this.#onReport(`${this.#window.text(nowMs, 1)}.`)
    this.#window = new Span(nowMs)
  }

  totalLine(nowMs: number): string {
    const sorted = this.#samples.subarray(0, this.#sampleCount).sort()
    const percentiles = PERCENTILES.map((share) => {
      const latencyMs = sorted[Math.floor(share * sorted.length)] ?? 0
      return `${latencyMs} ms ${share * 100}th`
    })
    return `${this.#total.text(nowMs, 2)}, ${percentiles.join(', ')}.`
  }
}
