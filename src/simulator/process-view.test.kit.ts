import type { DiskLock } from '../base/disk.ts'
import { type SimDisk, SimulatedCrash } from './sim-disk.ts'

/** A disk as one process sees it: once that is killed, it changes nothing, and its locks are gone. */
export class ProcessView {
  readonly disk: SimDisk
  readonly #locks: DiskLock[] = []
  #isKilled = false

  constructor(disk: SimDisk) {
    this.disk = this.#guarded(disk)
  }

  kill(): void {
    this.#isKilled = true
    for (const lock of this.#locks.splice(0)) lock.release()
  }

  #guarded<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const member: unknown = Reflect.get(target, name, target)
        if (typeof member !== 'function') return member
        return (...args: unknown[]): unknown => {
          if (this.#isKilled) throw new SimulatedCrash('the simulated process was killed')
          const result: unknown = member.apply(target, args)
          if (name === 'tryLock' && result !== undefined) this.#locks.push(result as DiskLock)
          return name === 'open' ? this.#guarded(result as object) : result
        }
      },
    })
  }
}
