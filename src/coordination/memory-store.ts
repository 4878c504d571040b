/**
 * A metadata store without a disk: for tests, and for brokers that live as long as their process. Several clients
 * of one MemoryStore compete as the brokers of a cluster do.
 */
import type { Clock } from '../base/clock.ts'
import { TreeEngine } from './tree-engine.ts'
import type { TreeSession } from './tree-session.ts'
import { ZnodeTree } from './znode-tree.ts'

export class MemoryStore {
  readonly #engine: TreeEngine

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#engine = new TreeEngine({
      clock,
      tree: new ZnodeTree(),
      lastZxid: 0,
      persist: undefined,
      onFailure: () => {},
    })
  }

  /** A new client with its own session. `chroot` ('' or '/kafka') becomes its root. */
  connect(chroot = ''): TreeSession {
    return this.#engine.connect(chroot)
  }
}
