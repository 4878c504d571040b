/**
 * Metadata: brokers, and for topics their partitions, leaders and replicas. In version 0 an empty list asks for
 * all topics; from 1 on null does, and an empty list asks for none.
 * Versions: 1 controller, racks, internal flag; 2 cluster id; 4 lets the client forbid auto-creation; 5 offline
 * replicas; 7 leader epochs (KIP-320); 8 authorized operations (KIP-430); 9 flexible; 10 topic ids; 12 lookups by
 * id with the name null; 13 an error for the whole, by which a client is told to bootstrap again (KIP-1102).
 * Errors by topic: UNKNOWN_TOPIC_OR_PARTITION, LEADER_NOT_AVAILABLE (also: it is just being created),
 * INVALID_TOPIC_EXCEPTION, TOPIC_AUTHORIZATION_FAILED, UNKNOWN_TOPIC_ID, INVALID_REPLICATION_FACTOR. By partition:
 * LEADER_NOT_AVAILABLE, LISTENER_NOT_FOUND, REPLICA_NOT_AVAILABLE (up to version 5).
 */
import type { Infer } from '../schema.ts'
import { array, bool, int16, int32, message, string, struct, uuid } from '../schema.ts'

export const MetadataRequest = message(
  'MetadataRequest',
  3,
  { versions: '0-13', flexible: '9+' },
  {
    /** Null: all topics (from version 1 on; in 0 the empty list means that). */
    topics: array(
      struct({
        topicId: uuid('10+', { ignorable: true }),
        name: string({ nullable: '10+' }),
      }),
      { nullable: '1+' },
    ),
    allowAutoTopicCreation: bool('4+', { default: true }),
    includeClusterAuthorizedOperations: bool('8-10'),
    includeTopicAuthorizedOperations: bool('8+'),
  },
)
export type MetadataRequest = Infer<typeof MetadataRequest>

export const MetadataResponse = message(
  'MetadataResponse',
  3,
  { versions: '0-13', flexible: '9+' },
  {
    throttleTimeMs: int32('3+', { ignorable: true }),
    brokers: array(
      struct({
        nodeId: int32({ mapKey: true }),
        host: string(),
        port: int32(),
        rack: string('1+', { nullable: '1+', default: null, ignorable: true }),
      }),
    ),
    clusterId: string('2+', { nullable: '2+', default: null, ignorable: true }),
    controllerId: int32('1+', { default: -1, ignorable: true }),
    topics: array(
      struct({
        errorCode: int16(),
        name: string({ nullable: '12+', mapKey: true }),
        topicId: uuid('10+', { ignorable: true }),
        isInternal: bool('1+', { ignorable: true }),
        partitions: array(
          struct({
            errorCode: int16(),
            partitionIndex: int32(),
            leaderId: int32(),
            leaderEpoch: int32('7+', { default: -1, ignorable: true }),
            replicaNodes: array(int32()),
            isrNodes: array(int32()),
            offlineReplicas: array(int32(), '5+', { ignorable: true }),
          }),
        ),
        /** A bit field; the smallest int32 says that it wasn't asked for. */
        topicAuthorizedOperations: int32('8+', { default: -2147483648 }),
      }),
    ),
    clusterAuthorizedOperations: int32('8-10', { default: -2147483648 }),
    errorCode: int16('13+', { ignorable: true }),
  },
)
export type MetadataResponse = Infer<typeof MetadataResponse>
