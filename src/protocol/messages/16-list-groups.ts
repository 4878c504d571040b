/**
 * ListGroups: the groups that this broker coordinates. Version 3 is flexible, 4 filters by state (KIP-518), 5 by
 * type (KIP-848).
 * Errors: COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, CLUSTER_AUTHORIZATION_FAILED.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, message, string, struct } from '../schema.ts'

export const ListGroupsRequest = message(
  'ListGroupsRequest',
  16,
  { versions: '0-5', flexible: '3+' },
  {
    statesFilter: array(string(), '4+'),
    typesFilter: array(string(), '5+'),
  },
)
export type ListGroupsRequest = Infer<typeof ListGroupsRequest>

export const ListGroupsResponse = message(
  'ListGroupsResponse',
  16,
  { versions: '0-5', flexible: '3+' },
  {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16(),
    groups: array(
      struct({
        groupId: string(),
        protocolType: string(),
        groupState: string('4+', { ignorable: true }),
        groupType: string('5+', { ignorable: true }),
      }),
    ),
  },
)
export type ListGroupsResponse = Infer<typeof ListGroupsResponse>
