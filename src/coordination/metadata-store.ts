/**
 * The metadata store: a tree of small versioned nodes with ephemeral nodes, conditional updates, atomic
 * multi-operation writes and watches. Everything the cluster agrees on lives here, laid out as Kafka lays out its
 * znodes; the engines are the embedded store (one process), the memory store (tests) and ZooKeeper.
 *
 * One MetadataStore is one client of an engine: it has a session, and its ephemeral nodes live as long as that.
 *
 * Invariants every engine keeps:
 * - A write is visible, acknowledged and seen by watches only once it is durable.
 * - The calls of one store take effect in the order they were made; a read sees the writes made before it.
 * - Every successful write has a zxid, greater than that of all writes before it, also across restarts.
 * - Watches are one-shot and set by the read that returns the state they watch, so no change between the read and
 *   the watch is missed (several changes may show as one). Events come in zxid order, before the answer of any
 *   later read shows the change. They survive a lost connection, and end with the session.
 * - A failed multi changes nothing.
 */

/** NoAuth, and the causes that an engine can't name better, come as 'SystemError'. */
export type StoreErrorCode =
  | 'NoNode'
  | 'NodeExists'
  | 'BadVersion'
  | 'NotEmpty'
  | 'NoChildrenForEphemerals'
  | 'BadArguments'
  | 'SessionExpired'
  | 'ConnectionLoss'
  | 'SystemError'

/** The one way a store call fails. After 'ConnectionLoss' a write may or may not have happened. */
export class StoreError extends Error {
  override name = 'StoreError'
  readonly code: StoreErrorCode
  readonly path: string
  /** In a multi: which operation failed, from 0. */
  readonly operationIndex: number

  constructor(code: StoreErrorCode, path: string, options?: ErrorOptions & { operationIndex?: number }) {
    super(`${code} for ${path}`, options)
    this.code = code
    this.path = path
    this.operationIndex = options?.operationIndex ?? 0
  }
}

export function isStoreError(error: unknown, code?: StoreErrorCode): error is StoreError {
  return error instanceof StoreError && (code === undefined || error.code === code)
}

export interface Stat {
  /** Counts changes of the data, from 0. */
  readonly version: number
  /** Counts children created and deleted. */
  readonly cversion: number
  /** The write that created the node; that of /brokers/ids/N is the broker's epoch. */
  readonly czxid: number
  /** The write that last changed the data. */
  readonly mzxid: number
  readonly ctimeMs: number
  readonly mtimeMs: number
  /** The session's id, 0 for a persistent node. */
  readonly ephemeralOwner: number
  readonly numChildren: number
}

export interface NodeData {
  /** Not to be changed. Empty where the node was made without data. */
  readonly data: Buffer
  readonly stat: Stat
}

export interface WatchEvent {
  readonly type: 'created' | 'deleted' | 'dataChanged' | 'childrenChanged'
  readonly path: string
}

/** Called once. The same function set twice on one path is still called once. */
export type Watcher = (event: WatchEvent) => void

export interface CreateOptions {
  /** Goes with the session. Can't have children. */
  readonly ephemeral?: boolean
  /** Appends a ten-digit number, rising for each parent. */
  readonly sequential?: boolean
}

export type Operation =
  | ({ readonly type: 'create'; readonly path: string; readonly data: Buffer | string } & CreateOptions)
  | {
      readonly type: 'set'
      readonly path: string
      readonly data: Buffer | string
      readonly expectedVersion: number
    }
  | { readonly type: 'delete'; readonly path: string; readonly expectedVersion: number }
  | { readonly type: 'check'; readonly path: string; readonly expectedVersion: number }

/** What one operation of a successful multi did: `path` has the number of a sequential node. */
export interface OperationResult {
  readonly path: string
  /** Of the node after a create or set, of the checked node, of the node before its delete. */
  readonly stat: Stat
}

/**
 * 'disconnected': calls fail with ConnectionLoss until 'connected'. 'expired': ephemeral nodes and watches are gone,
 * calls fail with SessionExpired until 'connected' tells of a new session.
 */
export type SessionEvent = 'connected' | 'disconnected' | 'expired'

export const ANY_VERSION = -1
/** Bytes of data one node may hold: ZooKeeper's own limit. */
export const NODE_BYTES_MAX = 1024 * 1024

export interface MetadataStore {
  /** The current session; another one after 'expired' and 'connected'. */
  readonly sessionId: number

  /** Undefined if there is no such node (a watch is then not set: use exists). */
  get(path: string, watcher?: Watcher): Promise<NodeData | undefined>
  /** Watches creation, deletion and data of a node, whether or not it exists. */
  exists(path: string, watcher?: Watcher): Promise<Stat | undefined>
  /** Names, in no order; undefined if there is no such node. Watches creation and deletion of children. */
  children(path: string, watcher?: Watcher): Promise<string[] | undefined>

  /** Fails with NodeExists; NoNode without the parent; NoChildrenForEphemerals. */
  create(path: string, data: Buffer | string, options?: CreateOptions): Promise<OperationResult>
  /** Fails with NoNode; BadVersion unless the version is ANY_VERSION or the node's. */
  set(path: string, data: Buffer | string, expectedVersion: number): Promise<OperationResult>
  /** Fails with NoNode, BadVersion, NotEmpty. */
  delete(path: string, expectedVersion: number): Promise<OperationResult>
  /** All operations in order, or none: then it fails with the first failing one's error and operationIndex. */
  multi(operations: readonly Operation[]): Promise<OperationResult[]>

  /** Returns how to stop listening. */
  onSessionEvent(listener: (event: SessionEvent) => void): () => void
  /** Ends the session: its ephemeral nodes are gone when this resolves. Idempotent. */
  close(): Promise<void>
}

/** Creates the persistent node and its missing parents; an existing node is fine and keeps its data. */
export async function ensurePath(
  store: MetadataStore,
  path: string,
  data: Buffer | string = '',
): Promise<void> {
  for (;;) {
    try {
      await store.create(path, data)
      return
    } catch (error) {
      if (isStoreError(error, 'NodeExists')) return
      if (!isStoreError(error, 'NoNode')) throw error
      await ensurePath(store, path.slice(0, path.lastIndexOf('/')))
    }
  }
}

/** Sets the node's data whatever its version, creating it and missing parents if need be. */
export async function setOrCreate(store: MetadataStore, path: string, data: Buffer | string): Promise<void> {
  for (;;) {
    try {
      await store.set(path, data, ANY_VERSION)
      return
    } catch (error) {
      if (!isStoreError(error, 'NoNode')) throw error
    }
    try {
      const parent = path.slice(0, path.lastIndexOf('/'))
      if (parent !== '') await ensurePath(store, parent)
      await store.create(path, data)
      return
    } catch (error) {
      if (!isStoreError(error, 'NodeExists') && !isStoreError(error, 'NoNode')) throw error
    }
  }
}
