/**
 * LeaveGroup: a member leaves; from version 3 on several may be removed at once, static ones by instance id
 * (KIP-345). Version 4 is flexible, 5 carries a reason (KIP-800).
 * Errors: UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID, NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE; from version 3 on
 * also by member.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, message, string, struct } from '../schema.ts'

export const LeaveGroupRequest = message(
  'LeaveGroupRequest',
  13,
  { versions: '0-5', flexible: '4+' },
  {
    groupId: string(),
    memberId: string('0-2'),
    members: array(
      struct({
        memberId: string(),
        groupInstanceId: string({ nullable: '3+', default: null }),
        reason: string('5+', { nullable: '5+', default: null, ignorable: true }),
      }),
      '3+',
    ),
  },
)
export type LeaveGroupRequest = Infer<typeof LeaveGroupRequest>

export const LeaveGroupResponse = message(
  'LeaveGroupResponse',
  13,
  { versions: '0-5', flexible: '4+' },
  {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16(),
    members: array(
      struct({
        memberId: string(),
        groupInstanceId: string({ nullable: '3+' }),
        errorCode: int16(),
      }),
      '3+',
    ),
  },
)
export type LeaveGroupResponse = Infer<typeof LeaveGroupResponse>
