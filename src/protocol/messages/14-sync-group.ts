/**
 * SyncGroup: the leader hands in the assignment, every member gets its part. Version 3 adds static members, 4 is
 * flexible, 5 repeats the protocol type and name for a check.
 * Errors: REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, INCONSISTENT_GROUP_PROTOCOL,
 * FENCED_INSTANCE_ID, NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE.
 */
import type { Infer } from '../schema.ts'
import { array, bytes, int16, int32, message, string, struct } from '../schema.ts'

export const SyncGroupRequest = message(
  'SyncGroupRequest',
  14,
  { versions: '0-5', flexible: '4+' },
  {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
    protocolType: string('5+', { nullable: '5+', default: null, ignorable: true }),
    protocolName: string('5+', { nullable: '5+', default: null, ignorable: true }),
    assignments: array(
      struct({
        memberId: string(),
        assignment: bytes(),
      }),
    ),
  },
)
export type SyncGroupRequest = Infer<typeof SyncGroupRequest>

export const SyncGroupResponse = message(
  'SyncGroupResponse',
  14,
  { versions: '0-5', flexible: '4+' },
  {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16(),
    protocolType: string('5+', { nullable: '5+', default: null, ignorable: true }),
    protocolName: string('5+', { nullable: '5+', default: null, ignorable: true }),
    assignment: bytes(),
  },
)
export type SyncGroupResponse = Infer<typeof SyncGroupResponse>
