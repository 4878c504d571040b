/**
 * DeleteGroups (KIP-229). Version 2 is flexible.
 * Errors by group: NON_EMPTY_GROUP, GROUP_ID_NOT_FOUND, INVALID_GROUP_ID, NOT_COORDINATOR,
 * COORDINATOR_NOT_AVAILABLE, GROUP_AUTHORIZATION_FAILED.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, message, string, struct } from '../schema.ts'

export const DeleteGroupsRequest = message(
  'DeleteGroupsRequest',
  42,
  { versions: '0-2', flexible: '2+' },
  {
    groupsNames: array(string()),
  },
)
export type DeleteGroupsRequest = Infer<typeof DeleteGroupsRequest>

export const DeleteGroupsResponse = message(
  'DeleteGroupsResponse',
  42,
  { versions: '0-2', flexible: '2+' },
  {
    throttleTimeMs: int32(),
    results: array(
      struct({
        groupId: string({ mapKey: true }),
        errorCode: int16(),
      }),
    ),
  },
)
export type DeleteGroupsResponse = Infer<typeof DeleteGroupsResponse>
