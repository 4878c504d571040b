/** The settings of the cleaner, `log.cleaner.*`. */
export interface CleanerConfig {
  /** log.cleaner.threads */
  readonly threads: number
  /** log.cleaner.dedupe.buffer.size: of all threads together. */
  readonly dedupeBufferBytes: number
  /** log.cleaner.io.buffer.load.factor */
  readonly dedupeBufferLoadFactor: number
  /** log.cleaner.io.buffer.size: of all threads together. */
  readonly ioBufferBytes: number
  /** log.cleaner.io.max.bytes.per.second: of all threads together; infinite for as fast as it goes. */
  readonly ioBytesPerSecondMax: number
  /** log.cleaner.backoff.ms: how long a thread rests that has found nothing to clean. */
  readonly backoffMs: number
}
