/**
 * Hands out producer ids that no broker has handed out before. Ids come in blocks of 1000 that a broker takes by a
 * conditional write to /latest_producer_id_block; what is left of a block is lost with the process, so an id is never
 * given twice.
 */
import type { Logger } from '../../base/logger.ts'
import { ensurePath, isStoreError, type MetadataStore } from '../../coordination/metadata-store.ts'
import { type ProducerIdBlock, ProducerIdBlockZnode } from '../../metadata/znodes.ts'

const BLOCK_SIZE = 1000n

export class ProducerIdManager {
  readonly #store: MetadataStore
  readonly #brokerId: number
  readonly #logger: Logger
  #nextProducerId = 0
  /** Inclusive; below #nextProducerId: no block, or the last one is used up. */
  #lastProducerId = -1
  #allocation: Promise<void> | undefined

  /** `logger` is that of kafka.coordinator.transaction.ProducerIdManager. */
  constructor(options: { store: MetadataStore; brokerId: number; logger: Logger }) {
    this.#store = options.store
    this.#brokerId = options.brokerId
    this.#logger = options.logger
  }

  /** At once while the block lasts, else when the next one is taken. Fails with a StoreError; asking again is fine. */
  next(): number | Promise<number> {
    return this.#nextProducerId <= this.#lastProducerId ? this.#nextProducerId++ : this.#nextOfNewBlock()
  }

  async #nextOfNewBlock(): Promise<number> {
    // More callers than a block holds may wait for one allocation.
    while (this.#nextProducerId > this.#lastProducerId) {
      this.#allocation ??= this.#allocate().finally(() => {
        this.#allocation = undefined
      })
      await this.#allocation
    }
    return this.#nextProducerId++
  }

  async #allocate(): Promise<void> {
    const { path } = ProducerIdBlockZnode
    for (;;) {
      const node = await this.#store.get(path)
      if (node === undefined) {
        await ensurePath(this.#store, path)
        continue
      }
      const latest = ProducerIdBlockZnode.decode(node.data)
      const first = latest === undefined ? 0n : latest.lastProducerId + 1n
      const block: ProducerIdBlock = {
        brokerId: this.#brokerId,
        firstProducerId: first,
        lastProducerId: first + BLOCK_SIZE - 1n,
      }
      if (block.lastProducerId > BigInt(Number.MAX_SAFE_INTEGER))
        throw new Error('Have exhausted all producerIds.')
      try {
        const { stat } = await this.#store.set(path, ProducerIdBlockZnode.encode(block), node.stat.version)
        this.#nextProducerId = Number(block.firstProducerId)
        this.#lastProducerId = Number(block.lastProducerId)
        this.#logger.info(
          `[ProducerId Manager ${this.#brokerId}]: Acquired new producerId block (brokerId:${this.#brokerId},` +
            `blockStartProducerId:${block.firstProducerId},blockEndProducerId:${block.lastProducerId}) ` +
            `by writing to Zk with path version ${stat.version}`,
        )
        return
      } catch (error) {
        // Another broker took that block.
        if (!isStoreError(error, 'BadVersion')) throw error
      }
    }
  }
}
