/**
 * The arithmetic of moving a partition to other replicas (KIP-455). While a move is under way `replicas` holds target
 * and original replicas together, the target's first and in its order; what is being added and removed stands beside
 * it, so that either end of the move can be told from the assignment alone.
 */
import type { ReplicaAssignment } from '../metadata/znodes.ts'

export function isBeingReassigned({ addingReplicas, removingReplicas }: ReplicaAssignment): boolean {
  return addingReplicas.length > 0 || removingReplicas.length > 0
}

/** Where the partition is when its move ends. */
export function targetReplicas(assignment: ReplicaAssignment): number[] {
  return without(assignment.replicas, assignment.removingReplicas)
}

/** Where it was before, and is again when its move is cancelled; the order may be another (KIP-455). */
export function originReplicas(assignment: ReplicaAssignment): number[] {
  return without(assignment.replicas, assignment.addingReplicas)
}

/** A move that takes the place of the one under way, if there is one. */
export function reassignTo(assignment: ReplicaAssignment, target: readonly number[]): ReplicaAssignment {
  const origin = originReplicas(assignment)
  return {
    replicas: [...new Set([...target, ...origin])],
    addingReplicas: without(target, origin),
    removingReplicas: without(origin, target),
  }
}

export function assignedTo(replicas: readonly number[]): ReplicaAssignment {
  return { replicas, addingReplicas: [], removingReplicas: [] }
}

export function areSameAssignments(one: ReplicaAssignment, other: ReplicaAssignment): boolean {
  return (
    one.replicas.join() === other.replicas.join() &&
    one.addingReplicas.join() === other.addingReplicas.join() &&
    one.removingReplicas.join() === other.removingReplicas.join()
  )
}

export function without(replicas: readonly number[], others: readonly number[]): number[] {
  return replicas.filter((each) => !others.includes(each))
}
