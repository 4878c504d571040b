/**
 * JoinGroup: a member enters a group or rejoins it, and waits for the others; the leader gets everyone's metadata
 * to compute the assignment.
 * Versions: 1 rebalance timeout apart from the session's; 4 first answers MEMBER_ID_REQUIRED with an id to join
 * with (KIP-394); 5 static members (KIP-345); 6 flexible; 7 protocol type in the response; 8 reason; 9 lets a
 * static leader skip the assignment (KIP-814).
 * Errors: MEMBER_ID_REQUIRED, UNKNOWN_MEMBER_ID, INCONSISTENT_GROUP_PROTOCOL, INVALID_SESSION_TIMEOUT,
 * INVALID_GROUP_ID, GROUP_MAX_SIZE_REACHED, FENCED_INSTANCE_ID, NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS,
 * COORDINATOR_NOT_AVAILABLE.
 */
import type { Infer } from '../schema.ts'
import { array, bool, bytes, int16, int32, message, string, struct } from '../schema.ts'

export const JoinGroupRequest = message(
  'JoinGroupRequest',
  11,
  { versions: '0-9', flexible: '6+' },
  {
    groupId: string(),
    sessionTimeoutMs: int32(),
    rebalanceTimeoutMs: int32('1+', { default: -1, ignorable: true }),
    /** Empty on first contact. */
    memberId: string(),
    groupInstanceId: string('5+', { nullable: '5+', default: null }),
    protocolType: string(),
    protocols: array(
      struct({
        name: string({ mapKey: true }),
        metadata: bytes(),
      }),
    ),
    reason: string('8+', { nullable: '8+', default: null, ignorable: true }),
  },
)
export type JoinGroupRequest = Infer<typeof JoinGroupRequest>

export const JoinGroupResponse = message(
  'JoinGroupResponse',
  11,
  { versions: '0-9', flexible: '6+' },
  {
    throttleTimeMs: int32('2+', { ignorable: true }),
    errorCode: int16(),
    generationId: int32({ default: -1 }),
    protocolType: string('7+', { nullable: '7+', default: null, ignorable: true }),
    protocolName: string({ nullable: '7+' }),
    leader: string(),
    skipAssignment: bool('9+'),
    memberId: string(),
    members: array(
      struct({
        memberId: string(),
        groupInstanceId: string('5+', { nullable: '5+', default: null, ignorable: true }),
        metadata: bytes(),
      }),
    ),
  },
)
export type JoinGroupResponse = Infer<typeof JoinGroupResponse>
