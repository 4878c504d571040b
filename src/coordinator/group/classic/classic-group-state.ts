/**
 * The states of a classic group, named as ListGroups prints them.
 *
 *   Empty                no members; may hold offsets
 *   PreparingRebalance   members are to join (again); JoinGroup waits for all of them or for the time to be over
 *   CompletingRebalance  a generation has begun; SyncGroup waits for the leader's assignment
 *   Stable               the members have their assignment, and the log has it too
 *   Dead                 deleted, or no longer coordinated here
 *
 *   Empty ──join──> PreparingRebalance ──all joined, or time over──> CompletingRebalance ──leader synced──> Stable
 *     ^                │  ^     ^                                          │                               │
 *     └──nobody left───┘  │     └──a member joins anew, leaves or fails────┴───────────────────────────────┘
 */
export type ClassicGroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead'

/** From which states each state is come to. */
export const VALID_PREVIOUS_STATES: Readonly<Record<ClassicGroupState, readonly ClassicGroupState[]>> = {
  Empty: ['PreparingRebalance'],
  PreparingRebalance: ['Stable', 'CompletingRebalance', 'Empty'],
  CompletingRebalance: ['PreparingRebalance'],
  Stable: ['CompletingRebalance'],
  Dead: ['Stable', 'PreparingRebalance', 'CompletingRebalance', 'Empty'],
}
