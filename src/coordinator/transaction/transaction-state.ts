/**
 * The states of a transactional id.
 *
 *                        ┌─────────────── InitProducerId, or its producer id is used up ───────────────┐
 *                        v                                                                             │
 *   (none) ──init──> Empty ──partitions──> Ongoing ──EndTxn commit──> PrepareCommit ──markers──> CompleteCommit
 *                                           │  │                                                       │
 *                                           │  └──EndTxn abort, a timeout, a new producer──┐           │
 *                                           │                                              v           │
 *                                           │                         (Empty, Complete*) ─> PrepareAbort ──markers──> CompleteAbort
 *                                           └<───────────────── partitions ────────────────────────────┘
 *
 * Allowed transitions, and who asks for them
 *   Empty           from none, Empty, CompleteCommit, CompleteAbort             InitProducerId
 *   Ongoing         from Empty, Ongoing, CompleteCommit, CompleteAbort          partitions are added
 *   PrepareCommit   from Ongoing                                                EndTxn
 *   PrepareAbort    from Ongoing                                                EndTxn, a timeout, InitProducerId
 *                   from Empty, CompleteCommit, CompleteAbort                   EndTxn of transaction version 2
 *   CompleteCommit  from PrepareCommit                                          every partition has its marker
 *   CompleteAbort   from PrepareAbort                                           every partition has its marker
 *   none            from Empty, CompleteCommit, CompleteAbort                   expiry (a tombstone)
 *
 * Kafka knows two more by name, which are never written to the log: Dead, of an id that is being expired, and
 * PrepareEpochFence, of an epoch that is being raised. Here both take no time; the names stay for ListTransactions.
 */
const STATES = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
] as const

export type TransactionState = Exclude<(typeof STATES)[number], 'Dead' | 'PrepareEpochFence'>

/** In records a state is its place in the list. */
export function stateId(state: TransactionState): number {
  return STATES.indexOf(state)
}

/** undefined: no state, or none that a record may hold. */
export function stateOfId(id: number): TransactionState | undefined {
  const state = STATES[id]
  return state === 'Dead' || state === 'PrepareEpochFence' ? undefined : state
}

export function isStateName(name: string): boolean {
  return (STATES as readonly string[]).includes(name)
}

/** The outcome is decided, and the markers are on their way. */
export function isPrepared(state: TransactionState): state is 'PrepareCommit' | 'PrepareAbort' {
  return state === 'PrepareCommit' || state === 'PrepareAbort'
}

/** Nothing is open: the id may be expired. */
export function isIdle(state: TransactionState): state is 'Empty' | 'CompleteCommit' | 'CompleteAbort' {
  return state !== 'Ongoing' && !isPrepared(state)
}
