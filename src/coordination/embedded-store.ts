/**
 * The metadata store of a cluster of one: the tree in this process's memory, every write first made durable in a
 * LevelDB database (classic-level). It touches the disk itself, the documented exception to the Disk rule: LevelDB
 * brings its own files, its own crash safety and its own lock.
 *
 * Layout: one record for each persistent node, key 'n' + path, value as in `encodeNode`; 'mzxid' holds the zxid of
 * the last batch and 'mformat' the version of this layout. A batch is one atomic, synced LevelDB write. Ephemeral nodes are
 * never written: they end with the process.
 *
 * Invariant: after a crash at any moment the database holds exactly the batches up to some point, and that point is
 * not before the last acknowledged write. The zxid never goes back, so broker epochs rise over restarts.
 */
import type { Clock } from '../base/clock.ts'
import { TreeEngine } from './tree-engine.ts'
import type { TreeSession } from './tree-session.ts'
import { type Draft, type Znode, ZnodeTree } from './znode-tree.ts'

export interface EmbeddedStoreOptions {
  /** Made with its parents if missing. */
  readonly directory: string
  readonly clock: Pick<Clock, 'nowMs'>
  /** A write could not be made durable; the store is unusable from here on, and the process should stop. */
  readonly onFailure: (error: unknown) => void
}

/** Can't be opened: locked by another process, or damaged. The message is one line for the console. */
export class StoreOpenError extends Error {
  override name = 'StoreOpenError'
}

const FORMAT = '1'
const ZXID_KEY = 'mzxid'
const FORMAT_KEY = 'mformat'
const NODE_PREFIX = 'n'
/** Records read at once at start: one by one costs twice as much. */
const LOAD_BATCH = 1000
const HEADER_BYTES = 4 + 4 + 4 * 8

type Level = import('classic-level').ClassicLevel<string, Buffer>
type BatchItem = { type: 'put'; key: string; value: Buffer } | { type: 'del'; key: string }

export class EmbeddedStore {
  readonly #engine: TreeEngine
  readonly #level: Level

  private constructor(engine: TreeEngine, level: Level) {
    this.#engine = engine
    this.#level = level
  }

  /** Loads the whole tree. Fails with StoreOpenError. */
  static async open(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
    const level = await openLevel(options.directory)
    try {
      const { tree, lastZxid } = await load(level)
      const persist = (draft: Draft, zxid: number): Promise<void> => write(level, draft, zxid)
      const { clock, onFailure } = options
      return new EmbeddedStore(new TreeEngine({ clock, tree, lastZxid, persist, onFailure }), level)
    } catch (error) {
      await level.close()
      throw error instanceof StoreOpenError ? error : damaged(options.directory, error)
    }
  }

  /** A new client with its own session. `chroot` ('' or '/kafka') becomes its root. */
  connect(chroot = ''): TreeSession {
    return this.#engine.connect(chroot)
  }

  /** Writes under way are finished. Close the sessions first: their calls fail afterwards. */
  async close(): Promise<void> {
    await this.#engine.shutdown()
    await this.#level.close()
  }
}

async function openLevel(directory: string): Promise<Level> {
  // Loaded on first use: a native module costs start-up time that a broker on ZooKeeper should not pay.
  const { ClassicLevel } = await import('classic-level')
  const level: Level = new ClassicLevel(directory, { keyEncoding: 'utf8', valueEncoding: 'buffer' })
  try {
    await level.open()
    return level
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (code === 'LEVEL_LOCKED') {
      throw new StoreOpenError(
        `The metadata store in ${directory} is in use by another process. Stop that broker, or give this one its own log.dirs.`,
        { cause },
      )
    }
    throw damaged(directory, cause)
  }
}

function damaged(directory: string, cause: unknown): StoreOpenError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new StoreOpenError(
    `Can't open the metadata store in ${directory}: ${reason.replaceAll('\n', ' ')}`,
    { cause },
  )
}

async function load(level: Level): Promise<{ tree: ZnodeTree; lastZxid: number }> {
  const tree = new ZnodeTree()
  let lastZxid = 0
  let format: string | undefined
  const iterator = level.iterator()
  for (;;) {
    const entries = await iterator.nextv(LOAD_BATCH)
    if (entries.length === 0) break
    for (const [key, value] of entries) {
      if (key.startsWith(NODE_PREFIX)) tree.load(key.slice(NODE_PREFIX.length), decodeNode(value))
      else if (key === ZXID_KEY) lastZxid = Number(value.toString())
      else if (key === FORMAT_KEY) format = value.toString()
    }
  }
  await iterator.close()
  if (format !== undefined && format !== FORMAT) {
    throw new StoreOpenError(
      `The metadata store in ${level.location} has format ${format}; this version of Sluice reads format ${FORMAT}.`,
    )
  }
  tree.finishLoading()
  return { tree, lastZxid }
}

function write(level: Level, draft: Draft, zxid: number): Promise<void> {
  const items: BatchItem[] = [
    { type: 'put', key: ZXID_KEY, value: Buffer.from(String(zxid)) },
    { type: 'put', key: FORMAT_KEY, value: Buffer.from(FORMAT) },
  ]
  for (const [path, node] of draft) {
    const key = NODE_PREFIX + path
    // Deleting an ephemeral node's key, which was never put, costs a tombstone and no special case.
    if (node === undefined || node.ephemeralOwner !== 0) items.push({ type: 'del', key })
    else items.push({ type: 'put', key, value: encodeNode(node) })
  }
  return level.batch(items, { sync: true })
}

/** version int32, childrenCreated int32, czxid, mzxid, ctimeMs, mtimeMs int64, then the data; big-endian. */
function encodeNode(node: Znode): Buffer {
  const value = Buffer.allocUnsafe(HEADER_BYTES + node.data.length)
  value.writeInt32BE(node.version, 0)
  value.writeInt32BE(node.childrenCreated, 4)
  value.writeBigInt64BE(BigInt(node.czxid), 8)
  value.writeBigInt64BE(BigInt(node.mzxid), 16)
  value.writeBigInt64BE(BigInt(node.ctimeMs), 24)
  value.writeBigInt64BE(BigInt(node.mtimeMs), 32)
  node.data.copy(value, HEADER_BYTES)
  return value
}

function decodeNode(value: Buffer): Znode {
  if (value.length < HEADER_BYTES) throw new StoreOpenError('a node record is too short')
  return {
    version: value.readInt32BE(0),
    childrenCreated: value.readInt32BE(4),
    czxid: Number(value.readBigInt64BE(8)),
    mzxid: Number(value.readBigInt64BE(16)),
    ctimeMs: Number(value.readBigInt64BE(24)),
    mtimeMs: Number(value.readBigInt64BE(32)),
    ephemeralOwner: 0,
    numChildren: 0,
    data: Buffer.from(value.subarray(HEADER_BYTES)),
  }
}
