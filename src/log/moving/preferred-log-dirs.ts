/**
 * Log directories that were asked for partitions before these have come to be (KIP-113): remembered until the broker
 * makes the log, or stops. Anybody may name partitions that never come, so the oldest is forgotten for the newest.
 */
const REMEMBERED_MAX = 10_000

export class PreferredLogDirs {
  /** By `topic-partition`, oldest first. */
  readonly #directories = new Map<string, string>()

  remember(name: string, directory: string): void {
    this.#directories.delete(name)
    this.#directories.set(name, directory)
    if (this.#directories.size <= REMEMBERED_MAX) return
    for (const oldest of this.#directories.keys()) {
      this.#directories.delete(oldest)
      return
    }
  }

  get(name: string): string | undefined {
    return this.#directories.get(name)
  }

  forget(name: string): void {
    this.#directories.delete(name)
  }
}
