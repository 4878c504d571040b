/**
 * AddRaftVoter: adds a voter to the metadata quorum (KIP-853).
 * Errors: DUPLICATE_VOTER, INCONSISTENT_CLUSTER_ID, NOT_LEADER_OR_FOLLOWER.
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, message, string, struct, uint16, uuid } from '../schema.ts'

export const AddRaftVoterRequest = message(
  'AddRaftVoterRequest',
  80,
  { versions: '0', flexible: '0+' },
  {
    clusterId: string({ nullable: '0+' }),
    timeoutMs: int32(),
    voterId: int32(),
    voterDirectoryId: uuid(),
    listeners: array(
      struct({
        name: string({ mapKey: true }),
        host: string(),
        port: uint16(),
      }),
    ),
  },
)
export type AddRaftVoterRequest = Infer<typeof AddRaftVoterRequest>

export const AddRaftVoterResponse = message(
  'AddRaftVoterResponse',
  80,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', ignorable: true }),
  },
)
export type AddRaftVoterResponse = Infer<typeof AddRaftVoterResponse>
