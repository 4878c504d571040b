/**
 * UpdateRaftVoter: a voter tells the quorum's leader its endpoints and versions (KIP-853).
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, message, string, struct, uint16, uuid } from '../schema.ts'

export const UpdateRaftVoterRequest = message(
  'UpdateRaftVoterRequest',
  82,
  { versions: '0', flexible: '0+' },
  {
    clusterId: string({ nullable: '0+' }),
    currentLeaderEpoch: int32(),
    voterId: int32(),
    voterDirectoryId: uuid(),
    listeners: array(
      struct({
        name: string({ mapKey: true }),
        host: string(),
        port: uint16(),
      }),
    ),
    kRaftVersionFeature: struct({
      minSupportedVersion: int16(),
      maxSupportedVersion: int16(),
    }),
  },
)
export type UpdateRaftVoterRequest = Infer<typeof UpdateRaftVoterRequest>

export const UpdateRaftVoterResponse = message(
  'UpdateRaftVoterResponse',
  82,
  { versions: '0', flexible: '0+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16(),
    currentLeader: struct(
      {
        leaderId: int32({ default: -1 }),
        leaderEpoch: int32({ default: -1 }),
        host: string(),
        port: int32(),
      },
      { tag: 0, tagged: '0+' },
    ),
  },
)
export type UpdateRaftVoterResponse = Infer<typeof UpdateRaftVoterResponse>
