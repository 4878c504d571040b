/**
 * FindCoordinator: which broker coordinates a group (keyType 0), a transactional id (1, from version 1 on) or a
 * share group's partition (2, from 6 on). From version 4 on several keys are asked at once and errors stand with
 * each (KIP-699).
 * Errors: COORDINATOR_NOT_AVAILABLE, GROUP_AUTHORIZATION_FAILED, TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
 * INVALID_REQUEST.
 */
import type { Infer } from '../schema.ts'
import { array, int8, int16, int32, message, string, struct } from '../schema.ts'

export const FindCoordinatorRequest = message(
  'FindCoordinatorRequest',
  10,
  { versions: '0-6', flexible: '3+' },
  {
    key: string('0-3'),
    keyType: int8('1+'),
    coordinatorKeys: array(string(), '4+'),
  },
)
export type FindCoordinatorRequest = Infer<typeof FindCoordinatorRequest>

export const FindCoordinatorResponse = message(
  'FindCoordinatorResponse',
  10,
  { versions: '0-6', flexible: '3+' },
  {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16('0-3'),
    errorMessage: string('1-3', { nullable: '1-3', ignorable: true }),
    nodeId: int32('0-3'),
    host: string('0-3'),
    port: int32('0-3'),
    coordinators: array(
      struct({
        key: string(),
        nodeId: int32(),
        host: string(),
        port: int32(),
        errorCode: int16(),
        errorMessage: string({ nullable: '4+', ignorable: true }),
      }),
      '4+',
    ),
  },
)
export type FindCoordinatorResponse = Infer<typeof FindCoordinatorResponse>
