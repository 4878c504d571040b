/**
 * RemoveRaftVoter: removes a voter from the metadata quorum (KIP-853).
 * Errors: VOTER_NOT_FOUND, INCONSISTENT_CLUSTER_ID, NOT_LEADER_OR_FOLLOWER.
 */
import type { Infer } from '../schema.ts'
import { int16, int32, message, string, uuid } from '../schema.ts'

export const RemoveRaftVoterRequest = message(
  'RemoveRaftVoterRequest',
  81,
  { versions: '0', flexible: '0+' },
  {
    clusterId: string({ nullable: '0+' }),
    voterId: int32(),
    voterDirectoryId: uuid(),
  },
)
export type RemoveRaftVoterRequest = Infer<typeof RemoveRaftVoterRequest>

export const RemoveRaftVoterResponse = message(
  'RemoveRaftVoterResponse',
  81,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', ignorable: true }),
  },
)
export type RemoveRaftVoterResponse = Infer<typeof RemoveRaftVoterResponse>
