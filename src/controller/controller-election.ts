/**
 * Who is the controller: whoever made the ephemeral node /controller. Winning is one multi that makes the node and
 * raises /controller_epoch at the version that was read, so each epoch has one controller, and the version of
 * /controller_epoch after it fences the writes of all before.
 */
import type { Clock } from '../base/clock.ts'
import { ensurePath, isStoreError, type MetadataStore, type Watcher } from '../coordination/metadata-store.ts'
import { ControllerEpochZnode, ControllerZnode } from '../metadata/znodes.ts'

export type ElectionResult =
  | { readonly type: 'won'; readonly epoch: number; readonly epochZkVersion: number }
  | { readonly type: 'lost'; readonly controllerId: number }

export class ControllerElection {
  readonly #store: MetadataStore
  readonly #brokerId: number
  readonly #clock: Pick<Clock, 'nowMs'>

  constructor(options: { store: MetadataStore; brokerId: number; clock: Pick<Clock, 'nowMs'> }) {
    this.#store = options.store
    this.#brokerId = options.brokerId
    this.#clock = options.clock
  }

  /** Calls `watcher` once, when /controller appears, goes or changes; set before anything is decided. */
  async watch(watcher: Watcher): Promise<void> {
    await this.#store.exists(ControllerZnode.path, watcher)
  }

  /** Becomes the controller, or says who is. Fails with a StoreError when the store can't be reached. */
  async elect(): Promise<ElectionResult> {
    for (;;) {
      const current = await this.#store.get(ControllerZnode.path)
      if (current !== undefined) {
        if (current.stat.ephemeralOwner !== this.#store.sessionId) {
          return { type: 'lost', controllerId: ControllerZnode.decode(current.data) }
        }
        // Made by this session before it lost track of its own epoch: start over with a new one.
        await this.#ignore('NoNode', this.#store.delete(ControllerZnode.path, current.stat.version))
        continue
      }
      const epochNode = await this.#store.get(ControllerEpochZnode.path)
      if (epochNode === undefined) {
        await ensurePath(this.#store, ControllerEpochZnode.path, ControllerEpochZnode.encode(0))
        continue
      }
      const epoch = ControllerEpochZnode.decode(epochNode.data) + 1
      try {
        const [, written] = await this.#store.multi([
          {
            type: 'create',
            path: ControllerZnode.path,
            data: ControllerZnode.encode(this.#brokerId, this.#clock.nowMs()),
            ephemeral: true,
          },
          {
            type: 'set',
            path: ControllerEpochZnode.path,
            data: ControllerEpochZnode.encode(epoch),
            expectedVersion: epochNode.stat.version,
          },
        ])
        return { type: 'won', epoch, epochZkVersion: written!.stat.version }
      } catch (error) {
        if (!isStoreError(error, 'NodeExists') && !isStoreError(error, 'BadVersion')) throw error
      }
    }
  }

  async #ignore(code: 'NoNode', call: Promise<unknown>): Promise<void> {
    try {
      await call
    } catch (error) {
      if (!isStoreError(error, code)) throw error
    }
  }
}
