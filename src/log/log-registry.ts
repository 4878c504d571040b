/**
 * The logs of a broker by their partition, and how many lie in which log directory. A partition has one current log; one
 * that is moving to another directory has a future log there as well, a copy that grows until it takes the current
 * one's place (KIP-113).
 */
import { parentOf } from './log-directory-name.ts'
import type { UnifiedLog } from './unified-log.ts'

export class LogRegistry {
  readonly #current = new Map<string, UnifiedLog>()
  readonly #future = new Map<string, UnifiedLog>()
  /** How many current logs lie in each directory. */
  readonly #counts = new Map<string, number>()

  get current(): ReadonlyMap<string, UnifiedLog> {
    return this.#current
  }
  get future(): ReadonlyMap<string, UnifiedLog> {
    return this.#future
  }

  *all(): Generator<UnifiedLog> {
    yield* this.#current.values()
    yield* this.#future.values()
  }

  ofTopic(topic: string): UnifiedLog[] {
    return [...this.all()].filter((log) => log.topic === topic)
  }

  currentIn(directory: string): UnifiedLog[] {
    return [...this.#current.values()].filter((log) => parentOf(log.directory) === directory)
  }
  futureIn(directory: string): UnifiedLog[] {
    return [...this.#future.values()].filter((log) => parentOf(log.directory) === directory)
  }

  /** Of these directories the one with the fewest logs first. */
  byLogCount(directories: readonly string[]): string[] {
    return [...directories].sort((a, b) => (this.#counts.get(a) ?? 0) - (this.#counts.get(b) ?? 0))
  }

  addCurrent(log: UnifiedLog): void {
    this.#current.set(log.name, log)
    this.#count(parentOf(log.directory), 1)
  }

  addFuture(log: UnifiedLog): void {
    this.#future.set(log.name, log)
  }

  deleteCurrent(log: UnifiedLog): void {
    if (this.#current.get(log.name) !== log) return
    this.#current.delete(log.name)
    this.#count(parentOf(log.directory), -1)
  }

  deleteFuture(log: UnifiedLog): void {
    if (this.#future.get(log.name) === log) this.#future.delete(log.name)
  }

  /** A current log lies in another directory now. */
  moved(from: string, to: string): void {
    this.#count(from, -1)
    this.#count(to, 1)
  }

  #count(directory: string, change: 1 | -1): void {
    this.#counts.set(directory, (this.#counts.get(directory) ?? 0) + change)
  }
}
