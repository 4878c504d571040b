/**
 * How a broker enters the cluster: a broker id if none is configured, and its ephemeral node under
 * /brokers/ids. The zxid that creates the node is the broker's epoch: after a restart it is another one, so requests
 * meant for the earlier life are told apart.
 */
import { ensurePath, isStoreError, type MetadataStore } from '../coordination/metadata-store.ts'
import { BrokerIdZnode, type BrokerInfo, BrokerSequenceZnode, PERSISTENT_PATHS } from './znodes.ts'

/** Another live broker has this id. The message is Kafka's. */
export class BrokerIdInUseError extends Error {
  override name = 'BrokerIdInUseError'
  constructor(brokerId: number) {
    super(
      `A broker is already registered on the path ${BrokerIdZnode.path(brokerId)}. This probably indicates that you ` +
        `either have configured a brokerid that is already in use, or else you have shutdown this broker and ` +
        'restarted it faster than the session timeout so it appears to be re-registering.',
    )
  }
}

/** The folders that everything else is made in. */
export async function ensurePersistentPaths(store: MetadataStore): Promise<void> {
  await Promise.all(PERSISTENT_PATHS.map((path) => ensurePath(store, path)))
}

/** A broker id nobody had, above `reserved.broker.max.id`: for broker.id=-1 with broker.id.generation.enable. */
export async function generateBrokerId(store: MetadataStore, reservedBrokerMaxId: number): Promise<number> {
  await ensurePath(store, BrokerSequenceZnode.path)
  const { stat } = await store.set(BrokerSequenceZnode.path, '', -1)
  return reservedBrokerMaxId + stat.version
}

/**
 * Registers the broker and returns its epoch. Fails with BrokerIdInUseError if another session holds the node; a
 * node of this very session (an answer that was lost) is taken as it is.
 */
export async function registerBroker(
  store: MetadataStore,
  broker: BrokerInfo,
  nowMs: number,
): Promise<number> {
  const path = BrokerIdZnode.path(broker.id)
  for (;;) {
    try {
      const made = await store.create(path, BrokerIdZnode.encode(broker, nowMs), { ephemeral: true })
      return made.stat.czxid
    } catch (error) {
      if (!isStoreError(error, 'NodeExists')) throw error
    }
    const stat = await store.exists(path)
    if (stat === undefined) continue
    if (stat.ephemeralOwner !== store.sessionId) throw new BrokerIdInUseError(broker.id)
    return stat.czxid
  }
}
