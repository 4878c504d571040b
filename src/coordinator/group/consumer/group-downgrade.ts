/**
 * A consumer group becomes a classic one when none of its members speaks the consumer protocol any more (KIP-848): the
 * last one that did has left, or came back as a static member of the classic protocol. The group epoch becomes the
 * generation, and the members keep what they have.
 */
import type { GroupMetadataValue } from '../../../protocol/records/group-records.ts'
import type { CoordinatorRecord } from '../../runtime/coordinator-record.ts'
import { groupMetadataRecord } from '../classic/group-metadata-records.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerGroupContext } from './consumer-group-context.ts'
import type { ClassicMemberMetadata, ConsumerGroupMember } from './consumer-group-member.ts'
import { CONSUMER_PROTOCOL_TYPE, writeAssignment } from './consumer-protocol.ts'

type ClassicSpeaker = ConsumerGroupMember & { readonly metadata: { readonly classic: ClassicMemberMetadata } }

/** What turns the group into a classic one; undefined: it stays what it is. */
export function downgradeRecords(
  context: ConsumerGroupContext,
  group: ConsumerGroup,
): CoordinatorRecord[] | undefined {
  const members = [...group.members.values()].filter(speaksClassic)
  if (members.length === 0 || members.length < group.members.size) return undefined
  const { shard, topics } = context
  const obstacle = obstacleTo(context, members.length)
  const protocol = commonProtocol(members)
  if (obstacle !== undefined || protocol === undefined) {
    shard.logger.info(
      `Cannot downgrade consumer group ${group.groupId} to classic group because ${obstacle ?? 'its members have no protocol in common'}.`,
    )
    return undefined
  }
  const value: GroupMetadataValue = {
    protocolType: CONSUMER_PROTOCOL_TYPE,
    generation: group.groupEpoch,
    protocol,
    leader: members[0]!.memberId,
    currentStateTimestamp: shard.clock.nowMs(),
    members: members.map(({ memberId, metadata, assignment }) => {
      const subscription = metadataFor(metadata.classic, protocol)!
      return {
        memberId,
        groupInstanceId: metadata.instanceId,
        clientId: metadata.clientId,
        clientHost: metadata.clientHost,
        rebalanceTimeout: metadata.rebalanceTimeoutMs,
        sessionTimeout: metadata.classic.sessionTimeoutMs,
        subscription,
        assignment: writeAssignment(assignment.assigned, subscription, topics),
      }
    }),
  }
  return [...group.tombstones(), groupMetadataRecord(group.groupId, value)]
}

function speaksClassic(member: ConsumerGroupMember): member is ClassicSpeaker {
  return member.metadata.classic !== null
}

function obstacleTo({ config }: ConsumerGroupContext, memberCount: number): string | undefined {
  const policy = config.groupConsumerMigrationPolicy
  if (policy !== 'downgrade' && policy !== 'bidirectional') return 'the online downgrade is disabled'
  return memberCount > config.groupMaxSize
    ? 'its group size is greater than classic group max size'
    : undefined
}

/** The first that the first member likes, of those that all speak. */
function commonProtocol(members: readonly ClassicSpeaker[]): string | undefined {
  return members[0]!.metadata.classic.supportedProtocols
    .map(({ name }) => name)
    .find((name) => members.every(({ metadata }) => metadataFor(metadata.classic, name) !== undefined))
}

function metadataFor({ supportedProtocols }: ClassicMemberMetadata, protocol: string): Buffer | undefined {
  return supportedProtocols.find(({ name }) => name === protocol)?.metadata
}
