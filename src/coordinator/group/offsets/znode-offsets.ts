/**
 * Offsets as version 0 of OffsetCommit and OffsetFetch keeps them: in the metadata store, where consumers of Kafka 0.8
 * wrote them themselves. They know no members, no metadata and no expiry, and have nothing to do with the offsets that a
 * group has in __consumer_offsets.
 *
 * Group ids go into paths as they are: the store refuses those that make none.
 */
import type { Logger } from '../../../base/logger.ts'
import { isStoreError, type MetadataStore, setOrCreate } from '../../../coordination/metadata-store.ts'
import { ConsumerOffsetZnode, ZnodeFormatError } from '../../../metadata/znodes.ts'
import { ErrorCode } from '../../../protocol/error-codes.ts'
import { type FetchedOffset, noOffset } from './offset-requests.ts'

export class ZnodeOffsets {
  readonly #store: MetadataStore
  readonly #logger: Logger

  constructor({ store, logger }: { store: MetadataStore; logger: Logger }) {
    this.#store = store
    this.#logger = logger
  }

  /** @returns an error code. */
  async commit(groupId: string, topic: string, partition: number, offset: number): Promise<number> {
    const path = ConsumerOffsetZnode.path(groupId, topic, partition)
    try {
      await setOrCreate(this.#store, path, ConsumerOffsetZnode.encode(offset))
      return ErrorCode.NONE
    } catch (error) {
      return this.#errorCodeOf(error, path)
    }
  }

  /** UNKNOWN_TOPIC_OR_PARTITION: nothing is committed. */
  async fetch(groupId: string, topic: string, partition: number): Promise<FetchedOffset> {
    const path = ConsumerOffsetZnode.path(groupId, topic, partition)
    try {
      const node = await this.#store.get(path)
      if (node === undefined) return noOffset(partition, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
      const committedOffset = ConsumerOffsetZnode.decode(path, node.data)
      return { ...noOffset(partition, ErrorCode.NONE), committedOffset }
    } catch (error) {
      return noOffset(partition, this.#errorCodeOf(error, path))
    }
  }

  #errorCodeOf(error: unknown, path: string): number {
    if (!isStoreError(error) && !(error instanceof ZnodeFormatError)) throw error
    this.#logger.error(`The offset at ${path} can't be read or written`, error)
    return ErrorCode.UNKNOWN_SERVER_ERROR
  }
}
