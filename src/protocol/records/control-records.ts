/**
 * Values of control records that KRaft writes into its log and snapshots: the leader's announcement of its epoch
 * (KIP-595), the frame of a snapshot (KIP-630), the voter set and the level of the KRaft protocol (KIP-853).
 */
import type { Infer } from '../schema.ts'
import { array, int16, int32, int64, payload, string, struct, uint16, uuid } from '../schema.ts'

const voter = {
  voterId: int32(),
  voterDirectoryId: uuid('1+'),
}

export const LeaderChangeMessage = payload(
  'LeaderChangeMessage',
  { versions: '0-1', flexible: '0+' },
  {
    version: int16(),
    leaderId: int32(),
    voters: array(struct(voter)),
    grantingVoters: array(struct(voter)),
  },
)
export type LeaderChangeMessage = Infer<typeof LeaderChangeMessage>

export const SnapshotHeaderRecord = payload(
  'SnapshotHeaderRecord',
  { versions: '0', flexible: '0+' },
  {
    version: int16(),
    lastContainedLogTimestamp: int64(),
  },
)
export type SnapshotHeaderRecord = Infer<typeof SnapshotHeaderRecord>

export const SnapshotFooterRecord = payload(
  'SnapshotFooterRecord',
  { versions: '0', flexible: '0+' },
  {
    version: int16(),
  },
)
export type SnapshotFooterRecord = Infer<typeof SnapshotFooterRecord>

export const VotersRecord = payload(
  'VotersRecord',
  { versions: '0', flexible: '0+' },
  {
    version: int16(),
    voters: array(
      struct({
        voterId: int32(),
        voterDirectoryId: uuid(),
        endpoints: array(
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
      }),
    ),
  },
)
export type VotersRecord = Infer<typeof VotersRecord>

export const KRaftVersionRecord = payload(
  'KRaftVersionRecord',
  { versions: '0', flexible: '0+' },
  {
    version: int16(),
    kRaftVersion: int16(),
  },
)
export type KRaftVersionRecord = Infer<typeof KRaftVersionRecord>
