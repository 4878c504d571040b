/**
 * The tree itself: nodes by path, and what an operation does to them. Pure and synchronous; the engines in this
 * folder (memory, embedded) share it and add queueing, durability, sessions and watches.
 *
 * Operations are applied to a Draft, a set of changes on top of the tree. The tree (what reads see) changes only in
 * `commit`, after the engine has made the draft durable. Nodes are immutable records, so a draft holds whole new
 * records and a reader may keep an old one.
 *
 * Invariants: the parent of every node exists and is persistent; numChildren is the number of children; a node's
 * childrenCreated never falls, so sequential names never repeat under a parent.
 */
import { assert, unreachable } from '../base/assert.ts'
import {
  NODE_BYTES_MAX,
  type Operation,
  type OperationResult,
  type Stat,
  type StoreErrorCode,
} from './metadata-store.ts'

export interface Znode {
  readonly data: Buffer
  readonly version: number
  /** Counts creations alone: names sequential children. The public cversion counts deletions too. */
  readonly childrenCreated: number
  readonly numChildren: number
  readonly czxid: number
  readonly mzxid: number
  readonly ctimeMs: number
  readonly mtimeMs: number
  readonly ephemeralOwner: number
}

/** What a change tells watches. */
export interface TreeEvent {
  readonly type: 'created' | 'deleted' | 'dataChanged'
  readonly path: string
}

/** Changed nodes by path; undefined is a deleted one. */
export type Draft = Map<string, Znode | undefined>

export interface WriteContext {
  readonly zxid: number
  readonly sessionId: number
  readonly nowMs: number
}

export type ApplyOutcome =
  | { readonly ok: true; readonly results: OperationResult[]; readonly events: TreeEvent[] }
  | {
      readonly ok: false
      readonly code: StoreErrorCode
      readonly path: string
      readonly operationIndex: number
    }

const NO_DATA = Buffer.alloc(0)

export function statOf(node: Znode): Stat {
  return {
    version: node.version,
    cversion: node.childrenCreated * 2 - node.numChildren,
    czxid: node.czxid,
    mzxid: node.mzxid,
    ctimeMs: node.ctimeMs,
    mtimeMs: node.mtimeMs,
    ephemeralOwner: node.ephemeralOwner,
    numChildren: node.numChildren,
  }
}

/** '/' for a node below the root. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash === 0 ? '/' : path.slice(0, slash)
}

/** Absolute, no empty or dotted names, no NUL, no slash at the end. The root alone is '/'. */
export function isValidPath(path: string): boolean {
  if (path === '/') return true
  if (!path.startsWith('/') || path.includes('\u0000')) return false
  for (const name of path.slice(1).split('/')) if (name === '' || name === '.' || name === '..') return false
  return true
}

export class ZnodeTree {
  readonly #nodes = new Map<string, Znode>()
  /** Names under each node that has children. */
  readonly #childNames = new Map<string, Set<string>>()
  readonly #ephemerals = new Map<number, Set<string>>()

  constructor() {
    this.#nodes.set('/', {
      data: NO_DATA,
      version: 0,
      childrenCreated: 0,
      numChildren: 0,
      czxid: 0,
      mzxid: 0,
      ctimeMs: 0,
      mtimeMs: 0,
      ephemeralOwner: 0,
    })
  }

  get(path: string): Znode | undefined {
    return this.#nodes.get(path)
  }

  children(path: string): string[] | undefined {
    if (!this.#nodes.has(path)) return undefined
    const names = this.#childNames.get(path)
    return names === undefined ? [] : [...names]
  }

  /** With their paths, parents before their children. */
  nodes(): Iterable<readonly [path: string, node: Znode]> {
    return this.#nodes
  }

  /** The paths of a session's ephemeral nodes. */
  ephemeralsOf(sessionId: number): string[] {
    return [...(this.#ephemerals.get(sessionId) ?? [])]
  }

  /** Applies all operations to the draft, or leaves it as it was and says which failed. */
  apply(draft: Draft, operations: readonly Operation[], context: WriteContext): ApplyOutcome {
    const mine: Draft = new Map()
    const lookup = (path: string): Znode | undefined =>
      mine.has(path) ? mine.get(path) : draft.has(path) ? draft.get(path) : this.#nodes.get(path)
    const results: OperationResult[] = []
    const events: TreeEvent[] = []
    for (const [operationIndex, operation] of operations.entries()) {
      const outcome = applyOne(mine, lookup, operation, context)
      if (typeof outcome === 'string')
        return { ok: false, code: outcome, path: operation.path, operationIndex }
      results.push({ path: outcome.path, stat: statOf(outcome.node) })
      if (outcome.event !== undefined) events.push({ type: outcome.event, path: outcome.path })
    }
    for (const [path, node] of mine) draft.set(path, node)
    return { ok: true, results, events }
  }

  /** Makes a draft what reads see. */
  commit(draft: Draft): void {
    for (const [path, node] of draft) {
      const before = this.#nodes.get(path)
      if (before !== undefined && before.ephemeralOwner !== 0)
        this.#ephemerals.get(before.ephemeralOwner)?.delete(path)
      if (node === undefined) {
        this.#nodes.delete(path)
        this.#unlink(path)
      } else {
        this.#nodes.set(path, node)
        if (before === undefined) this.#link(path)
        if (node.ephemeralOwner !== 0) this.#ephemeralsFor(node.ephemeralOwner).add(path)
      }
    }
  }

  /** Puts a stored node back at start; call `finishLoading` after the last. */
  load(path: string, node: Znode): void {
    this.#nodes.set(path, node)
    if (path !== '/') this.#link(path)
  }

  /** Recounts children: ephemeral ones that ended with the last process are gone without a trace in their parents. */
  finishLoading(): void {
    for (const [path, node] of this.#nodes) {
      assert(path === '/' || this.#nodes.has(parentOf(path)), `stored node ${path} has no parent`)
      const numChildren = this.#childNames.get(path)?.size ?? 0
      if (numChildren !== node.numChildren) this.#nodes.set(path, { ...node, numChildren })
    }
  }

  forgetSession(sessionId: number): void {
    assert((this.#ephemerals.get(sessionId)?.size ?? 0) === 0, 'an ended session owns ephemeral nodes')
    this.#ephemerals.delete(sessionId)
  }

  #ephemeralsFor(sessionId: number): Set<string> {
    let paths = this.#ephemerals.get(sessionId)
    if (paths === undefined) {
      paths = new Set()
      this.#ephemerals.set(sessionId, paths)
    }
    return paths
  }

  #link(path: string): void {
    const parent = parentOf(path)
    let names = this.#childNames.get(parent)
    if (names === undefined) {
      names = new Set()
      this.#childNames.set(parent, names)
    }
    names.add(path.slice(path.lastIndexOf('/') + 1))
  }

  #unlink(path: string): void {
    const parent = parentOf(path)
    const names = this.#childNames.get(parent)
    names?.delete(path.slice(path.lastIndexOf('/') + 1))
    if (names?.size === 0) this.#childNames.delete(parent)
  }
}

type Lookup = (path: string) => Znode | undefined
type OneOutcome = StoreErrorCode | { path: string; node: Znode; event: TreeEvent['type'] | undefined }

function applyOne(draft: Draft, lookup: Lookup, operation: Operation, context: WriteContext): OneOutcome {
  if (!isValidPath(operation.path)) return 'BadArguments'
  switch (operation.type) {
    case 'create':
      return create(draft, lookup, operation, context)
    case 'set': {
      const node = lookup(operation.path)
      if (node === undefined) return 'NoNode'
      if (!versionFits(node, operation.expectedVersion)) return 'BadVersion'
      const data = toData(operation.data)
      if (data.length > NODE_BYTES_MAX) return 'BadArguments'
      const after = { ...node, data, version: node.version + 1, mzxid: context.zxid, mtimeMs: context.nowMs }
      draft.set(operation.path, after)
      return { path: operation.path, node: after, event: 'dataChanged' }
    }
    case 'delete': {
      const node = lookup(operation.path)
      if (operation.path === '/') return 'BadArguments'
      if (node === undefined) return 'NoNode'
      if (!versionFits(node, operation.expectedVersion)) return 'BadVersion'
      if (node.numChildren > 0) return 'NotEmpty'
      draft.set(operation.path, undefined)
      const parent = lookup(parentOf(operation.path))!
      draft.set(parentOf(operation.path), { ...parent, numChildren: parent.numChildren - 1 })
      return { path: operation.path, node, event: 'deleted' }
    }
    case 'check': {
      const node = lookup(operation.path)
      if (node === undefined) return 'NoNode'
      if (!versionFits(node, operation.expectedVersion)) return 'BadVersion'
      return { path: operation.path, node, event: undefined }
    }
    default:
      return unreachable(operation)
  }
}

function create(
  draft: Draft,
  lookup: Lookup,
  operation: Operation & { type: 'create' },
  context: WriteContext,
): OneOutcome {
  if (operation.path === '/') return 'NodeExists'
  const parentPath = parentOf(operation.path)
  const parent = lookup(parentPath)
  if (parent === undefined) return 'NoNode'
  const number = operation.sequential === true ? String(parent.childrenCreated).padStart(10, '0') : ''
  const path = operation.path + number
  if (lookup(path) !== undefined) return 'NodeExists'
  if (parent.ephemeralOwner !== 0) return 'NoChildrenForEphemerals'
  const data = toData(operation.data)
  if (data.length > NODE_BYTES_MAX) return 'BadArguments'
  const node: Znode = {
    data,
    version: 0,
    childrenCreated: 0,
    numChildren: 0,
    czxid: context.zxid,
    mzxid: context.zxid,
    ctimeMs: context.nowMs,
    mtimeMs: context.nowMs,
    ephemeralOwner: operation.ephemeral === true ? context.sessionId : 0,
  }
  draft.set(parentPath, {
    ...parent,
    childrenCreated: parent.childrenCreated + 1,
    numChildren: parent.numChildren + 1,
  })
  draft.set(path, node)
  return { path, node, event: 'created' }
}

function versionFits(node: Znode, expectedVersion: number): boolean {
  return expectedVersion === -1 || expectedVersion === node.version
}

/** A copy: the tree keeps it, and the caller's buffer may be a slice of a request. */
function toData(data: Buffer | string): Buffer {
  if (data.length === 0) return NO_DATA
  return typeof data === 'string' ? Buffer.from(data, 'utf8') : Buffer.from(data)
}
