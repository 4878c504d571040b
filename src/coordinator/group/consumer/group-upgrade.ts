/**
 * A classic group becomes one of the consumer protocol when the first member of that protocol joins it (KIP-848). Its
 * members stay, with what they have, and go on by JoinGroup, SyncGroup and Heartbeat; whoever waits in one of these is
 * told to join again.
 */
import { ErrorCode } from '../../../protocol/error-codes.ts'
import type { CoordinatorRecord } from '../../runtime/coordinator-record.ts'
import type { ClassicGroup } from '../classic/classic-group.ts'
import type { ClassicMember } from '../classic/classic-member.ts'
import { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerGroupContext } from './consumer-group-context.ts'
import { type ConsumerGroupMember, normalNames } from './consumer-group-member.ts'
import { readAssignment, readSubscription } from './consumer-protocol.ts'
import { GroupDraft } from './group-draft.ts'
import { PartitionHolders } from './partition-holders.ts'
import type { Refusal } from './refusal.ts'
import { filtered } from './topic-partitions.ts'

/** The group that it becomes, in a draft, and what takes the classic one away before. */
export interface Upgrade {
  readonly draft: GroupDraft
  readonly tombstones: CoordinatorRecord[]
}

export function upgradeGroup(context: ConsumerGroupContext, classic: ClassicGroup): Upgrade | Refusal {
  const { groupId } = classic
  const draft = new GroupDraft(new ConsumerGroup(groupId))
  const tombstones = classic.tombstones()
  // An empty one, which may hold offsets, makes room.
  if (classic.validateDelete() === ErrorCode.NONE) return { draft, tombstones }
  const obstacle = obstacleTo(context, classic)
  const members = obstacle === undefined ? membersOf(context, classic) : undefined
  if (members === undefined) {
    const errorMessage = `Cannot upgrade classic group ${groupId} to consumer group because ${obstacle ?? MALFORMED}.`
    context.shard.logger.info(errorMessage)
    return { errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage }
  }
  const epoch = classic.generationId
  draft.emit(
    ...members.map(({ memberId, metadata }) => ({ kind: 'member', memberId, metadata }) as const),
    { kind: 'groupEpoch', epoch },
    ...members.map(
      ({ memberId, assignment }) => ({ kind: 'target', memberId, partitions: assignment.assigned }) as const,
    ),
    { kind: 'targetEpoch', epoch },
    ...members.map(({ memberId, assignment }) => ({ kind: 'assignment', memberId, assignment }) as const),
  )
  draft.refreshSubscriptionMetadata(context.topics)
  return { draft, tombstones }
}

const MALFORMED = 'the embedded consumer protocol is malformed'

function obstacleTo({ config }: ConsumerGroupContext, classic: ClassicGroup): string | undefined {
  const policy = config.groupConsumerMigrationPolicy
  if (policy !== 'upgrade' && policy !== 'bidirectional') return 'the online upgrade is disabled'
  if (!classic.isConsumerProtocol) return 'the group does not use the consumer embedded protocol'
  if (classic.memberCount > config.groupConsumerMaxSize) {
    return 'the group size exceeds the consumer group maximum size'
  }
  return undefined
}

/** Undefined: somebody's metadata or assignment can't be read. */
function membersOf(context: ConsumerGroupContext, classic: ClassicGroup): ConsumerGroupMember[] | undefined {
  const members: ConsumerGroupMember[] = []
  const holders = new PartitionHolders()
  for (const each of classic.members()) {
    const member = memberOf(context, classic, each, holders)
    if (member === undefined) return undefined
    members.push(member)
  }
  return members
}

function memberOf(
  { topics }: ConsumerGroupContext,
  { generationId, protocolName }: ClassicGroup,
  member: ClassicMember,
  holders: PartitionHolders,
): ConsumerGroupMember | undefined {
  const { memberId, protocols } = member
  const metadata =
    (protocolName === null ? undefined : member.metadataFor(protocolName)) ?? protocols[0]!.metadata
  const subscription = readSubscription(metadata)
  const given = readAssignment(member.assignment, topics)
  if (subscription === undefined || given === undefined) return undefined
  // A classic leader may have assigned a partition twice; here it has one holder.
  const assigned = filtered(given, (topicId) => (partition) => holders.isFree(topicId, partition))
  holders.take(memberId, assigned)
  return {
    memberId,
    metadata: {
      instanceId: member.groupInstanceId,
      rackId: subscription.rackId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      subscribedTopicNames: normalNames(subscription.topics),
      subscribedTopicRegex: '',
      rebalanceTimeoutMs: member.rebalanceTimeoutMs,
      serverAssignor: null,
      classic: {
        sessionTimeoutMs: member.sessionTimeoutMs,
        supportedProtocols: protocols.map((protocol) => ({
          name: protocol.name,
          metadata: Buffer.from(protocol.metadata),
        })),
      },
    },
    assignment: {
      memberEpoch: generationId,
      previousMemberEpoch: generationId,
      state: 'STABLE',
      assigned,
      pendingRevocation: new Map(),
    },
  }
}
