/**
 * The `quorum-state` file, in which a member of the metadata quorum keeps its vote over restarts (KIP-595). It is
 * written as JSON; this is the shape.
 */
import type { Infer } from '../schema.ts'
import { array, int32, int64, payload, string, struct, uuid } from '../schema.ts'

export const QuorumStateData = payload(
  'QuorumStateData',
  { versions: '0-1', flexible: '0+' },
  {
    clusterId: string('0'),
    leaderId: int32({ default: -1 }),
    leaderEpoch: int32({ default: -1 }),
    votedId: int32({ default: -1 }),
    votedDirectoryId: uuid('1+'),
    appliedOffset: int64('0'),
    currentVoters: array(
      struct({
        voterId: int32(),
      }),
      '0',
      { nullable: '0' },
    ),
  },
)
export type QuorumStateData = Infer<typeof QuorumStateData>
