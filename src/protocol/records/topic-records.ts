/**
 * Records of __cluster_metadata about topics, partitions, configs and quotas (KIP-631).
 */
import type { Infer } from '../schema.ts'
import { array, bool, float64, int8, int32, message, string, struct, uuid } from '../schema.ts'

export const TopicRecord = message(
  'TopicRecord',
  2,
  { versions: '0', flexible: '0+' },
  {
    name: string(),
    topicId: uuid(),
  },
)
export type TopicRecord = Infer<typeof TopicRecord>

export const PartitionRecord = message(
  'PartitionRecord',
  3,
  { versions: '0-2', flexible: '0+' },
  {
    partitionId: int32({ default: -1 }),
    topicId: uuid(),
    replicas: array(int32()),
    isr: array(int32()),
    removingReplicas: array(int32()),
    addingReplicas: array(int32()),
    leader: int32({ default: -1 }),
    leaderRecoveryState: int8({ tag: 0, tagged: '0+' }),
    leaderEpoch: int32({ default: -1 }),
    partitionEpoch: int32({ default: -1 }),
    directories: array(uuid(), '1+'),
    eligibleLeaderReplicas: array(int32(), '2+', { nullable: '2+', default: null, tag: 1, tagged: '2+' }),
    lastKnownElr: array(int32(), '2+', { nullable: '2+', default: null, tag: 2, tagged: '2+' }),
  },
)
export type PartitionRecord = Infer<typeof PartitionRecord>

export const ConfigRecord = message(
  'ConfigRecord',
  4,
  { versions: '0', flexible: '0+' },
  {
    resourceType: int8(),
    resourceName: string(),
    name: string(),
    value: string({ nullable: '0+' }),
  },
)
export type ConfigRecord = Infer<typeof ConfigRecord>

export const PartitionChangeRecord = message(
  'PartitionChangeRecord',
  5,
  { versions: '0-2', flexible: '0+' },
  {
    partitionId: int32({ default: -1 }),
    topicId: uuid(),
    isr: array(int32(), { nullable: '0+', default: null, tag: 0, tagged: '0+' }),
    leader: int32({ default: -2, tag: 1, tagged: '0+' }),
    replicas: array(int32(), { nullable: '0+', default: null, tag: 2, tagged: '0+' }),
    removingReplicas: array(int32(), { nullable: '0+', default: null, tag: 3, tagged: '0+' }),
    addingReplicas: array(int32(), { nullable: '0+', default: null, tag: 4, tagged: '0+' }),
    leaderRecoveryState: int8({ default: -1, tag: 5, tagged: '0+' }),
    directories: array(uuid(), '1+', { nullable: '1+', default: null, tag: 8, tagged: '1+' }),
    eligibleLeaderReplicas: array(int32(), '2+', { nullable: '2+', default: null, tag: 6, tagged: '2+' }),
    lastKnownElr: array(int32(), '2+', { nullable: '2+', default: null, tag: 7, tagged: '2+' }),
  },
)
export type PartitionChangeRecord = Infer<typeof PartitionChangeRecord>

export const RemoveTopicRecord = message(
  'RemoveTopicRecord',
  9,
  { versions: '0', flexible: '0+' },
  {
    topicId: uuid(),
  },
)
export type RemoveTopicRecord = Infer<typeof RemoveTopicRecord>

export const ClientQuotaRecord = message(
  'ClientQuotaRecord',
  14,
  { versions: '0', flexible: '0+' },
  {
    entity: array(
      struct({
        entityType: string(),
        entityName: string({ nullable: '0+' }),
      }),
    ),
    key: string(),
    value: float64(),
    remove: bool(),
  },
)
export type ClientQuotaRecord = Infer<typeof ClientQuotaRecord>
