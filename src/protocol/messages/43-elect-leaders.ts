/**
 * ElectLeaders: elects preferred leaders (KIP-183), from version 1 on also unclean ones (KIP-460); null partitions
 * ask for all. Version 2 is flexible.
 * Errors by partition: ELECTION_NOT_NEEDED, PREFERRED_LEADER_NOT_AVAILABLE, ELIGIBLE_LEADERS_NOT_AVAILABLE,
 * UNKNOWN_TOPIC_OR_PARTITION, NOT_CONTROLLER.
 */
import type { Infer } from '../schema.ts'
import { array, int8, int16, int32, message, string, struct } from '../schema.ts'

export const ElectLeadersRequest = message(
  'ElectLeadersRequest',
  43,
  { versions: '0-2', flexible: '2+' },
  {
    electionType: int8('1+'),
    topicPartitions: array(
      struct({
        topic: string({ mapKey: true }),
        partitions: array(int32()),
      }),
      { nullable: '0+' },
    ),
    timeoutMs: int32({ default: 60000 }),
  },
)
export type ElectLeadersRequest = Infer<typeof ElectLeadersRequest>

export const ElectLeadersResponse = message(
  'ElectLeadersResponse',
  43,
  { versions: '0-2', flexible: '2+' },
  {
    throttleTimeMs: int32(),
    errorCode: int16('1+'),
    replicaElectionResults: array(
      struct({
        topic: string(),
        partitionResult: array(
          struct({
            partitionId: int32(),
            errorCode: int16(),
            errorMessage: string({ nullable: '0+' }),
          }),
        ),
      }),
    ),
  },
)
export type ElectLeadersResponse = Infer<typeof ElectLeadersResponse>
