/**
 * What consumers of the classic group protocol put into JoinGroup's metadata and SyncGroup's assignment. The
 * broker passes it on and looks inside only to describe groups. Both are encoded behind an int16 with their
 * version.
 * Versions: 1 owned partitions for cooperative rebalancing (KIP-429); 2 generation (KIP-792); 3 rack (KIP-881).
 */
import type { Infer } from '../schema.ts'
import { array, bytes, int32, payload, string, struct } from '../schema.ts'

export const ConsumerProtocolSubscription = payload(
  'ConsumerProtocolSubscription',
  { versions: '0-3', flexible: 'none' },
  {
    topics: array(string()),
    userData: bytes({ nullable: '0+', default: null }),
    ownedPartitions: array(
      struct({
        topic: string({ mapKey: true }),
        partitions: array(int32()),
      }),
      '1+',
      { ignorable: true },
    ),
    generationId: int32('2+', { default: -1, ignorable: true }),
    rackId: string('3+', { nullable: '3+', default: null, ignorable: true }),
  },
)
export type ConsumerProtocolSubscription = Infer<typeof ConsumerProtocolSubscription>

export const ConsumerProtocolAssignment = payload(
  'ConsumerProtocolAssignment',
  { versions: '0-3', flexible: 'none' },
  {
    assignedPartitions: array(
      struct({
        topic: string({ mapKey: true }),
        partitions: array(int32()),
      }),
    ),
    userData: bytes({ nullable: '0+', default: null }),
  },
)
export type ConsumerProtocolAssignment = Infer<typeof ConsumerProtocolAssignment>
