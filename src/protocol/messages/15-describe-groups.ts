/**
 * DescribeGroups: state and members of groups. Version 3 adds authorized operations (KIP-430), 4 instance ids, 5
 * is flexible; from 6 on an unknown group is GROUP_ID_NOT_FOUND with a message (KIP-1043), before it is a group in
 * the state Dead.
 * Errors by group: COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR,
 * GROUP_AUTHORIZATION_FAILED, GROUP_ID_NOT_FOUND.
 */
import type { Infer } from '../schema.ts'
import { array, bool, bytes, int16, int32, message, string, struct } from '../schema.ts'

export const DescribeGroupsRequest = message(
  'DescribeGroupsRequest',
  15,
  { versions: '0-6', flexible: '5+' },
  {
    groups: array(string()),
    includeAuthorizedOperations: bool('3+'),
  },
)
export type DescribeGroupsRequest = Infer<typeof DescribeGroupsRequest>

export const DescribeGroupsResponse = message(
  'DescribeGroupsResponse',
  15,
  { versions: '0-6', flexible: '5+' },
  {
    throttleTimeMs: int32('1+', { ignorable: true }),
    groups: array(
      struct({
        errorCode: int16(),
        errorMessage: string('6+', { nullable: '6+', default: null }),
        groupId: string(),
        groupState: string(),
        protocolType: string(),
        protocolData: string(),
        members: array(
          struct({
            memberId: string(),
            groupInstanceId: string('4+', { nullable: '4+', default: null, ignorable: true }),
            clientId: string(),
            clientHost: string(),
            memberMetadata: bytes(),
            memberAssignment: bytes(),
          }),
        ),
        authorizedOperations: int32('3+', { default: -2147483648 }),
      }),
    ),
  },
)
export type DescribeGroupsResponse = Infer<typeof DescribeGroupsResponse>
