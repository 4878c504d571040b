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

  constructor(clock: Pick<Clock, 'nowMs'>, tree = new ZnodeTree(), lastZxid = 0) {
    this.#engine = new TreeEngine({ clock, tree, lastZxid, persist: undefined, onFailure: () => {} })
  }

  /** A store that goes on from what this one holds without its clients: ephemeral nodes are not in it. */
  fork(clock: Pick<Clock, 'nowMs'>): MemoryStore {
    const tree = new ZnodeTree()
    for (const [path, node] of this.#engine.tree.nodes()) if (node.ephemeralOwner === 0) tree.load(path, node)
    tree.finishLoading()
    return new MemoryStore(clock, tree, this.#engine.lastZxid)
  }

  /** A new client with its own session. `chroot` ('' or '/kafka') becomes its root. */
  connect(chroot = ''): TreeSession {
    return this.#engine.connect(chroot)
  }
}
