/** The quorum that keeps the metadata of a cluster without ZooKeeper (KIP-595), and who votes in it (KIP-853). */
import { DescribeQuorumRequest, DescribeQuorumResponse } from '../../protocol/messages/55-describe-quorum.ts'
import { AddRaftVoterRequest, AddRaftVoterResponse } from '../../protocol/messages/80-add-raft-voter.ts'
import {
  RemoveRaftVoterRequest,
  RemoveRaftVoterResponse,
} from '../../protocol/messages/81-remove-raft-voter.ts'
import { ZERO_UUID } from '../../wire/text.ts'
import { KafkaError } from '../kafka-error.ts'
import { defineApi } from '../network/api.ts'
import { checkAnswer } from './answers.ts'
import { checkList, checkText, checkWhole } from './input.ts'
import type { AdminCallOptions, Requester } from './requester.ts'
import { anyBroker } from './routes.ts'

const DESCRIBE_QUORUM = defineApi(DescribeQuorumRequest, DescribeQuorumResponse, [0, 2])
const ADD_RAFT_VOTER = defineApi(AddRaftVoterRequest, AddRaftVoterResponse, [0, 0])
const REMOVE_RAFT_VOTER = defineApi(RemoveRaftVoterRequest, RemoveRaftVoterResponse, [0, 0])
const TOPIC = '__cluster_metadata'
const PORT_MAX = 0xffff

export interface QuorumReplica {
  readonly replicaId: number
  /** Null, here and below: not known. */
  readonly directoryId: string | null
  readonly logEndOffset: number
  /** Milliseconds since the Unix epoch. */
  readonly lastFetchTimestamp: number | null
  readonly lastCaughtUpTimestamp: number | null
}

export interface RaftEndpoint {
  readonly listener: string
  readonly host: string
  readonly port: number
}

export interface QuorumDescription {
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly highWatermark: number
  readonly voters: readonly QuorumReplica[]
  readonly observers: readonly QuorumReplica[]
  /** Where voters are reached; empty: the broker is too old to tell. */
  readonly nodes: readonly { readonly nodeId: number; readonly endpoints: readonly RaftEndpoint[] }[]
}

export interface RaftVoter {
  readonly voterId: number
  readonly directoryId: string
}

export interface RaftVoterOptions extends AdminCallOptions {
  /** Refused by any other cluster. */
  readonly clusterId?: string | undefined
}

export async function describeMetadataQuorum(
  requester: Requester,
  { timeoutMs }: AdminCallOptions,
): Promise<QuorumDescription> {
  return requester.one({
    what: 'describeMetadataQuorum',
    route: anyBroker(),
    timeoutMs,
    call: async (connection) => {
      const topics = [{ topicName: TOPIC, partitions: [{ partitionIndex: 0 }] }]
      const answer = await connection.call(DESCRIBE_QUORUM, { topics })
      checkAnswer('describeMetadataQuorum', answer)
      const partition = answer.topics[0]?.partitions[0]
      if (partition === undefined) throw new KafkaError('PROTOCOL', 'the broker said nothing of its quorum')
      checkAnswer('describeMetadataQuorum', partition)
      const { leaderId, leaderEpoch, highWatermark, currentVoters, observers } = partition
      return {
        leaderId,
        leaderEpoch,
        highWatermark,
        voters: currentVoters.map(replicaOf),
        observers: observers.map(replicaOf),
        nodes: answer.nodes.map(({ nodeId, listeners }) => ({
          nodeId,
          endpoints: listeners.map(({ name, host, port }) => ({ listener: name, host, port })),
        })),
      }
    },
  })
}

type AnsweredReplica = DescribeQuorumResponse['topics'][number]['partitions'][number]['currentVoters'][number]

function replicaOf(replica: AnsweredReplica): QuorumReplica {
  const { replicaId, replicaDirectoryId, logEndOffset, lastFetchTimestamp, lastCaughtUpTimestamp } = replica
  return {
    replicaId,
    directoryId: replicaDirectoryId === ZERO_UUID ? null : replicaDirectoryId,
    logEndOffset,
    lastFetchTimestamp: lastFetchTimestamp < 0 ? null : lastFetchTimestamp,
    lastCaughtUpTimestamp: lastCaughtUpTimestamp < 0 ? null : lastCaughtUpTimestamp,
  }
}

export async function addRaftVoter(
  requester: Requester,
  voter: RaftVoter & { readonly endpoints: readonly RaftEndpoint[] },
  { clusterId, timeoutMs }: RaftVoterOptions,
): Promise<void> {
  checkVoter(voter)
  checkList('endpoints', voter.endpoints)
  for (const { port } of voter.endpoints) checkWhole('port', port, { min: 0, max: PORT_MAX })
  await requester.one<void>({
    what: 'addRaftVoter',
    route: anyBroker(),
    timeoutMs,
    call: async (connection, brokerTimeoutMs) => {
      const answer = await connection.call(ADD_RAFT_VOTER, {
        clusterId: clusterId ?? null,
        timeoutMs: brokerTimeoutMs,
        voterId: voter.voterId,
        voterDirectoryId: voter.directoryId,
        listeners: voter.endpoints.map(({ listener, host, port }) => ({ name: listener, host, port })),
      })
      checkAnswer(`voter ${voter.voterId}`, answer)
    },
  })
}

export async function removeRaftVoter(
  requester: Requester,
  voter: RaftVoter,
  { clusterId, timeoutMs }: RaftVoterOptions,
): Promise<void> {
  checkVoter(voter)
  await requester.one<void>({
    what: 'removeRaftVoter',
    route: anyBroker(),
    timeoutMs,
    call: async (connection) => {
      const answer = await connection.call(REMOVE_RAFT_VOTER, {
        clusterId: clusterId ?? null,
        voterId: voter.voterId,
        voterDirectoryId: voter.directoryId,
      })
      checkAnswer(`voter ${voter.voterId}`, answer)
    },
  })
}

function checkVoter({ voterId, directoryId }: RaftVoter): void {
  checkWhole('voterId', voterId, { min: 0 })
  checkText('directoryId', directoryId)
}
