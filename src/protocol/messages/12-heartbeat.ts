/**
 * Heartbeat: keeps a member in its group. Version 3 adds static members (KIP-345), 4 is flexible.
 * Errors: REBALANCE_IN_PROGRESS (join again), ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID,
 * NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE.
 */
import type { Infer } from '../schema.ts'
import { int16, int32, message, string } from '../schema.ts'

export const HeartbeatRequest = message(
  'HeartbeatRequest',
  12,
  { versions: '0-4', flexible: '4+' },
  {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string('3+', { nullable: '3+', default: null }),
  },
)
export type HeartbeatRequest = Infer<typeof HeartbeatRequest>

export const HeartbeatResponse = message(
  'HeartbeatResponse',
  12,
  { versions: '0-4', flexible: '4+' },
  {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16(),
  },
)
export type HeartbeatResponse = Infer<typeof HeartbeatResponse>
